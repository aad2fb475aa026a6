"""Autogenerate: what differs between the models and a database, as operations and as Python source."""

from stillhouse_engine.autogenerate import api, compare, render, rewriter
from stillhouse_engine.autogenerate.api import (
    RevisionContext,
    _render_migration_diffs,
    compare_metadata,
    produce_migrations,
    render_python_code,
)
from stillhouse_engine.autogenerate.compare import _produce_net_changes, comparators
from stillhouse_engine.autogenerate.render import render_op_text, renderers
from stillhouse_engine.autogenerate.rewriter import Rewriter
from stillhouse_engine.declared import Function, MaterializedView, Procedure, Trigger, View

__all__ = [
    "Function",
    "MaterializedView",
    "Procedure",
    "RevisionContext",
    "Rewriter",
    "Trigger",
    "View",
    "_produce_net_changes",
    "_render_migration_diffs",
    "api",
    "comparators",
    "compare",
    "compare_metadata",
    "produce_migrations",
    "render",
    "render_op_text",
    "render_python_code",
    "renderers",
    "rewriter",
]
