"""Wires fleet, store, executor, connections and services together: the same for the daemon and for embedded commands."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import socket
from typing import TYPE_CHECKING, Any

from stillhouse_config import Selector, SelectorError
from stillhouse_orchestrator import secrets
from stillhouse_orchestrator.alerts.findings import look_at_source
from stillhouse_orchestrator.alerts.service import AlertService, Policy
from stillhouse_orchestrator.census import Census
from stillhouse_orchestrator.connections import Connections
from stillhouse_orchestrator.discovery import Discovered, discover
from stillhouse_orchestrator.drift.answers import Answers
from stillhouse_orchestrator.drift.baselines import RecordingExecutor
from stillhouse_orchestrator.drift.checking import DriftCheck
from stillhouse_orchestrator.drift.expecting import Expectations
from stillhouse_orchestrator.errors import StillhouseError
from stillhouse_orchestrator.eventlog import log_event
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.logs import scrubber
from stillhouse_orchestrator.membership import Membership
from stillhouse_orchestrator.projects import Projects
from stillhouse_orchestrator.rollouts.planning import Planner, Wish
from stillhouse_orchestrator.rollouts.service import Rollouts
from stillhouse_orchestrator.store import OwnerBusyError, Store
from stillhouse_orchestrator.workers.pool import PoolExecutor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

    from stillhouse_config import Fleet, FleetFile, TargetDeclaration
    from stillhouse_config.quantities import CountOrPercent
    from stillhouse_orchestrator.values import Plan


class SelectorMismatchError(StillhouseError):
    """A selector that makes no sense, or that picks no target.

    Attributes:
        selector: as it was written.
    """

    usage = True

    def __init__(self, selector: str, reason: str, hint: str) -> None:
        self.selector = selector
        self.hint = hint
        super().__init__(reason)


class Application:
    """A fleet and everything that acts on it.

    Attributes:
        fleet: the targets as they are known now; replaced when the fleet file or a discovery changes them.
        file: the fleet file that it came from.
        unasked: ``for_each`` declarations whose databases could not be asked, with the reason: their targets are unknown.
    """

    def __init__(self, file: FleetFile, store: Store, executor: PoolExecutor, connections: Connections) -> None:
        self.file = file
        self.fleet: Fleet = file.fleet
        scrubber.learn(secrets.of_file(file))
        self.store = store
        self.connections = connections
        self.workers = executor
        self.executor = RecordingExecutor(executor, store)
        self.projects = Projects(self.executor)
        self.alerts = AlertService(store, self._policy())
        self.census = Census(store, connections, self.projects)
        self.planner = Planner(store, self.executor, self.census, self.projects)
        self.expectations = Expectations(executor, connections)
        self.drift = DriftCheck(store, connections, self.projects, self.alerts, self.expectations)
        self.rollouts = Rollouts(store, self.executor, connections, self.planner, lambda: self.fleet)
        self.rollouts.listeners.append(self.alerts.hear)
        self.answers = Answers(store, connections, executor)
        self.membership = Membership(store, self.alerts)
        self.unasked: dict[str, str] = {}
        self._following = asyncio.Lock()
        self._rows: dict[str, list[Mapping[str, Any]]] = {}

    async def discover(self, only: str | None = None) -> None:
        """Ask the databases behind ``for_each`` for their targets; a database that cannot be asked keeps those it had.

        Args:
            only: the declaration whose database is asked.

        Raises:
            FleetFileError: a row makes no target; the fleet stays as it was.
        """
        questions = [question for question in self.file.discoveries if only in (None, question.declaration)]
        found = await discover(self.connections, questions)
        async with self._following:
            current = [question for question in questions if question in self.file.discoveries]  # it was not read again
            await self._follow(self.file, found.to(question.declaration for question in current))

    async def adopt(self, file: FleetFile) -> None:
        """Follow a fleet file that was read again; targets, budgets and alert routes change with it.

        Raises:
            FleetFileError: a discovered row makes no target; nothing has changed then.
        """
        found = await discover(self.connections, file.discoveries)
        async with self._following:
            await self._follow(file, found)
        self.connections.configure(limits_of(file))
        self.expectations.forget()
        self.workers.retire()  # the next jobs see the projects' files as they are now

    async def _follow(self, file: FleetFile, found: Discovered) -> None:
        declared = {question.declaration for question in file.discoveries}
        rows = {name: rows for name, rows in (self._rows | found.rows).items() if name in declared}
        unasked = {name: why for name, why in self.unasked.items() if name in declared - found.rows.keys()}
        unasked |= found.failed
        same = file is self.file and bool(found.rows) and rows == self._rows and unasked == self.unasked
        withdrawn = {question.declaration for question in self.file.discoveries} - declared
        if not same:
            self.fleet = file.expand(rows)
            self.file, self._rows, self.unasked = file, rows, unasked
            scrubber.learn([*secrets.of_file(file), *secrets.of_targets(self.fleet.targets.values())])
            self.alerts.policy = self._policy()
            await self.membership.follow(self.fleet, unasked)
            self.rollouts.follow_fleet()
        await self._tell_sources({*found.rows, *found.failed}, withdrawn)

    async def _tell_sources(self, asked: Collection[str], withdrawn: Collection[str]) -> None:
        if self.store.ownership is None:
            return
        moment = now()
        await self.alerts.observe([look_at_source(name, self.unasked.get(name), moment) for name in asked])
        for name in withdrawn:
            await self.alerts.withdraw(name)

    async def plan(self, selector: str | None, to: str, strategy: str | None = None) -> Plan:
        """Return what bringing some targets to a destination would do; nothing is changed.

        Raises:
            SelectorMismatchError: the selector cannot be read, or picks nothing.
            StrategyError: there is no such strategy.
        """
        name, steps = self.rollouts.steps(strategy)
        return await self.planner.plan(self.select(selector), Wish(to, name, steps, selector))

    @property
    def undiscovered(self) -> list[str]:
        """The declarations whose source could not be asked for their targets."""
        return [question.declaration for question in self.fleet.pending]

    def select(self, selector: str | None) -> tuple[TargetDeclaration, ...]:
        """Return the targets that a selector picks, all of them without one.

        Raises:
            SelectorMismatchError: it cannot be read, or picks nothing.
        """
        try:
            targets = self.fleet.select(Selector.parse(selector) if selector else None)
        except SelectorError as error:
            raise SelectorMismatchError(selector or "", str(error), error.hint) from error
        if not targets and selector:
            raise SelectorMismatchError(selector, f"selector {selector!r} picks no target", self._names())
        return targets

    def target(self, name: str) -> TargetDeclaration:
        """Return a target by its name.

        Raises:
            SelectorMismatchError: there is none.
        """
        try:
            return self.fleet.targets[name]
        except KeyError:
            raise SelectorMismatchError(name, f"the fleet has no target {name!r}", self._names()) from None

    def _names(self) -> str:
        names = list(self.fleet.targets)
        shown = ", ".join(names[:10])
        return f"targets: {shown}{' …' if len(names) > 10 else ''}" if names else "the fleet has no target"  # noqa: PLR2004

    def _policy(self) -> Policy:
        labels = {target.name: target.labels for target in self.fleet.targets.values()}
        return Policy.of(self.fleet.name, self.fleet.settings.alerts, labels)


def limits_of(file: FleetFile) -> dict[str, CountOrPercent]:
    """Return the connection budgets that a fleet file sets, as counts or as shares of what the server says."""
    return {server: budget.max_connections for server, budget in file.model.servers.items()}


def holder() -> str:
    """Name this process for others to read: who, host, process id, since when."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()} (process {os.getpid()}, since {now().isoformat(timespec='seconds')})"


@contextlib.asynccontextmanager
async def opened(
    file: FleetFile, *, beside: bool = False, executor: PoolExecutor | None = None
) -> AsyncIterator[Application]:
    """Open the store, the workers and the connections of a fleet.

    Args:
        file: the fleet file.
        beside: when another process owns the store, open it to read only instead of failing.
        executor: owns the workers, and is the caller's to leave; else one is made.

    Raises:
        OwnerBusyError: another process owns the store.
    """
    async with contextlib.AsyncExitStack() as stack:
        url = file.state_url.reveal()
        try:
            store = await stack.enter_async_context(Store.open(url, holder()))
        except OwnerBusyError:
            if not beside:
                raise
            store = await stack.enter_async_context(Store.open_to_read(url))
        store.listeners.append(log_event)
        connections = Connections(limits_of(file))
        stack.push_async_callback(connections.aclose)
        if executor is None:
            executor = await stack.enter_async_context(PoolExecutor())
        application = Application(file, store, executor, connections)
        await application.discover()
        yield application
