"""``stillhouse drift check`` and ``stillhouse drift show``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator.cli.drift_text import print_report
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened, some_are_unknown
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, selector_option
from stillhouse_orchestrator.cli.output import print_json
from stillhouse_orchestrator.cli.running import run
from stillhouse_orchestrator.values import DriftReport, DriftStatus, DriftSummary, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@fleet_option
@selector_option
@json_option
@log_options
def check(fleet_file: str, selector: str | None, as_json: bool) -> int:
    """Compare live schemas with what they should be at their applied revisions.

    Exit code 3 when drift is found, 4 when some targets are unknown and none drifted.
    """
    reports = run(_check(fleet_file, selector))
    if as_json:
        print_json(summary=to_json(DriftSummary.of(reports)), targets=[to_json(report) for report in reports])
    else:
        for report in reports:
            print_report(report)
        counts = Counter(report.status.value for report in reports)
        click.echo(", ".join(f"{counts[status.value]} {status.value.replace('_', ' ')}" for status in DriftStatus))
    return exit_code(reports)


@click.command()
@click.argument("target")
@fleet_option
@json_option
@log_options
def show(target: str, fleet_file: str, as_json: bool) -> int:
    """Explain one target's drift: every object, what was expected, what is there, and the SQL that repairs it."""
    report = run(_show(fleet_file, target))
    if as_json:
        print_json(targets=[to_json(report)])
    else:
        print_report(report, detailed=True)
    return exit_code([report])


async def _check(fleet_file: str, selector: str | None) -> list[DriftReport]:
    async with opened(fleet_file, beside=True) as application:
        return await application.drift.run(application.fleet, application.select(selector))


async def _show(fleet_file: str, name: str) -> DriftReport:
    async with opened(fleet_file, beside=True) as application:
        (report,) = await application.drift.run(application.fleet, [application.target(name)])
        return report


def exit_code(reports: Sequence[DriftReport]) -> Exit:
    """Return the exit code that some verdicts mean."""
    verdicts = {report.status for report in reports}
    if DriftStatus.DRIFTED in verdicts:
        return Exit.DRIFT
    return Exit.UNKNOWN if DriftStatus.UNKNOWN in verdicts or some_are_unknown() else Exit.FINE
