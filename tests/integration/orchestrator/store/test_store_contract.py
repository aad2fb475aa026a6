"""What every store promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stillhouse_orchestrator.events import Event, EventName
from stillhouse_orchestrator.store import HistoryQuery, Retention, StaleWriteError, Store, StoreError
from stillhouse_orchestrator.values import (
    Alert,
    AlertState,
    Baseline,
    Delivery,
    DriftReport,
    DriftStatus,
    Health,
    IgnoreRule,
    MemberState,
    Plan,
    PlanGroup,
    Rollout,
    RolloutState,
    RolloutTarget,
    Severity,
    Silence,
    TargetState,
    Wave,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def rollout(**changes):
    members = {name: RolloutTarget(name, 1, ("r1",), ("r2",)) for name in ("a", "b", "c")}
    return replace(Rollout("r-1", "head", "p-1", (Wave(size=3),), members, NOON, "ann"), **changes)


async def test_target_states_are_replaced_by_name(store):
    async with store.write() as session:
        await session.targets.save([TargetState("b"), TargetState("a", {"env": "prod"})])
        await session.targets.save([TargetState("b", current=("r1",), health=Health.HEALTHY)])
    async with store.read() as session:
        assert [state.target for state in await session.targets.all()] == ["a", "b"]
        assert (await session.targets.get("b")).current == ("r1",)
        assert await session.targets.get("c") is None
    async with store.write() as session:
        await session.targets.forget("b")
        assert await session.targets.get("b") is None


async def test_a_look_that_finds_nothing_new_changes_its_time_only(store):
    at, later = NOON + HOUR, NOON + 2 * HOUR
    steady = TargetState("a'ä", {"env": "prod"}, ("r1",), health=Health.HEALTHY, checked_at=NOON, reached_at=NOON)
    gone = replace(steady, target="b", health=Health.UNREACHABLE, reached_at=NOON - HOUR, failures=1)
    report = DriftReport(
        "a'ä", DriftStatus.DRIFTED, ("r1",), first_seen=NOON, checked_at=NOON, drift_id="d", error=None
    )
    before = {state.target: state for state in (steady, gone)}
    async with store.write() as session:
        await session.looks.keep_states([steady, gone], {}, NOON)
        await session.looks.keep_reports([report], {}, NOON)
    states = [replace(steady, checked_at=at, reached_at=at), replace(gone, checked_at=at, failures=2)]
    async with store.write() as session:
        await session.looks.keep_states(states, before, at)
        await session.looks.keep_reports([replace(report, checked_at=at)], {"a'ä": report}, at)
        last = await session.looks.last(["a'ä", "b", "c"], at)
        assert (sorted(last.states, key=lambda state: state.target), last.reports) == (
            states,
            [replace(report, checked_at=at)],
        )
        changed = replace(report, status=DriftStatus.IN_SYNC, drift_id=None, first_seen=None, checked_at=later)
        await session.looks.keep_reports([changed], {"a'ä": last.reports[0]}, later)
        assert await session.drift_reports.all() == [changed]
        assert await session.drift_reports.drift_ids() == {}


async def test_equal_snapshots_are_kept_once_and_unused_ones_pruned(store):
    snapshot = '{"tables": "é"}' * 100
    wanted = [Baseline(name, ("r2", "r1"), "f1", "n1", "migration", NOON, snapshot) for name in ("a", "b")]
    async with store.write() as session:
        await session.baselines.save(wanted)
        await session.baselines.save(wanted)
        assert (await session.baselines.get("a", ("r1", "r2"))).snapshot == snapshot
        assert [item.snapshot for item in (await session.looks.last(["a", "b", "c"], NOON)).baselines] == ["", ""]
        await session.baselines.forget("a")
        assert await session.prune(Retention(), NOON) == {}
        await session.baselines.forget("b")
        assert await session.prune(Retention(), NOON) == {"snapshots": 1}


async def test_the_last_drift_report_of_each_target_is_kept(store):
    async with store.write() as session:
        await session.drift_reports.save([DriftReport("a", DriftStatus.DRIFTED, drift_id="d1", checked_at=NOON)])
        await session.drift_reports.save([DriftReport("b", DriftStatus.UNKNOWN, error="no route")])
        assert await session.drift_reports.drift_ids() == {"a": "d1"}
        assert await session.drift_reports.drift_ids(["b", "c"]) == {}
        await session.drift_reports.save([DriftReport("a", DriftStatus.IN_SYNC)])
        assert await session.drift_reports.drift_ids() == {}
        assert [report.status.value for report in await session.drift_reports.all()] == ["in_sync", "unknown"]


async def test_rules_and_silences_end_when_they_expire(store):
    async with store.write() as session:
        await session.ignore_rules.save(IgnoreRule("i1", "ann", "scratch", until=NOON + HOUR))
        await session.ignore_rules.save(IgnoreRule("i2", "ann", "for ever"))
        await session.silences.save(Silence("s1", "env=prod", "ann", "move", NOON, NOON + HOUR))
        assert [rule.id for rule in await session.ignore_rules.live(NOON)] == ["i1", "i2"]
        assert [rule.id for rule in await session.ignore_rules.live(NOON + HOUR)] == ["i2"]
        assert list((await session.looks.last(["a"], NOON + HOUR)).rules) == ["i2"]
        assert len(await session.silences.live(NOON)) == 1
        assert await session.silences.live(NOON + HOUR) == []


async def test_an_alert_is_one_row_from_opening_to_resolution(store):
    alert = Alert("drift:d1", "drift", Severity.WARNING, "2 targets drifted", ("a", "b"), NOON)
    async with store.write() as session:
        await session.alerts.save([alert])
        await session.alerts.save([replace(alert, occurrences=2)])
        assert [item.occurrences for item in await session.alerts.unresolved()] == [2]
        await session.alerts.save([replace(alert, state=AlertState.RESOLVED, resolved_at=NOON)])
        assert await session.alerts.unresolved() == []
        assert len(await session.alerts.all()) == 1


async def test_a_delivery_stays_due_until_it_arrived(store):
    delivery = Delivery("drift:d1:ops:1", "ops", {"title": "drift"}, NOON, NOON)
    async with store.write() as session:
        await session.outbox.add([delivery])
        await session.outbox.add([replace(delivery, payload={"title": "a second one with the same key"})])
        assert await session.outbox.due(NOON) == [delivery]
        await session.outbox.save(replace(delivery, attempts=1, next_attempt_at=NOON + HOUR, error="503"))
        assert await session.outbox.due(NOON) == []
        assert await session.outbox.next_at() == NOON + HOUR
        await session.outbox.save(replace(delivery, attempts=2, delivered_at=NOON + HOUR))
        assert await session.outbox.due(NOON + 2 * HOUR) == []
        assert await session.outbox.next_at() is None


async def test_the_schedule_remembers_when_jobs_fired(store):
    async with store.write() as session:
        await session.schedule.fired("census", NOON)
        await session.schedule.fired("census", NOON + HOUR)
        assert await session.schedule.last_fired() == {"census": NOON + HOUR}


async def test_history_is_searched_and_followed(store):
    names = [EventName.ROLLOUT_STARTED, EventName.MEMBER_STARTED, EventName.ROLLOUT_SUCCEEDED]
    async with store.write() as session:
        await session.record(
            *(Event(name, NOON, "ann", target="a", rollout_id="r-1", facts={"n": 1}) for name in names)
        )
        history = session.history
        assert [event.name for event in await history.newest(HistoryQuery(rollout_id="r-1", name="rollout."))] == [
            names[2],
            names[0],
        ]
        first = (await history.following(HistoryQuery(rollout_id="r-1")))[0]
        assert [event.name for event in await history.following(HistoryQuery(target="a", after=first.id))] == names[1:]
        assert await history.newest(HistoryQuery(since=NOON + HOUR, name="member.started")) == []
        assert first == Event(names[0], NOON, "ann", "a", "r-1", {"n": 1}, first.id)


async def test_a_rollout_comes_back_as_it_was_written(store):
    plan = Plan("p-1", "head", NOON, (PlanGroup(("a", "b", "c"), ("r1",), ("r2",), ("r2",)),))
    async with store.write() as session:
        await session.plans.add(plan)
        await session.rollouts.add(rollout())
    async with store.read() as session:
        assert await session.plans.get("p-1") == plan
        assert await session.rollouts.get("r-1") == rollout()
        assert await session.rollouts.unfinished() == ["r-1"]
        assert (await session.rollouts.lines())[0].counts == {"pending": 3}
        assert await session.rollouts.get("nobody") is None


async def test_a_transition_is_a_compare_and_set_over_rollout_and_members(store):
    before = rollout()
    moving = replace(before.targets["b"], state=MemberState.RUNNING)
    after = replace(before, state=RolloutState.RUNNING, targets={**before.targets, "b": moving})
    async with store.write() as session:
        await session.rollouts.add(before)
    async with store.write() as session:
        moved = await session.rollouts.transition(before, after)
    assert moved.version == 1
    async with store.read() as session:
        assert await session.rollouts.get("r-1") == moved

    async def write_a_stale_one():
        async with store.write() as session:
            await session.record(Event(EventName.ROLLOUT_ABORTED, NOON, rollout_id="r-1"))
            await session.rollouts.transition(before, replace(before, state=RolloutState.ABORTED))

    with pytest.raises(StaleWriteError) as caught:
        await write_a_stale_one()
    assert caught.value.version == 0
    async with store.read() as session:
        assert await session.rollouts.get("r-1") == moved
        assert await session.history.newest(HistoryQuery(rollout_id="r-1")) == []


async def test_the_newest_rollout_that_touched_a_target_says_what_it_left_undone(store):
    def ended(id_, hours, state, **states):
        members = {name: RolloutTarget(name, 1, (), ("r2",), found) for name, found in states.items()}
        return rollout(id=id_, state=state, targets=members, created_at=NOON + hours * HOUR, finished_at=NOON)

    bad, done, untouched = MemberState.FAILED, MemberState.DONE, MemberState.CANCELLED
    async with store.write() as session:
        await session.rollouts.add(ended("r-1", 1, RolloutState.FAILED, a=bad, b=bad, c=done))
        await session.rollouts.add(ended("r-2", 2, RolloutState.FAILED, a=untouched, b=done, d=done))
        await session.rollouts.add(ended("r-3", 3, RolloutState.RUNNING, e=MemberState.RUNNING, f=done))
        found = {(one.rollout, one.member.target): one for one in await session.rollouts.unsettled()}
        last = await session.rollouts.last_failure()

    assert found.keys() == {("r-1", "a"), ("r-2", "b"), ("r-2", "d"), ("r-3", "e")}
    assert found["r-2", "d"].state is RolloutState.FAILED
    assert last == NOON


async def test_news_of_an_alert_supersedes_what_still_waits_to_be_told(store):
    def told(key, channel, **changes):
        return Delivery(key, channel, {}, NOON, NOON, **changes)

    async with store.write() as session:
        await session.outbox.add([
            told("down:my_db@1/ops/1", "ops"), told("down:my_db@1/ops/2", "ops"), told("down:my_db@1/mail/1", "mail"),
            told("down:myxdb@1/ops/1", "ops"),
        ])  # fmt: skip
        await session.outbox.supersede("down:my_db", "ops")
        left = [delivery.key for delivery in await session.outbox.due(NOON)]

    assert left == ["down:my_db@1/mail/1", "down:myxdb@1/ops/1"]


async def test_of_many_writers_from_one_version_exactly_one_wins(store):
    before = rollout()
    async with store.write() as session:
        await session.rollouts.add(before)

    async def attempt(number):
        try:
            async with store.write() as session:
                await session.rollouts.transition(before, replace(before, reason=str(number)))
        except StaleWriteError:
            return None
        return number

    winners = [number for number in await asyncio.gather(*map(attempt, range(8))) if number is not None]
    assert len(winners) == 1


async def test_what_a_failed_transaction_recorded_is_neither_kept_nor_announced(store):
    heard = []
    store.listeners.append(heard.append)

    async def fail_while_writing():
        async with store.write() as session:
            await session.record(Event(EventName.ROLLOUT_STARTED, NOON))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_while_writing()
    async with store.write() as session:
        await session.record(Event(EventName.ROLLOUT_FAILED, NOON))
        assert heard == []
    assert [event.name for event in heard] == [EventName.ROLLOUT_FAILED]


async def test_retention_never_takes_what_is_open(store):
    old = NOON - timedelta(days=1000)
    alert = Alert("k", "drift", Severity.WARNING, "t", ("a",), old)
    async with store.write() as session:
        await session.rollouts.add(rollout(created_at=old))
        await session.rollouts.add(rollout(id="r-2", created_at=old, finished_at=old, state=RolloutState.FAILED))
        await session.alerts.save([alert, replace(alert, key="l", state=AlertState.RESOLVED, resolved_at=old)])
        await session.outbox.add(
            [Delivery("d", "ops", {}, old, old), Delivery("e", "ops", {}, old, old, delivered_at=old)]
        )
        await session.record(Event(EventName.ROLLOUT_STARTED, old))
        assert await session.prune(Retention(), NOON) == {"events": 1, "alerts": 1, "outbox": 1, "rollouts": 1}
    async with store.read() as session:
        assert await session.rollouts.get("r-1") is not None
        assert (await session.history.newest(HistoryQuery(name="history.pruned")))[0].facts["rows"]["alerts"] == 1


async def test_a_reader_sees_what_the_owner_wrote_and_writes_nothing(store, state_url):
    async with store.write() as session:
        await session.targets.save([TargetState("a")])
    async with Store.open_to_read(state_url) as reader:
        async with reader.read() as session:
            assert [state.target for state in await session.targets.all()] == ["a"]
        with pytest.raises(StoreError, match="read only"):
            async with reader.write():
                pass


async def test_a_store_is_found_again_after_it_was_closed(state_url):
    async with Store.open(state_url, holder="first") as store, store.write() as session:
        await session.targets.save([TargetState("a")])
    async with Store.open(state_url, holder="second") as store, store.read() as session:
        assert await session.targets.get("a") == TargetState("a")
        holders = [event.facts["holder"] for event in await session.history.newest(HistoryQuery(name="owner.acquired"))]
        assert holders == ["second", "first"]


async def test_two_thousand_members_are_written_in_one_transaction(store):
    members = {f"t{n}": RolloutTarget(f"t{n}", 1, ("r1",), ("r2",)) for n in range(2000)}
    async with store.write() as session:
        await session.rollouts.add(rollout(targets=members))
    async with store.read() as session:
        assert len((await session.rollouts.get("r-1")).targets) == 2000


async def test_whoever_is_cancelled_leaves_nothing_open(store):
    async def write() -> None:
        async with store.write() as session:
            await session.drift_reports.save([DriftReport("a", DriftStatus.IN_SYNC)])

    for moments in range(60):
        task = asyncio.create_task(write())
        for _ in range(moments):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    async with asyncio.timeout(60):
        await write()
