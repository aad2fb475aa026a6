"""``stillhouse status``: one line per target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, selector_option, token_option
from stillhouse_orchestrator.cli.output import moment, print_document, print_table, revisions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADINGS = ("TARGET", "CURRENT", "HEAD", "PENDING", "DRIFT", "CHECKED", "HEALTH")


@click.command()
@fleet_option
@selector_option
@json_option
@click.option("--exit-code", is_flag=True, help="Exit with 3 when a target has pending revisions or drift.")
@token_option
@log_options
def status(fleet_file: str, selector: str | None, as_json: bool, exit_code: bool) -> int:
    """Show one line per target: applied revision, head, pending, drift, last check, health."""
    found = ask(
        fleet_file,
        lambda daemon: daemon.get("targets", select=selector, fresh=True),
        lambda: _look(fleet_file, selector),
    )
    if as_json:
        print_document(found)
    else:
        print_table(HEADINGS, [_row(state) for state in found["targets"]])
        for state in found["targets"]:
            if state["error"]:
                click.echo(f"{state['target']}: {state['error']}", err=True)
    return _exit(found["targets"], found["undiscovered"], strict=exit_code)


async def _look(fleet_file: str, selector: str | None) -> dict[str, Any]:
    from stillhouse_orchestrator.documents import listed

    async with opened(fleet_file, beside=True) as application:
        states = await application.census.take(application.select(selector))
        return {"targets": listed(states.values()), "undiscovered": application.undiscovered}


def _row(state: Mapping[str, Any]) -> tuple[str, ...]:
    seen = state["checked_at"] and state["health"] != "unreachable"
    return (
        state["target"],
        revisions(state["current"]) if seen else "?",
        revisions(state["head"]) if state["head"] else "?",
        "?" if state["pending"] is None else str(state["pending"]),
        state["drift"] or "-",
        moment(state["checked_at"]),
        state["health"],
    )


def _exit(states: Sequence[Mapping[str, Any]], undiscovered: Sequence[str], *, strict: bool) -> Exit:
    if strict and any(state["pending"] or state["drift"] == "drifted" for state in states):
        return Exit.DRIFT
    if undiscovered or any(state["health"] != "healthy" for state in states):
        return Exit.UNKNOWN
    return Exit.FINE
