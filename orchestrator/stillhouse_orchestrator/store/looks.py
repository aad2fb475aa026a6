"""What a look at targets asks the store before and tells it afterwards: a few statements for many targets.

Of a steady fleet only the time of the last look changes. It is written into the values where they are kept, by one statement
for all targets, instead of writing every value again.
"""

from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Text, bindparam, cast, func, literal, or_, select, union_all, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from stillhouse_orchestrator.store import tables
from stillhouse_orchestrator.store.drift_reports import DriftReports
from stillhouse_orchestrator.store.rows import AT_A_TIME
from stillhouse_orchestrator.store.targets import Targets
from stillhouse_orchestrator.values import Baseline, DriftReport, IgnoreRule, TargetState, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter, ColumnElement, Executable, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

TOUCHED = 500  # targets in one statement


@dataclass(frozen=True, slots=True)
class LastLooks:
    """What is kept of the last looks at some targets.

    Attributes:
        baselines: oldest first, without their snapshots: fingerprints are enough for a steady fleet.
        rules: those of all targets that have not expired, by id.
    """

    states: list[TargetState] = field(default_factory=list)
    reports: list[DriftReport] = field(default_factory=list)
    baselines: list[Baseline] = field(default_factory=list)
    rules: dict[str, IgnoreRule] = field(default_factory=dict)


class Looks:
    """The repository of the last looks at targets."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def last(self, targets: Sequence[str], at: datetime) -> LastLooks:
        """Return what is kept about some targets at a moment; the event loop has other work after each hundred."""
        found = LastLooks()
        values: dict[str, tuple[type[Any], Callable[[Any], object]]] = {
            "state": (TargetState, found.states.append),
            "report": (DriftReport, found.reports.append),
            "baseline": (Baseline, found.baselines.append),
            "rule": (IgnoreRule, lambda rule: found.rules.setdefault(rule.id, rule)),
        }
        for start in range(0, len(targets), AT_A_TIME):
            asked = {"some": targets[start : start + AT_A_TIME], "moment": at}
            for noun, body in await self._connection.execute(_bodies(), asked):
                shape, keep = values[noun]
                keep(from_json(shape, body))
            await asyncio.sleep(0)
        found.baselines.sort(key=lambda baseline: baseline.taken_at)
        return found

    async def keep_states(
        self, states: Collection[TargetState], before: Mapping[str, TargetState], at: datetime
    ) -> None:
        """Keep what targets were like at some moment.

        Args:
            states: of that moment.
            before: what is kept now, by target.
            at: the moment.
        """
        same = {
            state.target
            for state in states
            if state.target in before and replace(before[state.target], checked_at=at, reached_at=at) == state
        }
        await self._touch(tables.targets, "name", sorted(same), at)
        await Targets(self._connection).save(state for state in states if state.target not in same)

    async def keep_reports(
        self, reports: Collection[DriftReport], before: Mapping[str, DriftReport], at: datetime
    ) -> None:
        """Keep the reports of checks at some moment; see `keep_states`."""
        same = {
            report.target
            for report in reports
            if report.target in before and replace(before[report.target], checked_at=at) == report
        }
        await self._touch(tables.drift_reports, "target", sorted(same), at)
        await DriftReports(self._connection).save(report for report in reports if report.target not in same)

    async def _touch(self, table: Table, key: str, targets: Sequence[str], at: datetime) -> None:
        touching = _touching(table, key, self._connection.dialect.name)
        for start in range(0, len(targets), TOUCHED):
            moment = {"moment": at, "text": to_json(at)} if "checked_at" in table.c else {"text": to_json(at)}
            await self._connection.execute(touching, {"some": targets[start : start + TOUCHED], **moment})


MOMENTS = {tables.targets.name: ("checked_at", "reached_at"), tables.drift_reports.name: ("checked_at",)}
"""What of a kept value is the time of the look."""


@functools.cache
def _bodies() -> Executable:
    some: BindParameter[str] = bindparam("some", expanding=True)
    of_targets = (
        ("state", tables.targets, tables.targets.c.name),
        ("report", tables.drift_reports, tables.drift_reports.c.target),
        ("baseline", tables.baselines, tables.baselines.c.target),
    )
    until = tables.ignore_rules.c.until
    return union_all(
        *(select(literal(noun), table.c.body).where(key.in_(some)) for noun, table, key in of_targets),
        select(literal("rule"), tables.ignore_rules.c.body).where(or_(until.is_(None), until > bindparam("moment"))),
    )


@functools.cache
def _touching(table: Table, key: str, dialect: str) -> Executable:
    text = bindparam("text", type_=Text)
    changed = (_set_jsonb if dialect == "postgresql" else _set_json)(table.c.body, MOMENTS[table.name], text)
    column: dict[str, BindParameter[Any]] = {"checked_at": bindparam("moment")} if "checked_at" in table.c else {}
    touching: Executable = (
        update(table).where(table.c[key].in_(bindparam("some", expanding=True))).values(body=changed, **column)
    )
    return touching


def _set_json(body: ColumnElement[Any], names: Sequence[str], text: ColumnElement[str]) -> ColumnElement[Any]:
    changes = [part for name in names for part in (literal(f"$.{name}", Text), text)]
    return func.json_set(body, *changes, type_=JSON)


def _set_jsonb(body: ColumnElement[Any], names: Sequence[str], text: ColumnElement[str]) -> ColumnElement[Any]:
    changed: ColumnElement[Any] = cast(body, JSONB)
    for name in names:
        changed = func.jsonb_set(changed, cast([name], ARRAY(Text)), func.to_jsonb(cast(text, Text)))
    return cast(changed, JSON)
