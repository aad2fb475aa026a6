"""The verbs of ``stillhouse rollout``: what people say to a rollout. Each is kept with who said it, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, log_options, token_option
from stillhouse_orchestrator.cli.output import counted, named, revisions
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.plan import print_sql
from stillhouse_orchestrator.cli.rollout_run import watch_remotely
from stillhouse_orchestrator.cli.rollout_text import OVER, goes_on, print_rollout, succeeded
from stillhouse_orchestrator.cli.running import REPORTED
from stillhouse_orchestrator.cli.starting import run_here
from stillhouse_orchestrator.cli.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.client.daemon import Daemon
    from stillhouse_orchestrator.rollouts.signals import Verb

WATCHED = frozenset({"resume", "promote", "approve", "retry", "rollback"})
OF_TARGETS = frozenset({"retry", "skip", "join"})


def _simple(name: str, summary: str) -> click.Command:
    """Make the command of a verb that needs nothing but a reason."""

    @click.command(name, help=summary)
    @click.argument("rollout_id", metavar="ID")
    @click.option("--reason", help="Why; kept in the history.")
    @fleet_option
    @token_option
    @log_options
    def command(rollout_id: str, reason: str | None, fleet_file: str) -> int:
        return _say(fleet_file, name, rollout_id, {"reason": reason})

    return command


def _of_targets(name: str, summary: str, *, required: bool) -> click.Command:
    """Make the command of a verb about some targets."""

    @click.command(name, help=summary)
    @click.argument("rollout_id", metavar="ID")
    @click.argument("targets", nargs=-1, required=required)
    @click.option("--reason", help="Why; kept in the history.")
    @fleet_option
    @token_option
    @log_options
    def command(rollout_id: str, targets: tuple[str, ...], reason: str | None, fleet_file: str) -> int:
        return _say(fleet_file, name, rollout_id, {"reason": reason, "targets": list(targets)})

    return command


pause = _simple("pause", "Start nothing more until it is resumed; what runs may finish.")
resume = _simple("resume", "Take a pause back, go on, and watch.")
promote = _simple("promote", "End a pause step of the strategy now, go on, and watch.")
approve = _simple("approve", "Agree at an approve step of the strategy, go on, and watch.")
abort = _simple("abort", "Start nothing more, let what runs finish, revert nothing.")
retry = _of_targets("retry", "Try targets again: those named, else all that failed.", required=False)
skip = _of_targets("skip", "Leave targets out; what depends on them goes on.", required=True)
join = _of_targets("join", "Let in targets that appeared after the rollout was started.", required=True)


@click.command()
@click.argument("rollout_id", metavar="ID")
@click.option("--reason", help="Why; kept in the history.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@fleet_option
@token_option
@log_options
def rollback(rollout_id: str, reason: str | None, yes: bool, fleet_file: str) -> int:
    """Bring every target that the rollout changed back to the revision where it began; shows its plan and asks."""
    return _say(fleet_file, "rollback", rollout_id, {"reason": reason}, asks=not yes)


def _say(fleet_file: str, verb: str, rollout_id: str, said: Mapping[str, Any], *, asks: bool = False) -> int:
    found = ask(
        fleet_file,
        lambda daemon: _remotely(daemon, verb, rollout_id, said, asks=asks),
        lambda: _here(fleet_file, verb, rollout_id, said, asks=asks),
        level=REPORTED,
    )
    print_rollout(found)
    failed = found["rollout"]["state"] in OVER and not succeeded(found) and verb != "abort"
    return Exit.FAILED if failed else Exit.FINE


def _remotely(
    daemon: Daemon, verb: str, rollout_id: str, said: Mapping[str, Any], *, asks: bool = False
) -> dict[str, Any]:
    if verb == "rollback":
        _print_way_back(daemon.get("rollouts", rollout_id, "rollback")["groups"], asks=asks)
    found = daemon.post("rollouts", rollout_id, verb, body=said)
    if verb in WATCHED and goes_on(found):
        return watch_remotely(daemon, found["rollout"]["id"])
    return found


async def _here(
    fleet_file: str, verb: str, rollout_id: str, said: Mapping[str, Any], *, asks: bool = False
) -> dict[str, Any]:
    from stillhouse_orchestrator.documents import rollout_document

    async with opened(fleet_file) as application:
        with Watching() as watching:
            application.rollouts.listeners.append(watching)
            if verb == "rollback":
                await _show_way_back(application, rollout_id, asks=asks)
            rollout = await application.rollouts.say(rollout_id, _signal(verb, said))
            if verb in WATCHED and not rollout.state.over:
                rollout = await run_here(application, rollout.id)
        return rollout_document(rollout)


def _signal(verb: str, said: Mapping[str, Any]) -> Verb:
    from stillhouse_orchestrator.events import now
    from stillhouse_orchestrator.rollouts import signals

    kind = getattr(signals, verb.capitalize())
    more = (tuple(said["targets"]),) if verb in OF_TARGETS else ()
    signal: Verb = kind(actor(), now(), said["reason"], *more)
    return signal


async def _show_way_back(application: Application, rollout_id: str, *, asks: bool) -> None:
    from stillhouse_orchestrator.rollouts.reversing import way_back

    rollout = await application.rollouts.get(rollout_id)
    _print_way_back(await way_back(rollout, application.fleet.targets, application.executor), asks=asks)


def _print_way_back(groups: Sequence[Mapping[str, Any]], *, asks: bool) -> None:
    for group in groups:
        count = counted(len(group["targets"]), "target")
        way = f"{revisions(group['from'])} -> {revisions(group['to'])}"
        click.secho(f"{way} ({count}, wave {group['wave']}): {named(group['targets'])}", bold=True)
        print_sql(group["sql"])
    if asks and groups:
        click.confirm(f"Roll {counted(sum(len(group['targets']) for group in groups), 'target')} back?", abort=True)
