"""``for_each``: one declaration, many targets."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from .fields import SCALARS, Declaration, Every, Text, Url, kind_of


class SqlSource(Declaration):
    """Targets from the rows of a query; its columns are the fields of the templates."""

    database: Text | None = Field(
        default=None, description="The database of this file to ask. Give this or `url`.", examples=["users_db"]
    )
    url: Url | None = Field(default=None, description="The database to ask, when it is none of this file's.")
    query: Text = Field(description="The query.", examples=["select slug, dsn from tenants where active"])


class SchemasSource(Declaration):
    """Targets from the schemas of a database; the field is `{schema}`. The system's own schemas never count."""

    database: Text | None = Field(default=None, description="The database of this file to ask. Give this or `url`.")
    url: Url | None = Field(default=None, description="The database to ask, when it is none of this file's.")
    like: Text | None = Field(
        default=None, description="A SQL LIKE pattern that the names must match.", examples=["tenant\\_%"]
    )
    match: Text | None = Field(default=None, description="A glob that the names must match.", examples=["tenant_*"])
    exclude: tuple[Text, ...] = Field(
        default=(), description="Globs of names to leave out.", examples=[["tenant_template"]]
    )


def _item(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        return {"item": value}
    if not isinstance(value, dict):
        raise PydanticCustomError("item", "must be a text or a mapping of texts, not {kind}", {"kind": kind_of(value)})
    if wrong := next((key for key, text in value.items() if not isinstance(text, str)), None):
        raise PydanticCustomError(
            "item", "the field {key} must be text, not {kind}", {"key": wrong, "kind": kind_of(value[wrong])}
        )
    return value


ITEM: dict[str, Any] = {
    "anyOf": [{"type": SCALARS}, {"type": "object", "additionalProperties": {"type": SCALARS}}],
}
Item: TypeAlias = Annotated[dict[str, str], PlainValidator(_item), WithJsonSchema(ITEM)]


class ForEach(Declaration):
    """Makes a target of each item of a list, file of a glob, row of a query or schema of a database."""

    items: tuple[Item, ...] | None = Field(
        default=None,
        description="Mappings, whose keys are the templates' fields, or texts, which are the field `{item}`. The list may also stand "
        "directly under `for_each`.",
        examples=[[{"slug": "acme"}, {"slug": "globex"}]],
    )
    glob: Text | None = Field(
        default=None,
        description="Files, usually of SQLite: the fields are `{path}` (absolute), `{name}`, `{stem}` and `{parent}` (the folder's name).",
        examples=["data/tenants/*.db"],
    )
    sql: SqlSource | None = Field(default=None, description="The rows of a query.")
    schemas: SchemasSource | None = Field(default=None, description="The schemas of a database.")
    every: Every = Field(
        default=timedelta(minutes=5), description="How often files, rows or schemas are looked for again."
    )
    timeout: Every = Field(
        default=timedelta(seconds=10), description="How long the database of `sql` or `schemas` may take to answer."
    )

    @property
    def source(self) -> SqlSource | SchemasSource | None:
        """What must be asked of a database; None when the items are known without."""
        return self.sql or self.schemas

    @model_validator(mode="after")
    def _one_source(self) -> ForEach:
        given = [key for key in ("items", "glob", "sql", "schemas") if getattr(self, key) is not None]
        if len(given) != 1:
            raise PydanticCustomError(
                "one_of",
                "must have exactly one of: a list, glob, sql, schemas",
                {"hint": f"it has {' and '.join(given)}" if given else "it has none"},
            )
        source = self.source
        if source is not None and (source.database is None) == (source.url is None):
            raise PydanticCustomError(
                "one_of", "must name the database to ask", {"hint": "give either database or url"}
            )
        return self
