"""How long the command lines take to say what they offer: ours against Alembic's, in turns.

Run ``.venv/bin/python benchmarks/startup.py``; ``--repeats N`` sets the size, ``--smoke`` runs each once.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
COMMANDS = {
    "alembic --help": [str(BIN / "alembic"), "--help"],
    "stillhouse alembic --help": [str(BIN / "stillhouse"), "alembic", "--help"],
    "stillhouse --help": [str(BIN / "stillhouse"), "--help"],
    "python -c pass": [sys.executable, "-c", "pass"],
}


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(1 if arguments.smoke else arguments.repeats):
        for name, command in COMMANDS.items():
            taken[name].append(cpu_of(command))
    theirs = statistics.median(taken["alembic --help"])
    print("| start | ms of processor time | times Alembic's |")
    print("|---|---:|---:|")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"| `{name}` | {median * 1000:,.0f} | {median / theirs:.2f} |")


def cpu_of(command: list[str]) -> float:
    """Return the processor seconds of a command, which a busy machine changes least."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
