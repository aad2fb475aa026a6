"""``stillhouse drift adopt``: a revision for the drift."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.drift_text import print_report
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, log_options, token_option
from stillhouse_orchestrator.cli.output import counted
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.running import CommandFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_orchestrator.client.daemon import Daemon


@click.command()
@click.argument("target")
@click.option("-m", "--message", required=True, help="The revision's message.")
@click.option("--yes", is_flag=True, help="Write it without asking.")
@fleet_option
@token_option
@log_options
def adopt(target: str, message: str, yes: bool, fleet_file: str) -> int:
    """Write a revision that makes a target's drift part of the project, and record it where the schema has it already.

    The target must stand at the head of its script directory. Targets with the very same drift are recorded along with
    it; all others get the revision by the next upgrade.
    """
    return ask(
        fleet_file,
        lambda daemon: _adopt_remotely(daemon, target, message, yes=yes),
        lambda: _adopt(fleet_file, target, message, yes=yes),
    )


async def _adopt(fleet_file: str, name: str, message: str, *, yes: bool) -> int:
    from stillhouse_orchestrator.documents import adoption_document
    from stillhouse_orchestrator.values import DriftStatus, to_json

    async with opened(fleet_file) as application:
        target = application.target(name)
        (report,) = await application.drift.run(application.fleet, [target])
        if report.status is not DriftStatus.DRIFTED:
            return _nothing_to_adopt(to_json(report))
        planned = await application.answers.plan_adoption(application.fleet, target, report)
        _consent(name, adoption_document(report, planned), yes=yes)
        file = await application.answers.adopt(application.fleet, planned, message, actor())
        targets = [application.target(each) for each in (name, *planned.also)]
        return _adopted(file, [to_json(each) for each in await application.drift.run(application.fleet, targets)])


def _adopt_remotely(daemon: Daemon, name: str, message: str, *, yes: bool) -> int:
    found = daemon.post("drift", "targets", name, "adopt", "plan")
    if found["adoption"] is None:
        return _nothing_to_adopt(found["report"])
    _consent(name, found, yes=yes)
    body = {"confirm": found["adoption"]["drift_id"], "message": message}
    done = daemon.post("drift", "targets", name, "adopt", body=body)
    return _adopted(done["file"], done["targets"])


def _nothing_to_adopt(report: Mapping[str, Any]) -> int:
    print_report(report)
    return Exit.UNKNOWN if report["status"] == "unknown" else Exit.FINE


def _consent(name: str, found: Mapping[str, Any], *, yes: bool) -> None:
    """Show the revision and ask for it."""
    print_report(found["report"])
    planned = found["adoption"]
    click.echo(f"\na revision on top of {planned['head']}:")
    for direction in ("upgrade", "downgrade"):
        click.echo(f"  def {direction}():")
        click.echo("\n".join(f"      {line.strip() and line}" for line in planned[f"{direction}s"].splitlines()))
    also = planned["also"]
    click.echo(
        f"\nrecorded on {', '.join([name, *also])}, which have this schema already; the others get it by upgrade"
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandFailedError("nobody is there to be asked", "run it on a terminal, or say --yes", Exit.USAGE)
    click.confirm(f"Write it, and record it on {counted(1 + len(also), 'target')}?", abort=True)


def _adopted(file: str, reports: list[Mapping[str, Any]]) -> int:
    click.echo(f"wrote {file}")
    for report in reports:
        print_report(report)
    settled = all(report["status"] in {"in_sync", "pending_only"} for report in reports)
    return Exit.FINE if settled else Exit.DRIFT
