"""Whether a barrier wave can be carried through: asked before anything starts, and again when targets join."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_orchestrator.rollouts.errors import BarrierError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.values import PlanGroup, Rollout, RolloutTarget

HOLDABLE = frozenset({"postgresql", "sqlite"})
MOST_HELD = 200  # a worker with a synchronous driver has a thread of its own for each transaction that it holds
OUTSIDE = re.compile(
    r"^\s*(?:COMMIT|END|VACUUM|(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE)|ALTER\s+SYSTEM)\b|\b(?:INDEX|REINDEX|DETACH)\b.*\bCONCURRENTLY\b",
    re.IGNORECASE | re.DOTALL,
)
BUDGET_HINT = "raise servers.{server}.max_connections, or make the wave smaller: it needs all its connections at once"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the answer depends on besides the rollout.

    Attributes:
        targets: the fleet.
        limits: the connection budget of each server.
        sql: what each member runs, as far as it is known.
    """

    targets: Mapping[str, TargetDeclaration]
    limits: Mapping[str, int]
    sql: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def sql_of(groups: Iterable[PlanGroup]) -> dict[str, tuple[str, ...]]:
    """Return what each target of a plan runs."""
    return {name: group.sql for group in groups for name in group.targets}


def check_barriers(rollout: Rollout, terms: Terms) -> None:
    """Refuse barrier waves that cannot hold all their transactions at once.

    Raises:
        BarrierError: with the first wave at fault, and what is in its way.
    """
    for number, wave in enumerate(rollout.waves, 1):
        if not wave.barrier:
            continue
        members = [member for member in rollout.members() if member.wave == number]
        for member in members:
            _check_member(number, member, {other.target for other in members}, terms)
        _check_connections(number, members, terms)


def _check_member(number: int, member: RolloutTarget, wave: set[str], terms: Terms) -> None:
    dialect = terms.targets[member.target].url.dialect
    if dialect not in HOLDABLE:
        reason = f"{member.target} is on {dialect}, which commits each DDL statement at once"
        raise BarrierError(number, reason, "put it into a wave without barrier: true")
    if inside := wave.intersection(member.depends_on):
        reason = f"{member.target} depends on {min(inside)}, and both are in it"
        raise BarrierError(number, reason, "all targets of a barrier wave run at once: put one into an earlier wave")
    if len([revision for revision in member.to if revision not in member.from_]) > 1:
        reason = f"{member.target} moves several branches that end apart"
        raise BarrierError(number, reason, "move one branch per rollout, with --to")
    outside = next((each for each in terms.sql.get(member.target, ()) if OUTSIDE.search(each)), None)
    if outside is not None:
        reason = f"{member.target} runs a statement outside of any transaction: {outside.strip().splitlines()[0]}"
        raise BarrierError(number, reason, "roll that revision out in a wave without barrier: true first")


def _check_connections(number: int, members: list[RolloutTarget], terms: Terms) -> None:
    if len(members) > MOST_HELD:
        reason = f"{len(members)} targets are in it, and at most {MOST_HELD} transactions are held at once"
        raise BarrierError(number, reason, "split it into several waves")
    for server, count in Counter(member.server or "" for member in members).items():
        limit = terms.limits.get(server)
        if limit is not None and count > limit:
            reason = f"it needs {count} connections to {server} at once, and the server's budget is {limit}"
            raise BarrierError(number, reason, BUDGET_HINT.format(server=server))
