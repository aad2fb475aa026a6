"""``stillhouse drift repair``, ``accept`` and ``ignore``: the answers to drift."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator.cli.drift_text import print_change, print_report
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, log_options
from stillhouse_orchestrator.cli.output import counted
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.running import CommandFailedError, run
from stillhouse_orchestrator.values import DriftStatus, IgnoreRule, RepairRisk

if TYPE_CHECKING:
    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.drift.repairing import RepairPlan
    from stillhouse_orchestrator.values import DriftReport

RISKS = {
    RepairRisk.SAFE: "safe",
    RepairRisk.LOCKS: "takes locks: others wait while it runs",
    RepairRisk.DATA_LOSS: "DATA LOSS: it drops what holds data",
}


@click.command()
@click.argument("target")
@click.option("--yes", is_flag=True, help="Run the SQL without asking.")
@fleet_option
@log_options
def repair(target: str, yes: bool, fleet_file: str) -> int:
    """Show the SQL that undoes a target's drift, ask, run it under the migration lock, and verify the result."""
    return run(_repair(fleet_file, target, yes=yes))


@click.command()
@click.argument("target")
@click.option("--yes", is_flag=True, help="Do not ask.")
@fleet_option
@log_options
def accept(target: str, yes: bool, fleet_file: str) -> int:
    """Take a target's live schema as the one that it should have at its applied revision."""
    return run(_accept(fleet_file, target, yes=yes))


@click.command()
@click.argument("target", required=False)
@click.option("--kind", help="Kind of object: table, column, index…")
@click.option("--name", help='The object\'s dotted name, a glob: "tmp_*".')
@click.option("--schema", help="The object's schema, a glob.")
@click.option("--attribute", help="The attribute that differs, a glob.")
@click.option("--reason", required=True, help="Why it is fine.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it is ignored. Default: for ever."
)
@click.option("--owner", default=actor, help="Who answers for it. Default: you.")
@fleet_option
@log_options
def ignore(fleet_file: str, target: str | None, until: datetime | None, **patterns: str) -> int:
    """Keep differences from counting as drift, on one target or on all. All the patterns that are given must match."""
    if not any(patterns[key] for key in ("kind", "name", "schema", "attribute")):
        raise click.UsageError("give at least one of --kind, --name, --schema, --attribute")
    end = datetime.combine(until.date(), time(), UTC) + timedelta(days=1) if until else None
    rule = run(_ignore(fleet_file, IgnoreRule(id="", target=target, until=end, **patterns)))
    click.echo(f"{rule.id}: ignored from the next check on")
    return Exit.FINE


async def _repair(fleet_file: str, name: str, *, yes: bool) -> int:
    async with opened(fleet_file) as application:
        target = application.target(name)
        report = await _checked(application, target)
        if report.status is not DriftStatus.DRIFTED:
            print_report(report)
            return Exit.UNKNOWN if report.status is DriftStatus.UNKNOWN else Exit.FINE
        planned = await application.answers.plan_repair(target, report)
        _show(report, planned)
        if not planned.sql:
            raise CommandFailedError("no statement repairs this: see the reasons above")
        if not yes:
            _ask(f"Run {counted(len(planned.sql), 'statement')} on {name}?")
        await application.answers.repair(target, planned, actor())
        after = await _checked(application, target)
        click.echo("verified:")
        print_report(after)
        return Exit.FINE if after.status in {DriftStatus.IN_SYNC, DriftStatus.PENDING_ONLY} else Exit.DRIFT


async def _accept(fleet_file: str, name: str, *, yes: bool) -> int:
    async with opened(fleet_file) as application:
        target = application.target(name)
        print_report(await _checked(application, target))
        if not yes:
            _ask(f"Take the live schema of {name} as right?")
        await application.answers.accept(target, actor())
        print_report(await _checked(application, target))
        return Exit.FINE


async def _ignore(fleet_file: str, rule: IgnoreRule) -> IgnoreRule:
    async with opened(fleet_file) as application:
        if rule.target is not None:
            application.target(rule.target)
        return await application.answers.ignore(rule, actor())


async def _checked(application: Application, target: TargetDeclaration) -> DriftReport:
    (report,) = await application.drift.run(application.fleet, [target])
    return report


def _show(report: DriftReport, planned: RepairPlan) -> None:
    print_report(report)
    click.echo(f"\nrepair ({RISKS[planned.risk]}):")
    for step in planned.steps:
        for statement in step.sql:
            risk = "" if step.risk == "safe" else f"   -- {step.risk.replace('_', ' ')}"
            click.echo(f"  {statement};{risk}")
        if step.reason:
            click.echo(f"  -- {step.reason}")
    click.echo()
    for step in planned.by_hand:
        for change in report.changes:
            if change.id in step.change_ids:
                click.echo("to be repaired by hand:")
                print_change(change)


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise CommandFailedError("nobody is there to be asked", "run it on a terminal, or say --yes", Exit.USAGE)
    click.confirm(question, abort=True)
