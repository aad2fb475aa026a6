"""Constraints and indexes of a table, made again for the table that takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.sql.elements import ClauseElement, TextClause
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import NULLTYPE

from stillhouse_engine.operations.batch.text import mentions, renamed
from stillhouse_engine.operations.schema_objects import copy_item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Constraint


class Rebuilder:
    """Makes constraints and indexes for a new table.

    Args:
        new: the new table.
        columns: its columns by the names that they had in the old one.
        renames: new names by old ones.
        dropped: columns of the old table that are gone.
        old: the old table.
        quote: quotes a name where the database needs it.
    """

    def __init__(
        self,
        new: Table,
        *,
        columns: Mapping[str, Column[Any]],
        renames: Mapping[str, str],
        dropped: set[str],
        old: Table,
        quote: Callable[[str], str],
    ) -> None:
        self.new = new
        self.columns = columns
        self.renames = renames
        self.dropped = dropped
        self.old = old
        self.quote = quote

    def column(self, name: str, *, existing: bool) -> Column[Any]:
        """Return a column of the new table.

        Args:
            name: its name.
            existing: whether the one who names it was there before the batch, and so means the old names.

        Raises:
            KeyError: there is no such column.
        """
        if existing:
            return self.columns[name]
        found = self.new.c.get(name)
        return found if found is not None else self.columns[name]

    def constraint(self, constraint: Constraint, *, existing: bool) -> Constraint | None:
        """Return a constraint for the new table; None when a column that it needs is gone."""
        if isinstance(constraint, PrimaryKeyConstraint):
            return self._primary_key(constraint, existing=existing)
        if isinstance(constraint, ForeignKeyConstraint):
            return self._foreign_key(constraint, existing=existing)
        if isinstance(constraint, CheckConstraint):
            return self._check(constraint, existing=existing)
        if existing and self._gone(constraint):
            return None
        if isinstance(constraint, UniqueConstraint):
            columns = [self.column(column.name, existing=existing) for column in constraint.columns]
            return UniqueConstraint(*columns, **common(constraint))
        copied: Constraint = copy_item(constraint)
        return copied

    def _gone(self, constraint: Any) -> bool:
        return any(column.name in self.dropped for column in constraint.columns)

    def _primary_key(self, key: PrimaryKeyConstraint, *, existing: bool) -> Constraint | None:
        names = [column.name for column in key.columns if not existing or self._stays_key(column.name)]
        if not names and not key.name:
            return None
        columns = [self.column(name, existing=existing) for name in names]
        for column in self.new.c:
            column.primary_key = column in columns
        return PrimaryKeyConstraint(*columns, **common(key))

    def _stays_key(self, name: str) -> bool:
        """Tell whether a column is still there, and is not a new one of the same name."""
        return name not in self.dropped and self.columns[name].primary_key

    def _foreign_key(self, key: ForeignKeyConstraint, *, existing: bool) -> Constraint | None:
        names = [element.parent.name for element in key.elements]
        if existing and self.dropped.intersection(names):
            return None
        targets = [self._target(element.target_fullname, existing=existing) for element in key.elements]
        if any(target is None for target in targets):
            return None
        return ForeignKeyConstraint(
            [self.column(name, existing=existing) for name in names],
            targets,  # type: ignore[arg-type]
            onupdate=key.onupdate,
            ondelete=key.ondelete,
            match=key.match,
            use_alter=False,
            **common(key),
        )

    def _target(self, fullname: str, *, existing: bool) -> Column[Any] | None:
        """Return the column that a foreign key points to, in a stand-in for its table; None when it is gone."""
        table_name, _, column = fullname.rpartition(".")
        schema, _, name = table_name.rpartition(".")
        own = (name, schema or None) == (self.old.name, self.old.schema)
        if own and existing:
            if column in self.dropped:
                return None
            column = self.renames.get(column, column)
        table = self.new.metadata.tables.get(table_name)
        if table is None:
            table = Table(name, self.new.metadata, schema=schema or None)
        if column not in table.c:
            table.append_column(Column(column, NULLTYPE))
        return table.c[column]

    def _check(self, check: CheckConstraint, *, existing: bool) -> Constraint | None:
        condition = self.expression(check.sqltext) if existing else self._new_expression(check.sqltext)
        if condition is None:
            return None
        rule: Any = getattr(check, "_create_rule", None)
        bound = getattr(check, "_type_bound", False)
        return CheckConstraint(condition, _create_rule=rule, _type_bound=bound, **common(check))

    def _new_expression(self, element: Any) -> Any:
        """Return an expression of a new constraint, over the new table's columns."""

        def column_of(part: Any, **_: Any) -> Any:
            return self.column(part.name, existing=False) if isinstance(part, Column) else None

        if isinstance(element, TextClause):
            return element
        return replacement_traverse(element, {}, column_of)  # type: ignore[call-overload]

    def text(self, sql: str) -> str | None:
        """Return SQL text with the new names; None when it names a column that is gone."""
        return None if mentions(sql, self.dropped) else renamed(sql, self.renames, self.quote)

    def index_text(self, sql: str) -> str | None:
        """Return a CREATE INDEX with the new names; None when it names a column that is gone."""
        head, parenthesis, elements = sql.partition("(")
        written = self.text(elements)
        return None if written is None else head + parenthesis + written

    def expression(self, element: Any) -> Any:
        """Return an expression over the new table's columns; None when it needs one that is gone."""
        if isinstance(element, TextClause):
            written = self.text(element.text)
            return None if written is None else (element if written == element.text else text(written))
        if isinstance(element, Column) and element.table is self.old:
            return None if element.name in self.dropped else self.columns[element.name]
        gone = False

        def column_of(part: Any, **_: Any) -> Any:
            nonlocal gone
            if not isinstance(part, Column) or part.name not in self.columns:
                gone = gone or (isinstance(part, Column) and part.name in self.dropped)
                return None
            return self.columns[part.name]

        made: Any = replacement_traverse(element, {}, column_of)  # type: ignore[call-overload]
        return None if gone else made

    def index(self, index: Index, *, existing: bool) -> Index | None:
        """Return an index for the new table; None when it needs a column that is gone."""
        if existing:
            elements = [self.expression(element) for element in index.expressions]
            options = {name: self._option(name, value) for name, value in index.kwargs.items()}
        else:
            elements = [self._new_element(element) for element in index.expressions]
            options = dict(index.kwargs)
        if any(element is None for element in elements):
            return None
        if any(value is None and index.kwargs[name] is not None for name, value in options.items()):
            return None
        return Index(index.name, *elements, unique=index.unique, _table=self.new, **options)

    def _new_element(self, element: Any) -> Any:
        return self.column(element.name, existing=False) if isinstance(element, Column) else element

    def _option(self, name: str, value: Any) -> Any:
        """Return a dialect's option with the new names; None when it needs a column that is gone."""
        if isinstance(value, ClauseElement):
            return self.expression(value)
        if name.endswith("_where") and isinstance(value, str):
            return self.text(value)
        if name.endswith("_include") and value:
            return [self.renames.get(column, column) for column in value if column not in self.dropped]
        if name.endswith("_ops") and value:
            return {self.renames.get(column, column): opclass for column, opclass in value.items()}
        return value


def common(constraint: Any) -> dict[str, Any]:
    """Return what all constraints may have, as keywords."""
    facts = {name: getattr(constraint, name) for name in ("name", "deferrable", "initially")}
    return {**facts, "info": dict(constraint.info), **constraint.dialect_kwargs}
