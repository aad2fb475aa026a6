"""Evens out what MySQL and MariaDB say without meaning it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stillhouse_engine.schema.mysql.joins import without_left_nests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_engine.schema.snapshot import Key, SchemaObject, Value

BYTES = re.compile(r"(?:bit|binary|varbinary)\b")
LITERAL = re.compile(r"b'[01]*'|0x[0-9A-Fa-f]*")
INTEGER_WIDTH = re.compile(r"\b(?!tinyint\(1\)(?! unsigned| zerofill))(tinyint|smallint|mediumint|int|bigint)\(\d+\)")
"""The width of an integer; ``tinyint(1)`` is how a boolean is told from a small number."""


def normalised(item: SchemaObject, objects: Mapping[Key, SchemaObject], *, mariadb: bool) -> SchemaObject:
    """Return an object without what says nothing: inherited collations, display widths, MariaDB's default NULL, parentheses around joins."""
    if item.kind not in {"column", "function", "procedure", "view"}:
        return item
    attributes: dict[str, Value] = dict(item.attributes)
    if item.kind == "view":
        attributes["definition"] = without_left_nests(item.text("definition"))
    elif item.kind == "column":
        _column(attributes, objects.get(("table", item.parent)), mariadb=mariadb)
    else:
        own = item.text("collation")
        inherited = f" CHARSET {own.partition('_')[0]} COLLATE {own}"
        attributes |= {
            name: item.text(name).replace(inherited, "") for name in ("arguments", "result") if item.get(name)
        }
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
        attributes["default"] = _default(attributes, generated="default_generated" in extra)
    extra = extra.replace("default_generated", "").strip()
    if extra:
        attributes["extra"] = extra


def _without_width(name: str, value: Value) -> Value:
    if name not in {"type", "result", "arguments"} or not isinstance(value, str):
        return value
    return INTEGER_WIDTH.sub(r"\1", value)


def _default(attributes: Mapping[str, Value], *, generated: bool) -> str:
    """Write MySQL's default as SQL: it keeps texts without their quotes, but bits and bytes as literals."""
    default = str(attributes["default"])
    if generated:
        return default if default.upper().startswith("CURRENT_TIMESTAMP") else f"({default})"
    if BYTES.match(str(attributes["type"])) and LITERAL.fullmatch(default):
        return default
    return "'" + default.replace("\\", "\\\\").replace("'", "''") + "'"
