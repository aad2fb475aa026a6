"""Alembic's commands as functions: ``command.upgrade(config, "head")``."""

from stillhouse_engine.command.listing import branches, current, heads, history, show
from stillhouse_engine.command.moving import downgrade, ensure_version, stamp, upgrade
from stillhouse_engine.command.projects import init, list_templates
from stillhouse_engine.command.revising import check, edit, merge, revision
from stillhouse_engine.command.squashing import squash

__all__ = [
    "branches",
    "check",
    "current",
    "downgrade",
    "edit",
    "ensure_version",
    "heads",
    "history",
    "init",
    "list_templates",
    "merge",
    "revision",
    "show",
    "squash",
    "stamp",
    "upgrade",
]
