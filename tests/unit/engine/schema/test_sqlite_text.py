from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_engine.schema import SchemaObject, Snapshot, diff, repair
from stillhouse_engine.schema.sqlite.tables import parse_table
from stillhouse_engine.schema.sqlite.tokens import canonical, quoted, tokens, unquoted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a  +b", "A + B"),
        ('"a" = [b]', "a = `b`"),
        ("lower( a )", "LOWER(a)"),
        ("a -- note\n == 1", "a = /* note */ 1"),
        ("a != 1", "a <> 1"),
    ],
)
def test_two_ways_of_writing_are_one(one: str, other: str) -> None:
    assert canonical(tokens(one)) == canonical(tokens(other))


@pytest.mark.parametrize(
    ("one", "other"), [("'a'", "'A'"), ("a + b", "a || b"), ('"order"', "'order'"), ("x'00'", "'00'")]
)
def test_two_meanings_are_two(one: str, other: str) -> None:
    assert canonical(tokens(one)) != canonical(tokens(other))


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_a_quoted_name_reads_back(name: str) -> None:
    (token,) = tokens(quoted(name))
    assert unquoted(token) == name


NAMES = st.sampled_from(["a", "B", "c d", 'e"f', "check", "x,y", "p(q", "é"])
TYPES = st.sampled_from(["", "INTEGER", "VARCHAR(10)", "DECIMAL (8, 2)", "DOUBLE PRECISION", "unsigned big int"])
CLAUSES = st.sampled_from(
    ["", "NOT NULL", "NULL", "DEFAULT -1", "DEFAULT (1 + (2))", "DEFAULT 'a,b)'", "COLLATE NOCASE", "CHECK (1 > 0)",
     "CONSTRAINT n NOT NULL DEFAULT 5", "UNIQUE", "UNIQUE ON CONFLICT REPLACE", "REFERENCES far ON DELETE SET NULL NOT NULL",
     "REFERENCES far (id) DEFERRABLE INITIALLY DEFERRED DEFAULT 3", "/* , */ NOT NULL -- )\n"],
)  # fmt: skip
COLUMNS = st.lists(st.tuples(NAMES, TYPES, CLAUSES), min_size=1, max_size=5, unique_by=lambda column: column[0].lower())


@given(COLUMNS, st.booleans())
def test_columns_are_what_sqlite_says(columns: list[tuple[str, str, str]], without_rowid: bool) -> None:
    body = ", ".join(f"{quoted(name)} {kind} {clause}" for name, kind, clause in columns)
    key = f", PRIMARY KEY ({quoted(columns[0][0])})"
    tail = " WITHOUT ROWID" if without_rowid else ""
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE TABLE t ({body}{key}){tail}")
    (text,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 't'").fetchone()
    found = database.execute("SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('t')").fetchall()
    foreign = database.execute("SELECT count(*) FROM pragma_foreign_key_list('t')").fetchone()[0]
    database.close()

    table = parse_table(text)
    assert [column.name for column in table.columns] == [name for name, *_ in found]
    assert [column.type.replace(" ", "") for column in table.columns] == [
        kind.upper().replace(" ", "") for _, kind, *_ in found
    ]
    if not without_rowid:
        assert [not column.nullable for column in table.columns] == [bool(required) for _, _, required, _ in found]
    assert [column.default is not None for column in table.columns] == [default is not None for *_, default in found]
    assert sum(constraint.type == "foreign key" for constraint in table.constraints) == foreign
    assert [constraint.columns for constraint in table.constraints if constraint.type == "primary key"] == [
        (columns[0][0],)
    ]
    assert table.options == (("WITHOUT ROWID",) if without_rowid else ())


def test_constraints_without_commas_between_them_are_read() -> None:
    table = parse_table("CREATE TABLE t(a, b, CONSTRAINT u UNIQUE (a) CHECK (a > 0) FOREIGN KEY (b) REFERENCES f)")
    assert [(constraint.type, constraint.name) for constraint in table.constraints] == [
        ("unique", "u"), ("check", None), ("foreign key", None),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["column", "constraint", "table", "index"])
def test_a_repair_between_snapshots_without_the_table_says_so(kind: str) -> None:
    whole = Snapshot("sqlite", (SchemaObject(kind, "users.id", "users", {"type": "TEXT"}, {}),))
    other = Snapshot("sqlite", (SchemaObject(kind, "users.id", "users", {"type": "INTEGER"}, {}),))
    steps = repair(diff(whole, other), whole, other)
    assert {name for step in steps for name in step.change_ids} == {change.id for change in diff(whole, other)}
    if kind in {"column", "constraint"}:
        assert "the table users is not in both snapshots" in str(steps[0].reason)
