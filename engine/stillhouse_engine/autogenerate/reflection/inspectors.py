"""An inspector that reads a schema at once, and answers questions about single tables from what it read.

SQLAlchemy's ``Inspector`` asks the database for each table, its ``get_multi_*`` methods for all of them in one statement.
This inspector answers the former from the latter, for the tables that it was told of by ``prefetch()``; so whoever asks,
``reflect_table()`` or a third party's comparator, costs nothing more. Other tables are asked for as always.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine.reflection import Inspector, ObjectKind, ObjectScope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    Key = tuple[str | None, str]

EVERYTHING = 0.5
"""The share of a schema's tables from which on all of them are read, rather than those that are named."""


class BulkReflection(Inspector):
    """An inspector that reads what it is told to prefetch in one statement for each kind of thing."""

    _wanted: dict[str | None, tuple[frozenset[str], bool]]
    _found: dict[tuple[str, str | None], dict[Key, Any] | NotImplementedError]

    def prefetch(self, schema: str | None, names: Collection[str], *, of: Collection[str]) -> None:
        """Say which tables are going to be asked for.

        Args:
            schema: their schema.
            names: their names.
            of: the names of all tables of the schema.
        """
        whole = len(names) >= EVERYTHING * len(of)
        self._wanted[schema] = (frozenset(names), whole)
        for key in [key for key in self._found if key[1] == schema]:
            del self._found[key]

    def fetch(self, method: str, schema: str | None) -> dict[Key, Any]:
        """Read one kind of thing for all tables that were asked for.

        Raises:
            NotImplementedError: the dialect does not reflect it.
        """
        if (found := self._found.get((method, schema))) is None:
            names, whole = self._wanted[schema]
            try:
                found = self.read(method, schema, None if whole else sorted(names))
            except NotImplementedError as error:
                found = error
            self._found[method, schema] = found
        if isinstance(found, NotImplementedError):
            raise found
        return found

    def read(self, method: str, schema: str | None, names: list[str] | None) -> dict[Key, Any]:
        """Ask the database; overridden where SQLAlchemy asks table by table."""
        ask = getattr(super(), method)
        return dict(ask(schema=schema, filter_names=names, kind=ObjectKind.TABLE, scope=ObjectScope.DEFAULT))

    def known(self, schema: str | None, names: Iterable[str] | None) -> list[str] | None:
        """Return the names if all of them were prefetched, else None."""
        if names is None or schema not in self._wanted:
            return None
        asked = list(names)
        return asked if self._wanted[schema][0].issuperset(asked) else None

    def _multi(self, method: str, schema: str | None, names: Any, kw: dict[str, Any]) -> dict[Key, Any]:
        if (asked := self.known(schema, names)) is None:
            return dict(getattr(super(), method)(schema=schema, filter_names=names, **kw))
        found = self.fetch(method, schema)
        return {(schema, name): detached(found[schema, name]) for name in asked if (schema, name) in found}

    def _single(self, method: str, fallback: Callable[..., Any], table: str, schema: str | None, kw: Any) -> Any:
        known = not kw and self.known(schema, [table])
        found = self.fetch(method, schema).get((schema, table)) if known else None
        return fallback(table, schema, **kw) if found is None else detached(found)

    def get_multi_columns(self, schema: Any = None, filter_names: Any = None, **kw: Any) -> Any:  # type: ignore[override]
        """Return the columns of tables."""
        return self._multi("get_multi_columns", schema, filter_names, kw)

    def get_multi_pk_constraint(self, schema: Any = None, filter_names: Any = None, **kw: Any) -> Any:  # type: ignore[override]
        """Return the primary keys of tables."""
        return self._multi("get_multi_pk_constraint", schema, filter_names, kw)

    def get_multi_foreign_keys(self, schema: Any = None, filter_names: Any = None, **kw: Any) -> Any:  # type: ignore[override]
        """Return the foreign keys of tables."""
        return self._multi("get_multi_foreign_keys", schema, filter_names, kw)

    def get_multi_indexes(self, schema: Any = None, filter_names: Any = None, **kw: Any) -> Any:  # type: ignore[override]
        """Return the indexes of tables."""
        return self._multi("get_multi_indexes", schema, filter_names, kw)

    def get_multi_unique_constraints(self, schema: Any = None, filter_names: Any = None, **kw: Any) -> Any:  # type: ignore[override]
        """Return the unique constraints of tables."""
        return self._multi("get_multi_unique_constraints", schema, filter_names, kw)

    def get_multi_check_constraints(self, schema: Any = None, filter_names: Any = None, **kw: Any) -> Any:  # type: ignore[override]
        """Return the CHECKs of tables."""
        return self._multi("get_multi_check_constraints", schema, filter_names, kw)

    def get_multi_table_comment(self, schema: Any = None, filter_names: Any = None, **kw: Any) -> Any:  # type: ignore[override]
        """Return the comments of tables."""
        return self._multi("get_multi_table_comment", schema, filter_names, kw)

    def get_multi_table_options(self, schema: Any = None, filter_names: Any = None, **kw: Any) -> Any:  # type: ignore[override]
        """Return the options of tables."""
        return self._multi("get_multi_table_options", schema, filter_names, kw)

    def get_foreign_keys(self, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Return the foreign keys of a table."""
        return self._single("get_multi_foreign_keys", super().get_foreign_keys, table_name, schema, kw)

    def get_indexes(self, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Return the indexes of a table."""
        return self._single("get_multi_indexes", super().get_indexes, table_name, schema, kw)

    def get_unique_constraints(self, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Return the unique constraints of a table."""
        return self._single("get_multi_unique_constraints", super().get_unique_constraints, table_name, schema, kw)

    def get_check_constraints(self, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Return the CHECKs of a table."""
        return self._single("get_multi_check_constraints", super().get_check_constraints, table_name, schema, kw)


def detached(value: Any) -> Any:
    """Return a copy that hooks may edit."""
    return [copy(item) for item in value] if isinstance(value, list) else copy(value)
