"""The directives of a migration, as revisions import them: ``from alembic import op``.

Each function acts on the migration that the calling task or thread runs. Directives that a project registers with
``Operations.register_operation`` are here too.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from stillhouse_engine.forwarding import ForwardingModule
from stillhouse_engine.operations.base import Operations
from stillhouse_engine.operations.current import CURRENT, current
from stillhouse_engine.operations.directives import without_first

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def forward(method: Callable[Concatenate[Any, P], R]) -> Callable[P, R]:
    """Return a function that calls a method of the current operations."""
    name = method.__name__.removeprefix("batch_") if method.__name__ != "batch_alter_table" else method.__name__

    @functools.wraps(method)
    def function(*args: P.args, **kw: P.kwargs) -> R:
        made: R = getattr(current(name), name)(*args, **kw)
        return made

    return without_first(function)


add_column = forward(Operations.add_column)
alter_column = forward(Operations.alter_column)
batch_alter_table = forward(Operations.batch_alter_table)
backfill = forward(Operations.backfill)
bulk_insert = forward(Operations.bulk_insert)
create_check_constraint = forward(Operations.create_check_constraint)
create_exclude_constraint = forward(Operations.create_exclude_constraint)
create_foreign_key = forward(Operations.create_foreign_key)
create_index = forward(Operations.create_index)
create_primary_key = forward(Operations.create_primary_key)
create_table = forward(Operations.create_table)
create_table_comment = forward(Operations.create_table_comment)
create_unique_constraint = forward(Operations.create_unique_constraint)
drop_column = forward(Operations.drop_column)
drop_constraint = forward(Operations.drop_constraint)
drop_index = forward(Operations.drop_index)
drop_table = forward(Operations.drop_table)
drop_table_comment = forward(Operations.drop_table_comment)
execute = forward(Operations.execute)
f = forward(Operations.f)
get_bind = forward(Operations.get_bind)
get_context = forward(Operations.get_context)
inline_literal = forward(Operations.inline_literal)
invoke = forward(Operations.invoke)
rename_table = forward(Operations.rename_table)
run_async = forward(Operations.run_async)

context = Operations.context
implementation_for = Operations.implementation_for
register_operation = Operations.register_operation


def __getattr__(name: str) -> Any:
    """Return a directive that was registered after this module was made."""
    method = vars(Operations).get(name)
    if name.startswith("_") or method is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return forward_registered(name, method)


def __dir__() -> list[str]:
    """List the directives, registered ones included."""
    return sorted({*globals(), *(name for name in vars(Operations) if not name.startswith("_"))})


def forward_registered(name: str, method: Any) -> Callable[..., Any]:
    """Return a function for a directive that a project registered."""

    @functools.wraps(method)
    def function(*args: Any, **kw: Any) -> Any:
        return getattr(current(name), name)(*args, **kw)

    return without_first(function)


class _OperationsModule(ForwardingModule):
    standing = CURRENT


sys.modules[__name__].__class__ = _OperationsModule
