"""``stillhouse alerts``: what needs a person."""

from __future__ import annotations

import click

from stillhouse_config import FleetValueError, SelectorError, parse_duration
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options
from stillhouse_orchestrator.cli.output import print_json, print_table
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.running import CommandFailedError, run
from stillhouse_orchestrator.values import Alert, Silence, to_json

SHOWN_TARGETS = 3


@click.group()
def alerts() -> None:
    """List, acknowledge, silence and test alerts."""


@alerts.command("list")
@click.option("--all", "with_resolved", is_flag=True, help="Resolved ones as well.")
@fleet_option
@json_option
@log_options
def list_(with_resolved: bool, fleet_file: str, as_json: bool) -> int:
    """List what needs a person, the oldest first."""
    found = run(_list(fleet_file, with_resolved=with_resolved))
    if as_json:
        print_json(alerts=[to_json(alert) for alert in found])
    elif not found:
        click.echo("no open alert")
    else:
        print_table(("KEY", "STATE", "SEVERITY", "OPENED", "TARGETS", "WHAT"), [_row(alert) for alert in found])
    return Exit.FINE


@alerts.command()
@click.argument("key")
@click.option("--reason", help="What is being done about it.")
@fleet_option
@log_options
def ack(key: str, reason: str | None, fleet_file: str) -> int:
    """Say that you take care of an alert: it is not repeated any more."""
    run(_ack(fleet_file, key, reason))
    click.echo(f"{key}: acknowledged")
    return Exit.FINE


@alerts.command()
@click.argument("selector")
@click.option("--for", "duration", required=True, metavar="DURATION", help="For how long: 30m, 2h, 1d.")
@click.option("--reason", required=True, help="Why.")
@fleet_option
@log_options
def silence(selector: str, duration: str, reason: str, fleet_file: str) -> int:
    """Keep the alerts of some targets quiet for a while."""
    made = run(_silence(fleet_file, selector, duration, reason))
    click.echo(f"{made.id}: {selector} is silent until {made.expires_at.astimezone():%Y-%m-%d %H:%M:%S}")
    return Exit.FINE


@alerts.command()
@click.argument("channel")
@fleet_option
@log_options
def test(channel: str, fleet_file: str) -> int:
    """Send a real message through one channel."""
    run(_test(fleet_file, channel))
    click.echo(f"{channel}: the message was taken")
    return Exit.FINE


async def _list(fleet_file: str, *, with_resolved: bool) -> list[Alert]:
    async with opened(fleet_file, beside=True) as application, application.store.read() as session:
        return await (session.alerts.all() if with_resolved else session.alerts.unresolved())


async def _ack(fleet_file: str, key: str, reason: str | None) -> None:
    async with opened(fleet_file) as application:
        await application.alerts.acknowledge(key, actor(), reason)


async def _silence(fleet_file: str, selector: str, duration: str, reason: str) -> Silence:
    async with opened(fleet_file) as application:
        try:
            return await application.alerts.silence(selector, actor(), reason, parse_duration(duration))
        except (SelectorError, FleetValueError) as error:
            raise CommandFailedError(str(error), error.hint, Exit.USAGE) from error


async def _test(fleet_file: str, channel: str) -> None:
    async with opened(fleet_file, beside=True) as application:
        await application.alerts.test(channel)


def _row(alert: Alert) -> tuple[str, ...]:
    more = f" and {len(alert.targets) - SHOWN_TARGETS} more" if len(alert.targets) > SHOWN_TARGETS else ""
    return (
        alert.key,
        alert.state.value,
        alert.severity.value,
        f"{alert.opened_at.astimezone():%Y-%m-%d %H:%M:%S}",
        ", ".join(alert.targets[:SHOWN_TARGETS]) + more,
        alert.title,
    )
