"""Kills migrating processes at every fault point of the engine, one after the other, on one database of each kind.

A process is forked for each run, so that hundreds of them take a minute and not an hour. What dies is the same code that
a worker runs.
"""

from __future__ import annotations

import asyncio
import os
import signal
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from crash.fleet import BrokenPromiseError
from stillhouse_engine import as_alembic, faults
from stillhouse_engine.runtime.project import DatabaseSpec, Project, ProjectSpec

if TYPE_CHECKING:
    from collections import Counter

    from crash.fleet import Fleet, Target


def run(fleet: Fleet, target: Target, fault: str | None) -> bool:
    """Migrate a target in a process of its own; return whether the process died of its fault.

    Raises:
        BrokenPromiseError: the migration failed.
    """
    log = Path(fleet.folder, "log")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            faults._armed = faults.Fault(fault) if fault else None
            spec = ProjectSpec(str(fleet.folder), script_location=target.kind)
            asyncio.run(Project(spec).upgrade(DatabaseSpec(target.name, target.url)))
            code = 0
        except BaseException:  # noqa: BLE001 - a forked process must never go on as its parent
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and fault:
        return True
    if status != 0:
        raise BrokenPromiseError(
            f"the migration of {target.name} failed with {fault or 'no fault'}:\n{log.read_text()}"
        )
    return False


def kill_everywhere(fleet: Fleet, counts: Counter[str], step: int = 1) -> None:
    """Kill a migration of one target of each kind at each passing of each fault point, and finish it each time.

    Args:
        fleet: whose targets.
        counts: what was dealt, by kind.
        step: 1 for each passing, 3 for every third.
    """
    as_alembic.install()
    for kind in fleet.kinds:
        target = next(target for target in fleet.targets if target.kind == kind)
        fleet.reset_one(target)
        run(fleet, target, None)
        expected = fleet.schema(target)
        for point in faults.ENGINE_POINTS:
            nth = 1
            while True:
                fleet.reset_one(target)
                if not run(fleet, target, f"{point}:{nth}"):
                    break
                counts[f"kill the engine on {kind} at {point}"] += 1
                fleet.check_once()
                run(fleet, target, None)
                fleet.check_one(target, expected)
                nth += step
        fleet.reset_one(target)
