"""How each operation is carried out on a dialect's implementation."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKeyConstraint

from stillhouse_engine.operations import ops
from stillhouse_engine.operations.backfilling import backfill
from stillhouse_engine.operations.concurrently import outside_transaction
from stillhouse_engine.operations.dispatch import Dispatcher
from stillhouse_engine.operations.schema_objects import is_type_bound, sorted_constraints

if TYPE_CHECKING:
    from sqlalchemy import Table

IMPLEMENTATIONS = Dispatcher()
"""The function for each operation class; ``Operations.implementation_for`` adds to it."""

implements = IMPLEMENTATIONS.dispatch_for
implements(ops.BackfillOp)(backfill)


@implements(ops.AlterColumnOp)
def alter_column(operations: Any, operation: ops.AlterColumnOp) -> None:
    """Change a column, and the constraints that its old and new type bring along."""
    batch_place = {name: operation.kw[name] for name in operation.kw if name.startswith("insert_")}
    options = {name: value for name, value in operation.kw.items() if name not in batch_place or value is not None}
    if operation.existing_type is not None and operation.modify_type is not None:
        for constraint in type_constraints(operations, operation, operation.column_name, operation.existing_type):
            operations.impl.drop_constraint(constraint)
    operations.impl.alter_column(
        operation.table_name,
        operation.column_name,
        nullable=operation.modify_nullable,
        server_default=operation.modify_server_default,
        name=operation.modify_name,
        type_=operation.modify_type,
        schema=operation.schema,
        existing_type=operation.existing_type,
        existing_server_default=operation.existing_server_default,
        existing_nullable=operation.existing_nullable,
        comment=operation.modify_comment,
        existing_comment=operation.existing_comment,
        **options,
    )
    if operation.modify_type is not None:
        name = operation.modify_name or operation.column_name
        for constraint in type_constraints(operations, operation, name, operation.modify_type):
            operations.impl.add_constraint(constraint)


def type_constraints(operations: Any, operation: ops.AlterColumnOp, column_name: str, type_: Any) -> list[Any]:
    """Return the constraints that a column has because of its type."""
    column = operations.schema_obj.column(column_name, type_)
    table = operations.schema_obj.table(operation.table_name, column, schema=operation.schema)
    return [constraint for constraint in sorted_constraints(table) if is_type_bound(constraint)]


@implements(ops.DropTableOp)
def drop_table(operations: Any, operation: ops.DropTableOp) -> None:
    """Drop a table."""
    options = {"if_exists": operation.if_exists} if operation.if_exists is not None else {}
    operations.impl.drop_table(operation.to_table(operations.migration_context), **options)


@implements(ops.DropColumnOp)
def drop_column(operations: Any, operation: ops.DropColumnOp) -> None:
    """Drop a column."""
    column = operation.to_column(operations.migration_context)
    operations.impl.drop_column(
        operation.table_name, column, schema=operation.schema, if_exists=operation.if_exists, **operation.kw
    )


@implements(ops.CreateIndexOp)
def create_index(operations: Any, operation: ops.CreateIndexOp) -> None:
    """Create an index; concurrently means outside a transaction."""
    index = operation.to_index(operations.migration_context)
    options = {"if_not_exists": operation.if_not_exists} if operation.if_not_exists is not None else {}
    with outside_transaction(operations, index, creating=True):
        operations.impl.create_index(index, **options)


@implements(ops.DropIndexOp)
def drop_index(operations: Any, operation: ops.DropIndexOp) -> None:
    """Drop an index; concurrently means outside a transaction."""
    index = operation.to_index(operations.migration_context)
    options = {"if_exists": operation.if_exists} if operation.if_exists is not None else {}
    with outside_transaction(operations, index, creating=False):
        operations.impl.drop_index(index, **options)


@implements(ops.CreateTableOp)
def create_table(operations: Any, operation: ops.CreateTableOp) -> Table:
    """Create a table and return it."""
    options = {"if_not_exists": operation.if_not_exists} if operation.if_not_exists is not None else {}
    table = operation.to_table(operations.migration_context)
    operations.impl.create_table(table, **options)
    return table


@implements(ops.RenameTableOp)
def rename_table(operations: Any, operation: ops.RenameTableOp) -> None:
    """Rename a table."""
    operations.impl.rename_table(operation.table_name, operation.new_table_name, schema=operation.schema)


@implements(ops.CreateTableCommentOp)
def create_table_comment(operations: Any, operation: ops.CreateTableCommentOp) -> None:
    """Set a table's comment."""
    operations.impl.create_table_comment(operation.to_table(operations.migration_context))


@implements(ops.DropTableCommentOp)
def drop_table_comment(operations: Any, operation: ops.DropTableCommentOp) -> None:
    """Remove a table's comment."""
    operations.impl.drop_table_comment(operation.to_table(operations.migration_context))


@implements(ops.AddColumnOp)
def add_column(operations: Any, operation: ops.AddColumnOp) -> None:
    """Add a column, then what SQLAlchemy keeps on its table: constraints, indexes, the comment."""
    impl = operations.impl
    table = operations.schema_obj.table(operation.table_name, operation.column, schema=operation.schema, _partial=True)
    column = table.c[operation.column.name]
    inline = {name: value for name in INLINE if (value := getattr(operation, name)) is not None}
    impl.add_column(operation.table_name, column, schema=operation.schema, **inline, **operation.kw)
    for constraint in sorted_constraints(table):
        written = is_one_column_key(constraint) and operation.inline_references
        if constraint is not table.primary_key and not written:
            impl.add_constraint(constraint)
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        impl.create_index(index)
    if column.comment and impl.dialect.supports_comments and not impl.dialect.inline_comments:
        impl.create_column_comment(column)


INLINE = ("if_not_exists", "inline_references", "inline_primary_key")


def is_one_column_key(constraint: Any) -> bool:
    """Tell whether a constraint is a foreign key of one column."""
    return isinstance(constraint, ForeignKeyConstraint) and len(constraint.columns) == 1


@implements(ops.AddConstraintOp)
def add_constraint(operations: Any, operation: ops.AddConstraintOp) -> None:
    """Add a constraint."""
    operations.impl.add_constraint(operation.to_constraint(operations.migration_context))


@implements(ops.DropConstraintOp)
def drop_constraint(operations: Any, operation: ops.DropConstraintOp) -> None:
    """Drop a constraint."""
    constraint = operations.schema_obj.generic_constraint(
        operation.constraint_name, operation.table_name, operation.constraint_type, schema=operation.schema
    )
    options = {"if_exists": operation.if_exists} if operation.if_exists is not None else {}
    operations.impl.drop_constraint(constraint, **options)


@implements(ops.ReplacedPrimaryKeyOp)
def keep_until_replaced(operations: Any, operation: ops.ReplacedPrimaryKeyOp) -> None:
    """Leave a primary key to the one that replaces it."""


@implements(ops.BulkInsertOp)
def bulk_insert(operations: Any, operation: ops.BulkInsertOp) -> None:
    """Insert rows."""
    operations.impl.bulk_insert(operation.table, operation.rows, multiinsert=operation.multiinsert)


@implements(ops.ExecuteSQLOp)
def execute(operations: Any, operation: ops.ExecuteSQLOp) -> None:
    """Execute SQL of the user's own, in a batch too at once."""
    operations.migration_context.impl.execute(operation.sqltext, execution_options=operation.execution_options)


PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")
"""A colon that SQLAlchemy would take for the beginning of a parameter's name."""


def without_parameters(sql: str) -> str:
    """Return SQL as ``text()`` takes it when it has no parameters."""
    return PARAMETER.sub(r"\:", sql)


@implements(ops.SchemaObjectOp)
def change_object(operations: Any, operation: ops.SchemaObjectOp) -> None:
    """Execute the statements that make, change or drop an object."""
    with operations.migration_context.autocommit_block() if operation.autocommit else nullcontext():
        for statement in operation.statements:
            operations.impl.execute(without_parameters(statement))
