"""Promise: programs that run a revision's functions by themselves put their own operations behind ``op``, as with Alembic."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest

from stillhouse_engine import context, op
from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.environment import EnvironmentContext
from stillhouse_engine.runtime.migration import MigrationContext


def make() -> Operations:
    opts = {"as_sql": True, "output_buffer": io.StringIO()}
    return Operations(MigrationContext.configure(dialect_name="sqlite", opts=opts))


def test_an_assigned_object_serves_the_whole_process_until_it_is_taken_away():
    operations = make()
    assert getattr(op, "_proxy", None) is None
    op._proxy = operations
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(op.get_context).result() is operations.migration_context
    assert op._proxy is operations
    del op._proxy
    with pytest.raises(NameError, match="get_context"):
        op.get_context()


def test_a_test_framework_may_patch_it(monkeypatch):
    operations = make()
    with monkeypatch.context() as patched:
        patched.setattr(op, "_proxy", operations, raising=False)
        assert op.get_context() is operations.migration_context
    assert op._proxy is None


def test_operations_install_and_remove_themselves():
    operations = make()
    operations._install_proxy()
    assert op.get_context() is operations.migration_context
    operations._remove_proxy()
    assert op._proxy is None


def test_a_running_migration_comes_before_what_was_left_behind():
    left, other = make(), make()
    op._proxy = left
    try:
        with Operations.context(make().migration_context) as running:
            assert op.get_context() is running.migration_context
            before, op._proxy = op._proxy, other
            assert op.get_context() is other.migration_context
            op._proxy = before
            assert op._proxy is running
        assert op._proxy is left
    finally:
        op._proxy = None


def test_a_thread_that_a_revision_starts_is_part_of_its_migration():
    seen = []
    with Operations.context(make().migration_context) as running:
        thread = Thread(target=lambda: seen.append(op.get_context()))
        thread.start()
        thread.join()
    assert seen == [running.migration_context]


def test_context_has_one_too():
    environment = EnvironmentContext(None, None, as_sql=True)
    environment._install_proxy()
    assert context._proxy is environment
    assert context.is_offline_mode()
    environment._remove_proxy()
    assert context._proxy is None
    with environment:
        assert context._proxy.context_opts == {"as_sql": True}
