"""Triggers: added, removed, changed. PostgreSQL, SQLite, MySQL and MariaDB."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.mysql_triggers import mysql_changes
from stillhouse_engine.autogenerate.compare.objects import (
    TRIGGERS,
    accepts,
    arrange,
    full_name,
    is_mysql,
    place_of,
    sql_name,
)
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.autogenerate.reflection.server_words import STAND_IN, Question, server_words
from stillhouse_engine.declared import declared
from stillhouse_engine.operations import ops
from stillhouse_engine.schema.sqlite.reader import Row, objects_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.declared import Trigger
    from stillhouse_engine.schema.snapshot import SchemaObject

    Key = tuple[str | None, str, str]

log = logging.getLogger("stillhouse.autogenerate.triggers")

ASK = (
    "SELECT to_jsonb(pg_get_triggerdef(g.oid, true)) FROM pg_catalog.pg_trigger g "
    f"WHERE g.tgrelid = 'pg_temp.{STAND_IN}'::regclass AND NOT g.tgisinternal"
)


def compare_triggers(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Compare the triggers of the chosen schemas with those that are declared."""
    live = live_triggers(autogen_context, schemas)
    models: dict[Key, Trigger] = {
        (item.schema, item.table, item.name): item
        for item in declared(autogen_context.metadatas(), "trigger")
        if item.schema in schemas
    }
    if is_mysql(autogen_context):
        arrange(upgrade_ops, mysql_changes(autogen_context, upgrade_ops, live, models))
        return PriorityDispatchResult.CONTINUE
    words = WORDS[autogen_context.dialect.name](autogen_context, models)
    found = []
    for key, item in live.items():
        if key not in models and accepts(autogen_context, key[2], "trigger", None, item):
            log.info("Detected removed trigger %r on %r", key[2], full_name(*key[:2]))
            found.append(removed(autogen_context, key, item))
    for key, model in models.items():
        there = live.get(key)
        same = there is not None and words[key] == there.get("definition")
        if not same and accepts(autogen_context, key[2], "trigger", model, there):
            verb = "added" if there is None else "changed"
            log.info("Detected %s trigger %r on %r", verb, key[2], full_name(*key[:2]))
            found.append(made(autogen_context, key, model, there))
    arrange(upgrade_ops, found)
    return PriorityDispatchResult.CONTINUE


def live_triggers(autogen_context: AutogenContext, schemas: set[str | None]) -> dict[Key, SchemaObject]:
    """Return the live triggers by schema, table and name."""
    found = {}
    for item in autogen_context.snapshot.of_kind("trigger"):
        relation = autogen_context.snapshot.relations.get(item.parent)
        if relation is None:
            continue
        schema, table = place_of(autogen_context, autogen_context.snapshot.by_key[relation])
        name = item.text("trigger") or item.name.removeprefix(f"{item.parent}.")
        parents = {"schema_name": schema, "table_name": table}
        if schema in schemas and autogen_context.run_name_filters(name, "trigger", parents):
            found[schema, table, name] = item
    return found


def dropping(autogen_context: AutogenContext, key: Key) -> str:
    """Return what drops a trigger."""
    name = autogen_context.dialect.identifier_preparer.quote(key[2])
    if autogen_context.dialect.name == "sqlite":
        return f"DROP TRIGGER {name}"
    return f"DROP TRIGGER {name} ON {sql_name(autogen_context, *key[:2])}"


def declaration(autogen_context: AutogenContext, model: Trigger, relation: str) -> str:
    """Return what makes a declared trigger on a relation."""
    name = autogen_context.dialect.identifier_preparer.quote(model.name)
    return f"CREATE TRIGGER {name} {model.event} ON {relation}\n{model.action}"


def again(autogen_context: AutogenContext, live: SchemaObject) -> str:
    """Return what makes a live trigger."""
    return live.text("create") if autogen_context.dialect.name == "sqlite" else live.text("definition")


def removed(autogen_context: AutogenContext, key: Key, live: SchemaObject) -> ops.SchemaObjectOp:
    """Drop a trigger that is in the database only."""
    statements, undo = [dropping(autogen_context, key)], [again(autogen_context, live)]
    return ops.SchemaObjectOp("trigger", live.name, live, None, statements=statements, undo=undo, place=-TRIGGERS)


def made(autogen_context: AutogenContext, key: Key, model: Trigger, live: SchemaObject | None) -> ops.SchemaObjectOp:
    """Make a trigger, in the place of a live one where there is one."""
    drop = dropping(autogen_context, key)
    statements = [declaration(autogen_context, model, sql_name(autogen_context, *key[:2]))]
    undo = [drop]
    if live is not None:
        statements.insert(0, drop)
        undo.append(again(autogen_context, live))
    name = f"{full_name(*key[:2])}.{model.name}"
    return ops.SchemaObjectOp("trigger", name, live, model, statements=statements, undo=undo, place=TRIGGERS)


def server_triggers(autogen_context: AutogenContext, models: Mapping[Key, Trigger]) -> dict[Key, str | None]:
    """Return how PostgreSQL would write the declared triggers; None for one that it cannot make now."""
    relations = {
        place_of(autogen_context, item): item
        for item in autogen_context.snapshot.of_kind("table", "view", "materialized_view")
    }
    questions: dict[Any, Question] = {}
    for key, model in models.items():
        if (relation := relations.get(key[:2])) is not None:
            place = sql_name(autogen_context, *key[:2])
            stand_in = f"TABLE {STAND_IN} (LIKE {place})"
            if relation.kind == "view":
                stand_in = f"VIEW {STAND_IN} AS SELECT * FROM {place}"
            steps = (f"CREATE TEMP {stand_in}", declaration(autogen_context, model, STAND_IN))
            questions[key] = Question(steps, ASK)
    if autogen_context.connection is None:
        return {}
    answers: dict[Any, Any] = server_words(autogen_context.connection, questions)
    found: dict[Key, str | None] = dict.fromkeys(models)
    for key, answer in answers.items():
        if isinstance(answer, str):
            found[key] = answer.replace(f" ON {STAND_IN} ", f" ON {relations[key[:2]].text('sql')} ", 1)
    return found


def written_triggers(autogen_context: AutogenContext, models: Mapping[Key, Trigger]) -> dict[Key, Any]:
    """Return how SQLite would have the declared triggers: as they are written."""
    found = {}
    for key, model in models.items():
        sql = declaration(autogen_context, model, sql_name(autogen_context, *key[:2]))
        found[key] = next(iter(objects_of([Row("trigger", model.name, model.table, sql)], ()))).get("definition")
    return found


WORDS = {"postgresql": server_triggers, "sqlite": written_triggers}


def setup(plugin: Plugin) -> None:
    """Register the comparator for the databases that it knows."""
    for dialect in (*WORDS, "mysql", "mariadb"):
        plugin.add_autogenerate_comparator(
            compare_triggers, "schema", "triggers", qualifier=dialect, priority=DispatchPriority.LAST
        )
