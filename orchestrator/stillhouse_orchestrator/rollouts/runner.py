"""Runs one rollout: feeds signals to the machine, writes each transition, and only then does what it says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_engine.faults import fault
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts import windows
from stillhouse_orchestrator.rollouts.audit import changes
from stillhouse_orchestrator.rollouts.barrier import is_barrier
from stillhouse_orchestrator.rollouts.hands import Hands, Task
from stillhouse_orchestrator.rollouts.machine import Ask, Facts, Finish, Migrate, advance, apply, next_moment
from stillhouse_orchestrator.rollouts.slots import Slots
from stillhouse_orchestrator.rollouts.startable import wanted, wave_of
from stillhouse_orchestrator.values import Approve, CheckState, MemberState, Pause, Rollout, RolloutState
from stillhouse_orchestrator.values.rollout_target import BUSY, QUEUED
from stillhouse_orchestrator.workers.gates import Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from stillhouse_config import Fleet, TargetDeclaration
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.rollouts.advance import Action
    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.workers.executor import Progress

TICK_SECONDS = 15.0  # windows open and targets vanish without telling anybody
LOOKS_AT_ONCE = 32


@dataclass
class World:
    """What a runner acts on.

    Attributes:
        fleet: returns the fleet as it is now.
        others: returns the targets that other rollouts run on at this moment, with those rollouts' ids.
        changed: told each rollout after a transition was written.
        progress: told each step of each job.
        stopping: the process is about to end: nothing more starts.
    """

    store: Store
    connections: Connections
    hands: Hands
    fleet: Callable[[], Fleet]
    clock: Callable[[], datetime] = now
    stopping: bool = False
    others: Callable[[str], Mapping[str, str]] = field(default=lambda _: {})
    changed: Callable[[Rollout], None] = field(default=lambda _: None)
    progress: Callable[[str, Progress], None] = field(default=lambda _rollout_id, _progress: None)


class Runner:
    """One rollout in progress; the only one that changes it.

    Args:
        world: what it acts on.
        rollout: as it was last written.
        attended: people can speak to it while it runs; else it is left alone as soon as it waits for one.

    Attributes:
        rollout: as it was last written.
    """

    def __init__(self, world: World, rollout: Rollout, *, attended: bool = True) -> None:
        self._world = world
        self._attended = attended
        self.rollout = rollout
        self._inbox: list[s.Signal] = []
        self._seen: Fleet | None = None
        self._shut = windows.Shut()
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._group = asyncio.TaskGroup()
        self._gates: dict[str, Gate] = {}
        self._slots = Slots(world.connections, self._group, self._wake.set)

    async def run(self) -> Rollout:
        """Go on until the rollout is over."""
        async with self._group:
            await self._recover()
            await (
                self._turn_once()
            )  # a verb may have been said since the last turn, which knows only now what it led to
            while not self._is_through():
                await self._pause()
                await self._turn_once()
            self._slots.close()
        return self.rollout

    async def _turn_once(self) -> None:
        self._wake.clear()
        received, self._inbox = self._inbox, []
        await self.transition(*self._departures(), *received)

    def _is_through(self) -> bool:
        """Tell whether there is nothing left to wait for: it is over, or the process stops and nothing runs."""
        leaves = self._world.stopping or (not self._attended and waits_for_somebody(self.rollout))
        if self.rollout.state.over or not leaves:
            return self.rollout.state.over
        idle = not any(self.rollout.members(*BUSY)) and self.rollout.check is not CheckState.RUNNING
        return idle and not self._inbox

    async def transition(self, *signals: s.Signal) -> Rollout:
        """Apply signals and what follows from them: written first, acted on after.

        Raises:
            TransitionError: a verb does not fit; nothing has changed.
        """
        async with self._turn:
            before = after = self.rollout
            for signal in signals:
                after = apply(after, signal)
            after, actions = advance(after, self._facts())
            if after != before:
                self.rollout = await write(self._world.store, before, after, self._world.clock(), signals)
            self._act(actions)
        if after != before:
            self._world.changed(self.rollout)
        return self.rollout

    def poke(self) -> None:
        """Look again now: the fleet has changed."""
        self._wake.set()

    def _facts(self) -> Facts:
        moment, members = self._world.clock(), self.rollout.targets
        held = self._shut.held(self._world.fleet(), members, moment)
        busy = {name: f"rollout {other} runs on it" for name, other in self._world.others(self.rollout.id).items()}
        if self._world.stopping:
            held = dict.fromkeys(members, "the daemon stops")
        elif busy:
            held = {**held, **busy}
        return Facts(moment, held, self._slots.free)

    def _departures(self) -> Iterable[s.Signal]:
        """Say which members the fleet no longer declares; an incomplete fleet cannot tell."""
        fleet = self._world.fleet()
        if fleet is self._seen:
            return []
        self._seen = fleet
        gone = tuple(m.target for m in self.rollout.members(*QUEUED) if m.target not in fleet.targets)
        return [s.Vanished(self._world.clock(), gone)] if gone and fleet.is_complete else []

    def _act(self, actions: Iterable[Action]) -> None:
        for action in actions:
            if isinstance(action, Migrate):
                release = self._slots.take(action.member.server or "")
                self._group.create_task(self._migrate(action, release))
            elif isinstance(action, Finish):
                self._finish(action)
            else:
                self._group.create_task(self._ask(action))
        self._slots.give_back()
        held = self.rollout.hold or self.rollout.ending or self.rollout.state.over or self._world.stopping
        if held:
            self._slots.stop_gathering()
        else:
            self._queue_for_places()

    def _finish(self, action: Finish) -> None:
        """Tell a target that holds its transaction what becomes of it; one that ended meanwhile needs no telling."""
        gate = self._gates.get(action.target)
        if gate is not None and action.refusal is None:
            gate.open()
            fault("between_commits")
        elif gate is not None:
            gate.refuse(action.refusal or "")

    def _queue_for_places(self) -> None:
        fleet, members = self._world.fleet(), self.rollout.targets
        places: dict[str, tuple[str, int]] = {}
        at_once = False
        for server, waiting in wanted(members).items():
            first = next((member for member in members.at(waiting) if member.target in fleet.targets), None)
            if first is not None:
                places[server] = (fleet.targets[first.target].url.reveal(), waiting.bit_count())
                at_once = at_once or is_barrier(self.rollout, first)
        if at_once:
            self._slots.want_at_once(places)
            return
        for server, (url, count) in places.items():
            self._slots.want(server, url, count)

    async def _migrate(self, action: Migrate, release: Callable[[], None]) -> None:
        try:
            target = self._world.fleet().targets.get(action.member.target)
            if target is None:
                why = "the fleet no longer declares it"
                ended: s.Signal = s.Ran(action.member.target, self._world.clock(), MemberState.FAILED, None, why)
            else:
                fails = wave_of(self.rollout, action.member).unreachable_fails
                gate = self._gate(action) if is_barrier(self.rollout, action.member) else None
                ended = await self._world.hands.migrate(Task(action, target, fails, gate), self._progress)
        finally:
            self._gates.pop(action.member.target, None)
            release()  # before the signal is heard: the place serves the next target in the same transition
        fault("before_outcome_stored")
        self._receive(ended)

    def _gate(self, action: Migrate) -> Gate:
        name = action.member.target
        gate = self._gates[name] = Gate(lambda: self._receive(s.Held(name, self._world.clock())))
        return gate

    async def _ask(self, action: Ask) -> None:
        errors = [await self._world.hands.verify(target, action.step) for target in self._asked(action)]
        error = next((error for error in errors if error), None)
        if not errors:
            error = f"{action.target}: the fleet does not declare it"
        moment = self._world.clock()
        self._receive(s.Checked(moment, error) if action.one else s.Verified(action.target, moment, error))

    def _asked(self, action: Ask) -> list[TargetDeclaration]:
        """Return the targets of a question: ``on`` names a database, which may have several."""
        targets = self._world.fleet().targets
        if action.target in targets:
            return [targets[action.target]]
        return [target for target in targets.values() if action.one and target.database == action.target]

    def _progress(self, progress: Progress) -> None:
        self._world.progress(self.rollout.id, progress)

    def _receive(self, signal: s.Signal) -> None:
        self._inbox.append(signal)
        self._wake.set()

    async def _pause(self) -> None:
        """Wait for a signal, a place, or the time at which something changes by itself."""
        due = next_moment(self.rollout, Facts(self._world.clock()))
        seconds = TICK_SECONDS if due is None else min(TICK_SECONDS, due.total_seconds())
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _recover(self) -> None:
        """Look at what was running when another process stopped, before anything else."""
        running = list(self.rollout.targets.those(lambda standing: standing.working))
        asked = self.rollout.check is CheckState.RUNNING or any(self.rollout.members(MemberState.VERIFYING))
        if not running and not asked:
            return
        found = await look_at(self._world, [member.target for member in running])
        await self.transition(s.Recovered(self._world.clock(), found))


def waits_for_somebody(rollout: Rollout) -> bool:
    """Tell whether a rollout goes on only when a person says so."""
    step = rollout.steps[rollout.step] if rollout.step < len(rollout.steps) else None
    until_told = isinstance(step, Approve) or (isinstance(step, Pause) and step.seconds is None)
    still = rollout.state in {RolloutState.PAUSED, RolloutState.PENDING_APPROVAL} and rollout.ending is None
    return still and (rollout.hold is not None or until_told)


async def look_at(world: World, names: Iterable[str]) -> dict[str, s.Found]:
    """Read the applied revisions of some targets, within the servers' budgets."""
    limit, targets = asyncio.Semaphore(LOOKS_AT_ONCE), world.fleet().targets

    async def look(name: str) -> tuple[str, s.Found]:
        if name not in targets:
            return name, s.Found(None, "the fleet no longer declares it")
        async with limit, world.connections.hold(targets[name].url.reveal()):
            return name, await world.hands.look(targets[name])

    return dict(await asyncio.gather(*map(look, names)))


async def write(store: Store, before: Rollout, after: Rollout, at: datetime, signals: Iterable[s.Signal]) -> Rollout:
    """Write a transition and its events in one transaction."""
    events = changes(before, after, at)
    for signal in signals:
        if isinstance(signal, s.Recovered):
            facts = {"interrupted": sorted(signal.found)}
            events.insert(0, Event(EventName.ROLLOUT_RECOVERED, at, rollout_id=after.id, facts=facts))
    async with store.write() as session:
        moved = await session.rollouts.transition(before, after)
        await session.record(*events)
    return moved
