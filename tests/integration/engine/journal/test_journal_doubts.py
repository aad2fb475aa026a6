"""Where the catalogue or the revision cannot say what happened, a run stops with evidence and says what to do."""

from __future__ import annotations

import pytest

LOG = "op.create_table('log', sa.Column('id', sa.Integer, primary_key=True), sa.Column('said', sa.String(50)))"
TWO = "op.create_table('a', sa.Column('id', sa.Integer))\nop.create_table('b', sa.Column('id', sa.Integer))"

pytestmark = pytest.mark.mariadb


def test_a_revision_that_changed_after_it_was_interrupted_is_refused(mariadb):
    mariadb.revisions(LOG, TWO)
    assert mariadb.run(fault="after_done:3") is None
    mariadb.revisions(LOG, TWO.replace("'b'", "'c'").replace("'a'", "'renamed'"))
    said = mariadb.run()
    assert "IndeterminateError" in said
    assert "the revision has changed" in said
    assert "CREATE TABLE a" in said
    assert mariadb.tables() >= {"a", "b"}
    mariadb.revisions(LOG, TWO)
    mariadb.upgraded()
    assert mariadb.rows("SELECT count(*) FROM stillhouse_journal") == [(0,)]


def test_a_statement_that_failed_may_be_put_right(mariadb):
    body = "op.execute(\"INSERT INTO log (said) VALUES ('once')\")\nop.create_table('a', sa.Column('id', sa.Integer))\n"
    mariadb.revisions(LOG, body + "op.execute('ALTER TABLE missing ADD COLUMN x INT')")
    assert "missing" in mariadb.run()
    assert "missing" in mariadb.run(), "the same error again, and nothing else done twice"
    mariadb.revisions(LOG, body + "op.execute('ALTER TABLE a ADD COLUMN x INT')")
    mariadb.upgraded()
    assert mariadb.rows("SELECT said FROM log") == [("once",)]
    mariadb.rows("SELECT x FROM a")


def test_what_was_carried_out_is_written_down_when_python_fails_after_it(mariadb):
    added = "op.execute(\"INSERT INTO log (said) VALUES ('lost')\")"
    for body, rows in ((TWO, ["done", "done"]), (f"{TWO}\n{added}", ["done", "done"])):
        mariadb.revisions(LOG, f"{body}\nraise ValueError('no more')")
        assert "no more" in mariadb.run()
        assert mariadb.rows("SELECT state FROM stillhouse_journal ORDER BY position") == [(state,) for state in rows]
        assert mariadb.rows("SELECT said FROM log") == []
    mariadb.revisions(LOG, TWO)
    mariadb.upgraded()


def test_a_rollback_of_the_revisions_own_takes_no_statement_back(mariadb):
    body = f"{TWO}\nop.get_bind().exec_driver_sql('ROLLBACK')\nop.execute('ALTER TABLE a ADD COLUMN x INT')\n"
    mariadb.revisions(LOG, body + "raise ValueError('no more')")
    assert "no more" in mariadb.run()
    assert mariadb.rows("SELECT state FROM stillhouse_journal ORDER BY position") == [("done",)] * 3
    mariadb.revisions(LOG, body)
    mariadb.upgraded()
    mariadb.rows("SELECT x FROM a")


def test_a_statement_that_no_catalogue_knows_is_settled_by_a_person(mariadb):
    mariadb.revisions(
        LOG, "op.execute('ALTER DATABASE CHARACTER SET utf8mb4')\nop.execute(\"INSERT INTO log (said) VALUES ('end')\")"
    )
    mariadb.run(to="r1")
    assert mariadb.run(fault="before_done") is None
    assert mariadb.rows("SELECT state FROM stillhouse_journal") == [("intent",)]
    said = mariadb.run()
    assert "IndeterminateError" in said
    assert "UPDATE stillhouse_journal SET state = 'done'" in said
    mariadb.do(said[said.index("UPDATE stillhouse_journal") : said.index("; if not")])
    mariadb.upgraded()
    assert mariadb.rows("SELECT said FROM log") == [("end",)]


def test_another_revision_does_not_start_on_a_half_applied_one(mariadb):
    mariadb.revisions(LOG, TWO)
    mariadb.run(to="r1")
    assert mariadb.run(fault="after_done:1") is None
    said = mariadb.run("downgrade", "base")
    assert "IndeterminateError" in said
    assert "finish that upgrade first" in said


def test_a_stamp_is_a_persons_word_for_what_is_there(mariadb):
    mariadb.revisions(LOG, TWO)
    mariadb.run(to="r1")
    assert mariadb.run(fault="after_done:1") is None
    mariadb.do("CREATE TABLE b (id INT)")
    assert mariadb.run("stamp", "r2") == ""
    assert mariadb.rows("SELECT count(*) FROM stillhouse_journal") == [(0,)]
    assert mariadb.rows("SELECT version_num FROM alembic_version") == [("r2",)]


def test_values_that_differ_from_run_to_run_are_no_change_of_the_revision(mariadb):
    body = (
        "import uuid\nop.execute(sa.text('INSERT INTO log (said) VALUES (:who)').bindparams(who=str(uuid.uuid4())))\n"
        + TWO
    )
    mariadb.revisions(LOG, body)
    mariadb.run(to="r1")
    assert mariadb.run(fault="after_intent:2") is None
    mariadb.upgraded()
    assert mariadb.rows("SELECT count(*) FROM log") == [(1,)]
