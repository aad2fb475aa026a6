"""``stillhouse up``: plan, then a rollout, watched to its end."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened, some_are_unknown
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, selector_option
from stillhouse_orchestrator.cli.output import print_json
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.plan import print_plan
from stillhouse_orchestrator.cli.rollout_text import as_json, succeeded
from stillhouse_orchestrator.cli.running import REPORTED, CommandFailedError, run
from stillhouse_orchestrator.cli.watching import Watching
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.rollouts.freezing import Order
from stillhouse_orchestrator.rollouts.signals import Start
from stillhouse_orchestrator.values import RolloutState, to_json

if TYPE_CHECKING:
    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.values import Plan, Rollout


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
def up(destination: str, strategy: str | None, **common: Any) -> int:
    """Bring targets to their head: plan, start a rollout, watch it to its end.

    A rollout that was interrupted is finished first. Exit code 1 when a target failed or could not be planned.
    """
    return run(
        _up(common["fleet_file"], common["selector"], destination, strategy, quiet=common["as_json"]), level=REPORTED
    )


async def _up(fleet_file: str, selector: str | None, destination: str, strategy: str | None, *, quiet: bool) -> int:
    async with opened(fleet_file) as application:
        with Watching(quiet=quiet) as watching:
            application.rollouts.listeners.append(watching)
            finished = await finish_interrupted(application)
            plan = await application.plan(selector, destination, strategy)
            rollout = await start(application, plan, strategy, selector) if plan.groups else None
        if quiet:
            print_json(plan=to_json(plan), **(as_json(rollout) if rollout else {"rollout": None, "targets": []}))
        else:
            print_plan(plan, done=rollout is not None)
    whole = not (plan.unreachable or plan.unknown or some_are_unknown()) and all(map(succeeded, finished))
    return Exit.FINE if whole and (rollout is None or succeeded(rollout)) else Exit.FAILED


async def start(application: Application, plan: Plan, strategy: str | None, selector: str | None) -> Rollout:
    """Start a rollout that does what a plan says, and run it to its end."""
    by, at = actor(), now()
    order = Order(secrets.token_hex(4), by, at, strategy, selector)
    rollout = await application.rollouts.create(plan, order)
    await application.rollouts.say(rollout.id, Start(by, at))
    return await application.rollouts.run(rollout.id)


async def finish_interrupted(application: Application) -> list[Rollout]:
    """Finish what a process that died left behind.

    Raises:
        CommandFailedError: a rollout waits for a person; it is not this command's to go on.
    """
    async with application.store.read() as session:
        ids = await session.rollouts.unfinished()
    finished = []
    for rollout_id in ids:
        rollout = await application.rollouts.get(rollout_id)
        if rollout.state in {RolloutState.RUNNING, RolloutState.ROLLING_BACK} and rollout.hold is None:
            finished.append(await application.rollouts.run(rollout_id))
        elif rollout.state is not RolloutState.DRAFT:
            waits = f"rollout {rollout_id} is {rollout.state.value}: {rollout.reason or 'somebody has paused it'}"
            raise CommandFailedError(
                waits, f"`stillhouse rollout show {rollout_id}`; then resume, promote, approve or abort it"
            )
    return finished
