"""Evens out what MySQL and MariaDB say about a column without meaning it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_engine.schema.snapshot import Key, SchemaObject, Value

INTEGER_WIDTH = re.compile(r"\b(tinyint|smallint|mediumint|int|bigint)\(\d+\)")


def normalised(item: SchemaObject, objects: Mapping[Key, SchemaObject], *, mariadb: bool) -> SchemaObject:
    """Return an object without what says nothing: inherited collations, display widths, MariaDB's default NULL."""
    if item.kind not in {"column", "function", "procedure"}:
        return item
    attributes: dict[str, Value] = dict(item.attributes)
    if item.kind == "column":
        _column(attributes, objects.get(("table", item.parent)), mariadb=mariadb)
    return item._replace(attributes={name: _without_width(name, value) for name, value in attributes.items()})


def _column(attributes: dict[str, Value], table: SchemaObject | None, *, mariadb: bool) -> None:
    if attributes.pop("nullable", None) is not None:
        attributes["nullable"] = True
    if mariadb and attributes.get("default") == "NULL":
        del attributes["default"]
    if table is not None and attributes.get("collation") == table.attributes.get("collation"):
        attributes.pop("collation", None)
    extra = str(attributes.pop("extra", "")).lower()
    if not mariadb and attributes.get("default") is not None:
        attributes["default"] = _expression(str(attributes["default"]), generated="default_generated" in extra)
    extra = extra.replace("default_generated", "").strip()
    if extra:
        attributes["extra"] = extra


def _without_width(name: str, value: Value) -> Value:
    if name not in {"type", "result", "arguments"} or not isinstance(value, str) or value == "tinyint(1)":
        return value
    return INTEGER_WIDTH.sub(r"\1", value)


def _expression(default: str, *, generated: bool) -> str:
    """Write MySQL's default as SQL: it keeps texts without their quotes."""
    if generated:
        return default if default.upper().startswith("CURRENT_TIMESTAMP") else f"({default})"
    return "'" + default.replace("\\", "\\\\").replace("'", "''") + "'"
