"""Offline SQL is Alembic's, text for text: ours in this process against Alembic's own command line as a black box."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from stillhouse_engine import command
from stillhouse_engine.config import Config

DIALECTS = ["postgresql", "mysql", "mariadb", "sqlite", "mssql", "oracle"]
ENV = """
from alembic import context

context.configure(dialect_name={dialect!r}, literal_binds=True, **{options!r})
with context.begin_transaction():
    context.run_migrations()
"""
VARIANTS = {
    "plain": {},
    "per migration": {"transaction_per_migration": True},
    "transactional": {"transactional_ddl": True},
    "not transactional": {"transactional_ddl": False},
    "version table": {"version_table": "odd name", "version_table_schema": "other", "version_table_pk": False},
}


@pytest.fixture
def branchy(make_project):
    """Two bases, a branch point, a merge, a dependency, statements and an autocommit block."""
    project = make_project()
    project.revision(
        "aaaa1", None, "op.execute('CREATE TABLE a (id INTEGER)')", "op.execute('DROP TABLE a')", doc="first"
    )
    project.revision("bbbb1", "aaaa1", "op.execute(sa.text('SELECT :one').bindparams(one='it''s'))", doc="left")
    project.revision(
        "cccc1", "aaaa1", "with op.get_context().autocommit_block():\n    op.execute('VACUUM')", doc="right"
    )
    project.revision("dddd1", ("bbbb1", "cccc1"), doc="merge both")
    project.revision("eeee1", None, depends="bbbb1", doc="a base that\\n\\ndepends")
    project.revision("ffff1", "eeee1", "op.execute('INSERT INTO a VALUES (1)')")
    return project


def alembic(project, *words):
    """Run Alembic's own command line."""
    program = Path(sys.executable).with_name("alembic")
    done = subprocess.run([program, *words], cwd=project.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ours(project, name, *arguments, **options):
    buffer = io.StringIO()
    config = Config(project.ini, output_buffer=buffer)
    getattr(command, name)(config, *arguments, sql=True, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_text_is_the_same(dialect, variant, branchy):
    (branchy.migrations / "env.py").write_text(ENV.format(dialect=dialect, options=VARIANTS[variant]))
    assert ours(branchy, "upgrade", "heads") == alembic(branchy, "upgrade", "heads", "--sql")
    if variant != "plain" or dialect not in {"postgresql", "mssql"}:
        return
    for scope in ("aaaa1:dddd1", "cccc1:heads", "aaaa1:ffff1", "dddd1"):
        assert ours(branchy, "upgrade", scope) == alembic(branchy, "upgrade", scope, "--sql"), scope
    for scope in ("ffff1:eeee1", "aaaa1:base"):
        assert ours(branchy, "downgrade", scope) == alembic(branchy, "downgrade", scope, "--sql"), scope
    for revision in ("dddd1", "aaaa1", "base"):
        assert ours(branchy, "stamp", revision) == alembic(branchy, "stamp", revision, "--sql"), revision


def test_tag_reaches_env(branchy):
    (branchy.migrations / "env.py").write_text(
        "from alembic import context\ncontext.configure(dialect_name='sqlite')\n"
        "context.static_output(f'-- {context.get_tag_argument()} {context.get_revision_argument()}')\n"
        "context.execute('SELECT 1')\n"
    )
    words = ("upgrade", "dddd1", "--sql", "--tag", "v1")
    assert ours(branchy, "upgrade", "dddd1", tag="v1") == alembic(branchy, *words) == "-- v1 dddd1\n\nSELECT 1;\n\n"
