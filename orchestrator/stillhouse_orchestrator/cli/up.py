"""``stillhouse up``: plan, then a rollout, watched to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import destination_options, selecting_options
from stillhouse_orchestrator.cli.output import print_json
from stillhouse_orchestrator.cli.plan import print_plan
from stillhouse_orchestrator.cli.rollout_text import MOVING, OVER, succeeded
from stillhouse_orchestrator.cli.running import REPORTED, CommandFailedError
from stillhouse_orchestrator.cli.starting import detaching, run_here, start_here, start_remotely
from stillhouse_orchestrator.cli.watching import Watching

if TYPE_CHECKING:
    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.cli.starting import Document, Wanted
    from stillhouse_orchestrator.client.daemon import Daemon
    from stillhouse_orchestrator.values import Rollout


@click.command()
@destination_options
@selecting_options
def up(destination: str, strategy: str | None, **common: Any) -> int:
    """Bring targets to their head: plan, start a rollout, watch it to its end.

    A rollout that was interrupted is finished first. Exit code 1 when a target failed or could not be planned.
    """
    fleet_file, selector, quiet = common["fleet_file"], common["selector"], common["as_json"]
    wanted: Wanted = {"to": destination, "select": selector, "strategy": strategy}
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


async def _here(fleet_file: str, wanted: Wanted, *, quiet: bool) -> tuple[list[Document], Document]:
    from stillhouse_orchestrator.documents import rollout_document

    async with opened(fleet_file, plans=True) as application:
        with Watching(quiet=quiet) as watching:
            application.rollouts.listeners.append(watching)
            finished = [rollout_document(rollout) for rollout in await finish_interrupted(application)]
            made = await start_here(application, wanted)
        return finished, {**made, "undiscovered": application.undiscovered}


def _remotely(daemon: Daemon, wanted: Wanted, *, quiet: bool) -> tuple[list[Document], Document]:
    with Watching(quiet=quiet) as watching:
        finished = _finish_remotely(daemon, watching)
        made = start_remotely(daemon, wanted, watching)
    made["undiscovered"] = daemon.get("targets")["undiscovered"]
    return finished, {key: value for key, value in made.items() if key not in {"schema_version", "late"}}


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
            finished.append(await run_here(application, rollout_id))
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
