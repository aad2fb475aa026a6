"""``stillhouse history``: the audit trail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import load
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options
from stillhouse_orchestrator.cli.output import print_json
from stillhouse_orchestrator.cli.running import run
from stillhouse_orchestrator.store import HistoryQuery, Store
from stillhouse_orchestrator.values import to_json

if TYPE_CHECKING:
    from stillhouse_orchestrator.events import Event

ROUTINE = "owner."
"""Every command that writes opens and closes the store; who looks for what happened looks for something else."""


@click.command()
@click.option("--target", help="Only events of one target.")
@click.option("--rollout", metavar="ID", help="Only events of one rollout.")
@click.option(
    "--event", "name", metavar="NAME", help='Only one event, as "drift.detected", or a noun and a dot: "drift.".'
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, the newest first.")
@fleet_option
@json_option
@log_options
def history(
    fleet_file: str, as_json: bool, target: str | None, rollout: str | None, limit: int, **named: str | None
) -> int:
    """Show what happened, who did it and when; the newest first.

    Who opened the state store and closed it again is left out unless asked for with --event owner.
    """
    name = named["name"]
    query = HistoryQuery(target, rollout, name, limit=limit, without=None if name else ROUTINE)
    events = run(_read(fleet_file, query))
    if as_json:
        print_json(events=[to_json(event) for event in events])
    else:
        for event in events:
            click.echo(_line(event))
    return Exit.FINE


async def _read(fleet_file: str, query: HistoryQuery) -> list[Event]:
    async with Store.open_to_read(load(fleet_file).state_url.reveal()) as store, store.read() as session:
        return await session.history.newest(query)


def _line(event: Event) -> str:
    facts = " ".join(
        f"{key}={json.dumps(value, ensure_ascii=False)}"
        for key, value in event.facts.items()
        if value not in (None, [], {})
    )
    about = f" {event.target}" if event.target else ""
    return f"{event.at.astimezone():%Y-%m-%d %H:%M:%S}  {event.name.value}{about}  by {event.actor}  {facts}".rstrip()
