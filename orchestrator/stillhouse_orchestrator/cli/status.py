"""``stillhouse status``: one line per target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened, some_are_unknown
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, selector_option
from stillhouse_orchestrator.cli.output import print_json, print_table, revisions
from stillhouse_orchestrator.cli.running import run
from stillhouse_orchestrator.values import Health, TargetState, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADINGS = ("TARGET", "CURRENT", "HEAD", "PENDING", "DRIFT", "CHECKED", "HEALTH")


@click.command()
@fleet_option
@selector_option
@json_option
@click.option("--exit-code", is_flag=True, help="Exit with 3 when a target has pending revisions or drift.")
@log_options
def status(fleet_file: str, selector: str | None, as_json: bool, exit_code: bool) -> int:
    """Show one line per target: applied revision, head, pending, drift, last check, health."""
    states = run(_look(fleet_file, selector))
    if as_json:
        print_json(targets=[to_json(state) for state in states])
    else:
        print_table(HEADINGS, [_row(state) for state in states])
        for state in states:
            if state.error:
                click.echo(f"{state.target}: {state.error}", err=True)
    return _exit(states, strict=exit_code)


async def _look(fleet_file: str, selector: str | None) -> list[TargetState]:
    async with opened(fleet_file, beside=True) as application:
        states = await application.census.take(application.select(selector))
        return list(states.values())


def _row(state: TargetState) -> tuple[str, ...]:
    return (
        state.target,
        revisions(state.current) if state.checked_at and state.health is not Health.UNREACHABLE else "?",
        revisions(state.head) if state.head else "?",
        "?" if state.pending is None else str(state.pending),
        state.drift.value if state.drift else "-",
        state.checked_at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if state.checked_at else "never",
        state.health.value,
    )


def _exit(states: Sequence[TargetState], *, strict: bool) -> Exit:
    if strict and any(state.pending or state.drift == "drifted" for state in states):
        return Exit.DRIFT
    if some_are_unknown() or any(state.health is not Health.HEALTHY for state in states):
        return Exit.UNKNOWN
    return Exit.FINE
