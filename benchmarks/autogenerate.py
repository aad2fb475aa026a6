"""Comparing 1,000 tables with their models: ours and Alembic, side by side in one run.

Run it with ``python benchmarks/autogenerate.py``. It starts its own PostgreSQL. Compare the ratios: the milliseconds depend on
the machine.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata as alembic_compare
from alembic.runtime.migration import MigrationContext as AlembicContext

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration" / "engine" / "autogenerate"))

from both_autogenerates import Statements

import servers
from stillhouse_engine.autogenerate import compare_metadata
from stillhouse_engine.runtime.migration import MigrationContext

TABLES = 1000
TIMES = 3
GOALS = {"postgresql": 5, "sqlite": 10}


def models() -> sa.MetaData:
    """Return the models of an application with many tables."""
    metadata = sa.MetaData()
    for number in range(TABLES):
        parent = [sa.ForeignKey(f"t{number - 1}.id", ondelete="CASCADE")] if number else []
        sa.Table(
            f"t{number}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("parent_id", sa.Integer, *parent),
            sa.Column("name", sa.String(80), nullable=False, index=True),
            sa.Column("mail", sa.String(120)),
            sa.Column("state", sa.String(20), nullable=False, server_default="new"),
            sa.Column("amount", sa.Numeric(12, 2)),
            sa.Column("made", sa.DateTime, nullable=False, server_default=sa.func.now()),
            sa.Column("note", sa.Text),
            sa.UniqueConstraint("mail", name=f"t{number}_mail"),
            sa.CheckConstraint("amount >= 0", name=f"t{number}_amount"),
        )
    return metadata


def measured(engine: sa.Engine, context: Any, compare: Any, metadata: sa.MetaData) -> tuple[float, int, int]:
    """Return the median seconds of a comparison, its statements, and the differences it found."""
    seconds, statements, diffs = [], 0, 0
    with engine.connect() as connection:
        for _ in range(TIMES):
            with Statements(engine) as texts:
                start = time.perf_counter()
                diffs = len(compare(context.configure(connection, opts={"compare_server_default": True}), metadata))
                seconds.append(time.perf_counter() - start)
            statements = len(texts)
            connection.rollback()
    return statistics.median(seconds), statements, diffs


def report(engine: sa.Engine) -> None:
    """Measure a database with everything in place, then with ten tables changed."""
    metadata = models()
    metadata.create_all(engine)
    name = engine.dialect.name
    print(f"\n| {name}, {TABLES} tables | who | ms | statements | differences | times faster (goal {GOALS[name]}) |")
    print("|---|---|---:|---:|---:|---:|")
    for state in ("nothing changed", "ten tables changed"):
        if state == "ten tables changed":
            for number in range(0, TABLES, TABLES // 10):
                metadata.tables[f"t{number}"].append_column(sa.Column("added", sa.Integer))
        theirs = measured(engine, AlembicContext, alembic_compare, metadata)
        ours = measured(engine, MigrationContext, compare_metadata, metadata)
        for who, (seconds, statements, diffs) in (("Alembic", theirs), ("Stillhouse", ours)):
            ratio = theirs[0] / seconds
            print(f"| {state} | {who} | {seconds * 1000:.0f} | {statements} | {diffs} | {ratio:.1f} |")


def main() -> None:
    """Run on both databases."""
    sqlite = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    report(sqlite)
    sqlite.dispose()
    with servers.postgres() as server:
        postgresql = sa.create_engine(server.url(driver="psycopg"))
        report(postgresql)
        postgresql.dispose()


if __name__ == "__main__":
    main()
