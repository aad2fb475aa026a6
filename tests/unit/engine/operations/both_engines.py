"""Runs a directive on Stillhouse's engine and on Alembic's, offline, and shows what each wrote."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic.migration import MigrationContext as AlembicContext
from alembic.operations import Operations as AlembicOperations

from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = re.compile(r"0x[0-9a-f]+")
CLASS = re.compile(r"\b\w+(Op)\.\w+\(\)")


@dataclass(frozen=True)
class Outcome:
    """What a directive wrote, how it failed, and what it warned of."""

    sql: str
    error: tuple[str, str] | None
    warnings: tuple[str, ...]


def run(case: Callable[[Any], Any], context_class: Any, operations_class: Any, dialect: str, **options: Any) -> Outcome:
    buffer = io.StringIO()
    context = context_class.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": buffer, **options})
    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            case(operations_class(context))
        except Exception as failure:  # noqa: BLE001 - whatever it is, both engines must raise the same
            error = (type(failure).__name__, message(failure))
    return Outcome(buffer.getvalue(), error, tuple(sorted(str(warning.message) for warning in caught)))


def message(failure: Exception) -> str:
    if type(failure).__name__ == "UnsupportedCompilationError":
        return ""  # it shows the class's module
    if isinstance(failure, TypeError) and "argument" in str(failure) and "dialectname" not in str(failure):
        return ""  # Python's own text names the function's class
    return ADDRESS.sub("0x", str(failure))


def ours(case: Callable[[Any], Any], dialect: str, **options: Any) -> Outcome:
    return run(case, MigrationContext, Operations, dialect, **options)


def alembics(case: Callable[[Any], Any], dialect: str, **options: Any) -> Outcome:
    return run(case, AlembicContext, AlembicOperations, dialect, **options)
