"""What may start next, and why everything else waits: one pure function."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import reduce
from itertools import compress
from operator import or_
from typing import TYPE_CHECKING

from stillhouse_orchestrator.values import MemberState, RolloutState, Wave
from stillhouse_orchestrator.values.places import lowest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from stillhouse_orchestrator.values import Members, Rollout, RolloutTarget, Turn

IN_USE = "waits for a place on "


@dataclass(frozen=True, slots=True)
class Facts:
    """What the machine is told about the world.

    Attributes:
        held: why a target may not start at this moment: a maintenance window, another rollout.
        free: connections reserved for rollouts and not in use, by server; ``None`` when nobody counts them.
    """

    now: datetime
    held: Mapping[str, str] = field(default_factory=dict)
    free: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """The answer.

    Attributes:
        start: targets that may start, in order.
        waiting: the reason of every other queued target that does not show it yet.
    """

    start: tuple[str, ...]
    waiting: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wait:
    """Why members of one turn wait."""

    turn: Turn
    places: int
    reason: str

    @property
    def shown(self) -> bool:
        """Whether these members show it already."""
        return self.turn.state is MemberState.WAITING and self.turn.reason == self.reason


def startable(rollout: Rollout, facts: Facts) -> list[str]:
    """Return the targets that may start, in order."""
    return list(survey(rollout, facts).start)


def survey(rollout: Rollout, facts: Facts) -> Survey:
    """Say of each queued member that it may start, or why it waits; those of one turn are judged together."""
    members, back, opened = rollout.targets, rollout.state is RolloutState.ROLLING_BACK, open_wave(rollout)
    held = _held(members, facts)
    waits: list[Wait] = []
    ready: dict[Turn, int] = {}
    for turn, everybody in members.turns.items():
        if turn.undo is not back:
            continue
        obstacle, places = _obstacle(rollout, turn, opened, facts), everybody
        if obstacle is None:
            waits += (Wait(turn, places & theirs, reason) for reason, theirs in held.items())
            places &= ~reduce(or_, held.values(), 0)
            obstacle = _too_early(turn, facts)
        if obstacle is None:
            ready[turn] = places
        else:
            waits.append(Wait(turn, places, obstacle))
    start, crowded = _placed(rollout, opened, ready, facts)
    if opened and not back and rollout.waves[opened - 1].barrier:
        return _as_one(rollout, start, [*waits, *crowded], facts)
    return Survey(_names(members, start), _news(members, [*waits, *crowded]))


def open_wave(rollout: Rollout) -> int:
    """Return the one wave whose targets may start; 0 when none may.

    It is the first that is not settled, so that a target which is tried again holds later waves back; a rollback goes from the
    last wave to the first.
    """
    standings = [standing for standing in rollout.targets.standings if not standing.state.settled]
    if rollout.state is RolloutState.ROLLING_BACK:
        return max((standing.wave for standing in standings if standing.undo), default=0)
    first = min((standing.wave for standing in standings), default=0)
    return first if first <= rollout.wave else 0


def needed(members: Members, turn: Turn) -> Iterator[RolloutTarget]:
    """Yield the members that must be through before those of a turn: what they depend on, or backwards what depends on them."""
    others = (members[name] for name in turn.needs if name in members)
    return (other for other in others if other.undo or not turn.undo)


def wanted(members: Members) -> Mapping[str, int]:
    """Return the members that wait for a place on their servers, by server."""
    found = defaultdict[str, int](int)
    for turn, places in members.turns.items():
        if turn.state is MemberState.WAITING and (turn.reason or "").startswith(IN_USE):
            found[turn.server] |= places
    return found


def wave_of(rollout: Rollout, member: RolloutTarget) -> Wave:
    """Return a member's wave."""
    return rollout.waves[member.wave - 1]


def _held(members: Members, facts: Facts) -> dict[str, int]:
    """Return the places that each reason holds back."""
    reasons = facts.held.values()
    return {reason: members.called(set(compress(facts.held, map(reason.__eq__, reasons)))) for reason in set(reasons)}


def _obstacle(rollout: Rollout, turn: Turn, opened: int, facts: Facts) -> str | None:
    """Say what keeps all members of a turn back."""
    if turn.wave != opened:
        return f"wave {turn.wave} of {len(rollout.waves)}"
    if rollout.not_before is not None and facts.now < rollout.not_before:
        return f"scheduled for {rollout.not_before.isoformat(timespec='seconds')}"
    for other in needed(rollout.targets, turn):
        if not other.state.settled:
            return f"{other.target} goes back first" if turn.undo else f"depends on {other.target}"
    return None


def _too_early(queued: Turn | RolloutTarget, facts: Facts) -> str | None:
    """Say why a member was busy, until it is tried again."""
    if queued.retry_at is None or facts.now >= queued.retry_at:
        return None
    return queued.reason or f"tried again at {queued.retry_at.isoformat(timespec='seconds')}"


def _placed(rollout: Rollout, opened: int, ready: Mapping[Turn, int], facts: Facts) -> tuple[int, list[Wait]]:
    """Let as many start, in order, as their wave and their servers have room for; say why the others wait.

    Who is within the wave's limit and finds no place on its server keeps its room in the wave.
    """
    everybody = reduce(or_, ready.values(), 0)
    limit = _limit(rollout, opened) if everybody else None
    running = rollout.targets.where(lambda each: each.wave == opened and each.state is MemberState.RUNNING)
    inside = everybody if limit is None else lowest(everybody, max(0, limit - running.bit_count()))
    by_server = defaultdict[str, int](int)
    for turn, places in ready.items():
        by_server[turn.server] |= places & inside
    start = 0
    for server, places in by_server.items():
        start |= places if facts.free is None else lowest(places, max(0, facts.free.get(server, 0)))
    waits = []
    for turn, places in ready.items():
        waits.append(Wait(turn, places & inside & ~start, f"{IN_USE}{turn.server}"))
        waits.append(Wait(turn, places & ~inside, f"the wave runs {limit} at once"))
    return start, waits


def _limit(rollout: Rollout, opened: int) -> int | None:
    """Return how many of a wave may run at once; a ramp depends on how many are through."""
    through = MemberState.ROLLED_BACK if rollout.state is RolloutState.ROLLING_BACK else MemberState.DONE
    succeeded = rollout.targets.where(lambda standing: standing.wave == opened and standing.state is through)
    return rollout.waves[opened - 1].parallel(succeeded.bit_count())


def _as_one(rollout: Rollout, start: int, waits: Sequence[Wait], facts: Facts) -> Survey:
    """Let all queued members of the open barrier wave start at once, or none."""
    members, opened = rollout.targets, open_wave(rollout)
    mine, others = list(rollout.in_wave(opened)), _news(members, (w for w in waits if w.turn.wave != opened))
    reasons = {m.target: w.reason for w in waits if w.turn.wave == opened for m in members.at(w.places)}
    stuck = {member.target: reasons[member.target] for member in mine if member.target in reasons}
    working = next((f"{member.target} is still busy" for member in mine if member.working), None)
    elsewhere = next((f"{name}: {why}" for name, why in stuck.items() if not why.startswith(IN_USE)), None)
    reason = working or elsewhere
    if reason is None and not stuck:
        return Survey(_names(members, start), others)
    together = {
        member.target: f"starts with all of its wave: {reason}"
        if reason
        else f"{IN_USE}{member.server}, with all of its wave"
        for member in mine
        if member.state.queued and not _too_early(member, facts)
    }
    return Survey((), {**others, **_unshown(members, {**stuck, **together})})


def _names(members: Members, places: int) -> tuple[str, ...]:
    return tuple(member.target for member in members.at(places))


def _news(members: Members, waits: Iterable[Wait]) -> dict[str, str]:
    return {member.target: wait.reason for wait in waits if not wait.shown for member in members.at(wait.places)}


def _unshown(members: Members, reasons: Mapping[str, str]) -> dict[str, str]:
    waiting = ((members[name], reason) for name, reason in reasons.items())
    return {
        member.target: reason
        for member, reason in waiting
        if member.state is not MemberState.WAITING or member.reason != reason
    }
