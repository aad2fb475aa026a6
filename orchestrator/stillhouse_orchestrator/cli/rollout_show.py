"""``stillhouse rollout list`` and ``stillhouse rollout show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options
from stillhouse_orchestrator.cli.output import print_json, print_table
from stillhouse_orchestrator.cli.rollout_text import as_json as shape
from stillhouse_orchestrator.cli.rollout_text import print_rollout
from stillhouse_orchestrator.cli.running import run
from stillhouse_orchestrator.values import to_json

if TYPE_CHECKING:
    from stillhouse_orchestrator.values import Rollout, RolloutLine


@click.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@fleet_option
@json_option
@log_options
def list_(fleet_file: str, as_json: bool, limit: int) -> int:
    """List rollouts, the newest first."""
    lines = run(_lines(fleet_file, limit))
    if as_json:
        print_json(rollouts=[to_json(line) for line in lines])
        return Exit.FINE
    rows = [
        (
            line.id,
            line.state.value,
            f"{line.created_at.astimezone():%Y-%m-%d %H:%M:%S}",
            line.created_by,
            _counts(line),
            line.reason or "",
        )
        for line in lines
    ]
    print_table(("ID", "STATE", "CREATED", "BY", "TARGETS", ""), rows)
    return Exit.FINE


@click.command()
@click.argument("rollout_id", metavar="ID")
@fleet_option
@json_option
@log_options
def show(rollout_id: str, fleet_file: str, as_json: bool) -> int:
    """Show one rollout and all its targets; the beginning of an id is enough."""
    rollout = run(_rollout(fleet_file, rollout_id))
    if as_json:
        print_json(**shape(rollout))
    else:
        print_rollout(rollout)
    return Exit.FINE


async def _lines(fleet_file: str, limit: int) -> list[RolloutLine]:
    async with opened(fleet_file, beside=True) as application:
        return await application.rollouts.lines(limit)


async def _rollout(fleet_file: str, rollout_id: str) -> Rollout:
    async with opened(fleet_file, beside=True) as application:
        return await application.rollouts.get(rollout_id)


def _counts(line: RolloutLine) -> str:
    return ", ".join(f"{count} {state}" for state, count in line.counts.items() if count)
