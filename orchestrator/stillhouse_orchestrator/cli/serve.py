"""``stillhouse serve``: the daemon in the foreground, as service managers want it."""

from __future__ import annotations

import asyncio

import click

from stillhouse_orchestrator.api.server import ListenError
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import load, opened
from stillhouse_orchestrator.cli.options import fleet_option, log_options
from stillhouse_orchestrator.cli.running import run
from stillhouse_orchestrator.daemon.neighbours import explained
from stillhouse_orchestrator.daemon.service import Daemon
from stillhouse_orchestrator.daemon.serving import serve_http
from stillhouse_orchestrator.notify import Notifier


@click.command()
@click.option(
    "--drain-timeout", type=click.FloatRange(0), default=60.0, show_default=True, metavar="SECONDS",
    help="How long work in progress may take after SIGTERM.",
)  # fmt: skip
@fleet_option
@log_options
def serve(fleet_file: str, drain_timeout: float) -> int:
    """Run the daemon: scheduler, census, drift checks, alerts, rollouts, HTTP API.

    SIGTERM drains, a second one cancels. SIGHUP reads the fleet file again; one with mistakes is refused and the old one kept.
    """
    run(_serve(fleet_file, drain_timeout), level="info", style="json")
    return Exit.FINE


async def _serve(fleet_file: str, drain: float) -> None:
    file = await asyncio.to_thread(load, fleet_file)
    try:
        async with (
            serve_http(file.model.api.listen) as http,
            opened(fleet_file, drain=drain, acting="daemon") as application,
        ):
            daemon = Daemon(application, Notifier.from_environment(), drain)
            with http.answer(daemon.vitals, application):
                await daemon.run()
    except ListenError as error:
        raise await explained(error, file) if error.taken else error from error
