"""Judging a queue turn by turn says what judging it member by member would say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from stillhouse_orchestrator.rollouts.machine import Facts, survey
from stillhouse_orchestrator.values import MemberState, Rollout, RolloutState, RolloutTarget, Wave

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
IN_USE = "waits for a place on "
QUEUED = [MemberState.PENDING, MemberState.WAITING]
STATES = st.sampled_from([*QUEUED, *QUEUED, *MemberState])
SHOWN = st.sampled_from([
    None, "wave 2 of 2", "the wave runs 2 at once", f"{IN_USE}db1", f"{IN_USE}db2", "shut", "another holds its lock",
    "scheduled for 2026-11-23T12:01:00+00:00", "depends on t0", "t5 goes back first",
])  # fmt: skip
waves = st.builds(
    Wave,
    size=st.just(9),
    max_parallel=st.none() | st.integers(1, 4),
    ramp_start=st.none() | st.just(1),
    barrier=st.sampled_from([False, False, True]),
)


@st.composite
def rollouts(draw):
    back = draw(st.booleans())
    members = {}
    for name in [f"t{number}" for number in range(draw(st.integers(0, 9)))]:
        members[name] = RolloutTarget(
            name,
            draw(st.sampled_from([1, 1, 2])),
            (),
            ("r1",),
            draw(STATES),
            draw(SHOWN),
            server=draw(st.sampled_from(["db1", "db2"])),
            depends_on=tuple(draw(st.sets(st.sampled_from(list(members)), max_size=2))) if members else (),
            retry_at=draw(st.sampled_from([None, None, NOON, LATER])),
            undo=back and draw(st.booleans()),
        )
    return Rollout(
        "r-1",
        "head",
        "p-1",
        (draw(waves), draw(waves)),
        members,
        NOON,
        "ann",
        state=RolloutState.ROLLING_BACK if back else RolloutState.RUNNING,
        step=draw(st.integers(0, 1)),
        not_before=draw(st.sampled_from([None, None, None, NOON, LATER])),
    )


shut = st.dictionaries(st.sampled_from([f"t{number}" for number in range(9)]), st.sampled_from(["shut", "in use"]))
free = st.none() | st.dictionaries(st.sampled_from(["db1", "db2"]), st.integers(0, 5))


@settings(max_examples=400, deadline=None)
@given(rollouts(), st.just({}) | shut, free)
def test_turns_are_judged_as_their_members_would_be(rollout, held, places):
    found = survey(rollout, Facts(NOON, held, places))
    start, waiting = Plain(rollout, held, places).judged()
    assert list(found.start) == start
    shown = {m.target: m.reason for m in rollout.members(MemberState.WAITING)}
    assert dict(found.waiting) == {name: why for name, why in waiting.items() if shown.get(name) != why}


class Plain:
    """Goes through the queue member by member."""

    def __init__(self, rollout, held, free):
        self.rollout, self.held, self.free = rollout, held, None if free is None else Counter(free)
        self.members = list(rollout.targets.values())
        self.back = rollout.state is RolloutState.ROLLING_BACK
        self.opened = self.open_wave()
        wave = [member for member in self.members if member.wave == self.opened]
        through = MemberState.ROLLED_BACK if self.back else MemberState.DONE
        succeeded = sum(member.state is through for member in wave)
        self.limit = rollout.waves[self.opened - 1].parallel(succeeded) if self.opened else None
        self.running = sum(member.state is MemberState.RUNNING for member in wave)

    def open_wave(self):
        unsettled = [m.wave for m in self.members if not m.state.settled and (m.undo or not self.back)]
        if self.back:
            return max(unsettled, default=0)
        first = min(unsettled, default=0)
        return first if first <= self.rollout.step + 1 else 0

    def judged(self):
        start, waiting = [], {}
        for member in self.members:
            if member.state.queued and member.undo is self.back:
                reason = self.obstacle(member) or self.no_room(member)
                if reason is None:
                    start.append(member.target)
                else:
                    waiting[member.target] = reason
        if self.opened and not self.back and self.rollout.waves[self.opened - 1].barrier:
            return self.together(start, waiting)
        return start, waiting

    def obstacle(self, member):
        scheduled = self.rollout.not_before
        if member.wave != self.opened:
            return f"wave {member.wave} of 2"
        if scheduled is not None and scheduled > NOON:
            return f"scheduled for {scheduled.isoformat(timespec='seconds')}"
        if self.back:
            needs = [other for other in self.members if member.target in other.depends_on and other.undo]
        else:
            needs = [self.rollout.targets[name] for name in member.depends_on]
        for other in needs:
            if not other.state.settled:
                return f"{other.target} goes back first" if self.back else f"depends on {other.target}"
        return self.held.get(member.target) or self.too_early(member)

    def too_early(self, member):
        early = member.retry_at is not None and member.retry_at > NOON
        return (member.reason or "tried again at 2026-11-23T12:01:00+00:00") if early else None

    def no_room(self, member):
        if self.limit is not None:
            if self.running >= self.limit:
                return f"the wave runs {self.limit} at once"
            self.running += 1
        if self.free is not None:
            if self.free[member.server] <= 0:
                return f"{IN_USE}{member.server}"
            self.free[member.server] -= 1
        return None

    def together(self, start, waiting):
        mine = [member for member in self.members if member.wave == self.opened]
        reasons = [f"{member.target} is still busy" for member in mine if member.working]
        stuck = [(m.target, waiting[m.target]) for m in mine if m.target in waiting]
        reasons += [f"{name}: {why}" for name, why in stuck if not why.startswith(IN_USE)]
        if not reasons and not stuck:
            return start, waiting
        for member in mine:
            if member.state.queued and not self.too_early(member):
                alone = f"{IN_USE}{member.server}, with all of its wave"
                waiting[member.target] = f"starts with all of its wave: {reasons[0]}" if reasons else alone
        return [], waiting
