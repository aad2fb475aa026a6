"""``stillhouse validate`` and ``stillhouse schema``: the fleet file itself."""

from __future__ import annotations

import json

import click

from stillhouse_config import FleetFileError, json_schema, load_fleet
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import FleetInvalidError
from stillhouse_orchestrator.cli.options import fleet_option, json_option
from stillhouse_orchestrator.cli.output import counted, print_json
from stillhouse_orchestrator.cli.running import failing_cleanly


@click.command()
@fleet_option
@json_option
def validate(fleet_file: str, as_json: bool) -> int:
    """Check the fleet file and show every mistake at once; databases are not asked."""
    with failing_cleanly():
        try:
            fleet = load_fleet(fleet_file).fleet
        except FleetFileError as error:
            if not as_json:
                raise FleetInvalidError(fleet_file, error.problems) from error
            problems = [
                {
                    "file": each.file,
                    "line": each.line,
                    "column": each.column,
                    "path": each.path,
                    "problem": each.message,
                    "hint": each.hint,
                }
                for each in error.problems
            ]
            print_json(valid=False, problems=problems)
            return Exit.USAGE
        warnings = [str(warning) for warning in fleet.warnings]
        pending = [question.declaration for question in fleet.pending]
        if as_json:
            print_json(
                valid=True,
                fleet=fleet.name,
                targets=list(fleet.targets),
                discovered_later=pending,
                warnings=warnings,
                problems=[],
            )
            return Exit.FINE
        click.echo(f"{fleet_file}: fleet {fleet.name}, {counted(len(fleet.targets), 'target')}, no problem found")
        if pending:
            click.echo(f"more targets come from: {', '.join(pending)}")
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        return Exit.FINE


@click.command()
def schema() -> None:
    """Print the fleet file's JSON Schema, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))
