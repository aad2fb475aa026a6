"""``stillhouse rollout list`` and ``stillhouse rollout show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, token_option
from stillhouse_orchestrator.cli.output import moment, print_document, print_json, print_table
from stillhouse_orchestrator.cli.rollout_text import print_rollout

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many.")
@fleet_option
@json_option
@token_option
@log_options
def list_(fleet_file: str, as_json: bool, limit: int) -> int:
    """List rollouts, the newest first."""
    lines = ask(
        fleet_file,
        lambda daemon: list(daemon.get("rollouts", limit=limit)["rollouts"]),
        lambda: _lines(fleet_file, limit),
    )
    if as_json:
        print_json(rollouts=lines)
        return Exit.FINE
    rows = [
        (line["id"], line["state"], moment(line["created_at"]), line["created_by"], _counts(line), line["reason"] or "")
        for line in lines
    ]
    print_table(("ID", "STATE", "CREATED", "BY", "TARGETS", ""), rows)
    return Exit.FINE


@click.command()
@click.argument("rollout_id", metavar="ID")
@fleet_option
@json_option
@token_option
@log_options
def show(rollout_id: str, fleet_file: str, as_json: bool) -> int:
    """Show one rollout and all its targets; the beginning of an id is enough."""
    found = ask(fleet_file, lambda daemon: daemon.get("rollouts", rollout_id), lambda: _rollout(fleet_file, rollout_id))
    if as_json:
        print_document(found)
    else:
        print_rollout(found)
    return Exit.FINE


async def _lines(fleet_file: str, limit: int) -> list[Any]:
    from stillhouse_orchestrator.documents import listed

    async with opened(fleet_file, beside=True) as application:
        return listed(await application.rollouts.lines(limit))


async def _rollout(fleet_file: str, rollout_id: str) -> dict[str, Any]:
    from stillhouse_orchestrator.documents import rollout_document

    async with opened(fleet_file, beside=True) as application:
        rollout = await application.rollouts.get(rollout_id)
        late = [] if rollout.state.over else list(await application.rollouts.late(rollout))
        return {**rollout_document(rollout), "late": late}


def _counts(line: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {state}" for state, count in line["counts"].items() if count)
