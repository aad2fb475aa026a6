"""The operations, one module for each noun; here under the names that Alembic documents."""

from stillhouse_engine.operations.ops.alterations import AlterColumnOp
from stillhouse_engine.operations.ops.backfills import BackfillOp
from stillhouse_engine.operations.ops.base import AlterTableOp, MigrateOperation, OpContainer
from stillhouse_engine.operations.ops.checks import CreateCheckConstraintOp
from stillhouse_engine.operations.ops.columns import AddColumnOp, DropColumnOp
from stillhouse_engine.operations.ops.constraints import AddConstraintOp, DropConstraintOp
from stillhouse_engine.operations.ops.data import BulkInsertOp, ExecuteSQLOp
from stillhouse_engine.operations.ops.exclude import CreateExcludeConstraintOp
from stillhouse_engine.operations.ops.foreign_keys import CreateForeignKeyOp
from stillhouse_engine.operations.ops.indexes import CreateIndexOp, DropIndexOp
from stillhouse_engine.operations.ops.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp, ReplacedPrimaryKeyOp
from stillhouse_engine.operations.ops.objects import SchemaObjectOp
from stillhouse_engine.operations.ops.renames import RenameColumnOp, ReversibleRenameTableOp
from stillhouse_engine.operations.ops.scripts import DowngradeOps, MigrationScript, ModifyTableOps, UpgradeOps
from stillhouse_engine.operations.ops.tables import (
    CreateTableCommentOp,
    CreateTableOp,
    DropTableCommentOp,
    DropTableOp,
    RenameTableOp,
)

__all__ = [
    "AddColumnOp",
    "AddConstraintOp",
    "AlterColumnOp",
    "AlterTableOp",
    "BackfillOp",
    "BulkInsertOp",
    "CreateCheckConstraintOp",
    "CreateExcludeConstraintOp",
    "CreateForeignKeyOp",
    "CreateIndexOp",
    "CreatePrimaryKeyOp",
    "CreateTableCommentOp",
    "CreateTableOp",
    "CreateUniqueConstraintOp",
    "DowngradeOps",
    "DropColumnOp",
    "DropConstraintOp",
    "DropIndexOp",
    "DropTableCommentOp",
    "DropTableOp",
    "ExecuteSQLOp",
    "MigrateOperation",
    "MigrationScript",
    "ModifyTableOps",
    "OpContainer",
    "RenameColumnOp",
    "RenameTableOp",
    "ReplacedPrimaryKeyOp",
    "ReversibleRenameTableOp",
    "SchemaObjectOp",
    "UpgradeOps",
]
