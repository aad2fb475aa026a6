"""Views and materialised views: added, removed, another query. PostgreSQL, SQLite, MySQL and MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.mysql_views import mysql_comparison
from stillhouse_engine.autogenerate.compare.objects import arrange, live_objects, sql_name
from stillhouse_engine.autogenerate.compare.view_comparison import ViewComparison
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.autogenerate.reflection.server_words import STAND_IN, Question, server_words
from stillhouse_engine.declared import declared
from stillhouse_engine.operations import ops
from stillhouse_engine.schema.postgresql.branches_more import VIEW
from stillhouse_engine.schema.postgresql.normalise import without_only_relation
from stillhouse_engine.schema.sqlite.reader import Row, objects_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.declared import View
    from stillhouse_engine.schema.snapshot import SchemaObject

    Key = tuple[str, str | None, str]

NOUNS = ("view", "materialized_view")
ATTRIBUTES = ("definition", "columns")
ASK = (
    "SELECT jsonb_build_object("
    + ", ".join(f"'{name}', {VIEW.attributes[name]}" for name in ATTRIBUTES)
    + f") FROM pg_catalog.pg_class r WHERE r.oid = 'pg_temp.{STAND_IN}'::regclass"
)


def compare_views(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Compare the views of the chosen schemas with those that are declared."""
    models: dict[Key, View] = {
        (item.noun, item.schema, item.name): item
        for item in declared(autogen_context.metadatas(), *NOUNS)
        if item.schema in schemas
    }
    live: dict[Key, Any] = {
        (noun, *place): item for noun in NOUNS for place, item in live_objects(autogen_context, schemas, noun).items()
    }
    comparison = COMPARISONS[autogen_context.dialect.name](autogen_context, upgrade_ops, live, models)
    arrange(upgrade_ops, comparison.run())
    return PriorityDispatchResult.CONTINUE


def postgresql_comparison(
    autogen_context: AutogenContext,
    upgrade_ops: ops.UpgradeOps,
    live: Mapping[Key, SchemaObject],
    models: Mapping[Key, View],
) -> ViewComparison:
    """Return the comparison in the words of PostgreSQL."""
    words = server_views(autogen_context, models)
    return ViewComparison(autogen_context, live, models, words, altered_columns(autogen_context, upgrade_ops))


def sqlite_comparison(
    autogen_context: AutogenContext,
    _upgrade_ops: ops.UpgradeOps,
    live: Mapping[Key, SchemaObject],
    models: Mapping[Key, View],
) -> ViewComparison:
    """Return the comparison of what SQLite keeps as it was written."""
    return ViewComparison(autogen_context, live, models, written_views(autogen_context, models), set())


def altered_columns(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> set[str]:
    """Return the columns that go or change their type, which PostgreSQL refuses while a view uses them."""
    return {
        f"relation {sql_name(autogen_context, each.schema, each.table_name)}.{each.column_name}"
        for table in upgrade_ops.ops
        if isinstance(table, ops.ModifyTableOps)
        for each in table.ops
        if isinstance(each, ops.DropColumnOp) or (isinstance(each, ops.AlterColumnOp) and each.modify_type is not None)
    }


def server_views(autogen_context: AutogenContext, models: Mapping[Key, View]) -> dict[Key, Any]:
    """Return how PostgreSQL would write the declared views."""
    if autogen_context.connection is None:
        return {}
    questions: dict[Any, Question] = {
        key: Question((f"CREATE TEMP VIEW {STAND_IN} AS {model.query(autogen_context.dialect)}",), ASK)
        for key, model in models.items()
    }
    answers: dict[Any, Any] = server_words(autogen_context.connection, questions)
    for answer in answers.values():
        if "definition" in answer:
            answer["definition"] = without_only_relation(answer["definition"])
    return answers


def written_views(autogen_context: AutogenContext, models: Mapping[Key, View]) -> dict[Key, Any]:
    """Return how SQLite would have the declared views: as they are written."""
    found: dict[Key, Any] = {}
    for key, model in models.items():
        sql = f'CREATE VIEW "{model.name}" AS {model.query(autogen_context.dialect)}'
        objects: Iterable[SchemaObject] = objects_of([Row("view", model.name, model.name, sql)], ())
        found[key] = {"definition": next(iter(objects)).get("definition")}
    return found


COMPARISONS = {
    "postgresql": postgresql_comparison,
    "sqlite": sqlite_comparison,
    "mysql": mysql_comparison,
    "mariadb": mysql_comparison,
}


def setup(plugin: Plugin) -> None:
    """Register the comparator for the databases that it knows."""
    for dialect in COMPARISONS:
        plugin.add_autogenerate_comparator(
            compare_views, "schema", "views", qualifier=dialect, priority=DispatchPriority.LAST
        )
