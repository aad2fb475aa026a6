"""What a fleet file comes to: a fleet of targets, as plain frozen values without pydantic."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 (dataclasses resolve their annotations for readers)
from typing import TYPE_CHECKING, Literal

from .drivers import async_url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from .databases import DriftSettings
    from .errors import Problem
    from .fleet_file import FleetModel
    from .for_each import SchemasSource, SqlSource
    from .selectors import Selector
    from .urls import SecretUrl


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a target comes from.

    Attributes:
        database: the key under ``databases``.
        line: 1-based line of that key in the fleet file.
        row: which row of its ``for_each``, from 1; 0 without ``for_each``.
    """

    database: str
    line: int
    row: int = 0

    def __str__(self) -> str:
        row = f", row {self.row}" if self.row else ""
        return f"databases.{self.database} (line {self.line}{row})"


@dataclass(frozen=True, slots=True)
class ProjectDeclaration:
    """User code that targets run. Targets with equal projects share workers.

    Attributes:
        root: the worker's working directory: the folder of the ini, where people run `alembic` and which the ini's relative
            paths mean; without an ini the fleet file's folder. Absolute.
        import_path: absolute folders put on the worker's import path.
        script_location: absolute path of the Alembic script directory, or ``package:path``; None when the ini says it.
        alembic_ini: absolute path of the ini (or pyproject.toml) file, or None.
        ini_section: the section of that file.
        python: absolute path of the interpreter; None for the one that runs Stillhouse.
    """

    root: str
    import_path: tuple[str, ...]
    script_location: str | None = None
    alembic_ini: str | None = None
    ini_section: str = "alembic"
    python: str | None = None


@dataclass(frozen=True, slots=True)
class Dependency:
    """A database that must be migrated before.

    Attributes:
        database: key under ``databases``; all of its targets.
        revision: what those must have reached; None for where the rollout takes them.
        needed_by: the revision of the depending target that needs it; None for any change.
    """

    database: str
    revision: str | None = None
    needed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDeclaration:
    """One target of the fleet, as declared.

    Attributes:
        name: unique in the fleet.
        database: the key under ``databases`` that declares it.
        url: as declared; relative SQLite files made absolute.
        project: the user code it runs.
        schema: the schema it lives in, for schema-per-tenant; None for the connection's default.
        labels: what selectors pick it by, besides its name.
        metadata: ``package.module:attribute``, or None.
        version_table: None when the fleet file does not say, and env.py or ``alembic_version`` decides.
        version_table_schema: None when the fleet file does not say.
        x_arguments: what env.py gets from ``context.get_x_argument``.
        lock_timeout: for each try to get a lock.
        statement_timeout: None for the server's own.
        deadline: how long one migration of this target may take in all.
        migrate: ``auto`` when the daemon itself brings it to its head, else ``manual``.
        replay: whether it may be sent what a sibling's migration recorded.
        census_every: how often its version table is read.
        census_timeout: how long the database may let a census wait.
        drift: how often it is checked for drift, and against what.
        depends_on: what must be migrated before.
        origin: where it is declared.
    """

    name: str
    database: str
    url: SecretUrl
    project: ProjectDeclaration
    schema: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    metadata: str | None = None
    version_table: str | None = None
    version_table_schema: str | None = None
    x_arguments: tuple[str, ...] = ()
    lock_timeout: timedelta
    statement_timeout: timedelta | None = None
    deadline: timedelta
    migrate: Literal["auto", "manual"] = "manual"
    replay: bool = True
    census_every: timedelta
    census_timeout: timedelta
    drift: DriftSettings
    depends_on: tuple[Dependency, ...] = ()
    origin: Origin

    @property
    def async_url(self) -> SecretUrl:
        """The URL for the daemon's own asynchronous driver."""
        return async_url(self.url)

    @property
    def server(self) -> str | None:
        """``host:port`` of the server behind it, the key of ``servers``; None for SQLite."""
        return self.url.server

    def matches(self, selector: Selector) -> bool:
        """Tell whether a selector picks this target."""
        return selector.matches(self.name, self.labels)


@dataclass(frozen=True, slots=True)
class Discovery:
    """A question to a database whose answer becomes targets.

    For ``sql`` run ``source.query`` and hand over its rows; for ``schemas`` list every schema of the database as rows
    with the one field ``schema`` (the patterns are applied by :func:`~stillhouse_config.expand`).

    Attributes:
        declaration: the key under ``databases`` whose targets it finds.
        url: the database to ask.
        source: what to ask.
        every: how often to ask again.
        timeout: how long the database may take to answer.
    """

    declaration: str
    url: SecretUrl
    source: SqlSource | SchemasSource
    every: timedelta
    timeout: timedelta

    @property
    def async_url(self) -> SecretUrl:
        """The URL for the daemon's own asynchronous driver."""
        return async_url(self.url)

    @property
    def query(self) -> str | None:
        """The SQL to run; None when the schemas are asked for."""
        return getattr(self.source, "query", None)


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """Everything a fleet file declares, expanded to targets.

    Attributes:
        name: the fleet's name.
        path: the fleet file, absolute.
        targets: by name, in the order of the file.
        pending: what ``for_each`` declarations wait for their discovery: their targets are unknown, not absent.
        settings: the validated file: servers, strategies, windows, alerts, drift, api, retention and so on.
        warnings: problems that do not stop anything, such as selectors that match nothing among discovered targets.
    """

    name: str
    path: Path
    targets: Mapping[str, TargetDeclaration]
    pending: tuple[Discovery, ...]
    settings: FleetModel
    warnings: tuple[Problem, ...] = ()

    @property
    def folder(self) -> Path:
        """The fleet file's folder, where relative paths start."""
        return self.path.parent

    @property
    def is_complete(self) -> bool:
        """Whether every target is known."""
        return not self.pending

    @property
    def state_url(self) -> SecretUrl:
        """Where the store lives."""
        return self.settings.state_url

    def select(self, selector: Selector | None = None) -> tuple[TargetDeclaration, ...]:
        """Return the targets that a selector picks, in the file's order; all of them without one."""
        return tuple(target for target in self.targets.values() if selector is None or target.matches(selector))
