"""The background service: one task group owns everything that runs; ticks enqueue, duties work, signals steer."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_config import FleetFileError, load_fleet
from stillhouse_orchestrator.api.vitals import Vitals
from stillhouse_orchestrator.daemon.duties import Duties
from stillhouse_orchestrator.daemon.heartbeat import Heartbeat
from stillhouse_orchestrator.daemon.plan import ticks_of
from stillhouse_orchestrator.daemon.upkeep import Upkeep
from stillhouse_orchestrator.errors import StillhouseError
from stillhouse_orchestrator.eventlog import log_event
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.scheduling import Ticker, Work, WorkQueue
from stillhouse_orchestrator.store import OwnershipLostError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_config import Fleet
    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.notify import Notifier
    from stillhouse_orchestrator.scheduling import Tick

PROBLEMS_NAMED = 20
FLEET_FILE = "fleet file"  # where no tick is to blame


@dataclass
class Daemon:
    """Keeps a fleet until it is told to stop.

    Attributes:
        application: the fleet and its services, opened as the store's owner.
        notifier: hears when the daemon is ready, reloads, stops, and that it lives.
        drain: seconds that work in progress gets at the end.
        state: ``starting``, ``serving``, ``reloading`` or ``draining``.
    """

    application: Application
    notifier: Notifier
    drain: float
    state: str = "starting"
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _hurrying: asyncio.Event = field(default_factory=asyncio.Event)
    _reloading: asyncio.Event = field(default_factory=asyncio.Event)
    _working: set[asyncio.Task[None]] = field(default_factory=set)
    _done: dict[str, str] = field(default_factory=dict)
    _problems: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._queue = WorkQueue()
        self._ticker = Ticker(self._queue.put)
        self._upkeep = Upkeep(self.application)
        self._duties = Duties(self.application, self._upkeep)
        self._heartbeat = Heartbeat(self.notifier)
        self._scheduled: tuple[Fleet, frozenset[str]] = (self.application.fleet, frozenset())
        self._since = asyncio.get_running_loop().time()

    @property
    def problem(self) -> str | None:
        """What is wrong at the moment: a fleet file that was refused, ticks that failed the last time."""
        return "; ".join(self._problems.values()) or None

    async def run(self) -> None:
        """Serve until a signal ends it, then drain.

        Raises:
            OwnershipLostError: another process took over the store; what ran was cancelled.
        """
        with self._signals():
            async with asyncio.TaskGroup() as group:
                background = [
                    group.create_task(self._heartbeat.run(), name="heartbeat"),
                    group.create_task(self._take_work(group), name="work"),
                    group.create_task(self._follow_reloads(), name="reloads"),
                    group.create_task(self._watch_ownership(), name="ownership"),
                    group.create_task(self.application.connections.tend(), name="connections"),
                ]
                self._working.add(group.create_task(self.application.rollouts.serve(), name="rollouts"))
                await self._begin()
                await self._stopping.wait()
                await self._end()
                for task in background:
                    task.cancel()

    def vitals(self) -> Vitals:
        """Say how the daemon is at this moment."""
        return Vitals(
            fleet=self.application.fleet.name,
            ready=self.state in {"serving", "reloading"},
            state=self.state,
            targets=len(self.application.fleet.targets),
            uptime=round(asyncio.get_running_loop().time() - self._since, 1),
            loop_lag=round(self._heartbeat.take_lag(), 4),
            problem=self.problem,
            checked=dict(self._done),
        )

    def stop(self) -> None:
        """Drain; asked a second time, cancel."""
        if self._stopping.is_set():
            self._hurrying.set()
        self._stopping.set()

    async def _begin(self) -> None:
        async with self.application.store.write() as session:
            await session.record(
                Event(EventName.DAEMON_STARTED, now()), Event(EventName.FLEET_LOADED, now(), facts=self._facts())
            )
        self._ticker.start()
        await self._schedule()
        self.state = "serving"
        await self._record(EventName.DAEMON_READIED)
        self.notifier.ready(await self._duties.summary())

    async def _end(self) -> None:
        self.state = "draining"
        self.notifier.stopping("finishing what runs")
        self._ticker.stop()
        await self.application.rollouts.drain()
        hurry = asyncio.create_task(self._hurrying.wait())
        ending = asyncio.create_task(self._drained())
        try:
            async with asyncio.timeout(self.drain):
                await asyncio.wait([hurry, ending], return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            self.notifier.status("cancelling what still runs")
        finally:
            hurry.cancel()
            ending.cancel()
        for task in list(self._working):
            task.cancel()
        await asyncio.wait([hurry, ending, *self._working])
        await asyncio.shield(self._record(EventName.DAEMON_STOPPED))

    async def _drained(self) -> None:
        await asyncio.wait(self._working)

    async def _take_work(self, group: asyncio.TaskGroup) -> None:
        while True:
            tick = await self._queue.get()
            if self._stopping.is_set():
                self._queue.done(tick)
                continue
            task = group.create_task(self._perform(tick), name=tick.key)
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def _perform(self, tick: Tick) -> None:
        try:
            if tick.remembered:
                async with self.application.store.write() as session:
                    await session.schedule.fired(tick.key, now())
            await self._duties.perform(tick)
            await self._performed(tick)
        except OwnershipLostError:
            raise
        except FleetFileError as error:
            await self._refuse(error)
        except StillhouseError as error:
            await self._failed(tick, str(error))
        except Exception as error:  # noqa: BLE001 - one failing tick must not end the service: it is logged with its traceback
            await self._failed(tick, f"{type(error).__name__}: {error}", traceback.format_exc())
        finally:
            self._queue.done(tick)

    async def _performed(self, tick: Tick) -> None:
        self._done[tick.work.value] = now().isoformat(timespec="seconds")
        self._problems.pop(tick.key, None)
        if tick.work is Work.DISCOVERY:
            await self._tell_unasked(tick)
        if self._scheduled != (self.application.fleet, frozenset(self.application.connections.silent)):
            await self._schedule()
        if tick.work in {Work.CENSUS, Work.DRIFT, Work.DISCOVERY}:
            self.notifier.status(await self._duties.summary())

    async def _failed(self, tick: Tick, error: str, trace: str | None = None) -> None:
        self._problems[tick.key] = f"{tick.work.value}: {error}"
        facts = {"tick": tick.key, "error": error, **({"traceback": trace} if trace else {})}
        await self._record(EventName.TICK_FAILED, **facts)

    async def _tell_unasked(self, tick: Tick) -> None:
        if reason := self.application.unasked.get(tick.only or ""):
            await self._failed(tick, f"databases.{tick.only}: its targets are unknown: {reason}")

    async def _schedule(self) -> None:
        async with self.application.store.read() as session:
            last_fired = await session.schedule.last_fired()
        fleet, silent = self._scheduled = self.application.fleet, frozenset(self.application.connections.silent)
        ticks = ticks_of(self.application.file, fleet, silent)
        self._ticker.replace(ticks, last_fired)
        current = {FLEET_FILE, *(tick.key for tick in ticks)}
        self._problems = {key: problem for key, problem in self._problems.items() if key in current}
        gc.freeze()  # a fleet stays as it is: the collector need not walk over it again and again

    async def _follow_reloads(self) -> None:
        while True:
            await self._reloading.wait()
            self._reloading.clear()
            self.state = "reloading"
            self.notifier.reloading()
            try:
                await self._reload()
            finally:
                self.state = "serving" if not self._stopping.is_set() else "draining"
            self.notifier.ready(await self._duties.summary())

    async def _reload(self) -> None:
        path = self.application.file.path
        try:
            file = await asyncio.to_thread(load_fleet, path)
            await self.application.adopt(file)
        except FleetFileError as error:
            await self._refuse(error)
            return
        except StoreUnavailableError as error:
            self._problems[FLEET_FILE] = f"the fleet file was not read again: {error}"
            return
        self._problems.clear()
        self._upkeep.forget()
        await self._schedule()
        await self._record(EventName.FLEET_RELOADED, **self._facts())

    async def _refuse(self, error: FleetFileError) -> None:
        self._problems[FLEET_FILE] = f"the fleet file was refused: {error.problems[0]}"
        problems = [str(problem) for problem in error.problems[:PROBLEMS_NAMED]]
        await self._record(EventName.FLEET_REFUSED, problems=problems, count=len(error.problems))

    async def _watch_ownership(self) -> None:
        ownership = self.application.store.ownership
        if ownership is not None:
            await ownership.lost.wait()
            raise ownership.error()

    async def _record(self, name: EventName, **facts: object) -> None:
        """Keep an event; where the store takes nothing at the moment, the log is all that there is."""
        event = Event(name, now(), facts=facts)
        try:
            async with self.application.store.write() as session:
                await session.record(event)
        except StoreUnavailableError:
            log_event(event)

    def _facts(self) -> dict[str, object]:
        return {"fleet": self.application.fleet.name, "targets": len(self.application.fleet.targets)}

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        handlers = {signal.SIGTERM: self.stop, signal.SIGINT: self.stop, signal.SIGHUP: self._reloading.set}
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)
