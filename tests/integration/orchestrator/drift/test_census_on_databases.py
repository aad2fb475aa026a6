"""The version census against real databases."""

from __future__ import annotations

from stillhouse_orchestrator.values import Health


async def test_applied_revisions_are_read_and_judged(migrated):
    state = await migrated.look()
    assert (state.current, state.head, state.pending, state.health) == (("r2",), ("r2",), 0, Health.HEALTHY)
    migrated.execute("UPDATE shop_version SET version_num = 'r1'")
    state = await migrated.look()
    assert (state.current, state.pending) == (("r1",), 1)


async def test_a_database_without_a_version_table_has_everything_pending_and_stays_as_it_is(house, database):
    state = await house.look()
    assert (state.current, state.pending, state.health) == ((), 2, Health.HEALTHY)
    if database.path is not None:
        assert not database.path.exists(), "a census never writes, not even an empty file"


async def test_a_revision_that_the_scripts_do_not_have_is_said_so(migrated):
    migrated.execute("UPDATE shop_version SET version_num = 'r9'")
    state = await migrated.look()
    assert (state.health, state.pending) == (Health.BROKEN, None)
    assert "r9" in state.error


async def test_what_goes_out_of_reach_keeps_its_last_known_revision_and_is_an_event(migrated):
    await migrated.look()
    migrated.url = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    migrated.load("{}")
    state = await migrated.look()
    assert (state.health, state.current, state.pending, state.failures) == (Health.UNREACHABLE, ("r2",), None, 1)
    assert (await migrated.look()).failures == 2
    assert (await migrated.events()).count("target.unreached") == 1


async def test_it_is_known_since_when_a_target_is_behind(migrated):
    assert (await migrated.look()).pending_since is None
    migrated.execute("UPDATE shop_version SET version_num = 'r1'")
    first = await migrated.look()
    assert first.pending_since == first.checked_at
    second = await migrated.look()
    assert second.pending_since == first.pending_since
    assert second.checked_at > first.checked_at
    migrated.execute("UPDATE shop_version SET version_num = 'r2'")
    assert (await migrated.look()).pending_since is None
