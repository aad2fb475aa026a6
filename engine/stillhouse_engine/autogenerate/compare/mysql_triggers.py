"""Triggers of MySQL and MariaDB: kept as they were written, and run in the order in which they were made.

Several triggers of one table may wait for the same event. Where one is made again, it is put into its old place by FOLLOWS or
PRECEDES, upwards and back; where their order differs from that of the models, they are put into that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.mysql_code import lossy_tables, made_under, refuse_unseen
from stillhouse_engine.autogenerate.compare.mysql_trigger_order import (
    clause,
    declaration,
    in_place,
    inserted,
    staying,
)
from stillhouse_engine.autogenerate.compare.objects import TRIGGERS, accepts, full_name, sql_name
from stillhouse_engine.operations import ops
from stillhouse_engine.schema.mysql.routines import body_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.declared import Trigger
    from stillhouse_engine.schema.mysql.triggers import Declaration
    from stillhouse_engine.schema.snapshot import SchemaObject

    Key = tuple[str | None, str, str]
    Group = tuple[str | None, str, str]
    Groups = dict[Group, list[str]]

log = logging.getLogger("stillhouse.autogenerate.triggers")


class TriggerComparison:
    """Compares triggers.

    Args:
        autogen_context: what is known.
        live: the live ones by schema, table and name.
        models: the declared ones in the same way.
        lossy: names, in small letters, of tables that lose columns: what changes there is dropped before, and made after.

    Attributes:
        now: the names of the triggers of each table and event in their order, as the operations so far make it.
        wanted: the same in the order in which the declared ones would be made.
        waiting: those that are still to be made, wherever they stand now.
    """

    def __init__(
        self,
        autogen_context: AutogenContext,
        live: Mapping[Key, SchemaObject],
        models: Mapping[Key, Trigger],
        lossy: frozenset[str] = frozenset(),
    ) -> None:
        self.context = autogen_context
        self.live = dict(live)
        self.lossy = lossy
        self.models = {key: (model, declaration(model)) for key, model in models.items()}
        self.replaces = bool(getattr(autogen_context.dialect, "is_mariadb", False))
        self.now = grouped(
            (key, item.text("event")) for key, item in sorted(live.items(), key=lambda pair: int(pair[1].text("order")))
        )
        self.wanted: Groups = {}
        self.waiting: set[Key] = set()
        for key, (_, said) in self.models.items():
            group = (key[0], key[1], said.event)
            self.wanted[group] = inserted(self.wanted.get(group, []), key[2], said.order, said.other)

    def run(self) -> list[ops.SchemaObjectOp]:
        """Return the operations."""
        changed = self.accepted(key for key, (_, said) in self.models.items() if self.differs(said, self.live.get(key)))
        aside = {key for key in changed & self.live.keys() if key[1].lower() in self.lossy}
        found = [
            self.drop(key)
            for key, item in [*self.live.items()]
            if key in aside or (key not in self.models and accepts(self.context, key[2], "trigger", None, item))
        ]
        self.waiting = changed | self.accepted(self.misplaced(changed))
        for key in self.models:
            if key in self.waiting:
                what = "moved" if key not in changed else "changed" if key in self.live or key in aside else "added"
                log.info("Detected %s trigger %r on %r", what, key[2], full_name(*key[:2]))
                found.append(self.make(key))
        return found

    def accepted(self, keys: Iterable[Key]) -> set[Key]:
        """Return those that the project's filter lets through."""
        return {
            key for key in keys if accepts(self.context, key[2], "trigger", self.models[key][0], self.live.get(key))
        }

    def differs(self, said: Declaration, live: SchemaObject | None) -> bool:
        """Tell whether a live trigger is another than its model."""
        return (
            live is None
            or said.event != live.text("event")
            or body_words(said.body) != body_words(live.text("definition"))
        )

    def misplaced(self, changed: set[Key]) -> Iterator[Key]:
        """Yield the unchanged triggers that run before or after others that they should not."""
        for group, wanted in self.wanted.items():
            keys = {name: (group[0], group[1], name) for name in wanted}
            there = [name for name in self.now.get(group, []) if name in keys and keys[name] not in changed]
            stay = staying(wanted, there)
            yield from (keys[name] for name in there if name not in stay)

    def drop(self, key: Key) -> ops.SchemaObjectOp:
        """Drop a trigger that is in the database only, or is made again later."""
        live = self.live.pop(key)
        if key not in self.models:
            log.info("Detected removed trigger %r on %r", key[2], full_name(*key[:2]))
        undo = [self.again(key, live, self.now)]
        self.forget(key)
        return ops.SchemaObjectOp(
            "trigger", live.name, live, None, statements=[self.dropping(key)], undo=undo, place=-TRIGGERS,
            remark=("", made_under(self.context, live)),
        )  # fmt: skip

    def make(self, key: Key) -> ops.SchemaObjectOp:
        """Make a trigger, in the place of a live one where there is one."""
        model, said = self.models[key]
        live = self.live.get(key)
        group = (*key[:2], said.event)
        before = {each: [*names] for each, names in self.now.items()}
        self.forget(key)
        self.waiting.discard(key)
        order, other = self.order(group, key[2], said)
        self.now[group] = inserted(self.now.get(group, []), key[2], order, other)
        statements = [self.statement(key, said.event, (order, other), said.body, live=live)]
        undo = [self.dropping(key)]
        if live is not None:
            back = self.again(key, live, before, replace=self.replaces)
            undo = [back] if self.replaces else [*undo, back]
            statements = statements if self.replaces else [self.dropping(key), *statements]
        return ops.SchemaObjectOp(
            "trigger", f"{full_name(*key[:2])}.{model.name}", live, model, statements=statements, undo=undo, place=TRIGGERS,
            remark=("", made_under(self.context, live) if live is not None else ""),
        )  # fmt: skip

    def order(self, group: Group, name: str, said: Declaration) -> tuple[str, str]:
        """Return what a trigger says of its place: what was declared, where that leads there."""
        there, wanted = self.now.get(group, []), self.wanted[group]
        settled = [each for each in there if (group[0], group[1], each) not in self.waiting]
        if said.other in there or not said.order:
            place = inserted(there, name, said.order, said.other)
            if in_place(wanted, [each for each in place if each == name or each in settled]):
                return said.order, said.other
        return clause(wanted, settled, name)

    def forget(self, key: Key) -> None:
        """Take a trigger out of the order."""
        for group, names in self.now.items():
            if group[:2] == key[:2] and key[2] in names:
                names.remove(key[2])

    def again(self, key: Key, live: SchemaObject, before: Groups, *, replace: bool = False) -> str:
        """Return what makes a live trigger again, in its place."""
        event = live.text("event")
        there = before[(*key[:2], event)]
        order = clause(there, there, key[2])
        return self.statement(key, event, order, live.text("definition"), live=live if replace else None)

    def statement(self, key: Key, event: str, order: tuple[str, str], body: str, *, live: SchemaObject | None) -> str:
        """Return the statement that makes a trigger."""
        verb = "CREATE OR REPLACE" if live is not None and self.replaces else "CREATE"
        quote = self.context.dialect.identifier_preparer.quote
        place = f" {order[0]} {quote(order[1])}" if order[0] else ""
        name, table = (sql_name(self.context, key[0], each) for each in (key[2], key[1]))
        return f"{verb} TRIGGER {name} {event} ON {table}\nFOR EACH ROW{place} {body}"

    def dropping(self, key: Key) -> str:
        """Return what drops a trigger: its name belongs to the database, not to the table."""
        return f"DROP TRIGGER {sql_name(self.context, key[0], key[2])}"


def grouped(triggers: Iterable[tuple[Key, str]]) -> Groups:
    """Return the names of triggers by table and event, in the given order."""
    found: Groups = {}
    for key, event in triggers:
        found.setdefault((*key[:2], event), []).append(key[2])
    return found


def mysql_changes(
    autogen_context: AutogenContext,
    upgrade_ops: ops.UpgradeOps,
    live: Mapping[Key, SchemaObject],
    models: Mapping[Key, Any],
) -> list[ops.SchemaObjectOp]:
    """Return what makes the live triggers the declared ones."""
    refuse_unseen(autogen_context, "trigger")
    return TriggerComparison(autogen_context, live, models, lossy_tables(upgrade_ops)).run()
