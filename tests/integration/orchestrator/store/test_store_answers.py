"""What every store promises about answers to requests with an idempotency key, and about pages of the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stillhouse_orchestrator.events import Event, EventName
from stillhouse_orchestrator.store import HistoryQuery, Retention
from stillhouse_orchestrator.store.answers import KeptAnswer

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_an_answer_is_kept_under_its_key_for_its_caller_only(store):
    async with store.write() as session:
        await session.answers.begin("ann", "k1", "h1", NOON)
    async with store.read() as session:
        assert await session.answers.get("ann", "k1") == KeptAnswer("h1")
        assert await session.answers.get("bob", "k1") is None
    async with store.write() as session:
        await session.answers.finish("ann", "k1", 201, '{"é": 1}')
        assert await session.answers.get("ann", "k1") == KeptAnswer("h1", 201, '{"é": 1}')
        await session.answers.begin("ann", "k1", "h1", NOON)
        assert await session.answers.get("ann", "k1") == KeptAnswer("h1")
        await session.answers.forget("ann", "k1")
        assert await session.answers.get("ann", "k1") is None


async def test_answers_are_pruned_after_two_days(store):
    async with store.write() as session:
        await session.answers.begin("ann", "old", "h", NOON)
        await session.answers.begin("ann", "new", "h", NOON + timedelta(days=2))
        assert await session.prune(Retention(), NOON + timedelta(days=2, seconds=1)) == {"answers": 1}
        assert await session.answers.get("ann", "old") is None
        assert await session.answers.get("ann", "new") is not None


async def test_the_history_is_paged_by_ids(store):
    async with store.write() as session:
        await session.record(*(Event(EventName.TARGET_CHECKED, NOON, target=f"t{n}") for n in range(5)))
    async with store.read() as session:
        checked = HistoryQuery(name="target.checked", limit=2)
        first = await session.history.newest(checked)
        assert [event.target for event in first] == ["t4", "t3"]
        rest = await session.history.newest(HistoryQuery(name="target.checked", before=first[-1].id))
        assert [event.target for event in rest] == ["t2", "t1", "t0"]
        following = await session.history.following(HistoryQuery(name="target.checked", after=rest[-1].id))
        assert [event.target for event in following] == ["t1", "t2", "t3", "t4"]
