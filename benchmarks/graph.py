"""The revision graph, ours against Alembic, side by side in one run: loading, upgrade paths, growth.

Run it with ``python benchmarks/graph.py [REVISIONS]``. Only the ratios mean something: they are taken in the same
minute on the same machine, each as the best of several runs in fresh processes.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ENGINE = Path(__file__).resolve().parent.parent / "engine"
MERGE_CHANCE = 0.4
CONTINUE_CHANCE = 0.6
MOST_BRANCHES = 12
FILE = '''"""Revision {number}

Revision ID: {revision}
Revises: {down}
Create Date: 2026-11-23 10:00:00.000000

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = {revision!r}
down_revision: Union[str, Sequence[str], None] = {down_revision!r}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table("t{number}", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id"))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("t{number}")
'''
MEASURE = """
import json, sys, time
kind, folder, runs, pathed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "path"
if kind == "ours":
    sys.path.insert(0, {engine!r})
    from stillhouse_engine.script import ScriptDirectory
else:
    from alembic.script import ScriptDirectory
times = []
for _ in range(runs):
    start = time.perf_counter()
    script = ScriptDirectory(folder)
    heads = script.get_heads()
    if pathed:
        steps = script._upgrade_revs("heads", ())
    times.append(time.perf_counter() - start)
print(json.dumps([times, heads, [step.revision.revision for step in steps] if pathed else []]))
"""


def linear(count: int) -> list[tuple[str, ...]]:
    """Return what each revision follows, one after the other."""
    return [() if not number else (identifier(number - 1),) for number in range(count)]


def bushy(count: int) -> list[tuple[str, ...]]:
    """Return what each revision follows where branches fork and merge all the time."""
    chance = random.Random(7)
    below: list[tuple[str, ...]] = [()]
    tips = [0]
    for number in range(1, count):
        if len(tips) > 1 and (chance.random() < MERGE_CHANCE or len(tips) > MOST_BRANCHES or number == count - 1):
            merged = chance.sample(tips, min(len(tips), 2 if number < count - 1 else len(tips)))
            tips = [tip for tip in tips if tip not in merged]
            below.append(tuple(identifier(tip) for tip in merged))
        else:
            parent = (
                chance.choice(tips)
                if chance.random() < CONTINUE_CHANCE
                else chance.randrange(max(0, number - 40), number)
            )
            tips = [tip for tip in tips if tip != parent]
            below.append((identifier(parent),))
        tips.append(number)
    return below


def identifier(number: int) -> str:
    """Return a revision id like those that Alembic makes."""
    return f"{(number * 2654435761) % 2**48:012x}"


def write_project(folder: Path, below: list[tuple[str, ...]]) -> None:
    """Write a script directory."""
    versions = folder / "versions"
    versions.mkdir(parents=True)
    for number, down in enumerate(below):
        down_revision = None if not down else down[0] if len(down) == 1 else down
        text = FILE.format(
            number=number, revision=identifier(number), down=", ".join(down), down_revision=down_revision
        )
        (versions / f"{identifier(number)}_revision_{number}.py").write_text(text)


def measure(kind: str, folder: Path, *, runs: int = 1, path: bool = False) -> tuple[list[float], list[str]]:
    """Load a project in a fresh process; return the seconds of each run there, and the path."""
    code = MEASURE.format(engine=str(ENGINE))
    words = [sys.executable, "-c", code, kind, str(folder), str(runs), "path" if path else "load"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=environment)
    times, _, steps = json.loads(done.stdout)
    return times, steps


def report(label: str, ours: float, theirs: float, goal: float | None) -> None:
    """Print one comparison."""
    wanted = f"  goal {goal:g}x  {'met' if theirs / ours >= goal else 'MISSED'}" if goal else ""
    print(f"  {label:<44} ours {ours * 1000:8.1f} ms   Alembic {theirs * 1000:8.1f} ms   {theirs / ours:6.1f}x{wanted}")


def compare(name: str, folder: Path, rounds: int) -> None:
    """Compare one shape of history."""
    print(f"{name}:")
    measure("alembic", folder)  # writes Python's own caches: the next load of Alembic is warm
    warm = min(measure("alembic", folder)[0][0] for _ in range(rounds))
    index = folder / "versions" / "__pycache__" / "stillhouse-revisions.bin"
    first = []
    for _ in range(rounds):
        index.unlink(missing_ok=True)
        first.append(measure("ours", folder)[0][0])
    kept = min(measure("ours", folder)[0][0] for _ in range(rounds))
    again = min(measure("ours", folder, runs=4)[0][1:])
    report("first load (Alembic: warm)", min(first), warm, 5)
    report("cached, new process", kept, warm, 20)
    report("cached, same process", again, warm, 20)
    theirs, expected = measure("alembic", folder, path=True)
    ours, found = zip(*(measure("ours", folder, path=True) for _ in range(rounds)), strict=True)
    index.unlink(missing_ok=True)
    fresh, _ = measure("ours", folder, path=True)
    same = "same path" if found[0] == expected else "PATHS DIFFER"
    report(f"first load + upgrade path ({same})", fresh[0], theirs[0], 12 if name == "bushy" else None)
    report("cached load + upgrade path", min(times[0] for times in ours), theirs[0], 12 if name == "bushy" else None)


def growth(shape: str, folder: Path, counts: list[int]) -> None:
    """Print how our load + path grows with the number of revisions."""
    print(f"growth of load + upgrade path, {shape}:")
    for count in counts:
        target = folder / f"{shape}{count}"
        write_project(target, {"linear": linear, "bushy": bushy}[shape](count))
        times, _ = measure("ours", target, runs=3, path=True)
        print(
            f"  {count:6} revisions  first {times[0] * 1e6 / count:6.1f} us each, again {min(times[1:]) * 1e6 / count:6.1f} us each"
        )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory(prefix="stillhouse-graph-") as name:
        root = Path(name)
        for shape, make in (("linear", linear), ("bushy", bushy)):
            write_project(root / shape, make(count))
            compare(shape, root / shape, rounds=3)
        for shape in ("linear", "bushy"):
            growth(shape, root / "growth", [count // 4, count // 2, count, count * 2])


if __name__ == "__main__":
    main()
