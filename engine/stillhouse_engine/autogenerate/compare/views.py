"""Views and materialised views: added, removed, another query. PostgreSQL and SQLite."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.objects import VIEWS, accepts, arrange, live_objects, sql_name
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.autogenerate.reflection.server_words import REFUSED, STAND_IN, Question, server_words
from stillhouse_engine.declared import declared
from stillhouse_engine.operations import ops
from stillhouse_engine.schema.postgresql.branches_more import VIEW
from stillhouse_engine.schema.postgresql.create import create, view_statement
from stillhouse_engine.schema.postgresql.dependants import view_depth
from stillhouse_engine.schema.postgresql.normalise import without_only_relation
from stillhouse_engine.schema.sqlite.reader import Row, objects_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.declared import View
    from stillhouse_engine.schema.snapshot import SchemaObject

    Key = tuple[str, str | None, str]

log = logging.getLogger("stillhouse.autogenerate.views")

NOUNS = ("view", "materialized_view")
ATTRIBUTES = ("definition", "columns")
ASK = (
    "SELECT jsonb_build_object("
    + ", ".join(f"'{name}', {VIEW.attributes[name]}" for name in ATTRIBUTES)
    + f") FROM pg_catalog.pg_class r WHERE r.oid = 'pg_temp.{STAND_IN}'::regclass"
)


class ViewComparison:
    """Compares the views of the chosen schemas.

    Args:
        autogen_context: what is known.
        live: the live views by kind, schema and name.
        models: the declared ones.
        words: what each declared one would be in the database.
        altered: columns whose type changes, as ``relation table.column``.
    """

    def __init__(
        self,
        autogen_context: AutogenContext,
        live: Mapping[Key, SchemaObject],
        models: Mapping[Key, View],
        words: Mapping[Key, Mapping[str, str]],
        altered: set[str],
    ) -> None:
        self.context = autogen_context
        self.snapshot = autogen_context.snapshot
        self.live = live
        self.models = models
        self.words = words
        self.aside = {key for key, item in live.items() if altered.intersection(item.words("uses"))}

    def run(self) -> list[ops.SchemaObjectOp]:
        """Return the operations: drops with the dependent ones first, then the rest in the order of declaration."""
        gone = {
            key
            for key in self.live.keys() - self.models.keys()
            if accepts(self.context, key[2], key[0], None, self.live[key])
        }
        changed = [key for key in self.live.keys() & self.models.keys() if self.is_changed(key)]
        replaced = {key for key in changed if self.is_replaceable(key)}
        again = self.with_dependents((self.aside & self.models.keys()) | (set(changed) - replaced) | gone)
        dropped = sorted(again, key=lambda key: (-view_depth(self.live[key], self.snapshot), key[2]))
        found = [self.drop(key) for key in dropped]
        for key, model in self.models.items():
            if key in again:
                found.append(self.make(key, model))
            elif key in replaced:
                found.append(self.replace(key, model))
            elif key not in self.live and accepts(self.context, key[2], key[0], model, None):
                log.info("Detected added %s %r", key[0].replace("_", " "), model.full_name)
                found.append(self.make(key, model))
        return found

    def is_changed(self, key: Key) -> bool:
        """Tell whether a view is another than its model; one that cannot be made on the tables as they are surely is."""
        words = self.words[key]
        same = all(words.get(name) == self.live[key].get(name) for name in ATTRIBUTES if name in words)
        if same and REFUSED not in words:
            return False
        if not accepts(self.context, key[2], key[0], self.models[key], self.live[key]):
            return False
        log.info("Detected changed %s %r", key[0].replace("_", " "), self.models[key].full_name)
        return True

    def is_replaceable(self, key: Key) -> bool:
        """Tell whether CREATE OR REPLACE can make the one of the other, and back."""
        return key[0] == "view" and self.words[key].get("columns", "") == self.live[key].get("columns")

    def with_dependents(self, keys: set[Key]) -> set[Key]:
        """Add the views that use views which are dropped."""
        found = set(keys)
        names = {item.text("sql"): key for key, item in self.live.items()}
        waiting = list(keys)
        while waiting:
            below = self.live[waiting.pop()].text("sql")
            for name, key in names.items():
                uses = self.live[key].words("uses")
                if key not in found and any(
                    word.startswith((f"relation {below}.",)) or word == f"relation {below}" for word in uses
                ):
                    found.add(key)
                    waiting.append(key)
                    log.info("View %r is made again, because it uses %r", name, below)
        return found

    def name(self, key: Key) -> str:
        """Return a view's name as SQL has it."""
        return sql_name(self.context, key[1], key[2])

    def drop(self, key: Key) -> ops.SchemaObjectOp:
        """Drop a view that goes away, or comes again."""
        live = self.live[key]
        if key not in self.models:
            log.info("Detected removed %s %r", key[0].replace("_", " "), live.name)
        statements = [f"DROP {words_of(key)} {self.name(key)}"]
        undo = [self.live_statement(key), *self.indexes(key)]
        return ops.SchemaObjectOp(key[0], live.name, live, None, statements=statements, undo=undo, place=-VIEWS)

    def make(self, key: Key, model: View) -> ops.SchemaObjectOp:
        """Make a view, with the indexes that it had."""
        statements = [
            f"CREATE {words_of(key)} {self.name(key)} AS\n{model.query(self.context.dialect)}",
            *self.indexes(key),
        ]
        undo = [f"DROP {words_of(key)} {self.name(key)}"]
        return ops.SchemaObjectOp(key[0], model.full_name, None, model, statements=statements, undo=undo, place=VIEWS)

    def replace(self, key: Key, model: View) -> ops.SchemaObjectOp:
        """Give a view another query."""
        create = f"CREATE OR REPLACE VIEW {self.name(key)} AS\n{model.query(self.context.dialect)}"
        undo = [view_statement(self.live[key], replace=True)]
        return ops.SchemaObjectOp(
            key[0], model.full_name, self.live[key], model, statements=[create], undo=undo, place=VIEWS
        )

    def live_statement(self, key: Key) -> str:
        """Return what made the live view."""
        live = self.live[key]
        return live.text("create") if self.context.dialect.name == "sqlite" else view_statement(live)

    def indexes(self, key: Key) -> list[str]:
        """Return what makes the indexes of a live materialised view again."""
        if key not in self.live or key[0] != "materialized_view":
            return []
        children = self.snapshot.by_parent.get(self.live[key].name, ())
        return [each.sql for item in children if item.kind == "index" for each in create(item, self.snapshot)]


def words_of(key: Key) -> str:
    """Return what a kind of view is called in SQL."""
    return key[0].replace("_", " ").upper()


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
    words = WORDS[autogen_context.dialect.name](autogen_context, models)
    altered = altered_columns(autogen_context, upgrade_ops)
    arrange(upgrade_ops, ViewComparison(autogen_context, live, models, words, altered).run())
    return PriorityDispatchResult.CONTINUE


def altered_columns(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> set[str]:
    """Return the columns whose type changes, which PostgreSQL refuses while a view uses them."""
    return {
        f"relation {sql_name(autogen_context, each.schema, each.table_name)}.{each.column_name}"
        for table in upgrade_ops.ops
        if isinstance(table, ops.ModifyTableOps)
        for each in table.ops
        if isinstance(each, ops.AlterColumnOp) and each.modify_type is not None
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


WORDS = {"postgresql": server_views, "sqlite": written_views}


def setup(plugin: Plugin) -> None:
    """Register the comparator for the databases that it knows."""
    for dialect in WORDS:
        plugin.add_autogenerate_comparator(
            compare_views, "schema", "views", qualifier=dialect, priority=DispatchPriority.LAST
        )
