"""A revision file that is edited after it was applied is noticed; its comments do not count."""

from __future__ import annotations

from stillhouse_orchestrator.jobs import job_for


async def edited(three, app):
    states = await app.census.take([app.target(name) for name in ("one", "two")])
    return {name: [trouble.sort for trouble in state.troubles] for name, state in states.items()}


async def test_an_edit_is_noticed_where_the_old_file_was_applied(three):
    path = three.folder / "m" / "versions" / "r1.py"
    async with three.opened() as app:
        await app.executor.run(job_for(app.target("one"), "upgrade", "r1"))
        assert await edited(three, app) == {"one": [], "two": []}
        path.write_text("# only a comment\n\n" + path.read_text())
        assert await edited(three, app) == {"one": [], "two": []}
        path.write_text(path.read_text().replace("120", "121"))
        assert await edited(three, app) == {"one": ["edited"], "two": []}
        app.workers.retire()
        await app.executor.run(job_for(app.target("two"), "upgrade", "r1"))
        assert await edited(three, app) == {"one": ["edited"], "two": []}
        path.unlink()
        three.revision("other", None, "pass")
        (three.folder / "m" / "versions" / "r2.py").unlink()
        assert await edited(three, app) == {"one": ["ahead"], "two": ["ahead"]}


async def test_a_version_table_that_cannot_be_read_is_no_unreachable_target(three):
    if three.kind != "postgresql":
        return
    three.execute("one", "CREATE TABLE alembic_version (version_num varchar(32))")
    three.execute("one", "DO $$ BEGIN CREATE ROLE looker LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    three.urls["one"] = three.urls["one"].replace("postgres@", "looker@")
    three.write()
    async with three.opened() as app:
        state = (await app.census.take([app.target("one")]))["one"]
        assert state.health.value == "broken"
        assert "permission denied" in state.error
        report = (await three.check(app, "one"))["one"]
        assert report.status.value == "unknown"
        assert "permission denied" in report.error


async def test_a_schema_that_can_be_read_only_in_part_is_unknown(three):
    if three.kind != "postgresql":
        return
    three.execute(
        "one",
        "CREATE TABLE alembic_version (version_num varchar(32))",
        "INSERT INTO alembic_version VALUES ('r2')",
        "DO $$ BEGIN CREATE ROLE looker LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT SELECT ON alembic_version TO looker",
        "CREATE SCHEMA hidden",
    )
    three.urls["one"] = three.urls["one"].replace("postgres@", "looker@")
    three.write()
    async with three.opened() as app:
        report = (await three.check(app, "one"))["one"]
        assert report.status.value == "unknown"
        assert "schema hidden: no USAGE privilege" in report.error
