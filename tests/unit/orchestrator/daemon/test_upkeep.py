"""What the daemon migrates by itself, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from stillhouse_config import parse_fleet
from stillhouse_orchestrator.daemon.plan import due_targets, ticks_of
from stillhouse_orchestrator.daemon.upkeep import PlanFailedError, Upkeep
from stillhouse_orchestrator.scheduling import Tick, Work
from stillhouse_orchestrator.values import Health, MemberState, Plan, PlanGroup, RolloutState, TargetState

FILE = """
fleet: shop
defaults: {migrate: auto, census: {every: 30s}, drift: {every: 5m}}
databases:
  a_db: {url: "sqlite:///a.db", migrations: m}
  b_db: {url: "sqlite:///b.db", migrations: m, drift: {every: never}}
  c_db: {url: "sqlite:///c.db", migrations: m, migrate: manual, census: {every: 1m}}
  tenants: {for_each: {glob: "*.tenant", every: 2m}, name: "t-{stem}", url: "sqlite:///{path}", migrations: m}
"""


@pytest.fixture
def file():
    return parse_fleet(FILE, Path("/nowhere/fleet.yaml"), {}, check_paths=False)


def test_targets_that_share_an_interval_share_a_tick(file):
    fleet = file.expand()
    works = {(tick.work, tick.every) for tick in ticks_of(file, fleet)}
    assert {(Work.CENSUS, 30.0), (Work.CENSUS, 60.0), (Work.DRIFT, 300.0), (Work.DISCOVERY, 120.0)} <= works
    assert [target.name for target in due_targets(fleet, Tick(Work.CENSUS, 30))] == ["a_db", "b_db"]
    assert [target.name for target in due_targets(fleet, Tick(Work.DRIFT, 300))] == ["a_db", "c_db"]


def test_targets_of_a_silent_server_have_ticks_of_their_own():
    text = """
fleet: f
databases:
  a_db: {url: "postgresql://db1/a", migrations: m}
  b_db: {url: "postgresql://db2/b", migrations: m}
"""
    file = parse_fleet(text, Path("/nowhere/fleet.yaml"), {}, check_paths=False)
    fleet = file.expand()
    for silent in ({"db2:5432/b"}, {"db2:5432", "db2:5432/b"}):
        own = {tick.key for tick in ticks_of(file, fleet, silent) - ticks_of(file, fleet)}
        assert own == {f"census/60/{min(silent, key=len)}", f"drift/900/{min(silent, key=len)}"}
    assert [target.name for target in due_targets(fleet, Tick(Work.CENSUS, 60), silent)] == ["a_db"]
    assert [target.name for target in due_targets(fleet, Tick(Work.CENSUS, 60, "db2:5432"), silent)] == ["b_db"]


class Rollouts:
    """Remembers what was started; `end` tells the listeners how it went."""

    def __init__(self) -> None:
        self.listeners, self.created = [], []

    def steps(self, strategy=None):
        return "all-at-once", ()

    async def create(self, plan, order):
        self.created.append([name for group in plan.groups for name in group.targets])
        return SimpleNamespace(id=order.id)

    async def say(self, rollout_id, verb):
        return SimpleNamespace(id=rollout_id, said=type(verb).__name__)

    def end(self, *bad):
        members = [SimpleNamespace(target=name, state=MemberState.FAILED, applied=("r1",), to=("r2",)) for name in bad]
        over = SimpleNamespace(state=RolloutState.FAILED, created_by="scheduler", members=lambda: members)
        for listener in self.listeners:
            listener(over)


class Planner:
    """Plans everything in one group, except what is said to be unplannable."""

    unknown: dict[str, str] = {}  # noqa: RUF012 - tests replace it

    async def plan(self, targets, wish):
        names = tuple(target.name for target in targets if target.name not in self.unknown)
        groups = (PlanGroup(names, ("r1",), ("r2",), ("r2",)),) if names else ()
        return Plan("p", wish.to, None, groups, unknown=self.unknown)


class Store:
    """Holds no rollout."""

    def read(self):
        return self

    async def __aenter__(self):
        async def unfinished():
            return []

        return SimpleNamespace(rollouts=SimpleNamespace(unfinished=unfinished))

    async def __aexit__(self, *_):
        return None


@pytest.fixture
def application(file):
    return SimpleNamespace(fleet=file.expand(), rollouts=Rollouts(), planner=Planner(), store=Store())


def pending(*names, health=Health.HEALTHY):
    return {name: TargetState(name, current=("r1",), head=("r2",), pending=1, health=health) for name in names}


async def test_only_what_the_file_leaves_to_it_and_what_is_pending_and_well(application):
    states = {**pending("a_db", "c_db"), **pending("b_db", health=Health.UNREACHABLE)}
    await Upkeep(application).run(states)
    assert application.rollouts.created == [["a_db"]]


async def test_a_failed_migration_is_not_tried_every_minute(application):
    upkeep = Upkeep(application)
    await upkeep.run(pending("a_db", "b_db"))
    application.rollouts.end("a_db")
    await upkeep.run(pending("a_db", "b_db"))
    assert application.rollouts.created == [["a_db", "b_db"], ["b_db"]]
    moved = {"a_db": TargetState("a_db", current=("r1",), head=("r3",), pending=2, health=Health.HEALTHY)}
    await upkeep.run(moved)
    assert application.rollouts.created[-1] == ["a_db"]
    application.rollouts.end("a_db")
    upkeep.forget()
    await upkeep.run(pending("a_db"))
    assert application.rollouts.created[-1] == ["a_db"]


async def test_what_cannot_be_planned_is_said_once_and_holds_up_nobody(application):
    application.planner.unknown = {"a_db": "it has two heads"}
    upkeep = Upkeep(application)
    with pytest.raises(PlanFailedError, match="two heads"):
        await upkeep.run(pending("a_db", "b_db"))
    assert application.rollouts.created == [["b_db"]]
    application.planner.unknown = {}
    await upkeep.run(pending("a_db"))
    assert application.rollouts.created == [["b_db"]]
