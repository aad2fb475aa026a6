"""What a look at targets asks the store before and tells it afterwards: a few statements for many targets.

Of a steady fleet only the time of the last look changes. It is written into the values where they are kept, by one statement
for all targets, instead of writing every value again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Text, cast, func, literal, or_, select, union_all, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from stillhouse_orchestrator.store import tables
from stillhouse_orchestrator.store.drift_reports import DriftReports
from stillhouse_orchestrator.store.rows import AT_A_TIME
from stillhouse_orchestrator.store.targets import Targets
from stillhouse_orchestrator.values import Baseline, DriftReport, IgnoreRule, TargetState, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Table
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
            for noun, body in await self._connection.execute(_bodies(targets[start : start + AT_A_TIME], at)):
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
        table = tables.targets
        await self._touch(table, table.c.name, sorted(same), {"checked_at": at, "reached_at": at})
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
        table = tables.drift_reports
        await self._touch(table, table.c.target, sorted(same), {"checked_at": at}, checked_at=at)
        await DriftReports(self._connection).save(report for report in reports if report.target not in same)

    async def _touch(
        self,
        table: Table,
        key: ColumnElement[str],
        targets: Sequence[str],
        moments: Mapping[str, datetime],
        **columns: Any,
    ) -> None:
        setting = _set_jsonb if self._connection.dialect.name == "postgresql" else _set_json
        changed = setting(table.c.body, {name: to_json(moment) for name, moment in moments.items()})
        for start in range(0, len(targets), TOUCHED):
            some = targets[start : start + TOUCHED]
            await self._connection.execute(update(table).where(key.in_(some)).values(body=changed, **columns))


def _bodies(targets: Sequence[str], at: datetime) -> Any:
    of_targets = (
        ("state", tables.targets, tables.targets.c.name),
        ("report", tables.drift_reports, tables.drift_reports.c.target),
        ("baseline", tables.baselines, tables.baselines.c.target),
    )
    until = tables.ignore_rules.c.until
    return union_all(
        *(select(literal(noun), table.c.body).where(key.in_(targets)) for noun, table, key in of_targets),
        select(literal("rule"), tables.ignore_rules.c.body).where(or_(until.is_(None), until > at)),
    )


def _set_json(body: ColumnElement[Any], texts: dict[str, str]) -> ColumnElement[Any]:
    changes = [part for name, text in texts.items() for part in (f"$.{name}", text)]
    return func.json_set(body, *(literal(part, Text) for part in changes), type_=JSON)


def _set_jsonb(body: ColumnElement[Any], texts: dict[str, str]) -> ColumnElement[Any]:
    changed: ColumnElement[Any] = cast(body, JSONB)
    for name, text in texts.items():
        changed = func.jsonb_set(changed, cast([name], ARRAY(Text)), func.to_jsonb(cast(literal(text), Text)))
    return cast(changed, JSON)
