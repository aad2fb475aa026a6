"""Statements with their parameters put into them, for scripts, which can't carry parameters beside the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert, TextClause, Update, literal
from sqlalchemy.sql.visitors import cloned_traverse
from sqlalchemy.types import NULLTYPE, NullType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import BindParameter, Executable
    from sqlalchemy.types import TypeEngine


def with_values(statement: Executable, row: Mapping[str, Any]) -> Executable:
    """Return a statement whose bound parameters, or whose columns where it writes rows, have values.

    Args:
        statement: the statement.
        row: values by the names of parameters or columns.
    """
    if isinstance(statement, TextClause):
        return statement.bindparams(**row)
    used: set[str] = set()

    def put(parameter: BindParameter[Any]) -> None:
        if parameter.key in row:
            used.add(parameter.key)
            parameter.value, parameter.callable, parameter.required = row[parameter.key], None, False
            parameter.type = known_type(parameter.type, parameter.value)

    made: Any = cloned_traverse(statement, {}, {"bindparam": put})  # type: ignore[call-overload]
    rest = {name: value for name, value in row.items() if name not in used}
    if not rest or not isinstance(made, Insert | Update):
        return made  # type: ignore[no-any-return]
    types = {name: made.table.c[name].type if name in made.table.c else NULLTYPE for name in rest}
    return made.values({name: literal(value, known_type(types[name], value)) for name, value in rest.items()})


def known_type(type_: TypeEngine[Any], value: Any) -> TypeEngine[Any]:
    """Return a type, or where it is not known the one that values like this have."""
    return literal(value).type if isinstance(type_, NullType) else type_
