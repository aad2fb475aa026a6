"""``Rewriter``: edits operations as Alembic's does, each once."""

from __future__ import annotations

import alembic.autogenerate.rewriter as alembic_rewriter
import pytest
import sqlalchemy as sa
from alembic.operations import ops as alembic_ops

from stillhouse_engine.autogenerate import rewriter as our_rewriter
from stillhouse_engine.operations import ops as our_ops


def played(rewriter, ops):
    calls = []
    first, second = rewriter.Rewriter(), rewriter.Rewriter()

    @first.rewrites(ops.AddColumnOp)
    def add(_context, _revision, op):
        calls.append(("add", op.column.name))
        return [op, ops.AlterColumnOp(op.table_name, op.column.name, modify_nullable=False)]

    @first.rewrites(ops.AlterColumnOp)
    def alter(_context, _revision, op):
        calls.append(("alter", op.column_name))
        return op

    @first.rewrites(ops.DropColumnOp)
    def drop(_context, _revision, op):
        calls.append(("drop", op.column_name))
        return []

    @first.rewrites(ops.ModifyTableOps)
    def modify(_context, _revision, op):
        op.ops.reverse()
        return op

    @second.rewrites(ops.AddColumnOp)
    def again(_context, _revision, op):
        calls.append(("second", op.column.name))
        return op

    columns = [
        ops.AddColumnOp("t", sa.Column("x", sa.Integer)),
        ops.DropColumnOp("t", "y"),
        ops.AlterColumnOp("t", "z"),
    ]
    script = ops.MigrationScript("r", ops.UpgradeOps([ops.ModifyTableOps("t", columns)]), ops.DowngradeOps([]))
    hook = first.chain(second).chain(lambda *_: calls.append(("function", "")))
    hook(None, "r", [script])
    return calls, [type(op).__name__ for op in script.upgrade_ops.ops[0].ops]


def test_same_calls_and_same_operations():
    assert played(our_rewriter, our_ops) == played(alembic_rewriter, alembic_ops)


def test_one_function_for_each_kind():
    rewriter = our_rewriter.Rewriter()
    rewriter.rewrites(our_ops.AddColumnOp)(lambda *_: None)
    with pytest.raises(ValueError, match="key already exists"):
        rewriter.rewrites(our_ops.AddColumnOp)(lambda *_: None)
