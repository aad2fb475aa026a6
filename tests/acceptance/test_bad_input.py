"""Bad input of every kind: each has its clear error and its exit code, and none a traceback."""

from __future__ import annotations

import contextlib
import sqlite3

import psycopg
import pytest

import servers

TABLE = 'op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True))'
GOOD = "  app_db: {url: 'sqlite+aiosqlite:///app.db', migrations: migrations}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fleet: test\ndatabases:\n  app_db: {url: 'x'\n", ("fleet.yaml:", "hint:")),
        (f"fleet: test\ndatabases:\n{GOOD}\nunknown_thing: 1\n", ("fleet.yaml:4:1", "unknown_thing")),
        (
            "fleet: test\ndatabases:\n  app_db: {url: 'postgresql://u:${env:NO_SUCH}@h/d', migrations: migrations}\n",
            ("fleet.yaml:3", "databases.app_db.url", "NO_SUCH"),
        ),
        (f"fleet: test\ndatabases:\n{GOOD}\n{GOOD}\n", ("fleet.yaml:4:3", "app_db", "duplicate")),
        (
            "fleet: test\ndatabases:\n  app_db: {url: 'sqlite:///a.db', migrations: nowhere}\n",
            ("databases.app_db.migrations", "nowhere"),
        ),
    ],
    ids=["yaml syntax", "unknown key", "missing variable", "duplicate name", "missing script directory"],
)
def test_a_fleet_file_with_a_mistake_starts_nothing(house, text, words):
    house.revision(1, TABLE)
    house.write("fleet.yaml", text)
    result = house.run("up")
    assert result.code == 2
    for word in words:
        assert word in result.err
    assert not (house.folder / ".stillhouse").exists()


@pytest.mark.parametrize(
    "command", [["validate"], ["status"], ["plan"], ["drift", "check"], ["rollout", "list"], ["serve"], ["health"]]
)
def test_no_command_starts_anything_on_such_a_file(house, command):
    house.write("fleet.yaml", "fleet: test\ndatabases: {}\n")
    assert house.run(*command).code == 2
    assert not (house.folder / ".stillhouse").exists()


def test_all_mistakes_are_said_at_once(house):
    house.write(
        "fleet.yaml",
        "fleet: test\nunknown: 1\ndatabases:\n  app_db: {url: 'sqlite:///a.db', migrations: migrations, spam: 1}\n  logs_db: {}\n",
    )
    result = house.run("validate", "--json")
    assert result.code == 2
    assert {problem["line"] for problem in result.json["problems"]} == {2, 4, 5}


def broken(house, words, *, status=None, code=1):
    """Check that `up` fails with these words, and what `status` makes of it."""
    result = house.run("up")
    assert result.code == code, result.out + result.err
    for word in words:
        assert word in result.out + result.err, f"{word} is not in:\n{result.out}{result.err}"
    if status is not None:
        assert house.run("status").code == status


def test_an_unreachable_host(house):
    house.revision(1, TABLE)
    house.fleet("  app_db: {url: 'postgresql+asyncpg://app:secret99@127.0.0.1:1/app', migrations: migrations}")
    broken(house, ["app_db", "127.0.0.1", "can be reached"], status=4)
    assert house.run("drift", "check").code == 4
    assert "base? -> r1 (1 target out of reach, 1 revision): app_db" in house.run("plan").out
    assert "secret99" not in house.run("status", "--json").out


@pytest.mark.postgresql
def test_a_wrong_password(house, tmp_path):
    hba = tmp_path / "hba.conf"
    hba.write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    hba.chmod(0o644)
    house.revision(1, TABLE)
    with servers.postgres({"hba_file": str(hba)}) as server:
        house.fleet(
            f"  app_db: {{url: 'postgresql+asyncpg://postgres:wrong99@127.0.0.1:{server.port}/postgres', migrations: migrations}}"
        )
        broken(house, ["app_db", "password"], status=4)
        assert "wrong99" not in house.run("up").err


@pytest.mark.postgresql
def test_a_read_only_database(house, postgres_server, postgres_database):
    name = postgres_database()
    with psycopg.connect(
        f"host=127.0.0.1 port={postgres_server.port} user=postgres dbname={name}", autocommit=True
    ) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    house.revision(1, TABLE)
    house.fleet(f"  app_db: {{url: '{postgres_server.url(name)}', migrations: migrations}}")
    broken(house, ["app_db", "read-only"])


def test_a_revision_file_with_a_syntax_error(house):
    house.revision(1, "this is no python")
    house.fleet(GOOD)
    broken(house, ["app_db", "r1.py:9"])


def test_two_heads(house):
    house.revision(1, TABLE)
    house.revision(2)
    house.revision(3, down_revision="'r1'")
    house.fleet(GOOD)
    broken(house, ["app_db", "heads", "r2", "r3"])
    assert house.ok("up", "--to", "heads").code == 0


def test_a_cycle(house):
    house.revision(1, TABLE, down_revision="'r2'")
    house.revision(2)
    house.fleet(GOOD)
    broken(house, ["app_db", "ycle"], status=4)


def test_a_missing_down_revision(house):
    house.revision(1, TABLE)
    house.revision(2, down_revision="'r0'")
    house.fleet(GOOD)
    broken(house, ["app_db", "r0"], status=4)


def test_a_migration_that_raises(house):
    house.revision(1, TABLE)
    house.revision(2, 'raise RuntimeError("the cellar is on fire")')
    house.fleet(GOOD)
    broken(house, ["app_db", "r2", "the cellar is on fire"])
    (target,) = house.run("status", "--json").json["targets"]
    assert target["pending"] in (1, 2)


def test_an_unknown_revision_in_the_version_table(house):
    house.revision(1, TABLE)
    house.fleet(GOOD)
    house.ok("up")
    house.sql("app.db", "UPDATE alembic_version SET version_num = 'r9'")
    broken(house, ["app_db", "r9"], status=4)


def test_a_locked_sqlite_file(house):
    house.revision(1, TABLE)
    house.fleet("  app_db: {url: 'sqlite+aiosqlite:///app.db', migrations: migrations, deadline: 8s}")
    house.sql("app.db", "CREATE TABLE mine (id INTEGER)")
    with contextlib.closing(sqlite3.connect(house.folder / "app.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        broken(house, ["app_db", "locked"])
    house.ok("up")


def test_a_selector_that_picks_nothing_or_makes_no_sense(house):
    house.revision(1, TABLE)
    house.fleet(GOOD)
    assert "picks no target" in house.run("status", "-l", "env=moon").err
    for selector in ("env=moon", "=", "name~"):
        assert house.run("status", "-l", selector).code == 2


def test_a_target_that_does_not_exist(house):
    house.revision(1, TABLE)
    house.fleet(GOOD)
    result = house.run("drift", "show", "nobody")
    assert result.code == 2
    assert "app_db" in result.err


def test_a_mistyped_command_is_told_which_it_may_have_been(house):
    result = house.run("statsu")
    assert result.code == 2
    assert "No such command 'statsu'. Did you mean 'status'?" in result.err
