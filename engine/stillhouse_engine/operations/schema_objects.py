"""SQLAlchemy's schema objects for operations that know names only.

A revision says ``create_index("ix", "t", ["a"])`` without knowing the table; SQLAlchemy renders indexes and constraints
of tables only. So a stand-in table is made with just the columns that are named.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Column, Constraint, ForeignKeyConstraint, Index, MetaData, PrimaryKeyConstraint, Table, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.sql.elements import ColumnElement, TextClause
from sqlalchemy.sql.visitors import iterate, replacement_traverse
from sqlalchemy.types import NULLTYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.schema import SchemaItem
    from sqlalchemy.types import TypeEngine

    IndexElement = str | TextClause | ColumnElement[Any]

NO_TABLE = "no_table"
"""Name of the stand-in for a table that an operation does not name."""

TYPES = ("check", "foreignkey", "primary", "unique", None)


def is_type_bound(constraint: Constraint) -> bool:
    """Tell whether a column's type (Boolean, Enum) brought a constraint along."""
    return bool(getattr(constraint, "_type_bound", False))


def sorted_constraints(table: Table) -> list[Constraint]:
    """Return a table's constraints in the order in which they were made."""
    return sorted(table.constraints, key=lambda constraint: constraint._creation_order)  # noqa: SLF001 - the order of CREATE TABLE


def all_constraints(table: Table) -> list[Constraint]:
    """Return a table's constraints but for those that its columns' types bring along."""
    return [constraint for constraint in sorted_constraints(table) if not is_type_bound(constraint)]


def copy_item(item: Any) -> Any:
    """Return a copy of a schema item that belongs to no table."""
    return item._copy()  # noqa: SLF001 - SQLAlchemy deprecated the public name and offers no other


def is_bound(item: SchemaItem) -> bool:
    """Tell whether a column or constraint belongs to a table already."""
    if isinstance(item, Column):
        return getattr(item, "table", None) is not None
    return isinstance(item, Constraint) and getattr(item, "parent", None) is not None


def parts_of_table(name: str, given: Iterable[Any]) -> list[Any]:
    """Return what a table is made of; anything else that a revision gives is left out, and warned of unless it is None."""
    given = list(given)
    strays = [item for item in given if item is not None and not isinstance(item, Column | Constraint | Index)]
    if strays:
        warnings.warn(f"Table {name!r} is made without {strays}: no column, constraint or index", stacklevel=3)
    return [item for item in given if isinstance(item, Column | Constraint | Index)]


class SchemaObjects:
    """Makes schema objects with the naming convention of the project's metadata.

    Args:
        migration_context: the migration context whose ``target_metadata`` names constraints; None for no convention.
    """

    def __init__(self, migration_context: Any = None) -> None:
        self.migration_context = migration_context

    def metadata(self) -> MetaData:
        """Return an empty collection of tables."""
        target = self.migration_context.opts.get("target_metadata") if self.migration_context is not None else None
        convention = getattr(target, "naming_convention", None)
        return MetaData(naming_convention=convention) if convention else MetaData()

    def table(
        self, name: str, *columns: Any, _constraints_included: bool = False, _partial: bool = False, **kw: Any
    ) -> Table:
        """Return a table, with stand-ins for the tables that it references.

        Args:
            name: name of the table.
            *columns: columns, constraints and indexes; those of another table are copied. Anything else is left out, as
                with Alembic, and warned of.
            _constraints_included: the constraints are complete: columns bring none of their own.
            _partial: the table has more columns than are told, which its foreign keys may point to.
            **kw: what ``sqlalchemy.Table`` takes.
        """
        metadata = self.metadata()
        parts = parts_of_table(name, columns)
        foreign = [item for item in parts if isinstance(item, Constraint) and is_bound(item)]
        items = [
            copy_item(item) if is_bound(item) else item for item in parts if not any(item is each for each in foreign)
        ]
        if _constraints_included:
            for column in items:
                if isinstance(column, Column):
                    column.index = column.unique = None
        table = Table(name, metadata, *items, **kw)
        for constraint in foreign:
            # Without its target, a copy would stay on the columns of the table that it was copied from.
            table.append_constraint(constraint._copy(target_table=table))  # noqa: SLF001 - as copy_item
        refer(table, partial=_partial)
        return table

    def column(self, name: str, type_: TypeEngine[Any], **kw: Any) -> Column[Any]:
        """Return a column."""
        return Column(name, type_, **kw)

    def stand_in(self, name: str | None, columns: Iterable[str], schema: str | None) -> Table:
        """Return a table that has just the named columns."""
        unique = dict.fromkeys(columns)
        return Table(name or NO_TABLE, self.metadata(), *(Column(each, NULLTYPE) for each in unique), schema=schema)

    def primary_key_constraint(
        self, name: str | None, table_name: str, cols: Sequence[str], schema: str | None = None, **kw: Any
    ) -> PrimaryKeyConstraint:
        """Return a primary key."""
        table = self.stand_in(table_name, cols, schema)
        key = PrimaryKeyConstraint(*(table.c[column] for column in cols), name=name, **kw)
        table.append_constraint(key)
        return key

    def unique_constraint(
        self, name: str | None, source: str, local_cols: Sequence[str], schema: str | None = None, **kw: Any
    ) -> Unique:
        """Return a unique constraint."""
        table = self.stand_in(source, local_cols, schema)
        unique = Unique(*(table.c[column] for column in local_cols), name=name, **kw)
        table.append_constraint(unique)
        return unique

    def check_constraint(
        self,
        name: str | None,
        source: str,
        condition: str | TextClause | ColumnElement[Any],
        schema: str | None = None,
        **kw: Any,
    ) -> Check:
        """Return a check constraint."""
        table = self.stand_in(source, (), schema)
        bound = rebind(condition, table) if isinstance(condition, ColumnElement) else condition
        check = Check(bound, name=name, **kw)
        table.append_constraint(check)
        return check

    def foreign_key_constraint(
        self,
        name: str | None,
        source: str,
        referent: str,
        local_cols: Sequence[str],
        remote_cols: Sequence[str],
        *,
        source_schema: str | None = None,
        referent_schema: str | None = None,
        **kw: Any,
    ) -> ForeignKeyConstraint:
        """Return a foreign key.

        Args:
            name: its name.
            source: the table that has it.
            referent: the table that it points to.
            local_cols: columns of the first.
            remote_cols: columns of the second, in the same order.
            source_schema: schema of the first.
            referent_schema: schema of the second.
            **kw: ``ondelete``, ``onupdate``, ``deferrable``, ``initially``, ``match`` and the dialects' keywords.
        """
        own = source == referent and source_schema == referent_schema
        table = self.stand_in(source, [*local_cols, *remote_cols] if own else local_cols, source_schema)
        remote = table
        if not own:
            columns = [Column(column, NULLTYPE) for column in dict.fromkeys(remote_cols)]
            remote = Table(referent, table.metadata, *columns, schema=referent_schema)
        key = ForeignKeyConstraint(local_cols, [remote.c[column] for column in remote_cols], name=name, **kw)
        table.append_constraint(key)
        return key

    def generic_constraint(
        self, name: str | None, table_name: str, type_: str | None, schema: str | None = None, **kw: Any
    ) -> Constraint:
        """Return a constraint of which only the name is known.

        Raises:
            TypeError: there is no such kind of constraint.
        """
        table = self.stand_in(table_name, (), schema)
        constraint: Constraint
        if type_ == "foreignkey":
            constraint = ForeignKeyConstraint([], [], name=name, **kw)
        elif type_ == "primary":
            constraint = PrimaryKeyConstraint(name=name, **kw)
        elif type_ == "unique":
            constraint = Unique(name=name, **kw)
        elif type_ == "check":
            constraint = Check("", name=name, **kw)
        elif type_ is None:
            constraint = Constraint(name=name, **kw)
        else:
            allowed = ", ".join(repr(each) for each in TYPES)
            raise TypeError(f"'type' can be one of {allowed}")
        table.append_constraint(constraint)
        return constraint

    def index(
        self,
        name: str | None,
        tablename: str | None,
        columns: Sequence[IndexElement],
        schema: str | None = None,
        **kw: Any,
    ) -> Index:
        """Return an index over columns, text and expressions."""
        table = self.stand_in(tablename, index_columns(columns, kw), schema)
        elements = [index_element(element, table) for element in columns]
        # SQLAlchemy finds an index's table through its columns; an expression over loose columns has none.
        return Index(name, *elements, _table=table, **kw)


def index_columns(elements: Sequence[IndexElement], options: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the columns that an index names, INCLUDE among them."""
    yield from (str(element) for element in elements if isinstance(element, str))
    for option, value in options.items():
        if option.endswith("_include") and value:
            yield from (column for column in value if isinstance(column, str))


def index_element(element: IndexElement, table: Table) -> Any:
    """Return what SQLAlchemy's Index takes for one element of a directive."""
    if isinstance(element, str):
        return table.c[element]
    return element if isinstance(element, TextClause) else rebind(element, table)


def rebind(expression: ColumnElement[Any], table: Table) -> Any:
    """Return an expression whose columns are those of a stand-in table."""

    def column_of(element: Any, **_: Any) -> Any:
        if not isinstance(element, Column) or element.table is table:
            return None
        there = next((column for column in table.columns if column.name == element.name), None)
        if there is None:
            table.append_column(there := stand_in_column(element))
        return there

    if not any(isinstance(element, Column) for element in iterate(expression)):
        return expression
    return replacement_traverse(expression, {}, column_of)


def stand_in_column(column: Column[Any]) -> Column[Any]:
    """Return a copy of a column that brings no index or constraint of its own."""
    copy: Column[Any] = copy_item(column)
    copy.index = copy.unique = None
    return copy


def refer(table: Table, *, partial: bool) -> None:
    """Give a table's foreign keys stand-ins to point to; a table that is told in part gets its own columns, too."""
    for key in sorted(table.foreign_keys, key=lambda key: key.target_fullname):
        if getattr(key, "_table_column", None) is not None:
            continue
        name, _, column = key.target_fullname.rpartition(".")
        schema, _, bare = name.rpartition(".")
        # A name without schema stays without, even where the metadata has a default one.
        if (found := table.metadata.tables.get(name)) is None:
            Table(bare, table.metadata, Column(column, NULLTYPE), schema=schema or None)
        elif column not in found.c and (partial or found is not table):
            found.append_column(Column(column, NULLTYPE))


def as_text(condition: Any) -> Any:
    """Return plain text as SQL, anything else as it is."""
    return text(condition) if isinstance(condition, str) else condition
