"""A drift that is adopted becomes a revision, which brings the siblings to the same schema."""

from __future__ import annotations

import pytest

from stillhouse_orchestrator.errors import AnswerError
from stillhouse_orchestrator.jobs import job_for
from stillhouse_orchestrator.values import DriftStatus, IgnoreRule

BY_HAND = {
    "sqlite": (
        "ALTER TABLE users ADD COLUMN nickname VARCHAR(20) DEFAULT ':none'",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT CHECK (body <> 'a:b'))",
        "CREATE TRIGGER keep AFTER INSERT ON notes BEGIN\n    UPDATE notes SET body = ':x' WHERE id = new.id;\nEND",
        "DROP INDEX ix_users_email",
    ),
    "postgresql": (
        "ALTER TABLE users ADD COLUMN nickname varchar(20) DEFAULT ':none'::text, ALTER COLUMN age SET DEFAULT 7",
        "CREATE TABLE notes (id serial PRIMARY KEY, body text CHECK (body <> 'a:b'), made timestamptz DEFAULT '2020-01-01 12:30:00+00')",
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n    new.body := ':x %';\n    RETURN new;\nEND $$",
        "CREATE TRIGGER keep BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION keep()",
        "CREATE VIEW adults AS SELECT id, email FROM users WHERE age >= 18",
        "DROP INDEX ix_users_email",
    ),
    "mariadb": (
        "ALTER TABLE users ADD COLUMN nickname varchar(20) DEFAULT ':none', ALTER COLUMN age SET DEFAULT 7",
        "CREATE TABLE notes (id int PRIMARY KEY AUTO_INCREMENT, body varchar(80) CHECK (body <> 'a:b'))",
        "CREATE TRIGGER keep BEFORE INSERT ON notes FOR EACH ROW BEGIN\n    SET new.body = ':x %';\nEND",
        "CREATE VIEW adults AS SELECT id, email FROM users WHERE age >= 18",
        "DROP INDEX ix_users_email ON users",
    ),
}


async def drifted(three, app, *names):
    for name in ("one", "two", "three"):
        outcome = await app.executor.run(job_for(app.target(name), "upgrade", "r2"))
        assert outcome.ok, outcome.problem
    for name in names:
        three.execute(name, *BY_HAND[three.kind])
    return await three.check(app)


async def test_the_revision_brings_a_sibling_to_the_same_fingerprint(three):
    async with three.opened() as app:
        reports = await drifted(three, app, "one", "two")
        assert reports["one"].status is reports["two"].status is DriftStatus.DRIFTED
        planned = await app.answers.plan_adoption(app.fleet, app.target("one"), reports["one"])
        assert planned.also == ("two",)
        path = await app.answers.adopt(app.fleet, planned, "what was done by hand", "tester")
        assert "what_was_done_by_hand" in path
        after = await three.check(app)
        assert {name: report.status for name, report in after.items()} == {
            "one": DriftStatus.IN_SYNC,
            "two": DriftStatus.IN_SYNC,
            "three": DriftStatus.PENDING_ONLY,
        }
        assert after["one"].applied == (planned.revision,)
        assert "adopted by tester" in after["one"].evidence

        moved = await app.executor.run(job_for(app.target("three"), "upgrade", "heads"))
        assert moved.ok, moved.problem
        last = await three.check(app)
        assert {report.status for report in last.values()} == {DriftStatus.IN_SYNC}
        assert len({report.actual_fingerprint for report in last.values()}) == 1

        back = await app.executor.run(job_for(app.target("three"), "downgrade", "r2"))
        assert back.ok, back.problem
        assert (await three.check(app, "three"))["three"].actual_fingerprint == reports["three"].actual_fingerprint


async def test_what_rules_ignore_is_not_adopted(three):
    async with three.opened() as app:
        await drifted(three, app, "one")
        three.execute("one", "CREATE TABLE tmp_x (id INTEGER)")
        await app.answers.ignore(IgnoreRule("", "me", "scratch", kind="table", name="tmp_*"), "tester")
        report = (await three.check(app, "one"))["one"]
        planned = await app.answers.plan_adoption(app.fleet, app.target("one"), report)
        assert not any("tmp_x" in statement for statement in planned.sql)
        await app.answers.adopt(app.fleet, planned, "by hand", "tester")
        after = (await three.check(app, "one"))["one"]
        assert after.status is DriftStatus.IN_SYNC
        assert [change.object for change in after.changes] == ["tmp_x"]


async def test_a_schema_that_has_changed_since_the_plan_is_not_adopted(three):
    async with three.opened() as app:
        reports = await drifted(three, app, "one")
        planned = await app.answers.plan_adoption(app.fleet, app.target("one"), reports["one"])
        three.execute("one", "CREATE TABLE late (id INTEGER)")
        with pytest.raises(AnswerError, match="has changed"):
            await app.answers.adopt(app.fleet, planned, "by hand", "tester")
        assert len(list((three.folder / "m" / "versions").glob("*.py"))) == 2, "nothing was written"


async def test_a_target_below_its_head_is_brought_there_first(three):
    async with three.opened() as app:
        await app.executor.run(job_for(app.target("one"), "upgrade", "r1"))
        three.execute("one", "CREATE TABLE stray (id INTEGER)")
        report = (await three.check(app, "one"))["one"]
        with pytest.raises(AnswerError, match="stands at r1"):
            await app.answers.plan_adoption(app.fleet, app.target("one"), report)
