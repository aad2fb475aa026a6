"""How long the command lines take to start: ours against Alembic's, in turns, beside a daemon that serves a small fleet.

Run ``.venv/bin/python benchmarks/startup.py``; ``--repeats N`` sets the size, ``--smoke`` runs each once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import servers

BIN = Path(sys.executable).parent
STILLHOUSE = str(BIN / "stillhouse")
THEIRS = "alembic --help"
COMMANDS = {
    THEIRS: [str(BIN / "alembic"), "--help"],
    "stillhouse alembic --help": [STILLHOUSE, "alembic", "--help"],
    "stillhouse --help": [STILLHOUSE, "--help"],
    "stillhouse status, asking the daemon": [STILLHOUSE, "status"],
    "stillhouse health": [STILLHOUSE, "health"],
    "python -c pass": [sys.executable, "-c", "pass"],
}
START_SECONDS = 60


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with daemon() as folder:
        for _ in range(1 if arguments.smoke else arguments.repeats):
            for name, command in COMMANDS.items():
                taken[name].append(cpu_of(command, folder))
    theirs = statistics.median(taken[THEIRS])
    print("| start | ms of processor time | times Alembic's |")
    print("|---|---:|---:|")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"| `{name}` | {median * 1000:,.0f} | {median / theirs:.2f} |")


@contextlib.contextmanager
def daemon() -> Iterator[Path]:
    """Serve the fleet that ``stillhouse init`` writes until the block ends; yield its folder."""
    with tempfile.TemporaryDirectory(prefix="stillhouse-startup-") as name:
        folder = Path(name) / "shop"
        subprocess.run([STILLHOUSE, "init", folder], check=True, stdout=subprocess.DEVNULL)
        with (folder / "fleet.yaml").open("a") as file:
            file.write(f"\napi: {{listen: 127.0.0.1:{servers.free_port()}}}\n")
        serving = subprocess.Popen(
            [STILLHOUSE, "serve"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            until_serving(folder)
            yield folder
        finally:
            serving.terminate()
            serving.wait()


def until_serving(folder: Path) -> None:
    """Wait for the daemon."""
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run([STILLHOUSE, "health"], cwd=folder, capture_output=True, check=False).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the daemon did not serve within {START_SECONDS} s")


def cpu_of(command: list[str], folder: Path) -> float:
    """Return the processor seconds of a command, which a busy machine changes least."""
    before = os.times()
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
