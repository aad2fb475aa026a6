"""The snapshots that targets are expected to match, one per target and set of applied revisions."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from stillhouse_orchestrator.store.rows import add_missing, upsert
from stillhouse_orchestrator.store.tables import baselines, snapshots
from stillhouse_orchestrator.values import Baseline, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection


def applied_key(applied: Sequence[str]) -> str:
    """Return the key of a set of applied revisions."""
    return ",".join(sorted(applied))


class Baselines:
    """Repository of baselines. Equal snapshots are kept once."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, target: str, applied: Sequence[str]) -> Baseline | None:
        """Return a target's baseline at some revisions, with its snapshot."""
        query = (
            select(baselines.c.body, snapshots.c.text)
            .join_from(baselines, snapshots)
            .where(baselines.c.target == target, baselines.c.applied == applied_key(applied))
        )
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else replace(from_json(Baseline, row.body), snapshot=row.text)

    async def save(self, found: Iterable[Baseline]) -> None:
        """Keep baselines; an older one of the same target and revisions is replaced."""
        texts: dict[str, str] = {}
        rows = []
        for baseline in found:
            digest = hashlib.sha256(baseline.snapshot.encode()).hexdigest()
            texts[digest] = baseline.snapshot
            rows.append(_row(baseline, digest))
        await add_missing(self._connection, snapshots, [{"hash": key, "text": text} for key, text in texts.items()])
        await upsert(self._connection, baselines, rows)

    async def forget(self, target: str) -> None:
        """Drop all baselines of a target."""
        await self._connection.execute(delete(baselines).where(baselines.c.target == target))


def _row(baseline: Baseline, digest: str) -> dict[str, object]:
    return {
        "target": baseline.target,
        "applied": applied_key(baseline.applied),
        "fingerprint": baseline.fingerprint,
        "normaliser": baseline.normaliser,
        "taken_at": baseline.taken_at,
        "snapshot_hash": digest,
        "body": to_json(replace(baseline, snapshot="")),
    }
