"""``stillhouse alerts``: what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options, token_option
from stillhouse_orchestrator.cli.output import moment, print_json, print_table
from stillhouse_orchestrator.cli.people import actor

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN_TARGETS = 3
HEADINGS = ("KEY", "STATE", "SEVERITY", "OPENED", "TARGETS", "WHAT")


@click.group()
def alerts() -> None:
    """List, acknowledge, silence and test alerts."""


@alerts.command("list")
@click.option("--all", "with_resolved", is_flag=True, help="Resolved ones as well.")
@fleet_option
@json_option
@token_option
@log_options
def list_(with_resolved: bool, fleet_file: str, as_json: bool) -> int:
    """List what needs a person, the oldest first."""
    found = ask(
        fleet_file,
        lambda daemon: list(daemon.get("alerts", resolved=with_resolved)["alerts"]),
        lambda: _list(fleet_file, with_resolved=with_resolved),
    )
    if as_json:
        print_json(alerts=found)
    elif not found:
        click.echo("no open alert")
    else:
        print_table(HEADINGS, [_row(alert) for alert in found])
    return Exit.FINE


@alerts.command()
@click.argument("key")
@click.option("--reason", help="What is being done about it.")
@fleet_option
@token_option
@log_options
def ack(key: str, reason: str | None, fleet_file: str) -> int:
    """Say that you take care of an alert: it is not repeated any more. The beginning of its key is enough."""
    found = ask(
        fleet_file,
        lambda daemon: str(daemon.post("alerts", key, "ack", body={"reason": reason})["alerts"][0]["key"]),
        lambda: _ack(fleet_file, key, reason),
    )
    click.echo(f"{found}: acknowledged")
    return Exit.FINE


@alerts.command()
@click.argument("selector")
@click.option("--for", "duration", required=True, metavar="DURATION", help="For how long: 30m, 2h, 1d.")
@click.option("--reason", required=True, help="Why.")
@fleet_option
@token_option
@log_options
def silence(selector: str, duration: str, reason: str, fleet_file: str) -> int:
    """Keep the alerts of some targets quiet for a while."""
    asked = {"match": selector, "duration": duration, "reason": reason}
    made = ask(
        fleet_file,
        lambda daemon: dict(daemon.post("alerts", "silences", body=asked)["silences"][0]),
        lambda: _silence(fleet_file, selector, duration, reason),
    )
    click.echo(f"{made['id']}: {selector} is silent until {moment(made['expires_at'])}")
    return Exit.FINE


@alerts.command()
@fleet_option
@json_option
@token_option
@log_options
def silences(fleet_file: str, as_json: bool) -> int:
    """List what is kept quiet, by whom, why and until when."""
    found = ask(
        fleet_file, lambda daemon: list(daemon.get("alerts", "silences")["silences"]), lambda: _silences(fleet_file)
    )
    if as_json:
        print_json(silences=found)
    elif not found:
        click.echo("no silence")
    else:
        rows = [
            (each["id"], each["match"], moment(each["expires_at"]), each["author"], each["reason"]) for each in found
        ]
        print_table(("ID", "SELECTOR", "UNTIL", "BY", "REASON"), rows)
    return Exit.FINE


@alerts.command()
@click.argument("silence_id", metavar="ID")
@fleet_option
@token_option
@log_options
def unsilence(silence_id: str, fleet_file: str) -> int:
    """End a silence early. The beginning of its id is enough."""
    done = ask(
        fleet_file,
        lambda daemon: str(daemon.delete("alerts", "silences", silence_id)["done"]),
        lambda: _unsilence(fleet_file, silence_id),
    )
    click.echo(done)
    return Exit.FINE


@alerts.command()
@click.argument("channel")
@fleet_option
@token_option
@log_options
def test(channel: str, fleet_file: str) -> int:
    """Send a real message through one channel."""
    ask(
        fleet_file,
        lambda daemon: str(daemon.post("alerts", "test", body={"channel": channel})["done"]),
        lambda: _test(fleet_file, channel),
    )
    click.echo(f"{channel}: the message was taken")
    return Exit.FINE


async def _list(fleet_file: str, *, with_resolved: bool) -> list[Any]:
    from stillhouse_orchestrator.documents import listed

    async with opened(fleet_file, beside=True) as application, application.store.read() as session:
        return listed(await (session.alerts.all() if with_resolved else session.alerts.unresolved()))


async def _ack(fleet_file: str, key: str, reason: str | None) -> str:
    async with opened(fleet_file) as application:
        return (await application.alerts.acknowledge(key, actor(), reason)).key


async def _silence(fleet_file: str, selector: str, duration: str, reason: str) -> dict[str, Any]:
    from stillhouse_config import parse_duration
    from stillhouse_orchestrator.documents import listed

    async with opened(fleet_file) as application:
        made = await application.alerts.silence(selector, actor(), reason, parse_duration(duration))
        return dict(listed([made])[0])


async def _silences(fleet_file: str) -> list[Any]:
    from stillhouse_orchestrator.documents import listed
    from stillhouse_orchestrator.events import now

    async with opened(fleet_file, beside=True) as application, application.store.read() as session:
        return listed(await session.silences.live(now()))


async def _unsilence(fleet_file: str, silence_id: str) -> str:
    async with opened(fleet_file) as application:
        return f"{await application.alerts.unsilence(silence_id, actor())} is ended"


async def _test(fleet_file: str, channel: str) -> str:
    async with opened(fleet_file, beside=True) as application:
        await application.alerts.test(channel)
    return channel


def _row(alert: Mapping[str, Any]) -> tuple[str, ...]:
    targets = alert["targets"]
    more = f" and {len(targets) - SHOWN_TARGETS} more" if len(targets) > SHOWN_TARGETS else ""
    return (
        alert["key"],
        alert["state"],
        alert["severity"],
        moment(alert["opened_at"]),
        ", ".join(targets[:SHOWN_TARGETS]) + more,
        alert["title"],
    )
