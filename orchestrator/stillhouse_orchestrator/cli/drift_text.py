"""A drift report as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.output import counted, moment, revisions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARKS = {"extra": ("+", "green"), "missing": ("-", "red"), "modified": ("~", "yellow")}
SHORT = 100  # characters of a value in the short form
COLOURS = {"in_sync": "green", "drifted": "red", "pending_only": "cyan", "unknown": "yellow"}


def print_report(report: Mapping[str, Any], *, detailed: bool = False) -> None:
    """Print one target's report; detailed with values, repair SQL and coverage."""
    status = click.style(report["status"].replace("_", " "), fg=COLOURS[report["status"]])
    pending = f", {counted(report['pending'], 'pending revision')}" if report["pending"] else ""
    unread = report["status"] == "unknown" and not report["applied"]  # base, or nobody knows
    at = "" if unread else f" at {revisions(report['applied'])}"
    click.echo(f"{report['target']}: {status}{at}{pending}")
    if report["error"]:
        click.echo(f"  {report['error']}")
    elif report["changes"] and "siblings" in (report.get("evidence") or ""):
        click.echo(f"  {report['evidence']}")
    for change in report["changes"]:
        print_change(change, detailed=detailed)
    if detailed:
        _print_facts(report)


def print_change(change: Mapping[str, Any], *, detailed: bool = False) -> None:
    """Print one change: a line, or all that is known about it."""
    mark, colour = MARKS[change["op"]]
    attribute = f" {change['attribute']}" if change["attribute"] else ""
    ignored = f"  (ignored by {change['ignored_by']})" if change["ignored_by"] else ""
    text = f"{mark} {change['op']} {change['kind'].replace('_', ' ')} {change['object']}{attribute}"
    click.echo(f"  {click.style(text, fg=colour)}{'' if detailed else _values(change)}{ignored}")
    if not detailed:
        return
    for label in ("expected", "actual"):
        if change[label]:
            click.echo(f"      {label}: {change[label]}")
    click.echo(f"      severity: {change['severity']}   id: {change['id']}")
    if change["repair_sql"]:
        click.echo(f"      repair ({change['repair_risk'].replace('_', ' ')}):")
        for statement in change["repair_sql"]:
            click.echo(f"        {statement};")


def exit_code(reports: Sequence[Mapping[str, Any]]) -> Exit:
    """Return the exit code that some verdicts mean."""
    verdicts = {report["status"] for report in reports}
    if "drifted" in verdicts:
        return Exit.DRIFT
    return Exit.UNKNOWN if "unknown" in verdicts else Exit.FINE


def _values(change: Mapping[str, Any]) -> str:
    if change["op"] == "modified":
        return f": {_short(change['expected'])} -> {_short(change['actual'])}"
    return ""


def _short(value: str | None) -> str:
    if value is None:
        return "(none)"
    line = " ".join(value.split())
    return line if len(line) <= SHORT else f"{line[:SHORT]}…"


def _print_facts(report: Mapping[str, Any]) -> None:
    if report["first_seen"]:
        click.echo(f"  since:        {moment(report['first_seen'])}")
    if report["drift_id"]:
        click.echo(f"  drift id:     {report['drift_id']}")
    if report.get("evidence"):
        click.echo(f"  expected:     {report['evidence']}")
    click.echo(f"  compared:     {', '.join(report['coverage']['compared']) or 'nothing'}")
    if report["coverage"]["not_compared"]:
        click.echo(f"  not compared: {'; '.join(report['coverage']['not_compared'])}")
