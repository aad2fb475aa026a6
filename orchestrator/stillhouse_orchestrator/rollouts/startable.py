"""What may start next, and why everything else waits: one pure function."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_orchestrator.values import MemberState, RolloutState, Wave

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from stillhouse_orchestrator.values import Rollout, RolloutTarget

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
        waiting: the reason of every other queued target.
    """

    start: tuple[str, ...]
    waiting: Mapping[str, str]


def startable(rollout: Rollout, facts: Facts) -> list[str]:
    """Return the targets that may start, in order."""
    return list(survey(rollout, facts).start)


def survey(rollout: Rollout, facts: Facts) -> Survey:
    """Go through the queue once and say of each member that it may start, or why it waits."""
    back = rollout.state is RolloutState.ROLLING_BACK
    opened, of = open_wave(rollout), len(rollout.waves)
    room, needs = _Room(rollout, facts, back=back), Needs(rollout)
    start, waiting = [], {}
    for member in rollout.members():
        if not member.state.queued or member.undo is not back:
            continue
        reason = None if member.wave == opened else f"wave {member.wave} of {of}"
        reason = reason or _obstacle(rollout, member, facts, needs) or room.take(member)
        if reason is None:
            start.append(member.target)
        else:
            waiting[member.target] = reason
    if opened and not back and rollout.waves[opened - 1].barrier:
        return _as_one(rollout, facts, Survey(tuple(start), waiting))
    return Survey(tuple(start), waiting)


def _as_one(rollout: Rollout, facts: Facts, found: Survey) -> Survey:
    """Let all queued members of the open barrier wave start at once, or none."""
    mine = [member for member in rollout.members() if member.wave == open_wave(rollout)]
    stuck = {member.target: found.waiting[member.target] for member in mine if member.target in found.waiting}
    working = next((f"{member.target} is still busy" for member in mine if member.working), None)
    elsewhere = next((f"{name}: {why}" for name, why in stuck.items() if not why.startswith(IN_USE)), None)
    reason = working or elsewhere
    if reason is None and not stuck:
        return found
    together = {
        member.target: f"starts with all of its wave: {reason}"
        if reason
        else f"{IN_USE}{member.server}, with all of its wave"
        for member in mine
        if member.state.queued and not _too_early(member, facts)
    }
    return Survey((), {**found.waiting, **together})


def _too_early(member: RolloutTarget, facts: Facts) -> bool:
    return member.retry_at is not None and facts.now < member.retry_at


def open_wave(rollout: Rollout) -> int:
    """Return the one wave whose targets may start; 0 when none may.

    It is the first that is not settled, so that a target which is tried again holds later waves back; a rollback goes from the
    last wave to the first.
    """
    if rollout.state is RolloutState.ROLLING_BACK:
        return max((member.wave for member in rollout.members() if member.undo and not member.state.settled), default=0)
    first = min((member.wave for member in rollout.members() if not member.state.settled), default=0)
    return first if first <= rollout.wave else 0


class Needs:
    """Who must be through before whom: what a member depends on, or backwards what depends on it."""

    def __init__(self, rollout: Rollout) -> None:
        self._targets = rollout.targets
        self._dependents: dict[str, list[str]] = {}
        for member in rollout.members():
            for name in member.depends_on:
                self._dependents.setdefault(name, []).append(member.target)

    def of(self, member: RolloutTarget) -> list[RolloutTarget]:
        """Return the members that must be through before this one."""
        if not member.undo:
            return [self._targets[name] for name in member.depends_on if name in self._targets]
        dependents = [self._targets[name] for name in self._dependents.get(member.target, ())]
        return [other for other in dependents if other.undo]


def _obstacle(rollout: Rollout, member: RolloutTarget, facts: Facts, needs: Needs) -> str | None:
    if rollout.not_before is not None and facts.now < rollout.not_before:
        return f"scheduled for {rollout.not_before.isoformat(timespec='seconds')}"
    for other in needs.of(member):
        if not other.state.settled:
            return f"depends on {other.target}" if not member.undo else f"{other.target} goes back first"
    if member.target in facts.held:
        return facts.held[member.target]
    if member.retry_at is not None and _too_early(member, facts):
        return member.reason or f"tried again at {member.retry_at.isoformat(timespec='seconds')}"
    return None


class _Room:
    """How many more targets each wave and each server can take."""

    def __init__(self, rollout: Rollout, facts: Facts, *, back: bool) -> None:
        running = Counter(member.wave for member in rollout.members(MemberState.RUNNING))
        through = MemberState.ROLLED_BACK if back else MemberState.DONE
        succeeded = Counter(member.wave for member in rollout.members(through))
        self._limits = {number: wave.parallel(succeeded[number]) for number, wave in enumerate(rollout.waves, 1)}
        self._room = {
            number: None if limit is None else limit - running[number] for number, limit in self._limits.items()
        }
        self._free = None if facts.free is None else Counter(facts.free)

    def take(self, member: RolloutTarget) -> str | None:
        """Take one place for a member, or say why there is none."""
        room = self._room[member.wave]
        if room is not None:
            if room <= 0:
                return f"the wave runs {self._limits[member.wave]} at once"
            self._room[member.wave] = room - 1
        server = member.server or ""
        if self._free is None:
            return None
        if self._free[server] <= 0:
            return f"{IN_USE}{server}"
        self._free[server] -= 1
        return None


def wave_of(rollout: Rollout, member: RolloutTarget) -> Wave:
    """Return a member's wave."""
    return rollout.waves[member.wave - 1]
