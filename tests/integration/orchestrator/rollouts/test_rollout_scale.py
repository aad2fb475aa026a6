"""A short form of the scale benchmark: many targets, few connections, and a pause in the middle."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[4] / "benchmarks" / "rollouts.py"


@pytest.mark.postgresql
@pytest.mark.timeout(200)
def test_the_server_never_has_more_connections_than_its_budget():
    command = [sys.executable, PROGRAM, "--schemas", "60", "--databases", "20", "--budget", "5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 2 <= int(re.search(r"peak (\d+) of 5", done.stdout)[1]) <= 5
    assert ", 0 targets started after it" in done.stdout
