"""``stillhouse rollout start`` and ``stillhouse rollout watch``."""

from __future__ import annotations

from typing import Any

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, selector_option
from stillhouse_orchestrator.cli.output import print_json
from stillhouse_orchestrator.cli.plan import print_plan
from stillhouse_orchestrator.cli.rollout_text import as_json, print_rollout, succeeded
from stillhouse_orchestrator.cli.running import REPORTED, run
from stillhouse_orchestrator.cli.up import start as start_rollout
from stillhouse_orchestrator.cli.watching import Watching


@click.command()
@click.option(
    "--to",
    "destination",
    default="head",
    show_default=True,
    metavar="REV",
    help="The destination; heads for all branches.",
)
@click.option("--strategy", help="The strategy to follow. Default: the fleet file's, else all at once.")
@fleet_option
@selector_option
@json_option
@log_options
def start(destination: str, strategy: str | None, **common: Any) -> int:
    """Start a rollout and watch it to its end."""
    return run(
        _start(common["fleet_file"], common["selector"], destination, strategy, quiet=common["as_json"]), level=REPORTED
    )


@click.command()
@click.argument("rollout_id", metavar="ID")
@fleet_option
@json_option
@log_options
def watch(rollout_id: str, **common: Any) -> int:
    """Go on with a rollout that was interrupted, and watch it to its end."""
    return run(follow(common["fleet_file"], rollout_id, quiet=common["as_json"]), level=REPORTED)


async def _start(fleet_file: str, selector: str | None, destination: str, strategy: str | None, *, quiet: bool) -> int:
    async with opened(fleet_file) as application:
        with Watching(quiet=quiet) as watching:
            application.rollouts.listeners.append(watching)
            plan = await application.plan(selector, destination, strategy)
            if not plan.groups:
                print_plan(plan)
                return Exit.FAILED if plan.unreachable or plan.unknown else Exit.FINE
            rollout = await start_rollout(application, plan, strategy, selector)
        if quiet:
            print_json(**as_json(rollout))
        return Exit.FINE if succeeded(rollout) else Exit.FAILED


async def follow(fleet_file: str, rollout_id: str, *, quiet: bool = False) -> int:
    """Run a rollout to its end and print where it ended."""
    async with opened(fleet_file) as application:
        with Watching(quiet=quiet) as watching:
            application.rollouts.listeners.append(watching)
            rollout = await application.rollouts.run((await application.rollouts.get(rollout_id)).id)
        if quiet:
            print_json(**as_json(rollout))
        else:
            print_rollout(rollout)
        return Exit.FINE if succeeded(rollout) else Exit.FAILED
