"""``stillhouse up``: plan, then a rollout, watched to its end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NoReturn

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, selector_option, token_option
from stillhouse_orchestrator.cli.output import print_json
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.plan import print_plan
from stillhouse_orchestrator.cli.rollout_text import MOVING, OVER, succeeded
from stillhouse_orchestrator.cli.running import REPORTED, CommandFailedError
from stillhouse_orchestrator.cli.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.client.daemon import Daemon
    from stillhouse_orchestrator.values import Plan, Rollout

Document = dict[str, Any]


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
@token_option
@log_options
def up(destination: str, strategy: str | None, **common: Any) -> int:
    """Bring targets to their head: plan, start a rollout, watch it to its end.

    A rollout that was interrupted is finished first. Exit code 1 when a target failed or could not be planned.
    """
    fleet_file, selector, quiet = common["fleet_file"], common["selector"], common["as_json"]
    wanted = {"to": destination, "select": selector, "strategy": strategy}
    finished, made = ask(
        fleet_file,
        lambda daemon: _remotely(daemon, wanted, quiet=quiet),
        lambda: _here(fleet_file, wanted, quiet=quiet),
        level=REPORTED,
    )
    rollout = made["rollout"]
    if quiet:
        print_json(**made)
    else:
        print_plan(made["plan"], done=rollout is not None)
    unknown = made["plan"]["unreachable"] or made["plan"]["unknown"] or made["undiscovered"]
    whole = not unknown and all(map(succeeded, finished))
    return Exit.FINE if whole and (rollout is None or succeeded(made)) else Exit.FAILED


async def _here(fleet_file: str, wanted: Mapping[str, str | None], *, quiet: bool) -> tuple[list[Document], Document]:
    from stillhouse_orchestrator.documents import rollout_document
    from stillhouse_orchestrator.values import to_json

    async with opened(fleet_file) as application:
        with Watching(quiet=quiet) as watching:
            application.rollouts.listeners.append(watching)
            finished = [rollout_document(rollout) for rollout in await finish_interrupted(application)]
            plan = await application.plan(wanted["select"], wanted["to"] or "head", wanted["strategy"])
            known = {"plan": to_json(plan), "undiscovered": application.undiscovered}
            if not plan.groups:
                return finished, {**known, "rollout": None, "targets": []}
            rollout = await start(application, plan, wanted["strategy"], wanted["select"])
    return finished, {**known, **rollout_document(rollout)}


def _remotely(daemon: Daemon, wanted: Mapping[str, str | None], *, quiet: bool) -> tuple[list[Document], Document]:
    with Watching(quiet=quiet) as watching:
        finished = _finish_remotely(daemon, watching)
        made = daemon.post("rollouts", body=wanted)
        if made["rollout"] is not None:
            with detaching(made["rollout"]["id"]):
                made = {"plan": made["plan"], **watching.follow(daemon, made["rollout"]["id"])}
    made["undiscovered"] = daemon.get("targets")["undiscovered"]
    return finished, {key: value for key, value in made.items() if key not in {"schema_version", "late"}}


@contextlib.contextmanager
def detaching(rollout_id: str) -> Iterator[None]:
    """Say, when a person stops watching, that the rollout does not stop with it."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"rollout {rollout_id} goes on; `stillhouse rollout watch {rollout_id}` watches it again", err=True)
        raise


async def start(
    application: Application,
    plan: Plan,
    strategy: str | None,
    selector: str | None,
    not_before: datetime | None = None,
) -> Rollout:
    """Start a rollout that does what a plan says, and run it to its end."""
    import secrets

    from stillhouse_orchestrator.events import now
    from stillhouse_orchestrator.rollouts.freezing import Order
    from stillhouse_orchestrator.rollouts.signals import Start

    by, at = actor(), now()
    order = Order(secrets.token_hex(4), by, at, strategy, selector, not_before)
    rollout = await application.rollouts.create(plan, order)
    await application.rollouts.say(rollout.id, Start(by, at))
    return await application.rollouts.run(rollout.id, attended=False)


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
        if rollout.state.value in MOVING and rollout.hold is None:
            finished.append(await application.rollouts.run(rollout_id, attended=False))
        elif rollout.state.value != "draft":
            _waits(rollout_id, rollout.state.value, rollout.reason)
    return finished


def _finish_remotely(daemon: Daemon, watching: Watching) -> list[Document]:
    """Watch what the daemon runs at the moment to its end.

    Raises:
        CommandFailedError: a rollout waits for a person.
    """
    finished = []
    unfinished = [
        line for line in daemon.get("rollouts", limit=500)["rollouts"] if line["state"] not in {*OVER, "draft"}
    ]
    for line in reversed(unfinished):
        head = daemon.get("rollouts", line["id"])["rollout"]
        if head["state"] not in MOVING or head["hold"] is not None:
            _waits(head["id"], head["state"], head["reason"])
        with detaching(head["id"]):
            finished.append(watching.follow(daemon, head["id"]))
    return finished


def _waits(rollout_id: str, state: str, reason: str | None) -> NoReturn:
    raise CommandFailedError(
        f"rollout {rollout_id} is {state}: {reason or 'somebody has paused it'}",
        f"`stillhouse rollout show {rollout_id}`; then resume, promote, approve or abort it",
    )
