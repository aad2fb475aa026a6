"""A fleet of imaginary databases, each a file that a line is added to per applied revision, and an executor that moves them.

The files survive a killed process, and show what was applied twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from stillhouse_config import parse_fleet
from stillhouse_engine.worker.messages import Problem
from stillhouse_orchestrator.connections import Connections
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.projects import Projects
from stillhouse_orchestrator.rollouts.freezing import Order
from stillhouse_orchestrator.rollouts.planning import Planner
from stillhouse_orchestrator.rollouts.service import Rollouts
from stillhouse_orchestrator.values import Health, Plan, PlanGroup, TargetState
from stillhouse_orchestrator.workers.executor import Outcome, RenderedRevision, RevisionSummary

if TYPE_CHECKING:
    from pathlib import Path

REVISIONS = ("r1", "r2", "r3")
REVERSIBLE = "def upgrade():\n    op.x()\n\n\ndef downgrade():\n    op.y()\n"


class BenchExecutor:
    """Moves the imaginary databases.

    Attributes:
        problems: the problem that a target's next runs meet, by target; ``state`` beside it in ``states``.
        gates: runs of these targets wait for their event.
        commit_problems: the problem that a target's next COMMIT meets.
        held: targets that held their transactions, with why they had to roll back.
        point: called at every moment at which a process may die.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: dict[str, Problem] = {}
        self.states: dict[str, str] = {}
        self.unreachable: set[str] = set()
        self.gates: dict[str, asyncio.Event] = {}
        self.started: list[str] = []
        self.running: Counter[str] = Counter()
        self.most: defaultdict[str, int] = defaultdict(int)
        self.commit_problems: dict[str, Problem] = {}
        self.held: list[tuple[str, str | None]] = []
        self.point = lambda _where: None
        self.paths: dict[str, str] = {}
        for revision in REVISIONS:
            path = folder / f"{revision}.py"
            if not path.exists():
                path.write_text(REVERSIBLE)
            self.paths[revision] = str(path)

    def applied(self, target: str) -> list[str]:
        path = self.folder / f"{target}.applied"
        return path.read_text().split() if path.exists() else []

    def set(self, target: str, *revisions: str) -> None:
        (self.folder / f"{target}.applied").write_text("".join(f"{revision}\n" for revision in revisions))

    def stands(self, target: str) -> tuple[str, ...]:
        return tuple(self.applied(target)[-1:])

    async def run(self, job, progress=None):
        del progress
        name = job.target
        if name in self.unreachable and job.verb != "describe":
            return Outcome(name, job.verb, "failed", problem=Problem("unreachable", "no route to host"))
        if job.verb == "current":
            await asyncio.sleep(0)
            return Outcome(name, "current", "done", after=self.stands(name))
        if job.verb == "describe":
            nodes = tuple(
                RevisionSummary(revision, REVISIONS[index - 1 : index] if index else (), "", path=self.paths[revision])
                for index, revision in reversed(list(enumerate(REVISIONS)))
            )
            return Outcome(name, "describe", "done", heads=REVISIONS[-1:], revisions=nodes)
        if job.verb == "plan":
            return self._plan(job)
        return await self._move(job)

    def _plan(self, job):
        have, goal = len(self.applied(job.target)), self._index(job.revision)
        if goal >= have:
            steps = [RenderedRevision(item, True, "", (f"-- up {item}",)) for item in REVISIONS[have:goal]]
        else:
            steps = [RenderedRevision(item, False, "", (f"-- down {item}",)) for item in REVISIONS[goal:have][::-1]]
        return Outcome(job.target, "plan", "done", before=self.stands(job.target), plan=tuple(steps))

    async def _move(self, job):
        name, server = job.target, job.database.url.partition("@")[2].partition("/")[0]
        before = self.stands(name)
        if set(before) != set(job.options.get("expected", before)):
            return Outcome(name, job.verb, "failed", before=before, problem=Problem("unexpected_revisions", "it moved"))
        self.started.append(name)
        self.running[server] += 1
        self.most[server] = max(self.most[server], self.running[server])
        try:
            await asyncio.sleep(0)
            if gate := self.gates.get(name):
                await gate.wait()
            if problem := self.problems.get(name):
                state = self.states.get(name, "failed")
                after = None if state == "lost" else self.stands(name)
                return Outcome(name, job.verb, state, before=before, after=after, problem=problem)
            if job.gate is not None and (problem := await self._wait_at(job.gate, name)):
                return Outcome(name, job.verb, "failed", before=before, after=before, problem=problem)
            await self._apply(job)
        finally:
            self.running[server] -= 1
        return Outcome(name, job.verb, "done", before=before, after=self.stands(name))

    async def _wait_at(self, gate, name):
        word = asyncio.get_running_loop().create_future()
        gate.arrive(word.set_result)
        self.point("a transaction is held")
        refusal = await word
        self.held.append((name, refusal))
        if refusal is not None:
            return Problem("rolled_back", refusal)
        return self.commit_problems.pop(name, None)

    async def _apply(self, job):
        goal = self._index(job.revision)
        while (have := len(self.applied(job.target))) != goal:
            self.point("before a revision")
            await asyncio.sleep(0)
            applied = self.applied(job.target)
            if goal > have:
                with (self.folder / f"{job.target}.applied").open("a") as file:
                    file.write(f"{REVISIONS[have]}\n")
            else:
                self.set(job.target, *applied[:-1])
            self.point("after a revision")

    @staticmethod
    def _index(revision):
        if revision == "base":
            return 0
        return len(REVISIONS) if revision in (None, "head", "heads") else REVISIONS.index(revision) + 1


class BenchCensus:
    """Reads the imaginary version tables."""

    def __init__(self, executor: BenchExecutor) -> None:
        self._executor = executor

    async def take(self, targets):
        return {
            target.name: TargetState(
                target.name,
                current=self._executor.stands(target.name),
                head=REVISIONS[-1:],
                health=Health.UNREACHABLE if target.name in self._executor.unreachable else Health.HEALTHY,
            )
            for target in targets
        }


def fleet_of(text: str, folder: Path):
    return parse_fleet(text, folder / "fleet.yaml", check_paths=False).expand()


def tenants(count: int, extra: str = "", server: str = "db1") -> str:
    """Return a fleet file with that many databases of one server, in rings 0, 1 and 2."""
    lines = [
        f"  t{n}: {{url: 'postgresql+asyncpg://u@{server}/t{n}', migrations: m, labels: {{ring: '{min(n // 2, 2)}'}}}}"
        for n in range(count)
    ]
    return "fleet: bench\ndatabases:\n" + "\n".join(lines) + "\n" + extra


class Bench:
    """Everything that a test of the service needs."""

    def __init__(self, store, folder: Path, text: str, limit: int = 4) -> None:
        self.folder, self.store = folder, store
        self.executor = BenchExecutor(folder)
        self.fleet = fleet_of(text, folder)
        self.connections = Connections({"db1:5432": limit, "db2:5432": limit})
        planner = Planner(store, self.executor, BenchCensus(self.executor), Projects(self.executor))
        self.planner = planner
        self.service = Rollouts(store, self.executor, self.connections, planner, lambda: self.fleet)

    def plan(self, *names: str, plan_id: str = "p-1", **facts) -> Plan:
        """Return the plan that brings targets from r1 to r3, without asking anybody."""
        chosen = names or tuple(self.fleet.targets)
        for name in chosen:
            if not self.executor.applied(name):
                self.executor.set(name, "r1")
        group = PlanGroup(chosen, ("r1",), ("r3",), ("r2", "r3"))
        return Plan(plan_id, "heads", now(), (group,), **facts)

    async def create(self, strategy=None, plan=None, rollout_id="r-1", **options):
        return await self.service.create(plan or self.plan(), Order(rollout_id, "ann", now(), strategy, **options))

    def states(self, rollout):
        return {name: member.state.value for name, member in rollout.targets.items()}
