"""Finds, in the source of revisions, where they write rows."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stillhouse_engine.script import Script

WRITES = re.compile(
    r"\s*(?:INSERT\s+(?:\w+\s+)?INTO|UPDATE\s+\S+(?:\s+\w+)?\s+SET|DELETE\s+FROM|MERGE\s+INTO|REPLACE\s+INTO|TRUNCATE|COPY\s+"
    r"|WITH\b.*\b(?:INSERT|UPDATE|DELETE)\b)",
    re.IGNORECASE | re.DOTALL,
)
DIRECTIVES = frozenset({"bulk_insert", "backfill"})
CONSTRUCTS = frozenset({"insert", "update", "delete"})


def data_writes(scripts: Iterable[Script]) -> Iterator[str]:
    """Yield ``revision, file:line`` of the first place in each revision that seems to write rows."""
    for script in scripts:
        lines = sorted(_lines(ast.parse(Path(script.path).read_text(encoding="utf-8"))))
        if lines:
            yield f"{script.revision}, {script.path}:{lines[0]}"


def _lines(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and WRITES.match(node.value):
            yield node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name in DIRECTIVES or (name in CONSTRUCTS and not _of_mapping(node)):
                yield node.lineno


def _of_mapping(call: ast.Call) -> bool:
    """Tell whether a call looks like ``dict.update({…})`` or ``list.insert(0, …)``."""
    return bool(call.args) and isinstance(call.args[0], ast.Dict | ast.Constant)
