from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "fleet_upgrade.py"


@pytest.mark.postgresql
@pytest.mark.timeout(200)
def test_the_fleet_benchmark_runs_every_contender():
    done = subprocess.run([sys.executable, str(BENCHMARK), "--smoke"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("PostgreSQL, from empty", "SQLite, from empty", "Stillhouse, without env.py", "limit: the same SQL"):
        assert name in done.stdout


@pytest.mark.postgresql
@pytest.mark.timeout(200)
def test_the_benchmark_of_watching_runs_every_part():
    benchmark = BENCHMARK.with_name("drift.py")
    done = subprocess.run([sys.executable, str(benchmark), "--smoke"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in (
        "look of a drift check, open connection",
        "5 tenants in agreement",
        "9 databases",
        "version census",
        "the daemon, after",
    ):
        assert name in done.stdout
