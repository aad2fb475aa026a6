"""The last drift report of every target, and the ignore rules that people made while the fleet runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from stillhouse_orchestrator.store.rows import bodies, upsert
from stillhouse_orchestrator.store.tables import drift_reports, ignore_rules
from stillhouse_orchestrator.values import DriftReport, IgnoreRule, Sighting, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


class DriftReports:
    """Repository of drift reports: the last one of each target."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, target: str) -> DriftReport | None:
        """Return a target's last report."""
        query = select(drift_reports.c.body).where(drift_reports.c.target == target)
        found = await bodies(self._connection, DriftReport, query)
        return found[0] if found else None

    async def all(self) -> list[DriftReport]:
        """Return the last report of every target, by name."""
        query = select(drift_reports.c.body).order_by(drift_reports.c.target)
        return await bodies(self._connection, DriftReport, query)

    async def sightings(self) -> dict[str, Sighting]:
        """Return the schema that every target had, as far as it could be read, by target."""
        body = drift_reports.c.body
        query = select(drift_reports.c.target, body["applied"], body["actual_fingerprint"].as_string())
        rows = await self._connection.execute(query)
        return {target: Sighting(tuple(applied), found) for target, applied, found in rows if found is not None}

    async def drift_ids(self, targets: Collection[str] | None = None) -> dict[str, str]:
        """Return the ``drift_id`` of every target that drifted, of all or of some."""
        query = select(drift_reports.c.target, drift_reports.c.drift_id).where(drift_reports.c.drift_id.is_not(None))
        if targets is not None:
            query = query.where(drift_reports.c.target.in_(targets))
        return {row.target: row.drift_id for row in await self._connection.execute(query)}

    async def save(self, reports: Iterable[DriftReport]) -> None:
        """Keep the last report of some targets."""
        rows = (
            {
                "target": report.target,
                "status": report.status.value,
                "drift_id": report.drift_id,
                "checked_at": report.checked_at,
                "body": to_json(report),
            }
            for report in reports
        )
        await upsert(self._connection, drift_reports, rows)

    async def forget(self, target: str) -> None:
        """Drop the report of a target that the fleet no longer declares."""
        await self._connection.execute(delete(drift_reports).where(drift_reports.c.target == target))


class IgnoreRules:
    """Repository of ignore rules."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def live(self, at: datetime) -> list[IgnoreRule]:
        """Return the rules that have not expired."""
        until = ignore_rules.c.until
        query = select(ignore_rules.c.body).where(or_(until.is_(None), until > at)).order_by(ignore_rules.c.id)
        return await bodies(self._connection, IgnoreRule, query)

    async def save(self, rule: IgnoreRule) -> None:
        """Keep a rule."""
        await upsert(self._connection, ignore_rules, [{"id": rule.id, "until": rule.until, "body": to_json(rule)}])

    async def forget(self, rule_id: str) -> None:
        """Drop a rule."""
        await self._connection.execute(delete(ignore_rules).where(ignore_rules.c.id == rule_id))
