"""The crash harness in a shorter form: each kind of blow, on real servers, with the real program."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from crash.barrier import between_commits
from crash.blows import Blows
from crash.fleet import Fleet
from crash.freezing import freeze, shared_store
from crash.proxy import HOW, WHEN, Proxy, Spoil

FORKS = """
import sys
from collections import Counter
from pathlib import Path
from crash.fleet import Fleet
from crash.forks import kill_everywhere
from servers import MariaDBServer, PostgresServer

folder, pg, maria = sys.argv[1:4]
server = PostgresServer(int(pg), 0, Path(folder), Path(folder))
other = MariaDBServer(int(maria), 0, Path(folder))
fleet, counts = Fleet(Path(folder), server, other, each=1), Counter()
kill_everywhere(fleet, counts, step=25)
print(sum(counts.values()))
"""


@pytest.fixture
def fleet(tmp_path, postgres_server, mariadb_server):
    made = Fleet(tmp_path, postgres_server, mariadb_server, each=1)
    made.reset()
    return made


@pytest.mark.mariadb
@pytest.mark.postgresql
def test_the_engine_dies_at_each_kind_of_fault_point(fleet):
    done = subprocess.run(
        [sys.executable, "-c", FORKS, fleet.folder, str(fleet.postgres.port), str(fleet.mariadb.port)],
        env={"PYTHONPATH": str(Path(__file__).parents[2])}, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 12


@pytest.mark.postgresql
def test_the_daemon_and_its_workers_die(tmp_path, postgres_server):
    fleet = Fleet(tmp_path, postgres_server, None, each=1)
    fleet.reset()
    blows = Blows(fleet, random.Random(1))
    for fault in ("after_store_write:4", "after_intent", "before_outcome_stored"):
        assert blows.at_fault_point(fault), fault
        fleet.check_once()
    fleet.check_status()
    fleet.finish()
    whole = {target.kind: fleet.schema(target) for target in fleet.targets}
    fleet.check_whole(whole)
    fleet.check_status()


@pytest.mark.postgresql
def test_a_commit_is_cut_and_nothing_is_applied_twice_or_lost(tmp_path, postgres_server):
    proxy = Proxy(postgres_server.port)
    fleet = Fleet(tmp_path, postgres_server, None, {"postgresql": proxy.port}, each=1)
    proxy.terminate = partial(fleet.cut, "postgresql")
    fleet.reset()
    blows = Blows(fleet, random.Random(1))
    for when, how in itertools.product(WHEN, HOW):
        blows.cut_at_commit(proxy, "postgresql", Spoil(when, how))
        fleet.check_once()
        fleet.finish()
        fleet.check_whole({target.kind: fleet.schema(target) for target in fleet.targets})
        fleet.reset_targets()
    assert proxy.cuts >= len(WHEN) * len(HOW)
    proxy.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("verb", ["resume", "rollback"])
def test_a_barrier_wave_dies_between_two_commits_and_a_person_decides(tmp_path, postgres_server, verb):
    fleet = Fleet(tmp_path, postgres_server, None)
    fleet.reset()
    assert between_commits(Blows(fleet, random.Random(1)), "postgresql", "before_commit:3", verb) == 1
    fleet.finish()
    fleet.check_whole({target.kind: fleet.schema(target) for target in fleet.targets})


@pytest.mark.postgresql
def test_a_daemon_frozen_past_its_lease_steps_back_when_it_wakes_up(tmp_path, postgres_server):
    fleet = Fleet(tmp_path, postgres_server, None, each=1)
    with shared_store(fleet):
        assert freeze(Blows(fleet, random.Random(1)), "after_store_write:8", waits=False)
        fleet.check_whole({target.kind: fleet.schema(target) for target in fleet.targets})
