"""What a comparison or a rendering knows: the migration context, the models, the filters, the imports."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.dispatch import PriorityDispatcher
from stillhouse_engine.autogenerate.plugins import DEFAULT_PLUGINS, Plugin
from stillhouse_engine.autogenerate.reflection import bulk_inspector
from stillhouse_engine.autogenerate.sorting import sorted_tables
from stillhouse_engine.errors import CommandError
from stillhouse_engine.schema import take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Inspector, MetaData, Table
    from sqlalchemy.schema import SchemaItem

    from stillhouse_engine.runtime.migration import MigrationContext
    from stillhouse_engine.schema import Snapshot

MYSQL = ("mysql", "mariadb")
SERVERS_OWN = ("information_schema", "mysql", "performance_schema", "sys")
"""Databases of a MySQL or MariaDB server that are nobody's project."""
NO_DATABASE = "autogenerate can't use as_sql=True as it prevents querying the database for schema information"

comparators = PriorityDispatcher()
"""Comparators that take part in every comparison, besides the chosen plug-ins."""


class AutogenContext:
    """The state of one comparison and of rendering its result.

    Args:
        migration_context: the migration context.
        metadata: the models; by default what ``configure()`` was given as ``target_metadata``.
        opts: the options; by default those of ``configure()``.
        autogenerate: whether models are needed.

    Attributes:
        metadata: the models.
        connection: the connection to compare with.
        dialect: its dialect.
        imports: import lines that the rendered code needs; ``render_item`` may add to them.
        comparators: the comparators that take part.
        asked: how the server writes the models' constraints, for the comparators of tables.

    Raises:
        CommandError: models are needed, and there are none, or no database to compare them with.
    """

    def __init__(
        self,
        migration_context: MigrationContext,
        metadata: MetaData | Sequence[MetaData] | None = None,
        opts: dict[str, Any] | None = None,
        autogenerate: bool = True,
    ) -> None:
        opts = migration_context.opts if opts is None else opts
        self.opts: dict[str, Any] = opts
        self.metadata = migration_context.opts.get("target_metadata") if metadata is None else metadata
        if autogenerate and migration_context.as_sql:
            raise CommandError(NO_DATABASE)
        if autogenerate and self.metadata is None:
            raise CommandError(self._no_metadata(migration_context))
        self.migration_context = migration_context
        self.connection: Connection | None = migration_context.bind
        self.dialect = migration_context.dialect
        self.imports: set[str] = set()
        self.comparators = comparators.branch()
        if autogenerate:
            chosen = opts.get("autogenerate_plugins")
            names = DEFAULT_PLUGINS if chosen is None else chosen
            Plugin.populate_autogenerate_priority_dispatch(self.comparators, list(names))
        self.asked: dict[Hashable, Any] = {}
        self._object_filters = filters(opts.get("include_object"))
        self._name_filters = filters(opts.get("include_name"))
        self._has_batch = False

    @staticmethod
    def _no_metadata(migration_context: MigrationContext) -> str:
        script = migration_context.script
        place = f" {script.env_py_location}" if script is not None else ""
        return (
            f"Can't proceed with --autogenerate option; environment script{place} does not provide a MetaData object "
            "or sequence of objects to the context."
        )

    @cached_property
    def inspector(self) -> Inspector:
        """The inspector of the connection; it reads what it is told to compare in a few statements.

        Raises:
            TypeError: there is no connection.
        """
        if self.connection is None:
            raise TypeError("can't return inspector as this AutogenContext has no database connection")
        return bulk_inspector(self.connection)

    @cached_property
    def snapshot(self) -> Snapshot:
        """All objects of the live schema, read in one statement; of all schemas where these are compared.

        Raises:
            TypeError: there is no connection.
        """
        if self.connection is None:
            raise TypeError("can't take a snapshot as this AutogenContext has no database connection")
        every = bool(self.opts.get("include_schemas", False))
        if every and self.dialect.name in MYSQL:
            return take_snapshot(self.connection, schemas=self._databases())
        # The name of the default schema is left to the snapshot, which tells names apart by it.
        every = every or self.dialect.name == "sqlite"
        return take_snapshot(self.connection, schemas=None if every else [str(self.dialect.default_schema_name)])

    def _databases(self) -> list[str]:
        """Return the databases of a MySQL server that take part, the connection's own first, without the server's."""
        home = str(self.dialect.default_schema_name)
        others = {*self.inspector.get_schema_names()} - {home, *SERVERS_OWN}
        return [home, *sorted(name for name in others if self.run_name_filters(name, "schema", {}))]

    @contextmanager
    def _within_batch(self) -> Iterator[None]:
        self._has_batch = True
        try:
            yield
        finally:
            self._has_batch = False

    def run_name_filters(self, name: str | None, type_: str, parent_names: Mapping[str, str | None]) -> bool:
        """Tell whether something of the database is to be looked at, before it is.

        Args:
            name: its name.
            type_: ``schema``, ``table``, ``column``, ``index``, ``unique_constraint``, ``foreign_key_constraint``,
                ``check_constraint``.
            parent_names: the names of its table and schema.
        """
        parents = dict(parent_names)
        if "schema_name" in parents:
            table = name if type_ == "table" else parents.get("table_name")
            if table:
                schema = parents["schema_name"]
                parents["schema_qualified_table_name"] = f"{schema}.{table}" if schema else table
        return all(accepts(name, type_, parents) for accepts in self._name_filters)

    def run_object_filters(
        self, object_: SchemaItem, name: Any, type_: str, reflected: bool, compare_to: SchemaItem | None
    ) -> bool:
        """Tell whether something is to be compared.

        Args:
            object_: the column, table, index or constraint.
            name: its name.
            type_: as for ``run_name_filters()``.
            reflected: whether it is the database's.
            compare_to: its counterpart, if there is one.
        """
        return all(accepts(object_, name, type_, reflected, compare_to) for accepts in self._object_filters)

    run_filters = run_object_filters

    def home(self, schema: str | None) -> str | None:
        """Return a schema as the live tables' keys have it: None for the default schema, which models may name."""
        return None if schema == self.dialect.default_schema_name else schema

    def metadatas(self) -> list[MetaData]:
        """Return the models as a list."""
        if self.metadata is None:
            return []
        return list(self.metadata) if isinstance(self.metadata, list | tuple | set | frozenset) else [self.metadata]  # type: ignore[list-item]

    @cached_property
    def sorted_tables(self) -> list[Table]:
        """The tables of the models, each behind those that it references; those of the first metadata first."""
        return [table for metadata in self.metadatas() for table in sorted_tables(metadata)]

    @cached_property
    def table_key_to_table(self) -> dict[str, Table]:
        """The tables of the models by their keys.

        Raises:
            ValueError: two metadata have the same table.
        """
        self.refuse_twins()
        return {key: table for metadata in self.metadatas() for key, table in metadata.tables.items()}

    def refuse_twins(self) -> None:
        """Make sure that each table is in one metadata only.

        Raises:
            ValueError: two metadata have the same table.
        """
        keys = Counter(key for metadata in self.metadatas() for key in metadata.tables)
        if twice := ", ".join(f'"{key}"' for key in sorted(keys) if keys[key] > 1):
            raise ValueError(f"Duplicate table keys across multiple MetaData objects: {twice}")


def filters(given: Any) -> list[Callable[..., bool]]:
    """Return the filters that an option names: none or one."""
    return [given] if given is not None else []
