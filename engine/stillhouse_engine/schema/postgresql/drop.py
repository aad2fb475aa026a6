"""The statements that take objects away on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import Action
from stillhouse_engine.schema.postgresql.create import depth, target
from stillhouse_engine.schema.postgresql.dependants import view_depth
from stillhouse_engine.schema.postgresql.grants import withdrawn
from stillhouse_engine.schema.postgresql.phases import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stillhouse_engine.schema.actions import Risk
    from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot

EARLY = {
    "trigger": Phase.DROP_TRIGGER,
    "rule": Phase.DROP_TRIGGER,
    "policy": Phase.DROP_TRIGGER,
    "index": Phase.DROP_INDEX,
    "statistics": Phase.DROP_INDEX,
    "aggregate": Phase.DROP_CODE,
    "function": Phase.DROP_CODE,
    "procedure": Phase.DROP_CODE,
    "composite": Phase.DROP_TYPE,
    "domain": Phase.DROP_TYPE,
    "enum": Phase.DROP_TYPE,
    "range": Phase.DROP_TYPE,
}
LATE = {
    "aggregate": Phase.DROP_CODE_LATE,
    "function": Phase.DROP_CODE_LATE,
    "procedure": Phase.DROP_CODE_LATE,
    "composite": Phase.DROP_TYPE_LATE,
    "domain": Phase.DROP_TYPE_LATE,
    "enum": Phase.DROP_TYPE_LATE,
    "range": Phase.DROP_TYPE_LATE,
    "extension": Phase.DROP_SCHEMA_LATE,
    "schema": Phase.DROP_SCHEMA_LATE,
}
TYPE_ORDER = {
    "domain": 0,
    "range": 1,
    "composite": 2,
    "enum": 3,
    "aggregate": 0,
    "function": 1,
    "extension": 0,
    "schema": 1,
}

RISKY: Mapping[str, Risk] = {"extension": "data_loss", "schema": "data_loss", "index": "locks"}


def drop(item: SchemaObject, schema: Snapshot, *, late: bool = False) -> Iterator[Action]:
    """Return the statements that take one object away.

    Args:
        item: the object.
        schema: the snapshot that it is in.
        late: after everything that may have used it has changed; otherwise before, because it comes back.
    """
    if item.kind == "constraint":
        phase = Phase.DROP_FOREIGN_KEY if item.get("type") == "foreign key" else Phase.DROP_CONSTRAINT
        order = {"unique": 1, "primary key": 2}.get(item.text("type"), 0)
        yield Action(phase, order, f"ALTER TABLE {item.text('table')} DROP CONSTRAINT {item.text('sql')}", "locks")
    elif item.kind == "column":
        sql = f"ALTER TABLE {item.text('table')} DROP COLUMN {item.text('sql')}"
        yield Action(Phase.DROP_COLUMN, 0 if item.get("generated") else 1, sql, "data_loss")
    elif item.kind in {"view", "materialized_view"}:
        yield Action(Phase.DROP_VIEW, -view_depth(item, schema), f"DROP {target(item)}", "locks")
    elif item.kind == "sequence":
        yield Action(Phase.DROP_SEQUENCE_LATE, 0, f"DROP SEQUENCE IF EXISTS {item.text('sql')}", "data_loss")
    elif item.kind == "default_privileges":
        yield from withdrawn(item)
    elif item.kind == "table":
        yield from _drop_table(item, schema)
    else:
        yield _drop_other(item, late=late)


def _drop_table(item: SchemaObject, schema: Snapshot) -> Iterator[Action]:
    for child in schema.by_parent.get(item.name, ()):
        if child.get("type") == "foreign key" and child.kind == "constraint":
            yield from drop(child, schema)
    yield Action(Phase.DROP_TABLE, -depth(item, schema), f"DROP {target(item)}", "data_loss")


def _drop_other(item: SchemaObject, *, late: bool) -> Action:
    phase = (LATE if late else EARLY).get(item.kind, EARLY.get(item.kind, Phase.DROP_SCHEMA_LATE))
    risk = RISKY.get(item.kind, "safe")
    return Action(phase, TYPE_ORDER.get(item.kind, 0), f"DROP {target(item)}", risk)
