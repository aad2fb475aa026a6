"""``stillhouse rollout start`` and ``stillhouse rollout watch``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import (
    destination_options,
    fleet_option,
    json_option,
    log_options,
    selecting_options,
    token_option,
)
from stillhouse_orchestrator.cli.output import print_document
from stillhouse_orchestrator.cli.plan import print_plan
from stillhouse_orchestrator.cli.rollout_text import print_rollout, print_way_on, succeeded, waits
from stillhouse_orchestrator.cli.running import REPORTED
from stillhouse_orchestrator.cli.starting import detaching, run_here, start_here, start_remotely
from stillhouse_orchestrator.cli.watching import Watching

if TYPE_CHECKING:
    from datetime import datetime

    from stillhouse_orchestrator.cli.starting import Document, Wanted
    from stillhouse_orchestrator.client.daemon import Daemon


@click.command()
@destination_options
@click.option(
    "--not-before", type=click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]), metavar="MOMENT",
    help='Start no target earlier: "2026-11-24 02:00", in this machine\'s time zone.',
)  # fmt: skip
@click.option("--next-window", is_flag=True, help="Start no target before a maintenance window opens.")
@click.option("--detach", is_flag=True, help="Leave it to the daemon instead of watching it.")
@selecting_options
def start(
    destination: str, strategy: str | None, not_before: datetime | None, next_window: bool, detach: bool, **common: Any
) -> int:
    """Start a rollout and watch it to its end."""
    wanted: Wanted = {
        "to": destination,
        "select": common["selector"],
        "strategy": strategy,
        "not_before": not_before.astimezone().isoformat() if not_before else None,
        "next_window": next_window,
    }
    quiet = common["as_json"]
    made = ask(
        common["fleet_file"],
        lambda daemon: _remotely(daemon, wanted, quiet=quiet, detach=detach),
        lambda: _here(common["fleet_file"], wanted, quiet=quiet),
        level=REPORTED,
    )
    if made["rollout"] is None:
        if quiet:
            print_document(made)
        else:
            print_plan(made["plan"])
        return Exit.FAILED if made["plan"]["unreachable"] or made["plan"]["unknown"] else Exit.FINE
    if quiet:
        print_document({key: value for key, value in made.items() if key != "plan"})
    elif detach:
        click.echo(f"rollout {made['rollout']['id']} is {made['rollout']['state']}; it runs in the daemon")
    else:
        print_way_on(made)
    fine = succeeded(made) or waits(made) or (detach and made["rollout"]["state"] != "failed")
    return Exit.FINE if fine else Exit.FAILED


@click.command()
@click.argument("rollout_id", metavar="ID")
@fleet_option
@json_option
@token_option
@log_options
def watch(rollout_id: str, **common: Any) -> int:
    """Watch a rollout to its end; without a daemon, go on with one that was interrupted."""
    quiet = common["as_json"]
    found = ask(
        common["fleet_file"],
        lambda daemon: watch_remotely(daemon, rollout_id, quiet=quiet),
        lambda: _follow(common["fleet_file"], rollout_id, quiet=quiet),
        level=REPORTED,
    )
    if quiet:
        print_document(found)
    else:
        print_rollout(found)
    return Exit.FINE if succeeded(found) or waits(found) else Exit.FAILED


def watch_remotely(daemon: Daemon, rollout_id: str, *, quiet: bool = False) -> Document:
    """Watch a rollout of a daemon to its end, across restarts of the daemon."""
    known = daemon.get("rollouts", rollout_id)["rollout"]["id"]
    with Watching(quiet=quiet) as watching, detaching(known):
        return watching.follow(daemon, known)


def _remotely(daemon: Daemon, wanted: Wanted, *, quiet: bool, detach: bool) -> Document:
    if detach:
        return daemon.post("rollouts", body=wanted)
    with Watching(quiet=quiet) as watching:
        return start_remotely(daemon, wanted, watching)


async def _here(fleet_file: str, wanted: Wanted, *, quiet: bool) -> Document:
    async with opened(fleet_file, plans=True) as application:
        with Watching(quiet=quiet) as watching:
            application.rollouts.listeners.append(watching)
            return await start_here(application, wanted)


async def _follow(fleet_file: str, rollout_id: str, *, quiet: bool) -> Document:
    from stillhouse_orchestrator.documents import rollout_document

    async with opened(fleet_file) as application:
        with Watching(quiet=quiet) as watching:
            application.rollouts.listeners.append(watching)
            rollout = await run_here(application, (await application.rollouts.get(rollout_id)).id)
        return rollout_document(rollout)
