"""Runs that hold their transactions until all have come as far never wait for each other's threads."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from functools import partial

import pytest

from sample_projects import empty_project
from stillhouse_engine.runtime.bridging import MAX_THREADS
from stillhouse_engine.runtime.conditions import Conditions
from stillhouse_engine.runtime.project import DatabaseSpec, Project, ProjectSpec

pytestmark = pytest.mark.timeout(120)
HELD = MAX_THREADS + 6


async def test_more_runs_hold_at_once_than_threads_are_shared(tmp_path):
    made = empty_project(tmp_path / "project")
    made.add("op.create_table('notes', sa.Column('id', sa.Integer))")
    project = Project(ProjectSpec(str(made.folder), (str(made.folder),), "migrations"))
    all_here = threading.Barrier(HELD, timeout=60)
    files = [tmp_path / f"t{number}.db" for number in range(HELD)]
    hold = partial(project.upgrade, after=lambda _: all_here.wait(), conditions=Conditions(hold=True))
    results = await asyncio.gather(*(hold(DatabaseSpec(file.stem, f"sqlite+pysqlite:///{file}")) for file in files))
    assert {result.to_heads for result in results} == {(made.revisions[-1],)}
    for file in files:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)
