"""The real daemon over a fleet, in a process of its own: its memory, and how long its event loop was blocked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from drift_house import Probe, settled, write_fleet

import servers
from stillhouse_config import load_fleet
from stillhouse_orchestrator.application import opened
from stillhouse_orchestrator.daemon.service import Daemon
from stillhouse_orchestrator.daemon.serving import serve_http
from stillhouse_orchestrator.notify import Notifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drift import Bench
    from drift_house import Place

PATIENCE_SECONDS = 600
PAUSE_SECONDS = 0.2


async def watched(bench: Bench, places: Sequence[Place]) -> tuple[float, float]:
    """Let a daemon watch some places, and return its greatest memory in MB and its longest block in seconds."""
    file = write_fleet(bench, places, servers.free_port())
    async with settled(file, {}):
        pass  # the baselines are in its store now
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, __file__, str(file.path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, log = await daemon.communicate()
    if daemon.returncode:
        raise SystemExit(
            f"the daemon over {len(places)} targets ended with {daemon.returncode}:\n{log.decode()[-2000:]}"
        )
    found = json.loads(out.splitlines()[-1])
    return found["memory"], found["worst"]


async def serve(path: str) -> None:
    """Serve until every kind of check was made once."""
    file = load_fleet(path)
    async with serve_http(file.model.api.listen) as http, opened(file) as application:
        daemon = Daemon(application, Notifier(), 30.0)
        with http.answer(daemon.vitals, application):
            async with asyncio.TaskGroup() as group:
                group.create_task(daemon.run())
                await until(lambda: daemon.vitals().ready)
                async with Probe() as probe:
                    await until(lambda: {"census", "drift"} <= daemon.vitals().checked.keys() or daemon.problem)
                    problem = daemon.problem
                daemon.stop()
    if problem:
        raise SystemExit(problem)
    print(json.dumps({"memory": peak_memory(), "worst": probe.worst}))


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(PAUSE_SECONDS)


def peak_memory() -> float:
    """Return the greatest resident memory of this process so far, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(sys.argv[1]))
