"""Promise: an implementation only makes statements; where they go is the sink's business."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from stillhouse_engine.dialects.postgresql import PostgresqlImpl
from stillhouse_engine.dialects.statements import ConnectionSink, OfflineSink, Statement

if TYPE_CHECKING:
    from stillhouse_engine.dialects.statements import StatementSink


@dataclass
class Recorder:
    """A sink that keeps what it is given."""

    statements: list[Statement] = field(default_factory=list)

    def execute(self, statement: Statement) -> None:
        self.statements.append(statement)

    def flush(self) -> None:
        self.statements.append(Statement("flushed"))

    @property
    def texts(self) -> list[str]:
        dialect = postgresql.dialect()
        return [" ".join(str(each.executable.compile(dialect=dialect)).split()) for each in self.statements]


@pytest.fixture
def impl():
    made = PostgresqlImpl(postgresql.dialect(), None, False, None, None, {})
    made.sink = Recorder()
    return made


def test_everything_goes_to_the_sink(impl):
    impl.add_column("t", sa.Column("c", sa.Integer))
    impl.create_index(sa.Index("ix", sa.Table("t", sa.MetaData(), sa.Column("c", sa.Integer)).c.c))
    impl.bulk_insert(sa.table("t", sa.column("c")), [{"c": 1}, {"c": 2}])
    impl.execute("SELECT 1", execution_options={"a": 1})
    assert impl.sink.texts == [
        "ALTER TABLE t ADD COLUMN c INTEGER",
        "CREATE INDEX ix ON t (c)",
        "INSERT INTO t (c) VALUES (%(c)s)",
        "SELECT 1",
    ]
    assert impl.sink.statements[2].parameters == [{"c": 1}, {"c": 2}]
    assert impl.sink.statements[3].execution_options == {"a": 1}


def test_statements_of_ddl_events_go_to_the_sink_in_their_place(impl):
    impl.create_table(sa.Table("t", sa.MetaData(), sa.Column("e", sa.Enum("a", name="kind"))))
    assert impl.sink.texts == ["CREATE TYPE kind AS ENUM ('a')", "CREATE TABLE t ( e kind )"]


def test_without_a_connection_nothing_can_be_sent():
    impl = PostgresqlImpl(postgresql.dialect(), None, False, None, None, {})
    with pytest.raises(ValueError, match="no connection to execute on"):
        impl.execute("SELECT 1")


def test_without_an_output_nothing_can_be_written():
    impl = PostgresqlImpl(postgresql.dialect(), None, True, None, None, {})
    with pytest.raises(ValueError, match="no output_buffer"):
        impl.execute("SELECT 1")


def offline(**options) -> tuple[StatementSink, list[str]]:
    written: list[str] = []
    return OfflineSink(postgresql.dialect(), written.append, **options), written


def test_text_ends_with_the_terminator_and_the_separator():
    sink, written = offline(terminator="", separator="/")
    sink.execute(Statement(" SELECT\t1 "))
    sink.flush()
    assert written == ["SELECT    1", "/"]


T = sa.table("t", sa.column("q"), sa.column("r", sa.String))


@pytest.mark.parametrize(
    ("construct", "parameters", "expected"),
    [
        ("UPDATE t SET q=:a", {"a": "it's"}, ["UPDATE t SET q='it''s';"]),
        (sa.text("SELECT :a"), [{"a": 1}, {"a": None}], ["SELECT 1;", "SELECT NULL;"]),
        (T.insert(), [{"q": 5, "r": "x"}, {"q": 6, "r": "y"}], ["INSERT INTO t (q, r) VALUES (5, 'x');", "INSERT INTO t (q, r) VALUES (6, 'y');"]),
        (T.update().where(T.c.q == sa.bindparam("key")), {"key": 3, "r": "z"}, ["UPDATE t SET r='z' WHERE t.q = 3;"]),
        (T.delete().where(T.c.q == sa.bindparam("key")), {"key": 3}, ["DELETE FROM t WHERE t.q = 3;"]),
    ],
)  # fmt: skip
def test_text_carries_the_values_of_parameters(construct, parameters, expected):
    sink, written = offline()
    sink.execute(Statement(construct, parameters))
    assert written == expected


def test_literal_binds_write_the_values():
    sink, written = offline(literal_binds=True)
    sink.execute(Statement(sa.select(sa.literal("it's"))))
    assert written == ["SELECT 'it''s' AS anon_1;"]


def test_a_connection_takes_statements_with_their_options_and_parameters():
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        sink = ConnectionSink(connection)
        sink.execute(Statement("CREATE TABLE t (a INTEGER)"))
        sink.execute(Statement("INSERT INTO t VALUES (:a)", [{"a": 1}, {"a": 2}]))
        counted = sink.execute(Statement("SELECT count(*) FROM t", None, {"stream_results": True}))
        assert counted is not None
        assert counted.scalar() == 2
        assert "stream_results" not in connection.get_execution_options()
        connection.commit()
        sink.execute(Statement("SELECT 1", None, {"isolation_level": "AUTOCOMMIT"}))
        sink.flush()
        assert connection.get_execution_options()["isolation_level"] == "AUTOCOMMIT"
    engine.dispose()


def test_offline_has_a_stand_in_for_the_connection():
    buffer = io.StringIO()
    impl = PostgresqlImpl(sqlite.dialect(), None, True, None, buffer, {})
    impl.bind.execute(sa.text("SELECT 1"))
    sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer)).create(impl.bind, checkfirst=False)
    assert buffer.getvalue() == "SELECT 1;\n\nCREATE TABLE t (\n    a INTEGER\n);\n\n"


def test_what_is_no_statement_is_refused(impl):
    with pytest.raises(sa.exc.ObjectNotExecutableError):
        impl.execute(5)
