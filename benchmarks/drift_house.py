"""The services that watch a fleet, over places that a benchmark has filled; every target has its baseline."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from stillhouse_config import load_fleet
from stillhouse_orchestrator.alerts.service import AlertService, Policy
from stillhouse_orchestrator.census import Census
from stillhouse_orchestrator.connections import Connections
from stillhouse_orchestrator.drift.answers import Answers
from stillhouse_orchestrator.drift.checking import DriftCheck, Sweep
from stillhouse_orchestrator.projects import Projects
from stillhouse_orchestrator.store import Store
from stillhouse_orchestrator.values import DriftStatus
from stillhouse_orchestrator.workers.fake import FakeExecutor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from drift import Bench

    from stillhouse_config import Fleet, FleetFile, TargetDeclaration

FLEET = """\
fleet: bench
databases:
  all:
    for_each: {{items: [{items}]}}
    name: "{{name}}"
    url: "{{url}}"
    {schema}
    migrations: {migrations}
    drift: {{every: 15m, baseline: recorded}}
api: {{listen: "127.0.0.1:{port}"}}
"""
SETTLE_SECONDS = 0.005

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Place:
    """A target."""

    name: str
    url: str
    schema: str | None = None


class Probe:
    """Measures how long the event loop is blocked, from inside.

    Attributes:
        worst: the longest block, in seconds.
    """

    def __init__(self) -> None:
        self.worst = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(SETTLE_SECONDS)
            self.worst = max(self.worst, time.perf_counter() - began - SETTLE_SECONDS)


@dataclass
class House:
    """A fleet and what watches it."""

    store: Store
    connections: Connections
    census: Census
    drift: DriftCheck
    fleet: Fleet
    targets: Sequence[TargetDeclaration]

    async def check(self) -> None:
        """Check all targets.

        Raises:
            SystemExit: one is not in sync; the figures would be worthless.
        """
        async for reports in self.drift.sweep(self.fleet, self.targets):
            if wrong := next((report for report in reports if report.status is not DriftStatus.IN_SYNC), None):
                raise SystemExit(f"{wrong.target}: {wrong.status.value}: {wrong.error or wrong.changes}")

    async def look(self) -> None:
        """Look at all targets as a check does, without keeping anything."""
        known = await self.drift.known(self.targets)
        async with contextlib.aclosing(
            Sweep(self.store, self.connections, self.fleet).look(self.targets, known)
        ) as looks:
            async for _ in looks:
                pass


def write_fleet(bench: Bench, places: Sequence[Place], port: int = 1) -> FleetFile:
    """Write a fleet file for some places, in a folder of its own."""
    folder: Path = bench.folder / f"fleet_{next(_numbers)}"
    folder.mkdir()
    rows = [f'{{name: {place.name}, url: "{place.url}", schema: "{place.schema or ""}"}}' for place in places]
    schema = 'schema: "{schema}"' if places[0].schema else ""
    text = FLEET.format(items=",\n".join(rows), schema=schema, migrations=bench.project.migrations, port=port)
    (folder / "fleet.yaml").write_text(text, encoding="utf-8")
    return load_fleet(folder / "fleet.yaml")


@contextlib.asynccontextmanager
async def house(bench: Bench, places: Sequence[Place], budget: int | None = None) -> AsyncIterator[House]:
    """Open the services over some places, whose schemas all become their baselines."""
    file = write_fleet(bench, places)
    async with settled(file, {} if budget is None else {f"127.0.0.1:{bench.server.port}": budget}) as found:
        yield found


@contextlib.asynccontextmanager
async def settled(file: FleetFile, limits: dict[str, int]) -> AsyncIterator[House]:
    """Open the services of a fleet file, whose first target tells what all should be."""
    fleet = file.expand()
    targets = list(fleet.targets.values())
    async with Store.open(file.state_url.reveal(), "bench") as store:
        connections = Connections(limits)
        projects = Projects(FakeExecutor())
        alerts = AlertService(store, Policy.of("bench", fleet.settings.alerts, {}))
        drift = DriftCheck(store, connections, projects, alerts)
        accepted = await Answers(store, connections).accept(targets[0], "bench")
        async with store.write() as session:
            await session.baselines.save(replace(accepted, target=target.name) for target in targets)
        gc.collect()
        gc.freeze()  # as the daemon does with its fleet
        yield House(store, connections, Census(store, connections, projects), drift, fleet, targets)
        await connections.aclose()
