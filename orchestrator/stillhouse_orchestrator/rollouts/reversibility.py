"""Which revisions can be taken back, read from their files without running them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def why_not(source: str) -> str | None:
    """Say why a revision's source cannot be downgraded; ``None`` when it can."""
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        return f"its file cannot be read: {error.msg}"
    functions = {
        item.name: _statements(item) for item in body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    if "downgrade" not in functions:
        return "it has no downgrade()"
    down = functions["downgrade"]
    if down and isinstance(down[0], ast.Raise):
        return "its downgrade() raises an error"
    if not down and functions.get("upgrade"):
        return "its downgrade() is empty, and its upgrade() is not"
    return None


def irreversible(revisions: Iterable[str], paths: Mapping[str, str | None], root: str) -> dict[str, str]:
    """Return the revisions that cannot be taken back, each with the reason. Reads files."""
    found = {}
    for revision in revisions:
        path = paths.get(revision)
        if path is None:
            reason: str | None = "the script directory does not have it"
        else:
            try:
                reason = why_not(Path(root, path).read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                reason = f"its file cannot be read: {error}"
        if reason is not None:
            found[revision] = reason
    return found


def _statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """Return what a function does, without docstrings, ``pass`` and ``...``."""
    return [
        item
        for item in function.body
        if not isinstance(item, ast.Pass) and not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
    ]
