"""Ctrl-C in the middle: nothing half done, and the words that say how it goes on."""

from __future__ import annotations

import re
import signal
import subprocess
import time

import pytest
from houses import PATIENCE, STILLHOUSE, environment

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.mark.parametrize("verb", [("up",), ("rollout", "start")])
def test_ctrl_c_stops_the_statement_and_says_how_to_go_on(house, verb):
    begun = house.folder / "begun"
    house.revision(1, "op.create_table('kept', sa.Column('id', sa.Integer))")
    house.revision(
        2,
        "op.create_table('undone', sa.Column('id', sa.Integer))\n"
        f"    import pathlib; op.get_context().as_sql or pathlib.Path({str(begun)!r}).touch()\n    op.execute({ENDLESS!r})",
    )
    house.fleet("  app_db: {url: 'sqlite+aiosqlite:///app.db', migrations: migrations}")
    command = subprocess.Popen(
        [*STILLHOUSE, *verb], cwd=house.folder, env=environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + PATIENCE
    while not begun.exists():
        assert command.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    command.send_signal(signal.SIGINT)
    _, words = command.communicate(timeout=PATIENCE)
    assert command.returncode == 130
    assert "Traceback" not in words
    rollout_id = re.search(r"rollout (\w+) stopped where it was", words)[1]
    assert f"`stillhouse rollout watch {rollout_id}` goes on" in words
    assert house.sql("app.db", "SELECT name FROM sqlite_master WHERE name IN ('kept', 'undone')") == [("kept",)]
    house.revision(2, "op.create_table('undone', sa.Column('id', sa.Integer))")
    house.ok("rollout", "watch", rollout_id)
    assert house.sql("app.db", "SELECT version_num FROM alembic_version") == [("r2",)]
