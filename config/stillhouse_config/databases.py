"""``databases`` and ``defaults``: what a target is made of."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from .fields import (
    Declaration,
    Duration,
    Every,
    Flag,
    Interval,
    Metadata,
    Shorthand,
    Template,
    Text,
    Url,
    reading,
)
from .for_each import ITEM, ForEach
from .interpolation import fields_of, shown
from .urls import SecretUrl, parse_url

Baseline: TypeAlias = Literal["auto", "recorded", "replay", "models"]
Migrate: TypeAlias = Literal["auto", "manual"]


class DriftSettings(Declaration):
    """How often a target is checked for drift, and against what."""

    every: Interval = Field(
        default=timedelta(minutes=15), description="How often the target is checked; `never` switches checks off."
    )
    timeout: Every = Field(
        default=timedelta(minutes=1),
        description="How long a database may let a check wait before its targets are unknown: for a connection (10 seconds at most), "
        "and for its answers.",
    )
    baseline: Baseline = Field(
        default="auto",
        description="What the live schema is compared with: the schema recorded after our own migration (`recorded`), the "
        "revisions replayed on a scratch database (`replay`), the project's models when the target is at head (`models`), or the "
        "first of these that is to be had (`auto`).",
    )
    scratch_url: Url | None = Field(
        default=None,
        description="A server for replays, on which databases are created and dropped again. Default: the target's own server "
        "for PostgreSQL and MySQL, memory for SQLite.",
        examples=["postgresql+asyncpg://scratch@localhost/postgres"],
    )
    schemas: tuple[Text, ...] = Field(
        default=(), description="The schemas to compare. Default: the target's own.", examples=[["public", "audit"]]
    )
    privileges: Flag = Field(
        default=False,
        description="Compare owners and privileges (`GRANT`), default privileges included, as well. On PostgreSQL.",
    )


class CensusSettings(Declaration):
    """How often a target's version table is read."""

    every: Every = Field(default=timedelta(minutes=1), description="How often the version table is read.")
    timeout: Every = Field(
        default=timedelta(seconds=10),
        description="How long a database may let the census wait before its targets are unreachable: for a connection (10 seconds at "
        "most), and for its answers.",
    )


class DependsOn(Declaration):
    """A database that must be migrated before this one, wholly or up to a revision."""

    database: Text = Field(description="The database that goes first; with `for_each`, all of its targets.")
    revision: Text | None = Field(
        default=None,
        description="The revision it must have reached. Default: where the rollout takes it.",
        examples=["r12"],
    )
    needed_by: Text | None = Field(
        default=None,
        description="The revision of this database that needs it; earlier ones do not wait. Default: any change waits.",
        examples=["r7"],
    )


def _dependency(value: Any) -> Any:
    return {"database": value} if isinstance(value, str) else value


Dependencies: TypeAlias = tuple[Annotated[DependsOn, BeforeValidator(_dependency), Shorthand({"type": "string"})], ...]


class DatabaseSettings(Declaration):
    """What `defaults` may say for all databases, and each database for itself."""

    migrations: Text | None = Field(
        default=None,
        description="The Alembic script directory, or `package:path`. Its env.py is honoured when present. Give this or `alembic_ini`.",
        examples=["migrations/users"],
    )
    alembic_ini: Text | None = Field(
        default=None,
        description="An alembic.ini, or a pyproject.toml with `[tool.alembic]`, that says where the scripts are; the worker runs in its folder, which its relative paths mean. Give this or `migrations`.",
        examples=["services/analytics/alembic.ini"],
    )
    ini_section: Text = Field(default="alembic", description="The section of `alembic_ini` to read.")
    metadata: Metadata | None = Field(
        default=None,
        description="The project's SQLAlchemy MetaData, as `package.module:attribute`.",
        examples=["shop.users.models:Base.metadata"],
    )
    import_path: tuple[Text, ...] = Field(
        default=(".",), description="Folders from which the worker imports the project's modules.", examples=[["src"]]
    )
    python: Text | None = Field(
        default=None,
        description="The project's own interpreter: a path, or a command on PATH. Default: the one that runs Stillhouse.",
        examples=["services/analytics/.venv/bin/python"],
    )
    x_arguments: tuple[Template, ...] = Field(
        default=(),
        description="What env.py gets from `context.get_x_argument()`, as `-x` would give it.",
        examples=[["tenant=acme"]],
    )
    version_table: Template | None = Field(
        default=None,
        description="The table that holds the applied revision. Set, it wins over env.py. Default: what env.py says, else `alembic_version`.",
    )
    version_table_schema: Template | None = Field(
        default=None,
        description="The schema of the version table. Set, it wins over env.py. Default: what env.py says.",
    )
    db_schema: Template | None = Field(
        default=None,
        alias="schema",
        description="The schema to migrate, for schema-per-tenant. Default: the connection's own.",
        examples=["tenant_acme"],
    )
    labels: dict[Text, Template] = Field(
        default={}, description="What selectors pick the targets by.", examples=[{"env": "production", "ring": "0"}]
    )
    lock_timeout: Duration = Field(
        default=timedelta(milliseconds=500), description="How long one try waits for a lock before it is retried."
    )
    statement_timeout: Duration | None = Field(
        default=None, description="How long one statement may take. Default: the server's setting.", examples=["10m"]
    )
    deadline: Duration = Field(
        default=timedelta(hours=1),
        description="How long the migration of one target may take in all, retries included.",
    )
    migrate: Migrate = Field(
        default="manual",
        description="Who brings it to its head: `manual` leaves it to `stillhouse up` and rollouts, `auto` lets the daemon start a "
        "rollout whenever its census finds pending revisions.",
    )
    replay: Flag = Field(
        default=True,
        description="Send the statements that a sibling's migration recorded, where revisions read nothing. `false` runs the Python of every revision.",
    )
    census: CensusSettings = Field(default=CensusSettings(), description="How often the applied revision is read.")
    drift: DriftSettings = Field(default=DriftSettings(), description="How and when the schema is checked.")


def _for_each(value: Any) -> Any:
    return {"items": value} if isinstance(value, list | tuple) else value


class UrlTemplate:
    """A URL with ``{fields}`` to fill in, which shows nothing that was filled in from the environment."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"UrlTemplate({shown(self.text)!r})"


def _url(value: Any, info: ValidationInfo) -> SecretUrl | UrlTemplate:
    """Read a URL, or keep it as a template where ``for_each`` will fill it in."""
    if isinstance(value, SecretUrl | UrlTemplate):
        return value
    parsed: SecretUrl | UrlTemplate = reading(_template if info.data.get("for_each", ...) else parse_url, ())(value)
    return parsed


def _template(text: str) -> UrlTemplate:
    fields_of(text)
    return UrlTemplate(text)


def _templated(value: Any) -> Any:
    if isinstance(value, str):
        reading(fields_of, ())(value)
    return value


class Database(DatabaseSettings):
    """One database, or with `for_each` one for each of something."""

    for_each: Annotated[ForEach, BeforeValidator(_for_each), Shorthand({"type": "array", "items": ITEM})] | None = (
        Field(
            default=None,
            description="Makes a target of each item of a list, file of a glob, row of a query or schema of a database.",
        )
    )
    name: Annotated[Text, BeforeValidator(_templated)] | None = Field(
        default=None,
        description="The targets' names; goes with `for_each` only. Without it a target has its database's name.",
        examples=["tenant-{slug}"],
    )
    url: Annotated[
        SecretUrl | UrlTemplate | None,
        PlainValidator(_url),
        PlainSerializer(lambda url: url and str(url), return_type=str | None),
        WithJsonSchema({"type": "string"}),
    ] = Field(
        default=None,
        description="A SQLAlchemy URL. What `${env:…}` fills in as user or password is percent-encoded by itself. A relative SQLite file "
        "starts at the fleet file's folder.",
        examples=["postgresql+asyncpg://app:${env:USERS_DB_PASSWORD}@db1/users"],
    )
    depends_on: Dependencies = Field(
        default=(),
        description="Databases that are migrated before this one: names, or mappings with a revision.",
        examples=[["users_db"], [{"database": "users_db", "revision": "r12", "needed_by": "r7"}]],
    )

    @model_validator(mode="after")
    def _complete(self) -> Database:
        if (self.migrations is None) == (self.alembic_ini is None):
            reason = (
                "has neither migrations nor alembic_ini"
                if self.migrations is None
                else "has both migrations and alembic_ini"
            )
            raise PydanticCustomError(
                "one_of", "{reason}", {"reason": reason, "hint": "say with one of them where its revisions are"}
            )
        if self.for_each is None and self.name is not None:
            hint = "the key is the name; name goes with for_each"
            raise PydanticCustomError("one_of", "has a name besides its key", {"hint": hint})
        if self.for_each is None and self.url is None:
            raise PydanticCustomError(
                "one_of", "required key 'url' is missing", {"hint": "add url: dialect+driver://…"}
            )
        if self.for_each is not None:
            self._check_for_each(self.for_each)
        return self

    def _check_for_each(self, for_each: ForEach) -> None:
        if self.name is None:
            hint = "add a name with a field in it, such as tenant-{slug}"
            raise PydanticCustomError("one_of", "required key 'name' is missing", {"hint": hint})
        if self.url is None and for_each.glob is None and for_each.schemas is None:
            hint = "add url, with a field in it such as {dsn}"
            raise PydanticCustomError("one_of", "required key 'url' is missing", {"hint": hint})
