"""Rollouts and their members, changed by compare-and-set only, and the plans that they are bound to."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, or_, select, update

from stillhouse_orchestrator.store.errors import StaleWriteError
from stillhouse_orchestrator.store.rows import add_missing, bodies, upsert
from stillhouse_orchestrator.store.tables import plans, rollout_targets, rollouts
from stillhouse_orchestrator.values import (
    Members,
    Membership,
    Plan,
    Rollout,
    RolloutLine,
    RolloutState,
    RolloutTarget,
    from_json,
    to_json,
)
from stillhouse_orchestrator.values.rollout import OVER
from stillhouse_orchestrator.values.rollout_target import BAD, BUSY, UNTOUCHED, MemberState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

LINE = ("id", "requested", "created_by", "strategy", "reason")
RECENT = 20  # rollouts that may still need a person; older ones are history
FAILED = (RolloutState.FAILED.value, RolloutState.ROLLBACK_FAILED.value)


class Plans:
    """Repository of plans. A plan never changes."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, plan_id: str) -> Plan | None:
        """Return one."""
        found = await bodies(self._connection, Plan, select(plans.c.body).where(plans.c.id == plan_id))
        return found[0] if found else None

    async def add(self, plan: Plan) -> None:
        """Keep a plan."""
        await add_missing(
            self._connection, plans, [{"id": plan.id, "created_at": plan.created_at, "body": to_json(plan)}]
        )


class Rollouts:
    """Repository of rollouts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rollout: Rollout) -> None:
        """Keep a new rollout with its members."""
        await self._connection.execute(insert(rollouts), [_row(rollout)])
        await upsert(self._connection, rollout_targets, (_member(rollout.id, item) for item in rollout.members()))

    async def get(self, rollout_id: str) -> Rollout | None:
        """Return one with its members."""
        query = select(rollouts).where(rollouts.c.id == rollout_id)
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            return None
        order = (rollout_targets.c.wave, rollout_targets.c.target)
        chosen = select(rollout_targets.c.body).where(rollout_targets.c.rollout_id == rollout_id).order_by(*order)
        members = await bodies(self._connection, RolloutTarget, chosen)
        return _rollout(row, members)

    async def lines(self, limit: int = 50) -> list[RolloutLine]:
        """Return the newest rollouts with counts of their members' states."""
        newest = select(rollouts).order_by(rollouts.c.created_at.desc(), rollouts.c.id).limit(limit)
        rows = (await self._connection.execute(newest)).all()
        query = select(rollout_targets.c.rollout_id, rollout_targets.c.state)
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for found in await self._connection.execute(
            query.where(rollout_targets.c.rollout_id.in_([row.id for row in rows]))
        ):
            counts[found.rollout_id][found.state] += 1
        return [_line(row, counts[row.id]) for row in rows]

    async def last_failure(self) -> datetime | None:
        """Return when a rollout, or the way back of one, last failed."""
        query = select(func.max(rollouts.c.finished_at)).where(rollouts.c.state.in_(FAILED))
        moment: datetime | None = await self._connection.scalar(query)
        return moment

    async def unfinished(self) -> list[str]:
        """Return the ids of rollouts that are not over, oldest first: what a restart takes up again."""
        over = [state.value for state in OVER]
        query = (
            select(rollouts.c.id).where(rollouts.c.state.not_in(over)).order_by(rollouts.c.created_at, rollouts.c.id)
        )
        return list(await self._connection.scalars(query))

    async def members(self, states: Collection[MemberState]) -> frozenset[str]:
        """Return the targets that unfinished rollouts have in some states."""
        over = [state.value for state in OVER]
        query = (
            select(rollout_targets.c.target)
            .join_from(rollout_targets, rollouts)
            .where(rollouts.c.state.not_in(over), rollout_targets.c.state.in_([state.value for state in states]))
        )
        return frozenset(await self._connection.scalars(query))

    async def unsettled(self) -> list[Membership]:
        """Return the targets that the newest rollout to touch them works on at the moment, or left in a bad state.

        A rollout that failed although none of its targets did (a check failed, say) concerns all that it touched.
        """
        newest = select(rollouts).order_by(rollouts.c.created_at.desc(), rollouts.c.id).limit(RECENT).cte("newest")
        member, later, bad = rollout_targets, rollout_targets.alias("later"), rollout_targets.alias("bad")
        superseding = newest.alias("superseding")
        untouched = [state.value for state in UNTOUCHED]
        superseded = (
            select(later.c.target)
            .join(superseding, superseding.c.id == later.c.rollout_id)
            .where(later.c.target == member.c.target, later.c.state.not_in(untouched))
            .where(superseding.c.created_at > newest.c.created_at)
        )
        failures = select(bad.c.target).where(
            bad.c.rollout_id == member.c.rollout_id, bad.c.state.in_([state.value for state in BAD])
        )
        concerned = or_(
            member.c.state.in_([state.value for state in BAD | BUSY]),
            newest.c.state.in_(FAILED) & member.c.state.not_in(untouched) & ~failures.exists(),
        )
        query = select(newest.c.id, newest.c.body["state"], newest.c.body["reason"], member.c.body)
        found = await self._connection.execute(
            query.join(member, member.c.rollout_id == newest.c.id).where(concerned, ~superseded.exists())
        )
        return [
            Membership(id_, RolloutState(state), reason, from_json(RolloutTarget, body))
            for id_, state, reason, body in found
        ]

    async def transition(self, before: Rollout, after: Rollout) -> Rollout:
        """Write a transition, if the rollout is still at the version that it was decided on.

        Only members that changed are written.

        Returns:
            the rollout at its new version.

        Raises:
            StaleWriteError: somebody else wrote a transition in between.
        """
        moved = replace(after, version=before.version + 1)
        same = (rollouts.c.id == before.id, rollouts.c.version == before.version)
        result = await self._connection.execute(update(rollouts).where(*same).values(**_row(moved)))
        if result.rowcount != 1:
            raise StaleWriteError("rollout", before.id, before.version)
        changed = (member for _, member in after.targets.since(before.targets))
        await upsert(self._connection, rollout_targets, (_member(after.id, member) for member in changed))
        return moved


def _row(rollout: Rollout) -> dict[str, Any]:
    return {
        "id": rollout.id,
        "state": rollout.state.value,
        "version": rollout.version,
        "created_at": rollout.created_at,
        "finished_at": rollout.finished_at,
        "body": to_json(replace(rollout, targets=Members(), version=0)),
    }


def _member(rollout_id: str, member: RolloutTarget) -> dict[str, Any]:
    return {
        "rollout_id": rollout_id,
        "target": member.target,
        "wave": member.wave,
        "state": member.state.value,
        "body": to_json(member),
    }


def _rollout(row: Row[Any], members: list[RolloutTarget]) -> Rollout:
    empty = from_json(Rollout, row.body)
    return replace(empty, version=row.version, targets=Members({member.target: member for member in members}))


def _line(row: Row[Any], counts: Counter[str]) -> RolloutLine:
    facts = {key: row.body[key] for key in (*LINE, "state", "created_at", "finished_at")}
    return from_json(RolloutLine, {**facts, "counts": dict(sorted(counts.items()))})
