"""``stillhouse history``: the audit trail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import load
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, token_option
from stillhouse_orchestrator.cli.output import moment, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = 1000  # events that the API gives at once
Events = list[dict[str, Any]]


@click.command()
@click.option("--target", help="Only events of one target.")
@click.option("--rollout", metavar="ID", help="Only events of one rollout.")
@click.option(
    "--event", "name", metavar="NAME", help='Only one event, as "drift.detected", or a noun and a dot: "drift.".'
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, the newest first.")
@fleet_option
@json_option
@token_option
@log_options
def history(fleet_file: str, as_json: bool, limit: int, **chosen: str | None) -> int:
    """Show what happened, who did it and when; the newest first."""
    query = {"target": chosen["target"], "rollout": chosen["rollout"], "event": chosen["name"]}
    events = ask(fleet_file, lambda daemon: _paged(daemon.get, query, limit), lambda: _read(fleet_file, query, limit))
    if as_json:
        print_json(events=events)
    else:
        for event in events:
            click.echo(_line(event))
    return Exit.FINE


def _paged(get: Any, query: Mapping[str, str | None], limit: int) -> Events:
    events: Events = []
    before = None
    while len(events) < limit:
        page = get("history", **query, before=before, limit=min(PAGE, limit - len(events)))
        events += page["events"]
        if (before := page["next"]) is None:
            break
    return events


async def _read(fleet_file: str, query: Mapping[str, str | None], limit: int) -> Events:
    from stillhouse_orchestrator.documents import listed
    from stillhouse_orchestrator.store import HistoryQuery, Store

    wanted = HistoryQuery(query["target"], query["rollout"], query["event"], limit=limit)
    async with Store.open_to_read(load(fleet_file).state_url.reveal()) as store, store.read() as session:
        return listed(await session.history.newest(wanted))


def _line(event: Mapping[str, Any]) -> str:
    facts = " ".join(
        f"{key}={json.dumps(value, ensure_ascii=False)}"
        for key, value in event["facts"].items()
        if value not in (None, [], {})
    )
    about = f" {event['target']}" if event["target"] else ""
    return f"{moment(event['at'])}  {event['name']}{about}  by {event['actor']}  {facts}".rstrip()
