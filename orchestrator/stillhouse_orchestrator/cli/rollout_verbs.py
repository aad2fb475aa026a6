"""The verbs of ``stillhouse rollout``: what people say to a rollout. Each is kept with who said it, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, log_options
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.rollout_text import print_rollout, succeeded
from stillhouse_orchestrator.cli.running import REPORTED, run
from stillhouse_orchestrator.cli.watching import Watching
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.rollouts import signals
from stillhouse_orchestrator.values import RolloutState

if TYPE_CHECKING:
    from stillhouse_orchestrator.rollouts.signals import Verb
    from stillhouse_orchestrator.values import Rollout

MOVING = frozenset({RolloutState.RUNNING, RolloutState.ROLLING_BACK})


def _simple(name: str, verb: type[Verb], summary: str) -> click.Command:
    """Make the command of a verb that needs nothing but a reason."""

    @click.command(name, help=summary)
    @click.argument("rollout_id", metavar="ID")
    @click.option("--reason", help="Why; kept in the history.")
    @fleet_option
    @log_options
    def command(rollout_id: str, reason: str | None, fleet_file: str) -> int:
        return run(_say(fleet_file, rollout_id, verb(actor(), now(), reason)), level=REPORTED)

    return command


def _of_targets(name: str, verb: type[signals.Skip | signals.Retry], summary: str, *, required: bool) -> click.Command:
    """Make the command of a verb about some targets."""

    @click.command(name, help=summary)
    @click.argument("rollout_id", metavar="ID")
    @click.argument("targets", nargs=-1, required=required)
    @click.option("--reason", help="Why; kept in the history.")
    @fleet_option
    @log_options
    def command(rollout_id: str, targets: tuple[str, ...], reason: str | None, fleet_file: str) -> int:
        return run(_say(fleet_file, rollout_id, verb(actor(), now(), reason, targets)), level=REPORTED)

    return command


pause = _simple("pause", signals.Pause, "Start nothing more until it is resumed; what runs may finish.")
resume = _simple("resume", signals.Resume, "Take a pause back, go on, and watch.")
promote = _simple("promote", signals.Promote, "End a pause step of the strategy now, go on, and watch.")
approve = _simple("approve", signals.Approve, "Agree at an approve step of the strategy, go on, and watch.")
abort = _simple("abort", signals.Abort, "Start nothing more, let what runs finish, revert nothing.")
rollback = _simple(
    "rollback", signals.Rollback, "Bring every target that the rollout changed back to the revision where it began."
)
retry = _of_targets("retry", signals.Retry, "Try targets again: those named, else all that failed.", required=False)
skip = _of_targets("skip", signals.Skip, "Leave targets out; what depends on them goes on.", required=True)


async def _say(fleet_file: str, rollout_id: str, verb: Verb) -> int:
    async with opened(fleet_file) as application:
        with Watching() as watching:
            application.rollouts.listeners.append(watching)
            rollout = await application.rollouts.say(rollout_id, verb)
            if _goes_on(rollout):
                rollout = await application.rollouts.run(rollout.id)
        print_rollout(rollout)
        return (
            Exit.FAILED
            if rollout.state.over and not succeeded(rollout) and not isinstance(verb, signals.Abort)
            else Exit.FINE
        )


def _goes_on(rollout: Rollout) -> bool:
    return rollout.state in MOVING and rollout.hold is None
