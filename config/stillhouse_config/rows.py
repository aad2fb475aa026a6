"""The rows that ``for_each`` makes targets of: list items, files, query results, schemas."""

from __future__ import annotations

import glob
import os
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .for_each import ForEach, SchemasSource

SYSTEM_SCHEMAS = re.compile(r"pg_.*|information_schema|mysql|performance_schema|sys|crdb_internal", re.IGNORECASE)


def known_rows(for_each: ForEach, folder: str) -> Sequence[Mapping[str, str]]:
    """Return the rows of a list or a glob."""
    if for_each.items is not None:
        return for_each.items
    return [_file_row(path) for path in _files(folder, for_each.glob or "")]


def _files(folder: str, pattern: str) -> list[Path]:
    found = glob.glob(os.path.expanduser(pattern), root_dir=folder, recursive=True)  # noqa: PTH111, PTH207 (absolute patterns too)
    return sorted(path for path in (Path(folder) / name for name in found) if path.is_file())


def _file_row(path: Path) -> dict[str, str]:
    return {"path": str(path), "name": path.name, "stem": path.stem, "parent": path.parent.name}


def discovered_rows(for_each: ForEach, rows: Iterable[Mapping[str, object]]) -> list[dict[str, str]]:
    """Return what a database answered, as texts; empty values are left out, and so are schemas that are not wanted."""
    texts = [{str(key): _text(value) for key, value in row.items() if value is not None} for row in rows]
    if for_each.schemas is None:
        return texts
    return [row for row in texts if wanted(for_each.schemas, row.get("schema", ""))]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else value.decode() if isinstance(value, bytes) else str(value)


def wanted(source: SchemasSource, schema: str) -> bool:
    """Tell whether a schema is one of those that a declaration asks for."""
    if SYSTEM_SCHEMAS.fullmatch(schema) or any(fnmatchcase(schema, pattern) for pattern in source.exclude):
        return False
    if source.like is not None and not re.fullmatch(_like(source.like), schema, re.DOTALL):
        return False
    return source.match is None or fnmatchcase(schema, source.match)


def _like(pattern: str) -> str:
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join({"%": ".*", "_": "."}.get(piece, re.escape(piece[-1])) for piece in pieces)
