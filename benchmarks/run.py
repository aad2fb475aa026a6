"""Run every benchmark of this folder, and write their tables to ``docs/reference/benchmarks.md``.

``.venv/bin/python benchmarks/run.py`` takes some minutes; ``--smoke`` runs the smallest sizes and prints instead of
writing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
BENCHMARKS = {
    "fleet_upgrade.py": ("Upgrading a fleet", ("--databases", "40", "--repeats", "1")),
    "latency.py": ("A server five milliseconds away", ("--databases", "20", "--repeats", "1")),
    "memory.py": ("Memory", ()),
    "census.py": ("Nothing to do", ("--databases", "50", "--repeats", "2")),
    "startup.py": ("Starting", ("--repeats", "5")),
    "graph.py": ("Graphs of revisions", ()),
    "snapshots.py": ("Snapshots", ()),
    "drift.py": ("Watching a fleet", ()),
    "hot_table.py": ("A hot table while a migration waits for it", ("--rounds", "7")),
}
HEAD = """# Benchmarks

Written by `.venv/bin/python benchmarks/run.py`. Compare the ratios of one table only: all contenders of a table took
turns in one run, on one machine. See [what the figures mean](../explanation/speed.md).
"""


def main() -> None:
    """Run them one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("only", nargs="*", help="file names; default: all")
    arguments = parser.parse_args()
    parts = [HEAD]
    for file, (title, sizes) in BENCHMARKS.items():
        if arguments.only and file not in arguments.only:
            continue
        smoke = arguments.smoke and "--smoke" in (HERE / file).read_text(encoding="utf-8")
        options = ("--smoke",) if smoke else sizes
        done = subprocess.run([sys.executable, str(HERE / file), *options], check=True, capture_output=True, text=True)
        parts.append(f"## {title}\n\n`benchmarks/{' '.join((file, *options))}`\n\n{done.stdout.strip()}\n")
    text = "\n".join(parts)
    if arguments.smoke or arguments.only:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
