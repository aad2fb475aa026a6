"""The live tables, as SQLAlchemy's objects."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, Table, event
from sqlalchemy.sql.elements import conv

from stillhouse_engine.autogenerate.reflection import BulkReflection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Inspector

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.dialects.impl import DefaultImpl

    Key = tuple[str | None, str]


def sort_key(key: Key) -> tuple[str, str]:
    """Return what tables are sorted by: those of the default schema first."""
    return (key[0] or "", key[1])


class LiveTables:
    """Reads live tables, all of them in a few statements.

    Args:
        autogen_context: what is known.
        keys: schemas and names of the tables that are going to be asked for.
        of: schemas and names of all tables that there are.
    """

    def __init__(self, autogen_context: AutogenContext, keys: Iterable[Key], of: Iterable[Key]) -> None:
        self.inspector = autogen_context.inspector
        self.impl: DefaultImpl = autogen_context.migration_context.impl
        self.metadata = MetaData()
        if isinstance(self.inspector, BulkReflection):
            wanted, every = list(keys), list(of)
            for schema in {key[0] for key in wanted}:
                names = [name for where, name in wanted if where == schema]
                self.inspector.prefetch(schema, names, of=[name for where, name in every if where == schema])

    def table(self, key: Key) -> Table:
        """Return a live table, without those that it references."""
        schema, name = key
        table = Table(name, self.metadata, schema=schema)
        # A table of its own must be listened to before its columns are read.
        event.listen(table, "column_reflect", partial(corrected, self.impl))
        self.inspector.reflect_table(table, include_columns=None, resolve_fks=False)
        items: list[Any] = [*table.constraints, *table.indexes]
        for item in items:
            if isinstance(item.name, str):
                # The database's names are final: no naming convention applies to them again.
                item.name = conv(item.name)
        return table


def corrected(impl: DefaultImpl, inspector: Inspector, table: Table, column_info: Any) -> None:
    """Let the dialect correct what reflection says of a column."""
    impl.autogen_column_reflect(inspector, table, column_info)
