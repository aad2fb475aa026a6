"""What a table is, as plain facts: so that a table that has not changed is known without building SQLAlchemy's objects.

Most tables have not changed since the last comparison. For them both sides are put into the same few words; where the words
agree, so would the comparators. Whatever cannot be put into these words has no facts, and is compared by the comparators.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, DefaultClause, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.exc import CompileError, NoReferenceError
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Index, Table

    from stillhouse_engine.dialects.impl import DefaultImpl

LONGEST_NAME = 63
"""Longer names may be shortened by a database."""


class UnsaidError(Exception):
    """Something of a table cannot be put into facts."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A table in the words of its database.

    Attributes:
        columns: name, type, nullability, default, comment of each.
        uniques: the unique constraints.
        indexes: the indexes.
        keys: the foreign keys.
        comment: its comment.
    """

    columns: frozenset[Any]
    uniques: frozenset[Any]
    indexes: frozenset[Any]
    keys: frozenset[Any]
    comment: str | None


class ModelFacts(ABC):
    """Puts models into the words of one database.

    Args:
        impl: the dialect's implementation.
        with_types: whether types are compared.
        with_defaults: whether server defaults are compared.
    """

    def __init__(self, impl: DefaultImpl, *, with_types: bool, with_defaults: bool) -> None:
        self.impl = impl
        self.dialect = impl.dialect
        self.quote = impl.dialect.identifier_preparer.quote
        self.with_types = with_types
        self.with_defaults = with_defaults

    def facts(self, table: Table) -> Facts | None:
        """Return a model's facts, None where it says more than they can tell."""
        try:
            return Facts(
                frozenset(self.column(column) for column in table.columns),
                frozenset(self.unique(item) for item in table.constraints if isinstance(item, UniqueConstraint)),
                frozenset(self.index(item) for item in table.indexes),
                frozenset(self.key(item) for item in table.constraints if isinstance(item, ForeignKeyConstraint)),
                self.comment(table.comment),
            )
        except (UnsaidError, CompileError, NoReferenceError):
            return None

    def comment(self, text: str | None) -> str | None:
        """Return a comment, None where there is none or the database keeps none."""
        return (text or None) if self.dialect.supports_comments else None

    def column(self, column: Column[Any]) -> tuple[Any, ...]:
        """Return a column's facts."""
        if column.system or column.computed is not None or column.identity is not None:
            raise UnsaidError
        type_ = self.type_text(column) if self.with_types else None
        default = self.default(column) if self.with_defaults else None
        return (column.name, type_, bool(column.nullable), default, self.comment(column.comment))

    def type_text(self, column: Column[Any]) -> str:
        """Return a type as the database has it."""
        type_: Any = column.type
        if isinstance(type_, TypeDecorator):
            raise UnsaidError
        return self.known_type(self.dialect.type_compiler_instance.process(type_))

    @abstractmethod
    def known_type(self, text: str) -> str:
        """Return a type's SQL as the database would write it."""

    def default(self, column: Column[Any]) -> str | None:
        """Return a server default as the database has it."""
        default = column.server_default
        if default is None:
            return None
        if not isinstance(default, DefaultClause):
            raise UnsaidError
        arg: Any = default.arg
        return self.text_default(arg) if isinstance(arg, str) else self.sql_default(arg)

    @abstractmethod
    def text_default(self, text: str) -> str:
        """Return a default that is a text."""

    def sql_default(self, expression: Any) -> str:
        """Return a default that is an expression."""
        return self.impl.render_ddl_sql_expr(expression, is_server_default=True)

    def plain_name(self, item: Any) -> str:
        """Return a name that the database keeps as it is."""
        if not isinstance(item.name, str) or len(item.name) > LONGEST_NAME or item.dialect_kwargs:
            raise UnsaidError
        return str(item.name)

    @abstractmethod
    def unique(self, item: UniqueConstraint) -> Any:
        """Return a unique constraint's facts."""

    @abstractmethod
    def index(self, item: Index) -> Any:
        """Return an index's facts."""

    def index_columns(self, item: Index) -> tuple[str, ...]:
        """Return the columns of an index."""
        if not all(isinstance(element, Column) for element in item.expressions):
            raise UnsaidError
        return tuple(str(column.name) for column in item.columns)

    @abstractmethod
    def key(self, item: ForeignKeyConstraint) -> Any:
        """Return a foreign key's facts."""

    def key_parts(self, item: ForeignKeyConstraint) -> tuple[tuple[str, ...], str, tuple[str, ...], str, str]:
        """Return columns, table and columns it points to, and the rules for updates and deletes."""
        if item.deferrable is not None or item.initially is not None or item.match is not None or item.dialect_kwargs:
            raise UnsaidError
        target = item.elements[0].column.table
        if target.schema is not None:
            raise UnsaidError
        local = tuple(element.parent.name for element in item.elements)
        remote = tuple(element.column.name for element in item.elements)
        return local, str(target.name), remote, rule(item.onupdate), rule(item.ondelete)


def rule(text: str | None) -> str:
    """Return what an update or delete does, in capitals; nothing for the default."""
    word = (text or "").upper()
    return "" if word == "NO ACTION" else word
