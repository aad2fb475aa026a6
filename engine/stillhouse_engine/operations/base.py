"""``Operations``: the facade that revisions know as ``op``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sqlalchemy.sql.elements import conv

from stillhouse_engine.dialects.literals import LiteralBindParameter
from stillhouse_engine.forwarding import Installable
from stillhouse_engine.operations import ops
from stillhouse_engine.operations.batch.operations import BatchOperationsImpl
from stillhouse_engine.operations.batch.plan import BatchPlan
from stillhouse_engine.operations.current import CURRENT
from stillhouse_engine.operations.directives import directive
from stillhouse_engine.operations.implementations import IMPLEMENTATIONS
from stillhouse_engine.operations.schema_objects import SchemaObjects

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from sqlalchemy import Table
    from sqlalchemy.types import TypeEngine

    T = TypeVar("T")
    OperationClass = TypeVar("OperationClass", bound=type[ops.MigrateOperation])

NOTHING: Mapping[str, Any] = {}


class AbstractOperations(Installable):
    """What the operations of a migration and those of a batch have in common.

    Args:
        migration_context: has the connection, the dialect and the options.
        impl: what carries operations out; the context's own where none is given.
    """

    _standing = CURRENT

    def __init__(self, migration_context: Any, impl: Any = None) -> None:
        self.migration_context = migration_context
        self.impl = migration_context.impl if impl is None else impl
        self.schema_obj = SchemaObjects(migration_context)

    @classmethod
    def register_operation(cls, name: str, sourcename: str | None = None) -> Callable[[OperationClass], OperationClass]:
        """Return a decorator that makes an operation class a directive.

        Args:
            name: name of the directive, ``op.<name>``.
            sourcename: name of the class method that stands behind it; the same by default.
        """

        def register(operation_class: OperationClass) -> OperationClass:
            setattr(cls, name, directive(getattr(operation_class, sourcename or name)))
            return operation_class

        return register

    @classmethod
    def implementation_for(cls, op_cls: Any, replace: bool = False) -> Callable[[Any], Any]:
        """Return a decorator that makes a function carry out operations of a class.

        Args:
            op_cls: the operation class.
            replace: take the place of a function that is there already.
        """
        return IMPLEMENTATIONS.dispatch_for(op_cls, replace=replace)

    @classmethod
    @contextmanager
    def context(cls, migration_context: Any) -> Iterator[Operations]:
        """Let ``op`` stand for a migration context within a block."""
        operations = Operations(migration_context)
        token = CURRENT.enter(operations)
        try:
            yield operations
        finally:
            CURRENT.leave(operations, token)

    @contextmanager
    def batch_alter_table(  # noqa: PLR0917 - Alembic's signature
        self,
        table_name: str,
        schema: str | None = None,
        recreate: Literal["auto", "always", "never"] = "auto",
        partial_reordering: list[tuple[str, ...]] | None = None,
        copy_from: Table | None = None,
        table_args: tuple[Any, ...] = (),
        table_kwargs: Mapping[str, Any] = NOTHING,
        reflect_args: tuple[Any, ...] = (),
        reflect_kwargs: Mapping[str, Any] = NOTHING,
        naming_convention: dict[str, str] | None = None,
    ) -> Iterator[BatchOperations]:
        """Gather changes to one table and carry them out together, by making it anew where ALTER cannot.

        Args:
            table_name: name of the table.
            schema: its schema.
            recreate: make the table anew ``always``, ``never``, or ``auto``: where the dialect needs it.
            partial_reordering: sequences of columns that are to follow one another, where the table is made anew.
            copy_from: the table as it is, instead of reflecting it.
            table_args: further constraints of the new table.
            table_kwargs: further keywords of the new table.
            reflect_args: columns and constraints that overrule what is reflected.
            reflect_kwargs: further keywords of reflection.
            naming_convention: names that reflected constraints without a name are known by.

        Raises:
            ValueError: ``recreate`` is none of the three.
        """
        plan = BatchPlan(
            table_name=table_name,
            schema=schema,
            recreate=recreate,
            partial_reordering=partial_reordering or [],
            copy_from=copy_from,
            table_args=table_args,
            table_kwargs=dict(table_kwargs),
            reflect_args=reflect_args,
            reflect_kwargs=dict(reflect_kwargs),
            naming_convention=naming_convention,
        )
        batch = BatchOperationsImpl(self, plan)
        yield BatchOperations(self.migration_context, impl=batch)
        batch.flush()

    def get_context(self) -> Any:
        """Return the migration context."""
        return self.migration_context

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        """Carry out an operation and return what its implementation returns."""
        return IMPLEMENTATIONS.dispatch(operation)(self, operation)

    def f(self, name: str) -> conv:
        """Return a name that the naming convention is not applied to again."""
        return conv(name)

    def inline_literal(self, value: str | int, type_: TypeEngine[Any] | None = None) -> LiteralBindParameter:
        """Return a value that is written into the SQL text.

        Args:
            value: a string or a number.
            type_: its type, where it does not follow from the value.
        """
        return LiteralBindParameter(None, value, type_=type_)

    def get_bind(self) -> Any:
        """Return the connection; offline, a stand-in whose statements are written."""
        return self.migration_context.bind

    def run_async(self, async_function: Callable[..., Awaitable[T]], *args: Any, **kw_args: Any) -> T:
        """Call a coroutine function with an asynchronous connection.

        Args:
            async_function: gets the asynchronous connection first.
            *args: handed on.
            **kw_args: handed on.

        Raises:
            NotImplementedError: offline, or the driver is not asynchronous.
        """
        if self.migration_context.as_sql:
            raise NotImplementedError("Can't use run_async in SQL mode")
        connection = self.get_bind()
        if not connection.dialect.is_async:
            raise NotImplementedError("Cannot call run_async with a sync engine")
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
        from sqlalchemy.util import await_only

        asynchronous = AsyncConnection(AsyncEngine(connection.engine), connection)
        made = async_function(asynchronous, *args, **kw_args)
        return await_only(made)


class Operations(AbstractOperations):
    """The directives of a migration, on one migration context.

    A revision uses them as ``op``. ``Operations(migration_context)`` serves outside of revisions.
    """

    add_column = directive(ops.AddColumnOp.add_column)
    alter_column = directive(ops.AlterColumnOp.alter_column)
    backfill = directive(ops.BackfillOp.backfill)
    bulk_insert = directive(ops.BulkInsertOp.bulk_insert)
    create_check_constraint = directive(ops.CreateCheckConstraintOp.create_check_constraint)
    create_exclude_constraint = directive(ops.CreateExcludeConstraintOp.create_exclude_constraint)
    create_foreign_key = directive(ops.CreateForeignKeyOp.create_foreign_key)
    create_index = directive(ops.CreateIndexOp.create_index)
    create_primary_key = directive(ops.CreatePrimaryKeyOp.create_primary_key)
    create_table = directive(ops.CreateTableOp.create_table)
    create_table_comment = directive(ops.CreateTableCommentOp.create_table_comment)
    create_unique_constraint = directive(ops.CreateUniqueConstraintOp.create_unique_constraint)
    drop_column = directive(ops.DropColumnOp.drop_column)
    drop_constraint = directive(ops.DropConstraintOp.drop_constraint)
    drop_index = directive(ops.DropIndexOp.drop_index)
    drop_table = directive(ops.DropTableOp.drop_table)
    drop_table_comment = directive(ops.DropTableCommentOp.drop_table_comment)
    execute = directive(ops.ExecuteSQLOp.execute)
    rename_table = directive(ops.RenameTableOp.rename_table)


class BatchOperations(AbstractOperations):
    """The directives inside ``batch_alter_table``, where the table need not be named."""

    add_column = directive(ops.AddColumnOp.batch_add_column)
    alter_column = directive(ops.AlterColumnOp.batch_alter_column)
    create_check_constraint = directive(ops.CreateCheckConstraintOp.batch_create_check_constraint)
    create_exclude_constraint = directive(ops.CreateExcludeConstraintOp.batch_create_exclude_constraint)
    create_foreign_key = directive(ops.CreateForeignKeyOp.batch_create_foreign_key)
    create_index = directive(ops.CreateIndexOp.batch_create_index)
    create_primary_key = directive(ops.CreatePrimaryKeyOp.batch_create_primary_key)
    create_table_comment = directive(ops.CreateTableCommentOp.batch_create_table_comment)
    create_unique_constraint = directive(ops.CreateUniqueConstraintOp.batch_create_unique_constraint)
    drop_column = directive(ops.DropColumnOp.batch_drop_column)
    drop_constraint = directive(ops.DropConstraintOp.batch_drop_constraint)
    drop_index = directive(ops.DropIndexOp.batch_drop_index)
    drop_table_comment = directive(ops.DropTableCommentOp.batch_drop_table_comment)
    execute = directive(ops.ExecuteSQLOp.batch_execute)
