"""What makes the live views the declared ones, whatever the database."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from stillhouse_engine.autogenerate.compare.objects import VIEWS, accepts, sql_name
from stillhouse_engine.autogenerate.reflection.server_words import REFUSED
from stillhouse_engine.operations import ops
from stillhouse_engine.schema.postgresql.create import create, view_statement
from stillhouse_engine.schema.postgresql.dependants import view_depth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.declared import View
    from stillhouse_engine.schema.snapshot import SchemaObject

    Key = tuple[str, str | None, str]

log = logging.getLogger("stillhouse.autogenerate.views")

ATTRIBUTES = ("definition", "columns", "check_option")


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
        self.changed: set[Key] = set()
        self.aside = {key for key, item in live.items() if altered.intersection(item.words("uses"))}

    def run(self) -> list[ops.SchemaObjectOp]:
        """Return the operations: drops with the dependent ones first, then the rest in the order of declaration."""
        gone = {
            key
            for key in self.live.keys() - self.models.keys()
            if accepts(self.context, key[2], key[0], None, self.live[key])
        }
        self.changed = {key for key in self.live.keys() & self.models.keys() if self.is_changed(key)}
        replaced = {key for key in self.changed if self.is_replaceable(key)}
        again = self.with_dependents((self.aside & self.models.keys()) | (self.changed - replaced) | gone)
        dropped = sorted(again, key=lambda key: (-self.depth(key), key[2]))
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
        waiting = list(keys)
        while waiting:
            below = waiting.pop()
            for key in self.live:
                if key not in found and self.stands_on(key, below):
                    found.add(key)
                    waiting.append(key)
                    names = (self.live[each].name for each in (key, below))
                    log.info("View %r is made again, because it uses %r", *names)
        return found

    def stands_on(self, key: Key, below: Key) -> bool:
        """Tell whether a live view uses another one."""
        name = f"relation {self.live[below].text('sql')}"
        return any(word == name or word.startswith(f"{name}.") for word in self.live[key].words("uses"))

    def depth(self, key: Key) -> int:
        """Return how many live views stand below one."""
        return view_depth(self.live[key], self.snapshot)

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
            f"CREATE {self.options(key)}{words_of(key)} {self.name(key)} AS\n{model.query(self.context.dialect)}",
            *self.indexes(key),
        ]
        undo = [f"DROP {words_of(key)} {self.name(key)}"]
        return ops.SchemaObjectOp(key[0], model.full_name, None, model, statements=statements, undo=undo, place=VIEWS)

    def replace(self, key: Key, model: View) -> ops.SchemaObjectOp:
        """Give a view another query."""
        create = f"CREATE OR REPLACE {self.options(key)}VIEW {self.name(key)} AS\n{model.query(self.context.dialect)}"
        undo = [self.live_statement(key, replace=True)]
        return ops.SchemaObjectOp(
            key[0], model.full_name, self.live[key], model, statements=[create], undo=undo, place=VIEWS
        )

    def options(self, _key: Key) -> str:
        """Return what stands between CREATE and VIEW, with a blank behind it."""
        return ""

    def live_statement(self, key: Key, *, replace: bool = False) -> str:
        """Return what made the live view."""
        live = self.live[key]
        return live.text("create") if self.context.dialect.name == "sqlite" else view_statement(live, replace=replace)

    def indexes(self, key: Key) -> list[str]:
        """Return what makes the indexes of a live materialised view again."""
        if key not in self.live or key[0] != "materialized_view":
            return []
        children = self.snapshot.by_parent.get(self.live[key].name, ())
        return [each.sql for item in children if item.kind == "index" for each in create(item, self.snapshot)]


def words_of(key: Key) -> str:
    """Return what a kind of view is called in SQL."""
    return key[0].replace("_", " ").upper()
