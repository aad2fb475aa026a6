"""``stillhouse drift ignore``, ``rules`` and ``unignore``: differences that do not count."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
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

PATTERNS = ("kind", "schema", "name", "attribute")


@click.command()
@click.argument("target", required=False)
@click.option("--kind", help="Kind of object: table, column, index…")
@click.option("--name", help='The object\'s dotted name, a glob: "tmp_*".')
@click.option("--schema", help="The object's schema, a glob.")
@click.option("--attribute", help="The attribute that differs, a glob.")
@click.option("--reason", required=True, help="Why it is fine.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it is ignored. Default: for ever."
)
@click.option("--owner", default=actor, help="Who answers for it. Default: you.")
@fleet_option
@token_option
@log_options
def ignore(fleet_file: str, until: datetime | None, **given: str | None) -> int:
    """Keep differences from counting as drift, on one target or on all. All the patterns that are given must match."""
    if not any(given[key] for key in PATTERNS):
        raise click.UsageError("give at least one of --kind, --name, --schema, --attribute")
    end = datetime.combine(until.date(), time(), UTC) + timedelta(days=1) if until else None
    rule_id = ask(
        fleet_file,
        lambda daemon: str(daemon.post("drift", "rules", body=_rule(end, given))["rules"][0]["id"]),
        lambda: _ignore(fleet_file, end, given),
    )
    click.echo(f"{rule_id}: ignored from the next check on")
    return Exit.FINE


@click.command()
@fleet_option
@json_option
@token_option
@log_options
def rules(fleet_file: str, as_json: bool) -> int:
    """List the rules that people made and that have not expired; the fleet file may have others."""
    found = ask(fleet_file, lambda daemon: list(daemon.get("drift", "rules")["rules"]), lambda: _rules(fleet_file))
    if as_json:
        print_json(rules=found)
    elif not found:
        click.echo("no rule")
    else:
        rows = [
            (rule["id"], rule["target"] or "all", _patterns(rule), moment(rule["until"]), rule["owner"], rule["reason"])
            for rule in found
        ]
        print_table(("ID", "TARGETS", "IGNORES", "UNTIL", "OWNER", "REASON"), rows)
    return Exit.FINE


@click.command()
@click.argument("rule_id", metavar="ID")
@fleet_option
@token_option
@log_options
def unignore(rule_id: str, fleet_file: str) -> int:
    """End a rule: what it covered counts again. The beginning of its id is enough."""
    done = ask(
        fleet_file,
        lambda daemon: str(daemon.delete("drift", "rules", rule_id)["done"]),
        lambda: _unignore(fleet_file, rule_id),
    )
    click.echo(f"{done}, from the next check on")
    return Exit.FINE


def _rule(end: datetime | None, given: Mapping[str, str | None]) -> dict[str, Any]:
    return {**given, "until": end.isoformat() if end else None}


async def _ignore(fleet_file: str, end: datetime | None, given: Mapping[str, Any]) -> str:
    from stillhouse_orchestrator.values import IgnoreRule

    async with opened(fleet_file) as application:
        if given["target"] is not None:
            application.target(given["target"])
        return (await application.answers.ignore(IgnoreRule(id="", until=end, **given), actor())).id


async def _rules(fleet_file: str) -> list[Any]:
    from stillhouse_orchestrator.documents import listed
    from stillhouse_orchestrator.events import now

    async with opened(fleet_file, beside=True) as application, application.store.read() as session:
        return listed(await session.ignore_rules.live(now()))


async def _unignore(fleet_file: str, rule_id: str) -> str:
    async with opened(fleet_file) as application:
        return f"{await application.answers.unignore(rule_id, actor())} is ended"


def _patterns(rule: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {rule[key]}" for key in PATTERNS if rule[key])
