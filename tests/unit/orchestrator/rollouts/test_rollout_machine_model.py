"""Random schedules of failures, pauses, aborts, crashes and membership changes: what a rollout promises always holds.

``STILLHOUSE_SCHEDULES=5000`` runs that many schedules.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.errors import TransitionError
from stillhouse_orchestrator.rollouts.machine import Ask, Facts, Finish, Migrate, advance, apply
from stillhouse_orchestrator.values import (
    Approve,
    Barrier,
    Budget,
    MemberState,
    Pause,
    Rollout,
    RolloutState,
    RolloutTarget,
    Verify,
    Wave,
    from_json,
    to_json,
)
from stillhouse_orchestrator.values.rollout_target import HELD

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD, MIDDLE, NEW = ("r1",), ("r2",), ("r3",)
SCHEDULES = int(os.environ.get("STILLHOUSE_SCHEDULES", "150"))
PEOPLE = st.sampled_from(["ann", "bob"])

budgets = st.one_of(
    st.builds(Budget, count=st.integers(0, 2)), st.builds(Budget, percent=st.sampled_from([0.0, 20.0, 34.0, 50.0]))
)
waves = st.builds(
    Wave,
    max_parallel=st.none() | st.integers(1, 3),
    ramp_start=st.none() | st.just(1),
    max_failures=budgets,
    max_consecutive_failures=st.none() | st.integers(1, 2),
)
barriers = st.just(Wave(barrier=True))
between = st.sampled_from(
    [(), (Verify("each"),), (Verify("one", on="t0"),), (Pause(60),), (Pause(),), (Approve(),), (Approve(count=2),)]
)


@st.composite
def rollouts(draw):
    steps, members, number = [*draw(between)], {}, 0
    for wave_number in range(1, draw(st.integers(1, 3)) + 1):
        size = draw(st.integers(0, 4))
        wave = draw(st.one_of(waves, waves, barriers))
        steps += [replace(wave, size=size), *draw(between)]
        for _ in range(size):
            before = sorted(name for name, item in members.items() if item.wave < wave_number or not wave.barrier)
            depends_on = draw(st.lists(st.sampled_from(before), unique=True, max_size=2)) if before else []
            server = draw(st.sampled_from(["db1", "db2"]))
            name = f"t{number}"
            members[name] = RolloutTarget(
                name, wave_number, OLD, NEW, revisions=(*MIDDLE, *NEW), server=server, depends_on=tuple(depends_on)
            )
            number += 1
    return Rollout("r-1", "head", "p-1", tuple(steps), members, NOON, "ann")


class RolloutMachine(RuleBasedStateMachine):
    """Plays the executor, the store, the people and the fleet."""

    @initialize(rollout=rollouts(), limit=st.none() | st.integers(1, 3))
    def begin(self, rollout, limit):
        self.now = NOON
        self.limit = limit if not any(wave.barrier for wave in rollout.waves) else None if limit is None else 40
        self.rollout = rollout
        self.databases = dict.fromkeys(rollout.targets, OLD)
        self.running = {}
        self.told = {}
        self.asking = set()
        self.asking_one = False
        self.shut = set()
        self.busy_at_trip = None
        self.say(s.Start("ann", self.now))

    # --- what the world does

    def facts(self):
        free = None
        if self.limit is not None:
            used = Counter(self.rollout.targets[name].server for name in self.running)
            free = {server: self.limit - used[server] for server in ("db1", "db2")}
        return Facts(self.now, dict.fromkeys(self.shut, "shut"), free)

    def go(self):
        before = self.rollout
        self.rollout, actions = advance(before, self.facts())
        self.note_trip()
        if before.hold is not None or self.rollout.ending is not None or self.rollout.state.over:
            started = [action for action in actions if not isinstance(action, Finish)]
            assert not started, "something started after a pause, a trip or an abort"
        self.check_barriers(actions)
        for action in actions:
            if isinstance(action, Finish):
                self.told[action.target] = action.refusal
            elif isinstance(action, Migrate):
                self.check_start(action.member)
                self.running[action.member.target] = action
            elif isinstance(action, Ask):
                self.asking_one |= action.one
                self.asking |= set() if action.one else {action.target}
        again, more = advance(self.rollout, self.facts())
        assert again == self.rollout, "advancing twice at one moment changes something"
        assert not more

    def check_barriers(self, actions):
        """All of a barrier wave start at one moment, and commit at one moment or not at all."""
        started = {action.member.target for action in actions if isinstance(action, Migrate)}
        finished = {action.target: action.refusal for action in actions if isinstance(action, Finish)}
        for number, wave in enumerate(self.rollout.waves, 1):
            members = [item for item in self.rollout.members() if item.wave == number and not item.undo]
            if wave.barrier and started & {item.target for item in members}:
                assert all(item.target in started for item in members if not item.state.settled), "not all started"
            committing = {item.target for item in members if finished.get(item.target, "no") is None}
            if committing:
                assert not any(item.state.bad for item in members), "a transaction commits beside a failure"
                assert all(item.target in committing for item in members if not item.state.settled), "not all commit"
        for name in finished:
            assert name in self.running, "a transaction is finished that nobody holds"
            assert name not in self.told, "a transaction is finished twice"

    def note_trip(self):
        if self.rollout.ending is RolloutState.FAILED and self.busy_at_trip is None:
            self.busy_at_trip = len(self.running) + len(self.asking)
        elif self.rollout.ending is None and not self.rollout.state.over:
            self.busy_at_trip = None

    def check_start(self, member):
        rollout, back = self.rollout, member.undo
        assert member.target not in self.running, "a target was started twice"
        assert member.target not in self.shut, "a target started outside its window"
        others = [item for item in rollout.members() if item.undo is back and item.target != member.target]
        if back:
            assert member.changed, "a rollback touched a target that this rollout did not change"
            assert all(item.state.settled for item in others if item.wave > member.wave), "wave order (back)"
            assert all(
                item.state is not MemberState.DONE
                for item in others
                if member.target in item.depends_on and item.changed
            )
        else:
            assert all(item.state.settled for item in others if item.wave < member.wave), "wave order"
            for name in member.depends_on:
                assert rollout.targets[name].state in (MemberState.DONE, MemberState.SKIPPED), (
                    "a dependency was not kept"
                )
        wave = rollout.waves[member.wave - 1]
        bad = sum(item.state.bad for item in others if item.wave == member.wave)
        assert bad <= wave.max_failures.allowed(wave.size), "a target started beyond the failure budget"
        together = 1 + sum(item.wave == member.wave and item.target in self.running for item in others)
        assert wave.max_parallel is None or together <= wave.max_parallel, "max_parallel"

    def apply(self, signal):
        self.rollout = apply(self.rollout, signal)
        self.note_trip()
        self.go()

    def say(self, verb):
        before = self.rollout
        try:
            self.rollout = apply(self.rollout, verb)
        except TransitionError:
            assert self.rollout is before
            return
        self.go()

    def unheld(self):
        return sorted(self.rollout.targets[name].target for name in self.running if not self.is_held(name))

    def is_held(self, name):
        return self.rollout.targets[name].barrier in HELD

    def through_barrier(self, name):
        member = self.rollout.targets[name]
        return self.rollout.waves[member.wave - 1].barrier and not member.undo

    def some_running(self, index):
        names = self.unheld()
        return names[index % len(names)]

    # --- results

    @precondition(lambda self: self.running and self.unheld())
    @rule(index=st.integers(0, 20), late=st.booleans())
    def succeed(self, index, late):
        name = self.some_running(index)
        if self.through_barrier(name):
            self.apply(s.Held(name, self.now))
            return
        goal = self.running.pop(name).member.goal
        self.databases[name] = goal
        self.now += timedelta(seconds=1 + late)
        self.apply(s.Ran(name, self.now, MemberState.DONE, goal))

    @precondition(lambda self: self.told)
    @rule(index=st.integers(0, 20), fails=st.booleans())
    def finish(self, index, fails):
        name = sorted(self.told)[index % len(self.told)]
        goal, refusal = self.running.pop(name).member.goal, self.told.pop(name)
        if refusal is not None and fails:
            self.apply(s.Ran(name, self.now, MemberState.FAILED, self.databases[name], "its worker died"))
        elif refusal is not None:
            self.apply(s.Reverted(name, self.now, refusal))
        elif fails:
            self.apply(s.Ran(name, self.now, MemberState.FAILED, self.databases[name], "its COMMIT failed"))
        else:
            self.databases[name] = goal
            self.apply(s.Ran(name, self.now, MemberState.DONE, goal))

    @precondition(lambda self: any(self.is_held(name) and name not in self.told for name in self.running))
    @rule(index=st.integers(0, 20))
    def hold_no_longer(self, index):
        names = sorted(name for name in self.running if self.is_held(name) and name not in self.told)
        name = names[index % len(names)]
        self.running.pop(name)
        self.apply(s.Ran(name, self.now, MemberState.FAILED, self.databases[name], "its deadline has passed"))

    @precondition(lambda self: self.running and self.unheld())
    @rule(
        index=st.integers(0, 20),
        result=st.sampled_from(
            [MemberState.FAILED, MemberState.INDETERMINATE, MemberState.BLOCKED_DRIFT, MemberState.CANCELLED]
        ),
        halfway=st.booleans(),
    )
    def fail(self, index, result, halfway):
        name = self.some_running(index)
        self.running.pop(name)
        if halfway and result is MemberState.FAILED and not self.through_barrier(name):
            self.databases[name] = MIDDLE
        self.apply(s.Ran(name, self.now, result, self.databases[name], "it failed"))

    @precondition(lambda self: self.running and self.unheld())
    @rule(index=st.integers(0, 20))
    def be_busy(self, index):
        name = self.some_running(index)
        self.running.pop(name)
        self.apply(s.Deferred(name, self.now, self.now + timedelta(seconds=30), "another holds its lock"))

    @precondition(lambda self: self.asking)
    @rule(index=st.integers(0, 20), error=st.none() | st.just("it said no"))
    def answer(self, index, error):
        name = sorted(self.asking)[index % len(self.asking)]
        self.asking.discard(name)
        self.apply(s.Verified(name, self.now, error))

    @precondition(lambda self: self.asking_one)
    @rule(error=st.none() | st.just("it said no"))
    def answer_one(self, error):
        self.asking_one = False
        self.apply(s.Checked(self.now, error))

    # --- time, windows, the fleet, crashes

    @rule(seconds=st.sampled_from([1, 40, 100]))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.go()

    @rule(index=st.integers(0, 20))
    def shut_or_open_a_window(self, index):
        if self.rollout.targets:
            self.shut ^= {sorted(self.rollout.targets)[index % len(self.rollout.targets)]}
            self.go()

    @rule(index=st.integers(0, 20))
    def vanish(self, index):
        if self.rollout.targets:
            self.apply(s.Vanished(self.now, (sorted(self.rollout.targets)[index % len(self.rollout.targets)],)))

    @rule(wave=st.integers(1, 3), by=PEOPLE)
    def join(self, wave, by):
        name = f"late{len(self.rollout.targets)}"
        if wave <= len(self.rollout.waves):
            self.databases[name] = OLD
            member = RolloutTarget(name, wave, OLD, NEW, revisions=(*MIDDLE, *NEW), server="db1")
            self.say(s.Join(by, self.now, None, (name,), (member,)))

    @rule(
        fates=st.lists(
            st.sampled_from(["done", "untouched", "halfway", "elsewhere", "unreadable"]), min_size=12, max_size=12
        )
    )
    def crash(self, fates):
        self.rollout = from_json(Rollout, to_json(self.rollout))
        found = {}
        for (name, action), fate in zip(sorted(self.running.items()), fates, strict=False):
            places = {"done": action.member.goal, "halfway": MIDDLE, "elsewhere": ("x9",)}
            if self.through_barrier(name):  # nothing is there unless its COMMIT went out
                places = {"done": action.member.goal} if self.told.get(name, "no") is None else {}
            self.databases[name] = places.get(fate, self.databases[name])
            found[name] = s.Found(None, "no route") if fate == "unreadable" else s.Found(self.databases[name])
        if len(self.running) <= len(fates):
            self.running.clear()
            self.told.clear()
            self.asking.clear()
            self.asking_one = False
            self.apply(s.Recovered(self.now, found))

    # --- people

    @rule(by=PEOPLE)
    def pause(self, by):
        self.say(s.Pause(by, self.now))

    @rule(by=PEOPLE)
    def resume(self, by):
        self.say(s.Resume(by, self.now))

    @rule(by=PEOPLE)
    def promote(self, by):
        self.say(s.Promote(by, self.now))

    @rule(by=PEOPLE)
    def approve(self, by):
        self.say(s.Approve(by, self.now))

    @rule(by=PEOPLE, index=st.integers(0, 20))
    def skip(self, by, index):
        if self.rollout.targets:
            self.say(s.Skip(by, self.now, None, (sorted(self.rollout.targets)[index % len(self.rollout.targets)],)))

    @rule(by=PEOPLE, index=st.none() | st.integers(0, 20))
    def retry(self, by, index):
        names = sorted(self.rollout.targets)
        chosen = () if index is None or not names else (names[index % len(names)],)
        found = {name: s.Replanned(self.databases[name], (*MIDDLE, *NEW)) for name in names if name not in self.running}
        self.say(s.Retry(by, self.now, None, chosen, found))

    @rule(by=PEOPLE)
    def abort(self, by):
        self.say(s.Abort(by, self.now))

    @rule(by=PEOPLE)
    def roll_back(self, by):
        self.say(s.Rollback(by, self.now))

    # --- what always holds

    @invariant()
    def the_machine_knows_what_runs(self):
        if hasattr(self, "rollout"):
            assert {member.target for member in self.rollout.members() if member.working} == set(self.running)
            asked = {member.target for member in self.rollout.members(MemberState.VERIFYING) if not member.working}
            assert asked == self.asking
            said = (Barrier.COMMITTING, Barrier.REVERTING)
            assert {member.target for member in self.rollout.members() if member.barrier in said} == set(self.told)

    @invariant()
    def the_budget_is_never_exceeded_by_more_than_was_running(self):
        if hasattr(self, "rollout") and self.busy_at_trip is not None and self.rollout.decisions[-1].verb != "skip":
            over = sum(
                max(0, bad - self.rollout.waves[number - 1].max_failures.allowed(self.rollout.waves[number - 1].size))
                for number, bad in Counter(m.wave for m in self.rollout.members() if m.state.bad).items()
            )
            assert over <= self.busy_at_trip + 1 + len(self.rollout.targets) * (self.recovered_in_doubt())

    def recovered_in_doubt(self):
        return any(member.error and "interrupted" in member.error for member in self.rollout.members())

    @invariant()
    def whoever_waits_has_a_reason(self):
        if hasattr(self, "rollout"):
            assert all(member.reason for member in self.rollout.members(MemberState.WAITING))

    @invariant()
    def when_it_is_over_every_target_is_accounted_for(self):
        if hasattr(self, "rollout") and self.rollout.state.over:
            assert all(member.state.settled for member in self.rollout.members())
            assert self.rollout.finished_at is not None
            if self.rollout.state is RolloutState.ROLLED_BACK:
                assert all(
                    self.databases[m.target] == m.from_
                    for m in self.rollout.members()
                    if m.undo and m.state is not MemberState.SKIPPED
                )

    @invariant()
    def done_means_at_the_destination(self):
        if hasattr(self, "rollout"):
            for member in self.rollout.members(MemberState.DONE):
                assert self.databases[member.target] == NEW

    def teardown(self):
        """Let everything succeed from here on: the rollout must come to an end."""
        if not hasattr(self, "rollout"):
            return
        self.shut.clear()
        for turn in range(400):
            if self.rollout.state.over:
                break
            self.now += timedelta(seconds=100)
            while self.told:
                self.finish(0, fails=False)
            for name in self.unheld():
                if name in self.unheld():
                    self.succeed(self.unheld().index(name), late=False)
            for name in sorted(self.asking):
                self.answer(sorted(self.asking).index(name), None)
            if self.asking_one:
                self.answer_one(None)
            for verb in (s.Resume, s.Promote, s.Approve):
                self.say(verb(f"person {turn}", self.now))
            self.go()
        assert self.rollout.state.over, "the rollout never ends"
        self.when_it_is_over_every_target_is_accounted_for()


RolloutMachine.TestCase.settings = settings(
    max_examples=SCHEDULES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRolloutMachine = RolloutMachine.TestCase
