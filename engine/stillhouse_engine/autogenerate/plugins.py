"""Plug-ins: named sets of comparators, chosen by ``autogenerate_plugins``.

The built-in comparators are plug-ins themselves. Packages bring theirs by the entry point group ``alembic.plugins``: a
module with a function ``setup(plugin)``.
"""

from __future__ import annotations

import logging
import re
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatcher, PriorityDispatchResult
from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

__all__ = ["DispatchPriority", "Plugin", "PriorityDispatchResult", "PriorityDispatcher"]

log = logging.getLogger("alembic.runtime.plugins")

ENTRY_POINTS = "alembic.plugins"
DEFAULT_PLUGINS = ("alembic.autogenerate.*",)
BUILT_IN = {
    "alembic.autogenerate.schemas": "schemas",
    "alembic.autogenerate.tables": "tables",
    "alembic.autogenerate.types": "types",
    "alembic.autogenerate.constraints": "constraints",
    "alembic.autogenerate.defaults": "server_defaults",
    "alembic.autogenerate.comments": "comments",
    "alembic.ext.checkconstraint_byname": "checks_by_name",
    "stillhouse.autogenerate.enum_values": "enum_values",
    "stillhouse.autogenerate.primary_keys": "primary_keys",
    "stillhouse.autogenerate.check_texts": "check_texts",
    "stillhouse.autogenerate.exclude_constraints": "exclude_constraints",
    "stillhouse.autogenerate.sequences": "sequences",
    "stillhouse.autogenerate.functions": "functions",
    "stillhouse.autogenerate.procedures": "procedures",
    "stillhouse.autogenerate.views": "views",
    "stillhouse.autogenerate.triggers": "triggers",
    "stillhouse.autogenerate.renames": "renames",
}
"""Modules of ``compare`` by the names of their plug-ins, in the order in which they compare."""

RENAMED = {"alembic.autogenerate.checkconstraint_byname": "alembic.ext.checkconstraint_byname"}
EXPRESSION = re.compile(r"(?!\.)[\w.*]+(?<!\.)")
WHOLE_WORD = r"[\w.]+"

_plugins: dict[str, Plugin] = {}
_loaded: list[str] = []


class Plugin:
    """A named set of comparators; making one registers it.

    Args:
        name: its name, by which ``autogenerate_plugins`` chooses it.

    Raises:
        ValueError: the name is taken.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        log.info("setup plugin %s", name)
        if name in _plugins or name in BUILT_IN:
            raise ValueError(f"A plugin named {name} is already registered")
        self._enter()

    def _enter(self) -> None:
        self.autogenerate_comparators = PriorityDispatcher()
        _plugins[self.name] = self

    def remove(self) -> None:
        """Take the plug-in away again."""
        del _plugins[self.name]

    def add_autogenerate_comparator(
        self,
        fn: Callable[..., Any],
        compare_target: str,
        compare_element: str | None = None,
        *,
        qualifier: str = "default",
        priority: DispatchPriority = DispatchPriority.MEDIUM,
    ) -> None:
        """Add a comparator.

        Args:
            fn: gets what there is to compare; returns a ``PriorityDispatchResult``.
            compare_target: ``autogenerate``, ``schema``, ``table`` or ``column``.
            compare_element: what it looks at there; among those that look at the same, one may stop the rest.
            qualifier: the dialect that it serves; all of them by default.
            priority: when it runs.
        """
        self.autogenerate_comparators.dispatch_for(
            compare_target, subgroup=compare_element, priority=priority, qualifier=qualifier
        )(fn)

    @classmethod
    def populate_autogenerate_priority_dispatch(
        cls, comparators: PriorityDispatcher, include_plugins: list[str]
    ) -> None:
        """Add the comparators of chosen plug-ins to a dispatcher, in the order in which the plug-ins were set up.

        Args:
            comparators: the dispatcher.
            include_plugins: names of plug-ins; ``*`` stands for anything, ``~`` in front excludes.

        Raises:
            CommandError: a name fits no plug-in, or only excluded ones.
            ValueError: something cannot be a name.
        """
        load_plugins()
        excluded = [pattern(each[1:]) for each in include_plugins if each.startswith("~")]
        left = [plugin for plugin in all_plugins() if not any(each.fullmatch(plugin.name) for each in excluded)]
        chosen = set()
        for expression in (each for each in include_plugins if not each.startswith("~")):
            wanted = pattern(expression)
            found = {plugin.name for plugin in left if wanted.fullmatch(plugin.name)}
            if not found:
                raise CommandError(f"Did not locate plugins: {expression}")
            chosen |= found
        for plugin in left:
            if plugin.name in chosen:
                log.info("setting up autogenerate plugin %s", plugin.name)
                comparators.populate_with(plugin.autogenerate_comparators)

    @classmethod
    def setup_plugin_from_module(cls, module: ModuleType, name: str) -> None:
        """Register a plug-in and let a module's ``setup()`` fill it."""
        module.setup(Plugin(name))


class BuiltInPlugin(Plugin):
    """One of the engine's own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._enter()


def all_plugins() -> Iterator[Plugin]:
    """Yield every plug-in: the built-in ones first, in their order."""
    yield from (_plugins[name] for name in BUILT_IN if name in _plugins)
    yield from (plugin for name, plugin in _plugins.items() if name not in BUILT_IN)


def default_comparators() -> PriorityDispatcher:
    """Return the comparators that take part where nothing else was chosen."""
    load_plugins()
    made = PriorityDispatcher()
    for plugin in all_plugins():
        if any(pattern(expression).fullmatch(plugin.name) for expression in DEFAULT_PLUGINS):
            made.populate_with(plugin.autogenerate_comparators)
    return made


def load_plugins() -> None:
    """Register the built-in plug-ins and those of installed packages, once."""
    if _loaded:
        return
    _loaded.append("built-in")
    for name, module in BUILT_IN.items():
        setup_built_in(import_module(f"stillhouse_engine.autogenerate.compare.{module}"), name)
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        _loaded.append(entry.name)
        Plugin.setup_plugin_from_module(entry.load(), entry.name)


def setup_built_in(module: Any, name: str) -> None:
    """Register one of the engine's own plug-ins."""
    module.setup(BuiltInPlugin(name))


def pattern(expression: str) -> re.Pattern[str]:
    """Return what a name must match.

    Raises:
        ValueError: it cannot be a name.
    """
    if EXPRESSION.fullmatch(expression) is None:
        raise ValueError(f"Invalid plugin expression {expression!r}")
    return re.compile(re.escape(RENAMED.get(expression, expression)).replace(r"\*", WHOLE_WORD))
