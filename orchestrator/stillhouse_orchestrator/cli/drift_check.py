"""``stillhouse drift check`` and ``stillhouse drift show``."""

from __future__ import annotations

from typing import Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.drift_text import exit_code, print_report
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, selector_option, token_option
from stillhouse_orchestrator.cli.output import print_document, print_json


@click.command()
@fleet_option
@selector_option
@json_option
@token_option
@log_options
def check(fleet_file: str, selector: str | None, as_json: bool) -> int:
    """Compare live schemas with what they should be at their applied revisions.

    Exit code 3 when drift is found, 4 when some targets are unknown and none drifted.
    """
    found = ask(
        fleet_file,
        lambda daemon: daemon.post("drift", "check", body={"select": selector}),
        lambda: _check(fleet_file, selector),
    )
    if as_json:
        print_document(found)
    else:
        for report in found["targets"]:
            print_report(report)
        click.echo(", ".join(f"{count} {status.replace('_', ' ')}" for status, count in found["summary"].items()))
    return exit_code(found["targets"])


@click.command()
@click.argument("target")
@fleet_option
@json_option
@token_option
@log_options
def show(target: str, fleet_file: str, as_json: bool) -> int:
    """Explain one target's drift: every object, what was expected, what is there, and the SQL that repairs it."""
    found = ask(
        fleet_file,
        lambda daemon: daemon.post("drift", "targets", target, "check"),
        lambda: _show(fleet_file, target),
    )
    (report,) = found["targets"]
    if as_json:
        print_json(targets=[report])
    else:
        print_report(report, detailed=True)
    return exit_code([report])


async def _check(fleet_file: str, selector: str | None) -> dict[str, Any]:
    from stillhouse_orchestrator.documents import drift_document

    async with opened(fleet_file, beside=True) as application:
        return drift_document(await application.drift.run(application.fleet, application.select(selector)))


async def _show(fleet_file: str, name: str) -> dict[str, Any]:
    from stillhouse_orchestrator.documents import drift_document

    async with opened(fleet_file, beside=True) as application:
        return drift_document(await application.drift.run(application.fleet, [application.target(name)]))
