"""Promise: projects add directives of their own, replace ours, and find all of them on ``op``."""

from __future__ import annotations

import inspect
import io
from typing import Any

import pytest
from alembic import op as alembic_op
from alembic.operations import BatchOperations as AlembicBatchOperations
from alembic.operations import Operations as AlembicOperations

from stillhouse_engine import op
from stillhouse_engine.operations import BatchOperations, Operations, ops
from stillhouse_engine.operations.implementations import IMPLEMENTATIONS
from stillhouse_engine.runtime.migration import MigrationContext


@pytest.fixture
def written():
    return io.StringIO()


@pytest.fixture
def context(written):
    return MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written})


@pytest.fixture
def view():
    """Register ``create_view``, ``drop_view`` and a batch directive, as Alembic's cookbook does."""

    @Operations.register_operation("create_view")
    @Operations.register_operation("replace_view", "replace")
    class CreateViewOp(ops.MigrateOperation):
        def __init__(self, name: str, query: str, schema: str | None = None) -> None:
            self.name = name
            self.query = query
            self.schema = schema

        @classmethod
        def create_view(cls, operations: Any, name: str, query: str, **kw: Any) -> Any:
            return operations.invoke(cls(name, query, **kw))

        @classmethod
        def replace(cls, operations: Any, name: str, query: str) -> Any:
            operations.drop_view(name)
            return operations.invoke(cls(name, query))

        def reverse(self) -> Any:
            return DropViewOp(self.name, schema=self.schema)

    @Operations.register_operation("drop_view")
    class DropViewOp(ops.MigrateOperation):
        def __init__(self, name: str, schema: str | None = None) -> None:
            self.name = name
            self.schema = schema

        @classmethod
        def drop_view(cls, operations: Any, name: str, **kw: Any) -> Any:
            return operations.invoke(cls(name, **kw))

    @Operations.implementation_for(CreateViewOp)
    def create_view(operations: Any, operation: Any) -> str:
        operations.execute(f"CREATE VIEW {operation.name} AS {operation.query}")
        return "made"

    @Operations.implementation_for(DropViewOp)
    def drop_view(operations: Any, operation: Any) -> None:
        operations.execute(f"DROP VIEW {operation.name}")

    yield CreateViewOp
    for name in ("create_view", "replace_view", "drop_view"):
        delattr(Operations, name)


def test_a_registered_directive_is_on_op(view, context, written):
    with Operations.context(context):
        assert op.create_view("v", "SELECT 1") == "made"
        op.replace_view("v", "SELECT 2")
    assert written.getvalue() == "CREATE VIEW v AS SELECT 1;\n\nDROP VIEW v;\n\nCREATE VIEW v AS SELECT 2;\n\n"
    assert "create_view" in dir(op)
    assert str(inspect.signature(op.create_view)) == "(name: 'str', query: 'str', **kw: 'Any') -> 'Any'"


def test_a_registered_directive_can_be_imported_before_a_migration_runs(view, context, written):
    from stillhouse_engine.op import create_view

    with Operations.context(context):
        create_view("v", "SELECT 1")
    assert written.getvalue() == "CREATE VIEW v AS SELECT 1;\n\n"


def test_a_registered_operation_reverses(view):
    assert view("v", "q", schema="s").reverse().schema == "s"


def test_an_operation_without_its_class_method_cannot_be_registered():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        Operations.register_operation("nothing")(ops.MigrateOperation)


def test_an_operation_without_implementation_says_so(context):
    class Unknown(ops.MigrateOperation):
        pass

    with pytest.raises(ValueError, match="no dispatch function for object: <"):
        Operations(context).invoke(Unknown())


def test_an_implementation_is_replaced_only_when_asked(context, written):
    before = IMPLEMENTATIONS.dispatch(ops.RenameTableOp("a", "b"))
    with pytest.raises(ValueError, match=r"Can not set dispatch function for object .* To replace existing function"):
        Operations.implementation_for(ops.RenameTableOp)(before)

    @Operations.implementation_for(ops.RenameTableOp, replace=True)
    def rename(operations: Any, operation: ops.RenameTableOp) -> None:
        operations.execute(f"-- {operation.table_name} is now {operation.new_table_name}")

    try:
        Operations(context).rename_table("a", "b")
    finally:
        Operations.implementation_for(ops.RenameTableOp, replace=True)(before)
    assert written.getvalue() == "-- a is now b;\n\n"


def test_a_subclass_is_carried_out_as_its_base(context, written):
    class Special(ops.RenameTableOp):
        pass

    Operations(context).invoke(Special("a", "b"))
    assert written.getvalue() == "ALTER TABLE a RENAME TO b;\n\n"


def test_a_batch_has_directives_of_its_own(context, written):
    @BatchOperations.register_operation("shout", "batch_shout")
    class ShoutOp(ops.MigrateOperation):
        @classmethod
        def batch_shout(cls, operations: Any) -> Any:
            return operations.invoke(cls())

    @Operations.implementation_for(ShoutOp)
    def shout(operations: Any, operation: Any) -> None:
        operations.execute("SELECT 'A'")

    try:
        with Operations(context).batch_alter_table("t") as batch:
            batch.shout()
    finally:
        delattr(BatchOperations, "shout")
    assert written.getvalue() == "SELECT 'A';\n\n"


def test_outside_of_a_migration_op_says_what_is_wrong():
    with pytest.raises(NameError) as ours:
        op.create_table("t")
    with pytest.raises(NameError) as theirs:
        alembic_op.create_table("t")
    assert str(ours.value) == str(theirs.value)


def test_what_op_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing_like_it'"):
        _ = op.nothing_like_it


def test_contexts_nest_and_end(context):
    with Operations.context(context) as outer:
        with Operations.context(context) as inner:
            assert op.get_context() is context
            assert inner is not outer
        op.get_context()
    with pytest.raises(NameError):
        op.get_context()


PUBLIC = [name for name in dir(alembic_op) if name[0].islower() and callable(getattr(alembic_op, name))]


CLASS_METHODS = {"context", "create_module_class_proxy", "implementation_for", "register_operation"}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_function_of_alembics_op_is_there(name):
    assert name == "create_module_class_proxy" or callable(getattr(op, name))


@pytest.mark.parametrize("name", sorted({*PUBLIC} - CLASS_METHODS))
def test_a_function_of_op_takes_alembics_arguments(name):
    expected = shape(inspect.signature(getattr(AlembicOperations, name)))[1:]
    assert shape(inspect.signature(getattr(op, name))) == expected
    assert shape(inspect.signature(getattr(Operations, name)))[1:] == expected


@pytest.mark.parametrize("name", [name for name in PUBLIC if hasattr(BatchOperations, name)])
def test_a_batch_directive_takes_alembics_arguments(name):
    mine, theirs = (inspect.signature(getattr(kind, name)) for kind in (BatchOperations, AlembicBatchOperations))
    assert shape(mine) == shape(theirs)


def shape(signature: inspect.Signature) -> list[tuple[str, Any, str]]:
    return [
        (each.name, each.kind, repr(each.default).replace("immutabledict({})", "{}"))
        for each in signature.parameters.values()
    ]
