"""Tables that have not changed, found without comparing them one by one.

Only where nobody but the built-in comparators looks at tables: a filter, a hook or a comparator of the project's sees all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.plugins import default_comparators
from stillhouse_engine.autogenerate.reflection import BulkReflection
from stillhouse_engine.autogenerate.reflection.collecting import collector_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Table

    from stillhouse_engine.autogenerate.compare.live_tables import Key
    from stillhouse_engine.autogenerate.context import AutogenContext

BUILT_IN = ("stillhouse_engine.",)
FEWEST = 3
"""Fewer tables are read faster one by one."""


def unchanged(autogen_context: AutogenContext, models: Mapping[Key, Table], existing: Iterable[Key]) -> set[Key]:
    """Return those of the existing tables in which nothing differs."""
    keys = [key for key in existing if key[0] is None]
    if len(keys) < FEWEST or not is_plain(autogen_context):
        return set()
    with collector_paused():
        facts = sources(autogen_context)
        return set() if facts is None else alike(keys, models, *facts)


def alike(keys: Iterable[Key], models: Mapping[Key, Table], wanted: Any, live: Any) -> set[Key]:
    """Return those of some tables whose facts are those of their models."""
    found = set()
    for key in keys:
        said = wanted.facts(models[key])
        if said is not None and said == live.facts(key[1]):
            found.add(key)
            if hasattr(live, "taken"):
                live.taken(key[1])
    return found


def is_plain(autogen_context: AutogenContext) -> bool:
    """Tell whether only the usual comparators look at tables, all of them, and no hook of the project's."""
    opts = autogen_context.opts
    return (
        all(opts.get(name) is None for name in ("include_object", "include_name"))
        and not any(callable(opts.get(name)) for name in ("compare_type", "compare_server_default"))
        and isinstance(autogen_context.inspector, BulkReflection)
        and type(autogen_context.migration_context.impl).__module__.startswith(BUILT_IN)
        and autogen_context.comparators.are_from(BUILT_IN)
        and autogen_context.comparators.compares_like(default_comparators(), ("table", "column"))
    )


def sources(autogen_context: AutogenContext) -> tuple[Any, Any] | None:
    """Return what puts models and live tables into facts, None where nothing does for this dialect."""
    opts = autogen_context.opts
    said = {
        "with_types": opts.get("compare_type", True) is not False,
        "with_defaults": bool(opts.get("compare_server_default", False)),
    }
    impl, connection = autogen_context.migration_context.impl, autogen_context.connection
    inspector: Any = autogen_context.inspector
    if connection is None:
        return None
    if autogen_context.dialect.name == "sqlite":
        from stillhouse_engine.autogenerate.reflection.sqlite_facts import SQLiteLiveFacts, SQLiteModelFacts

        sqlite = SQLiteModelFacts(impl, **said)
        return sqlite, SQLiteLiveFacts(inspector.catalogue(connection, None), sqlite)
    if autogen_context.dialect.name == "postgresql":
        from stillhouse_engine.autogenerate.reflection import postgresql_facts as pg

        if (autogen_context.dialect.server_version_info or ()) < pg.OLDEST:
            return None
        words = pg.PostgreSQLModelFacts(impl, **said)
        return words, pg.PostgreSQLLiveFacts(connection, inspector, words)
    return None
