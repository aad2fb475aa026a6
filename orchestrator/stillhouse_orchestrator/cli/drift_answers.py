"""``stillhouse drift repair`` and ``accept``: the answers to drift that change what is or what should be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.drift_text import print_change, print_report
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, log_options, token_option
from stillhouse_orchestrator.cli.output import counted
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.running import CommandFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.client.daemon import Daemon
    from stillhouse_orchestrator.values import DriftReport

RISKS = {
    "safe": "safe",
    "locks": "takes locks: others wait while it runs",
    "data_loss": "DATA LOSS: it drops what holds data",
}


@click.command()
@click.argument("target")
@click.option("--yes", is_flag=True, help="Run the SQL without asking.")
@fleet_option
@token_option
@log_options
def repair(target: str, yes: bool, fleet_file: str) -> int:
    """Show the SQL that undoes a target's drift, ask, run it under the migration lock, and verify the result."""
    return ask(
        fleet_file,
        lambda daemon: _repair_remotely(daemon, target, yes=yes),
        lambda: _repair(fleet_file, target, yes=yes),
    )


@click.command()
@click.argument("target")
@click.option("--yes", is_flag=True, help="Do not ask.")
@fleet_option
@token_option
@log_options
def accept(target: str, yes: bool, fleet_file: str) -> int:
    """Take a target's live schema as the one that it should have at its applied revision."""
    return ask(
        fleet_file,
        lambda daemon: _accept_remotely(daemon, target, yes=yes),
        lambda: _accept(fleet_file, target, yes=yes),
    )


async def _repair(fleet_file: str, name: str, *, yes: bool) -> int:
    from stillhouse_orchestrator.documents import repair_document
    from stillhouse_orchestrator.values import DriftStatus, to_json

    async with opened(fleet_file) as application:
        target = application.target(name)
        report = await _checked(application, target)
        if report.status is not DriftStatus.DRIFTED:
            return _nothing_to_repair(to_json(report))
        planned = await application.answers.plan_repair(target, report)
        _consent(name, repair_document(report, planned), yes=yes)
        await application.answers.repair(target, planned, actor())
        return _verified(to_json(await _checked(application, target)))


def _repair_remotely(daemon: Daemon, name: str, *, yes: bool) -> int:
    found = daemon.post("drift", "targets", name, "repair", "plan")
    if found["repair"] is None:
        return _nothing_to_repair(found["report"])
    _consent(name, found, yes=yes)
    done = daemon.post("drift", "targets", name, "repair", body={"confirm": found["repair"]["drift_id"]})
    return _verified(done["targets"][0])


def _nothing_to_repair(report: Mapping[str, Any]) -> int:
    print_report(report)
    return Exit.UNKNOWN if report["status"] == "unknown" else Exit.FINE


def _consent(name: str, found: Mapping[str, Any], *, yes: bool) -> None:
    """Show a repair and ask for it."""
    _show(found["report"], found["repair"])
    if not found["repair"]["sql"]:
        raise CommandFailedError("no statement repairs this: see the reasons above")
    if not yes:
        _ask(f"Run {counted(len(found['repair']['sql']), 'statement')} on {name}?")


def _verified(report: Mapping[str, Any]) -> int:
    click.echo("verified:")
    print_report(report)
    return Exit.FINE if report["status"] in {"in_sync", "pending_only"} else Exit.DRIFT


async def _accept(fleet_file: str, name: str, *, yes: bool) -> int:
    from stillhouse_orchestrator.values import to_json

    async with opened(fleet_file) as application:
        target = application.target(name)
        print_report(to_json(await _checked(application, target)))
        if not yes:
            _ask(f"Take the live schema of {name} as right?")
        await application.answers.accept(target, actor())
        print_report(to_json(await _checked(application, target)))
        return Exit.FINE


def _accept_remotely(daemon: Daemon, name: str, *, yes: bool) -> int:
    print_report(daemon.post("drift", "targets", name, "check")["targets"][0])
    if not yes:
        _ask(f"Take the live schema of {name} as right?")
    print_report(daemon.post("drift", "targets", name, "accept")["targets"][0])
    return Exit.FINE


async def _checked(application: Application, target: TargetDeclaration) -> DriftReport:
    (report,) = await application.drift.run(application.fleet, [target])
    return report


def _show(report: Mapping[str, Any], planned: Mapping[str, Any]) -> None:
    print_report(report)
    click.echo(f"\nrepair ({RISKS[planned['risk']]}):")
    for step in planned["steps"]:
        for statement in step["sql"]:
            risk = "" if step["risk"] == "safe" else f"   -- {step['risk'].replace('_', ' ')}"
            click.echo(f"  {statement};{risk}")
        if step["reason"]:
            click.echo(f"  -- {step['reason']}")
    click.echo()
    for change in report["changes"]:
        if change["id"] in planned["by_hand"]:
            click.echo("to be repaired by hand:")
            print_change(change)


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise CommandFailedError("nobody is there to be asked", "run it on a terminal, or say --yes", Exit.USAGE)
    click.confirm(question, abort=True)
