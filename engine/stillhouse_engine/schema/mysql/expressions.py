"""Expressions as MySQL's information_schema has them, and what they say.

It takes each byte of their UTF-8 for a letter of Latin-1, and escapes quotes, backslashes and ends of lines. Observed on
MySQL 9.7; MariaDB does neither.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillhouse_engine.schema.snapshot import SchemaObject, Value

MARK = "\x01"
"""Stands on both sides of each expression in an index's definition."""
MARKED = re.compile(f"{MARK}(.*?){MARK}", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
CONTROLS = {"n": "\n", "r": "\r", "0": "\0"}


def written(shown: str) -> str:
    """Return an expression as it was written."""
    with suppress(UnicodeError):  # a server that does not take bytes for letters
        shown = shown.encode("latin-1").decode()
    return ESCAPED.sub(lambda found: CONTROLS.get(found[1], found[1]), shown)


def is_expression(default: SchemaObject) -> bool:
    """Tell whether a column's default is an expression; otherwise it is a text without its quotes."""
    return "default_generated" in default.text("extra").lower()


def with_expressions(item: SchemaObject) -> SchemaObject:
    """Return an object of MySQL with its expressions as they were written."""
    changed: dict[str, Value] = {}
    if item.kind == "index":
        changed["definition"] = MARKED.sub(lambda found: written(found[1]), item.text("definition"))
    elif item.kind == "constraint" and item.get("type") == "check":
        changed["definition"] = written(item.text("definition"))
    elif item.kind == "column":
        changed |= {"generated": written(item.text("generated"))} if item.get("generated") else {}
        changed |= {"default": written(item.text("default"))} if is_expression(item) else {}
    return item._replace(attributes={**item.attributes, **changed}) if changed else item
