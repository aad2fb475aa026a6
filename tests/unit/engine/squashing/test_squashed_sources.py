"""Promise: what a squash writes is read back as what was meant: the header's ``replaces``, and every character of a statement."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from stillhouse_engine.schema.bodies import call
from stillhouse_engine.script.replacing import replaced_by
from stillhouse_engine.squashing.drafts import AFTER_ROWS
from stillhouse_engine.squashing.files import with_replaces
from stillhouse_engine.squashing.stages import UNSEEN

HEADER = '"""A message."""\nrevision: str = "z9"\ndown_revision = (\n    "a1",\n    "b2",\n)\n{more}\n\ndef upgrade():\n    revision = 1\n'


@pytest.mark.parametrize("more", ["", "branch_labels = None\ndepends_on = ('x',)"])
def test_the_header_names_what_is_replaced(more: str) -> None:
    ids = tuple(f"r{number}" for number in range(60))
    source = with_replaces(HEADER.format(more=more), (*ids, "z9"), "z9")
    assert replaced_by(source, "z9") == (*ids, "z9")
    assert max(map(len, source.splitlines())) <= 110
    assert source.index("replaces = (") < source.index("def upgrade")


@pytest.mark.parametrize(
    "text",
    ["replaces = {'a': 'b'}", "replaces = ('a', 'b')", "replaces = make()", "replaces += ('z9',)", "replaces = ("],
)
def test_a_variable_of_the_projects_own_means_nothing(text: str) -> None:
    assert replaced_by(f"revision = 'z9'\n{text}\n", "z9") == ()


@given(st.text(alphabet="\\:ab1$_% \n'\"é", min_size=1, max_size=30))
def test_a_statement_arrives_as_it_is(text: str) -> None:
    statement = f"SELECT {text}"
    arrived = []

    class Operations:
        @staticmethod
        def execute(given: object) -> None:
            arrived.append(sa.text(given) if isinstance(given, str) else given)

    exec("\n".join(call(statement)), {"op": Operations, "sa": sa})
    assert str(arrived[0].compile(dialect=sqlite.dialect())) == statement


@pytest.mark.parametrize(
    ("statement", "matches"),
    [
        ("CREATE OR REPLACE TRIGGER t AFTER INSERT ON x", True),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", True),
        ('ALTER TABLE a ADD CONSTRAINT "fk" FOREIGN KEY (b) REFERENCES c(d)', True),
        ("CREATE TABLE trigger_views (view text)", False),
        ("CREATE FUNCTION f() RETURNS trigger", False),
        ("CREATE UNIQUE INDEX view_i ON t (rule)", False),
    ],
)
def test_rows_come_before_what_fires_on_them(statement: str, matches: bool) -> None:
    assert bool(AFTER_ROWS.match(statement)) is matches


@pytest.mark.parametrize(
    "statement", ["grant select on t to x", " ALTER TABLE a.b\n OWNER TO c", "CREATE COLLATION x (locale = 'de')"]
)
def test_what_snapshots_do_not_show_is_carried_over(statement: str) -> None:
    assert UNSEEN.match(statement)
    assert not UNSEEN.match("ALTER TABLE users ADD COLUMN owner text")
    assert not UNSEEN.match("CREATE TABLE users (role text)")
