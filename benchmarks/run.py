"""Run every benchmark of this folder, and write their tables to ``docs/reference/benchmarks.md``.

``.venv/bin/python benchmarks/run.py`` takes half an hour on a quiet machine; with file names it runs those only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
BENCHMARKS = {
    "fleet_upgrade.py": ("Upgrading a fleet", ("--databases", "100", "--repeats", "1")),
    "latency.py": ("A server five milliseconds away", ("--databases", "20", "--repeats", "1")),
    "memory.py": ("Memory", ()),
    "census.py": ("Nothing to do", ("--databases", "100", "--repeats", "2")),
    "startup.py": ("Starting", ("--repeats", "5")),
    "graph.py": ("Graphs of revisions", ()),
    "autogenerate.py": ("Autogenerate", ()),
    "snapshots.py": ("Snapshots", ()),
    "drift.py": ("Watching a fleet", ()),
    "rollout_growth.py": ("The growth of a rollout with its targets", ()),
    "hot_table.py": ("A hot table while a migration waits for it", ("--rounds", "7")),
}
HEAD = """# Benchmarks

Written by `.venv/bin/python benchmarks/run.py`. Compare the ratios of one table only: all contenders of a table took
turns in one run, on one machine. See [what the figures mean](../explanation/speed.md).
"""


def main() -> None:
    """Run them one after the other; each table is written as soon as it is there, and the others stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="the smallest sizes, printed instead of written")
    parser.add_argument("only", nargs="*", choices=[*BENCHMARKS, []], metavar="FILE", help="which; default: all")
    arguments = parser.parse_args()
    for file in arguments.only or BENCHMARKS:
        section = run(file, smoke=arguments.smoke)
        if arguments.smoke:
            print(section)
        else:
            sections = {**written(), BENCHMARKS[file][0]: section}
            ordered = [sections[title] for title, _ in BENCHMARKS.values() if title in sections]
            PAGE.write_text("\n".join([HEAD, *ordered]), encoding="utf-8")


def run(file: str, *, smoke: bool) -> str:
    """Run one, and return its section of the page."""
    title, sizes = BENCHMARKS[file]
    small = smoke and "--smoke" in (HERE / file).read_text(encoding="utf-8")
    options = ("--smoke",) if small else sizes
    done = subprocess.run([sys.executable, str(HERE / file), *options], check=True, stdout=subprocess.PIPE, text=True)
    text = done.stdout.strip()
    table = text if "|---" in text else f"```text\n{text}\n```"
    return f"## {title}\n\n`benchmarks/{' '.join((file, *options))}`\n\n{table}\n"


def written() -> dict[str, str]:
    """Return the page's sections by their titles."""
    _, *sections = PAGE.read_text(encoding="utf-8").split("\n## ")
    return {text.partition("\n")[0]: f"## {text.rstrip()}\n" for text in sections}


if __name__ == "__main__":
    main()
