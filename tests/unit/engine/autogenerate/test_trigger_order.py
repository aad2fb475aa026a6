"""Promise: whatever order MySQL's triggers are in, a revision puts them into that of the models, and back."""

from __future__ import annotations

import re
from types import SimpleNamespace

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import mysql

from stillhouse_engine.autogenerate import Trigger
from stillhouse_engine.autogenerate.compare.mysql_triggers import TriggerComparison
from stillhouse_engine.schema.snapshot import SchemaObject

EVENTS = ("BEFORE INSERT", "AFTER UPDATE")
STATEMENT = re.compile(
    r"(?P<drop>DROP)?(?:CREATE(?P<replace> OR REPLACE)?)? TRIGGER (?P<name>\w+)"
    r"(?: (?P<event>\w+ \w+) ON t\nFOR EACH ROW(?: (?P<order>FOLLOWS|PRECEDES) (?P<other>\w+))? SET @x = (?P<body>\d))?"
)


class Server:
    """Keeps triggers as MySQL does: of each event those that were made later run later, unless they say otherwise."""

    def __init__(self, triggers) -> None:
        self.there: dict[str, list[tuple[str, int]]] = {event: [] for event in EVENTS}
        for name, event, body in triggers:
            self.there[event].append((name, body))

    def execute(self, statement: str) -> None:
        said = STATEMENT.fullmatch(statement)
        assert said, statement
        before = [event for event, found in self.there.items() if said["name"] in dict(found)]
        assert bool(before) == bool(said["drop"] or said["replace"]), (
            f"the server refuses {statement!r} on {self.there}"
        )
        for found in self.there.values():
            found[:] = [each for each in found if each[0] != said["name"]]
        if said["drop"]:
            return
        group = self.there[said["event"]]
        names = [name for name, _ in group]
        place = len(group)
        if said["order"]:
            place = names.index(said["other"]) + (said["order"] == "FOLLOWS")
        group.insert(place, (said["name"], int(said["body"])))


triggers = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(EVENTS), st.integers(0, 1)), unique_by=lambda each: each[0]
)


@given(triggers, triggers, st.data(), st.booleans(), st.sampled_from([frozenset(), frozenset({"t"})]))
def test_the_order_of_the_models_is_reached_and_left(live, models, data, mariadb, lossy):
    server, fresh, metadata = Server(live), Server(()), sa.MetaData()
    for name, event, body in models:
        others = [each for each, _ in fresh.there[event]]
        order = data.draw(
            st.sampled_from(["", *(f"{word} {each} " for word in ("FOLLOWS", "PRECEDES") for each in others)])
        )
        Trigger(name, metadata, "t", event, f"for each row {order}SET @x = {body}")
        fresh.execute(f"CREATE TRIGGER {name} {event} ON t\nFOR EACH ROW {order}SET @x = {body}")
    before = {event: [*found] for event, found in server.there.items()}
    items = {
        (None, "t", name): SchemaObject(
            "trigger",
            f"t.{name}",
            "t",
            {"event": event, "definition": f"SET @x = {body}"},
            {"trigger": name, "order": place},
        )
        for place, (name, event, body) in enumerate(live)
    }
    dialect = mysql.dialect(is_mariadb=mariadb)
    context = SimpleNamespace(dialect=dialect, connection=None, run_object_filters=lambda *_: True)
    declared = {(None, "t", each.name): each for each in metadata.info.get("stillhouse_declared", {}).values()}
    found = TriggerComparison(context, items, declared, lossy).run()
    assert bool(found) == (before != fresh.there), "nothing is done for nothing"
    for operation in found:
        for statement in operation.statements:
            server.execute(statement)
    assert server.there == fresh.there
    for operation in reversed(found):
        for statement in operation.undo:
            server.execute(statement)
    assert server.there == before
