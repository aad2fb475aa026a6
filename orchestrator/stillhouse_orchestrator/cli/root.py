"""The root of the command line: the table of commands, and how errors become exit codes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.lazy import LazyGroup, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACES = {
    "init": Place("init", "init", "Write a fleet file and a first project that runs as it stands."),
    "demo": Place("demo", "demo", "Migrate a small fleet, cause drift, find it, repair it."),
    "validate": Place("fleet", "validate", "Check the fleet file."),
    "schema": Place("fleet", "schema", "Print the fleet file's JSON Schema."),
    "status": Place("status", "status", "Show one line per target."),
    "plan": Place("plan", "plan", "Show what a rollout would do."),
    "up": Place("up", "up", "Bring targets to their head, and watch."),
    "rollout": Place("rollout", "rollout", "Start, watch and steer coordinated rollouts."),
    "drift": Place("drift", "drift", "Find drift, and answer it."),
    "squash": Place("squash", "squash", "Replace many revisions of a project by one."),
    "alerts": Place("alerts", "alerts", "List what needs a person."),
    "history": Place("history", "history", "Show the audit trail."),
    "serve": Place("serve", "serve", "Run the daemon."),
    "health": Place("health", "health", "Ask a running daemon whether it is well."),
    "alembic": Place("alembic", "alembic", "Drop-in replacement of Alembic's command line."),
}


def show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """Print the version and stop."""
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"stillhouse {version('stillhouse')}")
    ctx.exit()


@click.group(
    cls=LazyGroup, places=PLACES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "-f", "--fleet", "fleet_file", metavar="FILE", envvar="STILLHOUSE_FLEET", default="fleet.yaml", show_default=True,
    help="The fleet file ($STILLHOUSE_FLEET).",
)  # fmt: skip
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=show_version, help="Show the version."
)
@click.pass_context
def root(ctx: click.Context, fleet_file: str) -> None:
    """Keep a fleet of databases on the right schema revision.

    Exit codes: 0 fine, 1 something failed, 2 usage or fleet file invalid, 3 drift found, 4 some targets unknown.
    """
    ctx.obj = fleet_file


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing but a bug of ours ends in a traceback."""
    try:
        code = root.main(args=list(arguments), prog_name="stillhouse", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FINE
    return code if isinstance(code, int) else Exit.FINE
