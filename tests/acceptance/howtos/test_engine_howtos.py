"""The code of the engine's how-to pages runs as it is printed."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import stillhouse_engine

PAGES = Path(__file__).parents[3] / "docs" / "howto"
BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
INI = "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\nsqlalchemy.url = {url}\n"
SYNC_ENV = """
from alembic import context
from sqlalchemy import create_engine, pool
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""
FIRST = """
import sqlalchemy as sa
from alembic import op
revision = "one"
down_revision = None
def upgrade():
    op.create_table("account", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))
def downgrade():
    op.drop_table("account")
"""
AWAITED = """
import asyncio
from stillhouse_engine import aio, as_alembic
from stillhouse_engine.config import Config
as_alembic.install()
config = Config("alembic.ini")
asyncio.run(aio.{})
"""
PATIENCE = 60  # seconds; reached by a broken build only


class Place:
    """A folder with a project, and the files that a page adds to it."""

    def __init__(self, folder: Path, page: str, url: str = "sqlite:///app.db") -> None:
        self.folder = folder
        blocks = BLOCK.findall((PAGES / f"{page}.md").read_text())
        assert blocks, page
        files = {"alembic.ini": INI.format(url=url), "migrations/env.py": SYNC_ENV, "migrations/versions/one.py": FIRST}
        for name, text in {**files, **dict(blocks)}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)

    def run(self, *words: str) -> str:
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        done = subprocess.run(
            words, cwd=self.folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=PATIENCE, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def alembic(self, *words: str) -> str:
        return self.run("stillhouse", "alembic", *words)

    def rows(self, query: str, file: str = "app.db") -> list:
        with closing(sqlite3.connect(self.folder / file)) as connection, connection:
            return connection.execute(query).fetchall()

    def tables(self, file: str = "app.db") -> set[str]:
        return {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')", file)}


@pytest.mark.parametrize("url", ["sqlite:///app.db", "sqlite+aiosqlite:///app.db"])
def test_fastapi_lifespan(tmp_path, url):
    place = Place(tmp_path, "migrate-in-a-fastapi-lifespan", url)
    start = "import asyncio, main\nasync def go():\n    async with main.app.router.lifespan_context(main.app):\n        pass\nasyncio.run(go())"
    place.run(sys.executable, "-c", start)
    assert "account" in place.tables()


@pytest.mark.parametrize("url", ["sqlite:///app.db", "sqlite+aiosqlite:///app.db"])
def test_running_loop(tmp_path, url):
    place = Place(tmp_path, "migrate-inside-a-running-loop", url)
    assert "one (head)" in place.run(sys.executable, "main.py")
    assert "account" in place.tables()


def test_click_group(tmp_path):
    place = Place(tmp_path, "give-your-click-program-migration-commands")
    place.run(sys.executable, "main.py", "upgrade")
    assert "account" in place.tables()
    place.run(sys.executable, "main.py", "downgrade", "base")
    assert "account" not in place.tables()


def test_container_entry_point(tmp_path):
    place = Place(tmp_path, "migrate-when-a-container-starts")
    assert place.run("sh", "entrypoint.sh", "echo", "started").endswith("started\n")
    assert "account" in place.tables()


def test_pytest_fixtures(tmp_path):
    place = Place(tmp_path, "upgrade-and-downgrade-in-pytest")
    assert "1 passed" in place.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_data_in_chunks(tmp_path):
    place = Place(tmp_path, "migrate-data")
    place.alembic("upgrade", "one")
    for number in (1, 2, 7):
        place.rows(f"INSERT INTO account VALUES ({number}, 'Name{number}')")
    two = tmp_path / "migrations" / "versions" / "two.py"
    two.write_text(two.read_text().replace("CHUNK = 1000", "CHUNK = 2"))
    place.alembic("upgrade", "head")
    assert place.rows("SELECT slug FROM account ORDER BY id") == [("name1",), ("name2",), ("name7",)]
    place.alembic("downgrade", "one")


def test_squashed_revisions(tmp_path):
    place = Place(tmp_path, "squash-revisions")
    template = Path(stillhouse_engine.__file__).parent / "templates" / "generic" / "script.py.mako"
    (tmp_path / "migrations" / "script.py.mako").write_text(template.read_text())
    place.alembic("upgrade", "one")
    place.rows("INSERT INTO account VALUES (7, 'early')")
    assert "Squashed 2 revisions into two" in place.alembic("squash", "-r", ":two", "-m", "the first years")
    assert sorted(path.name for path in (tmp_path / "migrations" / "squashed" / "two").iterdir()) == [
        "one.py",
        "two.py",
    ]
    place.alembic("upgrade", "head")
    assert place.rows("SELECT name, role FROM account ORDER BY id") == [("early", None), ("root", "admin")]
    (tmp_path / "app.db").unlink()
    assert place.alembic("upgrade", "head") == ""
    assert place.rows("SELECT name, role FROM account") == [("root", "admin")]


@pytest.mark.parametrize(("arguments", "expected"), [((), []), (("-x", "samples=yes"), [("Sample",)])])
def test_conditions(tmp_path, arguments, expected):
    place = Place(tmp_path, "migrate-conditionally")
    place.alembic(*arguments, "upgrade", "head")
    assert "audit" in place.tables()
    assert place.rows("SELECT name FROM account") == expected


def test_create_view(tmp_path):
    place = Place(tmp_path, "add-a-create-view-operation")
    place.alembic("upgrade", "head")
    assert "named" in place.tables()
    place.alembic("downgrade", "one")
    assert "named" not in place.tables()


def test_several_databases(tmp_path):
    place = Place(tmp_path, "serve-several-databases-with-one-env-py")
    place.alembic("upgrade", "head")
    assert "account" in place.tables("users.db") & place.tables("orders.db")
    place.alembic("-x", "db=users", "downgrade", "base")
    assert "account" not in place.tables("users.db")
    assert "account" in place.tables("orders.db")


def test_run_async(tmp_path):
    place = Place(tmp_path, "call-async-code-in-a-revision", "sqlite+aiosqlite:///app.db")
    place.run(sys.executable, "-c", AWAITED.format('upgrade(config, "head")'))
    assert place.rows("SELECT name FROM account ORDER BY id") == [("Ada",), ("Grace",)]
    place.run(sys.executable, "-c", AWAITED.format('downgrade(config, "one")'))
    assert place.rows("SELECT name FROM account") == []
