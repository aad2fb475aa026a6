"""Promise: an autocommit block is one, also where the program begins SQLite's transactions by its own hook."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from stillhouse_engine import command
from stillhouse_engine.config import Config

ENV = """
from stillhouse_engine import context
with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
import sqlalchemy as sa
from stillhouse_engine import op

revision, down_revision = "1", None

def upgrade():
    op.execute("CREATE TABLE t (x INTEGER)")
    with op.get_context().autocommit_block():
        {block}
    op.execute("INSERT INTO t VALUES (9)")
"""
BLOCKS = {
    "op.execute('INSERT INTO t VALUES (1)'); op.execute('INSERT INTO t VALUES (2)')": [1, 2, 9],
    "op.get_bind().execute(sa.text('INSERT INTO t VALUES (1)'))": [1, 9],
    "op.get_bind().exec_driver_sql('BEGIN'); op.get_bind().exec_driver_sql('INSERT INTO t VALUES (1)'); op.get_bind().exec_driver_sql('COMMIT')": [
        1,
        9,
    ],
    "bind = op.get_bind(); transaction = bind.begin(); bind.execute(sa.text('INSERT INTO t VALUES (1)')); transaction.commit()": [
        1,
        9,
    ],
    "op.execute('VACUUM')": [9],
}


@pytest.fixture
def engine(tmp_path):
    """Return an engine that begins its transactions as SQLAlchemy's pages on SQLite recommend."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/database.db")

    @sa.event.listens_for(engine, "connect")
    def leave_transactions_to_us(connection, _record):
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    yield engine
    engine.dispose()


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_block_did_stays(engine, tmp_path, block):
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENV)
    (tmp_path / "versions" / "1.py").write_text(REVISION.format(block=block))
    config = Config(attributes={"engine": engine})
    config.set_main_option("script_location", str(tmp_path))
    command.upgrade(config, "head")
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT x FROM t ORDER BY x")).all() == BLOCKS[block]
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "1"
