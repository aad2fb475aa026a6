"""``stillhouse plan``: what a rollout would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.asking import ask
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import destination_options, selecting_options
from stillhouse_orchestrator.cli.output import counted, gathered, named, print_document, revisions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@click.command()
@destination_options
@click.option("--sql", "with_sql", is_flag=True, help="Show the SQL as well.")
@click.option("--exit-code", is_flag=True, help="Exit with 3 when something is pending.")
@selecting_options
def plan(destination: str, strategy: str | None, with_sql: bool, exit_code: bool, **common: Any) -> int:
    """Show what a rollout would do, targets with the same plan in one group. Nothing is changed."""
    fleet_file, selector = common["fleet_file"], common["selector"]
    made = ask(
        fleet_file,
        lambda daemon: daemon.get("plan", select=selector, to=destination, strategy=strategy),
        lambda: _plan(fleet_file, selector, destination, strategy),
    )
    if common["as_json"]:
        print_document(made)
    else:
        print_plan(made, with_sql=with_sql)
    if made["unreachable"] or made["unknown"]:
        return Exit.UNKNOWN
    return Exit.DRIFT if exit_code and made["groups"] else Exit.FINE


async def _plan(fleet_file: str, selector: str | None, destination: str, strategy: str | None) -> dict[str, Any]:
    from stillhouse_orchestrator.values import to_json

    async with opened(fleet_file, beside=True, plans=True) as application:
        return dict(to_json(await application.plan(selector, destination, strategy)))


def print_plan(plan: Mapping[str, Any], *, with_sql: bool = False, done: bool = False) -> None:
    """Print a plan: its groups, unless they are done already, and everybody who is in none, with the reason."""
    for group in () if done else plan["groups"]:
        _print_group(group, with_sql=with_sql, sure=group["targets"][0] not in plan["unreachable"])
    if plan["up_to_date"]:
        click.echo(f"up to date: {named(plan['up_to_date'])}")
    if plan["ahead"]:
        click.echo(f"ahead of {plan['requested']}: {named(plan['ahead'])}")
    first = {identity: target for target, identity in reversed(plan["drifted"].items())}
    drifted = (
        (target, f"drifted ({identity}); see `stillhouse drift show {first[identity]}`")
        for target, identity in plan["drifted"].items()
    )
    for line in gathered([*drifted, *plan["unreachable"].items(), *plan["unknown"].items()]):
        click.echo(line, err=True)
    if plan["late"]:
        click.echo(f"late for the rollout in progress: {named(plan['late'])}", err=True)
    if plan["unmatched"]:
        click.echo(f"matched by no wave of the strategy: {named(plan['unmatched'])}", err=True)


def _print_group(group: Mapping[str, Any], *, with_sql: bool, sure: bool) -> None:
    """Print what is planned for some targets; of those out of reach only where they were last seen is known."""
    targets, steps = counted(len(group["targets"]), "target"), counted(len(group["revisions"]), "revision")
    count = f"{targets}, {steps}" if sure else f"{targets} out of reach, {steps}"
    way = f"{revisions(group['from'])}{'' if sure else '?'} -> {revisions(group['to'])}"
    click.secho(f"{way} ({count}): {named(group['targets'])}", bold=True)
    for revision in group["revisions"]:
        click.echo(f"  {revision}")
    for hazard in group["hazards"]:
        click.secho(f"  warning[{hazard['rule']}]: {hazard['message']}", fg="yellow")
    if with_sql:
        print_sql(group["sql"])


def print_sql(statements: Sequence[str]) -> None:
    """Print statements, indented."""
    for statement in statements:
        click.echo("\n".join(f"    {line}" for line in statement.splitlines()))
