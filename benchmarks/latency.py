"""What an upgrade from empty takes when the database server is five milliseconds away, in turns.

Run ``.venv/bin/python benchmarks/latency.py``; ``--databases``, ``--milliseconds`` and ``--repeats`` set the size. The
distance is added by a proxy on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import fleet_upgrade  # puts the tests' folder on the path
import structlog
from fleet_upgrade import Contender
from fleets import PostgresFleet

import servers
from sample_projects import benchmark_project, sample_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sample_projects import SampleProject
    from servers import PostgresServer

PROXY = Path(__file__).resolve().parent / "slow_proxy.py"


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", type=int, default=20)
    parser.add_argument("--milliseconds", type=float, default=5.0, help="round-trip time that is added (5)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    databases, repeats = (2, 1) if arguments.smoke else (arguments.databases, arguments.repeats)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory(prefix="stillhouse-bench-") as name, servers.postgres() as server:
        folder = Path(name)
        project = (sample_project if arguments.smoke else benchmark_project)(folder / "project")
        with far_away(server.port, arguments.milliseconds) as port:
            fleet = FarFleet(server, project, folder, far_port=port)
            found = asyncio.run(measure(fleet, databases, repeats))
    print("\n".join(table(found, arguments.milliseconds)))


class FarFleet(PostgresFleet):
    """Databases that are made and looked at directly, and migrated through the proxy."""

    def __init__(self, server: PostgresServer, project: SampleProject, folder: Path, *, far_port: int) -> None:
        super().__init__(server, project, folder)
        self.far_port = far_port

    def fill(self, databases: int) -> None:
        """Make empty databases."""
        super().fill(databases)
        far = replace(self.server, port=self.far_port)
        self.urls = [far.url(url.rpartition("/")[2]) for url in self.urls]


async def measure(fleet: FarFleet, databases: int, repeats: int) -> list[Contender]:
    """Let every contender upgrade fresh databases, in turns."""
    contenders = [
        Contender("Alembic in one process (imports not counted)", fleet_upgrade.alembic_in_process),
        Contender("Stillhouse, with the same env.py", fleet_upgrade.ours_with_env),
        Contender("Stillhouse, without env.py", fleet_upgrade.ours),
        Contender("Stillhouse, without env.py and without replay", fleet_upgrade.ours_without_replay),
    ]
    for _ in range(repeats):
        for contender in contenders:
            fleet.fill(databases)
            seconds = await contender.run(fleet)
            fleet.check()
            contender.taken.append(seconds * 1000 / databases)
            fleet.clear()
    return contenders


@contextlib.contextmanager
def far_away(port: int, milliseconds: float) -> Iterator[int]:
    """Put a server far away, and yield the port where it is."""
    command = [sys.executable, str(PROXY), str(port), str(milliseconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            yield int(proxy.stdout.readline()) if proxy.stdout else 0
        finally:
            proxy.terminate()


def table(contenders: list[Contender], milliseconds: float) -> Iterator[str]:
    """Render a Markdown table."""
    slowest = statistics.median(contenders[0].taken)
    yield f"| from empty, {milliseconds:g} ms away | ms a database | times faster than Alembic |"
    yield "|---|---:|---:|"
    for each in contenders:
        taken = statistics.median(each.taken)
        yield f"| {each.name} | {taken:,.1f} | {slowest / taken:,.1f} |"


if __name__ == "__main__":
    main()
