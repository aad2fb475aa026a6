"""Single moves of the rollout machine, and what is frozen at its start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from stillhouse_config import strategies as declared
from stillhouse_config.fleet import Dependency
from stillhouse_orchestrator.events import EventName
from stillhouse_orchestrator.revisions import Graph
from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.audit import changes
from stillhouse_orchestrator.rollouts.errors import DependencyError, StrategyError, TransitionError
from stillhouse_orchestrator.rollouts.freezing import Order, freeze, unmet
from stillhouse_orchestrator.rollouts.hazards import hazards_of
from stillhouse_orchestrator.rollouts.machine import Facts, advance, apply, next_moment, startable
from stillhouse_orchestrator.rollouts.planning import in_order, plan_id, tips
from stillhouse_orchestrator.rollouts.strategies import steps_of
from stillhouse_orchestrator.values import (
    Approve,
    Budget,
    MemberState,
    Pause,
    Plan,
    PlanGroup,
    Rollout,
    RolloutState,
    RolloutTarget,
    Verify,
    Wave,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE_WAVE = (Wave(),)
GRAPH = Graph(("r3", "x1"), {"r1": (), "r2": ("r1",), "r3": ("r2",), "x1": ()})


def member(name, wave=1, **facts):
    return RolloutTarget(name, wave, ("r1",), ("r3",), revisions=("r2", "r3"), **facts)


def started(*steps, members=("a", "b", "c")):
    targets = {item.target: item for item in (member(each) if isinstance(each, str) else each for each in members)}
    rollout = Rollout("r-1", "head", "p-1", steps, targets, NOON, "ann")
    return apply(rollout, s.Start("ann", NOON))


def go(rollout, moment=NOON, **facts):
    return advance(rollout, Facts(moment, **facts))


def ran(name, result=MemberState.DONE, reached=("r3",), error=None):
    return s.Ran(name, NOON, result, reached, error)


def test_startable_names_what_may_start_and_nothing_else():
    rollout = started(Wave(size=2), Wave(size=1), members=(member("a"), member("b"), member("c", 2)))
    assert startable(rollout, Facts(NOON)) == ["a", "b"]
    assert startable(rollout, Facts(NOON, {"a": "shut"}, {"": 0})) == []


def test_a_ramp_doubles_with_each_round():
    wave = Wave(ramp_start=1, max_parallel=6)
    assert [wave.parallel(done) for done in range(12)] == [1, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6, 6]
    assert Wave(ramp_start=2, ramp_factor=3).parallel(2) == 6
    assert Wave().parallel(5) is None


def test_a_timed_pause_ends_by_itself_and_says_when():
    rollout, _ = go(started(Pause(60), Wave(size=3)))
    assert (rollout.state, rollout.reason) == (RolloutState.PAUSED, "waits until 2026-11-23T12:01:00+00:00")
    assert next_moment(rollout, Facts(NOON)) == timedelta(seconds=60)
    rollout, actions = go(rollout, NOON + timedelta(seconds=60))
    assert (rollout.state, len(actions)) == (RolloutState.RUNNING, 3)


def test_an_approval_needs_different_people():
    rollout, _ = go(started(Approve(count=2), Wave(size=3)))
    assert rollout.state is RolloutState.PENDING_APPROVAL
    rollout, _ = go(apply(rollout, s.Approve("ann", NOON)))
    with pytest.raises(TransitionError, match="ann has approved already"):
        apply(rollout, s.Approve("ann", NOON))
    rollout, actions = go(apply(rollout, s.Approve("bob", NOON)))
    assert (rollout.state, len(actions)) == (RolloutState.RUNNING, 3)


def test_failures_in_a_row_stop_a_wave_within_its_budget():
    rollout, _ = go(started(Wave(size=3, max_failures=Budget(count=3), max_consecutive_failures=2, max_parallel=1)))
    for name in ("a", "b"):
        rollout, actions = go(apply(rollout, ran(name, MemberState.FAILED, ("r1",), "no")))
    assert (rollout.state, rollout.reason, actions) == (RolloutState.FAILED, "wave 1: 2 failed in a row", ())


def test_a_verified_failure_counts_in_its_wave_and_other_waves_stay_shut():
    rollout, _ = go(started(Wave(size=1), Verify("q"), Wave(size=1), members=(member("a"), member("b", 2))))
    rollout, actions = go(apply(rollout, ran("a")))
    assert [action.target for action in actions] == ["a"]
    assert rollout.targets["a"].state is MemberState.VERIFYING
    rollout, actions = go(apply(rollout, s.Verified("a", NOON, "the query gave 0")))
    assert (rollout.state, actions) == (RolloutState.FAILED, ())
    assert rollout.targets["b"].state is MemberState.CANCELLED


def test_an_interrupted_target_is_judged_by_where_it_is():
    names = ("done", "untouched", "halfway", "elsewhere", "unread")
    rollout, _ = go(started(Wave(size=5, max_failures=Budget(count=5)), members=names))
    found = {"done": ("r3",), "untouched": ("r1",), "halfway": ("r2",), "elsewhere": ("q9",)}
    seen = {name: s.Found(found[name]) if name in found else s.Found(None, "no route") for name in names}
    rollout = apply(rollout, s.Recovered(NOON, seen))
    assert [rollout.targets[name].state.value for name in names] == [
        "done",
        "pending",
        "pending",
        "indeterminate",
        "indeterminate",
    ]
    assert rollout.targets["halfway"].reached == ("r2",)
    assert "it is at q9, which lies not between" in rollout.targets["elsewhere"].error
    assert "no route" in rollout.targets["unread"].error


def test_an_answer_that_comes_after_the_verdict_changes_nothing():
    rollout, _ = go(started(Wave(size=3)))
    rollout = apply(rollout, s.Recovered(NOON, dict.fromkeys("abc", s.Found(("r3",)))))
    assert apply(rollout, ran("a", MemberState.FAILED)) is rollout


def test_the_history_tells_a_transition_in_order():
    before = started(Wave(size=1), Pause(), members=("a",))
    middle, _ = go(before)
    after, _ = go(apply(middle, ran("a")))
    assert [event.name for event in changes(before, middle, NOON)] == [EventName.MEMBER_STARTED]
    assert [event.name for event in changes(middle, after, NOON)] == [
        EventName.ROLLOUT_STEPPED,
        EventName.ROLLOUT_PAUSED,
        EventName.MEMBER_FINISHED,
    ]


def declaration(name, *needs, labels=None):
    picks = labels or {}
    return SimpleNamespace(
        name=name, database=name, server=None, depends_on=needs, matches=lambda selector: selector.matches(name, picks)
    )


def frozen(*declarations, steps=ONE_WAVE):
    targets = {item.name: item for item in declarations}
    plan = Plan("p-1", "head", NOON, (PlanGroup(tuple(targets), ("r1",), ("r3",), ("r2", "r3")),))
    return freeze(plan, steps, targets, Order("r-1", "ann", NOON))


def test_a_target_belongs_to_the_first_wave_that_matches_it_and_sizes_are_frozen():
    steps = (Wave(match="ring=0"), Wave(match="ring in (0,1)"))
    rings = [declaration(name, labels={"ring": ring}) for name, ring in (("a", "0"), ("b", "1"), ("c", "2"))]
    rollout = frozen(*rings, steps=steps)
    assert {name: item.wave for name, item in rollout.targets.items()} == {"a": 1, "b": 2}
    assert [wave.size for wave in rollout.waves] == [1, 1]
    assert rollout.unmatched == ("c",)


def test_a_circle_of_dependencies_is_refused_with_its_members():
    with pytest.raises(DependencyError, match=r"a → b → c → a|b → c → a → b|c → a → b → c"):
        frozen(declaration("a", Dependency("b")), declaration("b", Dependency("c")), declaration("c", Dependency("a")))


def test_a_dependency_on_a_revision_counts_only_on_the_way_through_it():
    users = declaration("users")
    assert frozen(users, declaration("a", Dependency("users", needed_by="r2"))).targets["a"].depends_on == ("users",)
    assert frozen(users, declaration("a", Dependency("users", needed_by="r9"))).targets["a"].depends_on == ()
    needing = declaration("a", Dependency("users", revision="r12", needed_by="r2"))
    assert unmet(member("a"), needing, [users], {"users": {"r12"}}) is None
    missing = unmet(member("a"), needing, [users], {"users": {"r11"}})
    assert (missing.target, missing.revision) == ("users", "r12")


def test_a_thousand_dependencies_in_a_chain_are_no_trouble():
    chain = [declaration("t0"), *(declaration(f"t{n}", Dependency(f"t{n - 1}")) for n in range(1, 1000))]
    assert frozen(*chain).targets["t999"].depends_on == ("t998",)


def test_strategies_of_the_fleet_file_become_steps():
    named = {
        "s": [
            declared.Step.model_validate({"wave": {"match": "ring=0", "max_failures": "2%", "ramp_up": {"start": 2}}}),
            declared.Step.model_validate({"verify": {"sql": "select 1", "on": "users", "timeout": "5s"}}),
            declared.Step.model_validate({"pause": {"for": "10m"}}),
            declared.Step.model_validate({"approve": {"count": 2}}),
            declared.Step.model_validate({"wave": {"rest": True, "deadline": "1m", "unreachable": "ignored"}}),
        ]
    }
    first, verify, pause, approve, last = steps_of(named, "s")
    assert (first.match, first.max_failures, first.ramp_start) == ("ring=0", Budget(percent=2), 2)
    assert (verify, pause, approve) == (Verify("select 1", "users", 5), Pause(600), Approve("operator", 2))
    assert (last.match, last.deadline, last.unreachable_fails) == (None, 60, False)
    assert steps_of({}, "all-at-once") == (Wave(),)


@pytest.mark.parametrize("setting", [{"max_parallel": 3}, {"ramp_up": {"start": 1}}])
def test_what_contradicts_a_barrier_is_refused(setting):
    named = {"s": [declared.Step.model_validate({"wave": {"rest": True, "barrier": True, **setting}})]}
    with pytest.raises(StrategyError, match=f"barrier: true cannot have {next(iter(setting))}"):
        steps_of(named, "s")


def test_a_barrier_wave_is_kept():
    named = {"s": [declared.Step.model_validate({"wave": {"rest": True, "barrier": True}})]}
    assert [step.barrier for step in steps_of(named, "s")] == [True]


def test_destinations_and_orders_come_from_the_graph():
    assert tips(GRAPH, {"r1", "r2", "x1"}) == ("r2", "x1")
    assert in_order(GRAPH, {"r3", "r2", "x1"}) == ("r2", "x1", "r3")


def test_a_plans_id_changes_with_what_it_does_and_not_with_time():
    plan = Plan("", "head", NOON, (PlanGroup(("a",), ("r1",), ("r3",), ("r2", "r3"), ("select 1",)),))
    later = Plan("", "head", NOON + timedelta(days=1), plan.groups, unmatched=("z",))
    other = Plan("", "head", NOON, (PlanGroup(("a",), ("r1",), ("r3",), ("r2", "r3"), ("select 2",)),))
    drifted = Plan("", "head", NOON, plan.groups, drifted={"a": "d1"})
    assert plan_id(plan) == plan_id(later)
    assert len({plan_id(plan), plan_id(other), plan_id(drifted)}) == 3


@pytest.mark.parametrize(
    ("sql", "backend", "rules"),
    [
        ("CREATE INDEX ix ON users (name)", "postgresql", ["index-blocks-writes"]),
        ("CREATE INDEX CONCURRENTLY ix ON users (name)", "postgresql", []),
        ("CREATE INDEX ix ON users (name)", "sqlite", []),
        ("ALTER TABLE users ALTER COLUMN name TYPE text", "postgresql", ["type-change"]),
        ("ALTER TABLE users ALTER COLUMN name SET NOT NULL", "postgresql", ["not-null"]),
        ("ALTER TABLE users ADD COLUMN a int NOT NULL", "postgresql", ["not-null-without-default"]),
        ("ALTER TABLE users ADD COLUMN a int DEFAULT 0 NOT NULL", "postgresql", []),
        ("ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES c (d)", "postgresql", ["constraint-scans"]),
        ("ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES c (d) NOT VALID", "postgresql", []),
        ("ALTER TABLE a ADD CONSTRAINT u UNIQUE (b)", "postgresql", ["unique-blocks"]),
        ("ALTER TABLE users DROP COLUMN name", "sqlite", ["drop-column"]),
        ("-- DROP TABLE users\nSELECT 1", "postgresql", []),
        ("DROP TABLE users", "postgresql", ["drop-table"]),
        ("UPDATE users SET a = 1", "postgresql", ["rewrite"]),
        ("UPDATE users SET a = 1 WHERE b", "postgresql", []),
        ("ALTER TABLE users MODIFY name text", "mysql", ["modify-copies", "mysql-ddl-commits"]),
    ],
)
def test_hazards_name_what_a_statement_costs(sql, backend, rules):
    assert [hazard.rule for hazard in hazards_of([sql], backend)] == rules


def test_a_table_that_the_plan_has_just_made_is_no_hazard():
    statements = ["CREATE TABLE fresh (id int)", "CREATE INDEX ix ON fresh (id)", "CREATE INDEX iy ON old (id)"]
    (hazard,) = hazards_of(statements, "postgresql")
    assert hazard.statement == "CREATE INDEX iy ON old (id)"
