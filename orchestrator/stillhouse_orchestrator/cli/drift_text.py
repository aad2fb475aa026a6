"""A drift report as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator.cli.output import counted, revisions
from stillhouse_orchestrator.values import ChangeOp, DriftStatus

if TYPE_CHECKING:
    from stillhouse_orchestrator.values import Change, DriftReport

MARKS = {ChangeOp.EXTRA: ("+", "green"), ChangeOp.MISSING: ("-", "red"), ChangeOp.MODIFIED: ("~", "yellow")}
SHORT = 100  # characters of a value in the short form
COLOURS = {
    DriftStatus.IN_SYNC: "green",
    DriftStatus.DRIFTED: "red",
    DriftStatus.PENDING_ONLY: "cyan",
    DriftStatus.UNKNOWN: "yellow",
}


def print_report(report: DriftReport, *, detailed: bool = False) -> None:
    """Print one target's report; detailed with values, repair SQL and coverage."""
    status = click.style(report.status.value.replace("_", " "), fg=COLOURS[report.status])
    pending = f", {counted(report.pending, 'pending revision')}" if report.pending else ""
    click.echo(f"{report.target}: {status} at {revisions(report.applied)}{pending}")
    if report.error:
        click.echo(f"  {report.error}")
    for change in report.changes:
        print_change(change, detailed=detailed)
    if detailed:
        _print_facts(report)


def print_change(change: Change, *, detailed: bool = False) -> None:
    """Print one change: a line, or all that is known about it."""
    mark, colour = MARKS[change.op]
    attribute = f" {change.attribute}" if change.attribute else ""
    ignored = f"  (ignored by {change.ignored_by})" if change.ignored_by else ""
    text = f"{mark} {change.op.value} {change.kind.replace('_', ' ')} {change.object}{attribute}"
    click.echo(f"  {click.style(text, fg=colour)}{'' if detailed else _values(change)}{ignored}")
    if not detailed:
        return
    for label, value in (("expected", change.expected), ("actual", change.actual)):
        if value is not None:
            click.echo(f"      {label}: {value}")
    click.echo(f"      severity: {change.severity.value}   id: {change.id}")
    if change.repair_sql:
        click.echo(f"      repair ({change.repair_risk.value.replace('_', ' ')}):")
        for statement in change.repair_sql:
            click.echo(f"        {statement};")


def _values(change: Change) -> str:
    if change.op is ChangeOp.MODIFIED:
        return f": {_short(change.expected)} -> {_short(change.actual)}"
    return ""


def _short(value: str | None) -> str:
    if value is None:
        return "(none)"
    line = " ".join(value.split())
    return line if len(line) <= SHORT else f"{line[:SHORT]}…"


def _print_facts(report: DriftReport) -> None:
    if report.first_seen:
        click.echo(f"  since:        {report.first_seen.astimezone():%Y-%m-%d %H:%M:%S}")
    if report.drift_id:
        click.echo(f"  drift id:     {report.drift_id}")
    click.echo(f"  compared:     {', '.join(report.coverage.compared) or 'nothing'}")
    if report.coverage.not_compared:
        click.echo(f"  not compared: {'; '.join(report.coverage.not_compared)}")
