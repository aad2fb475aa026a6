"""Plans and starts a rollout, here or in the daemon, and watches it: what ``up`` and ``rollout start`` share."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypedDict

import click

from stillhouse_orchestrator.cli.people import actor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.cli.watching import Watching
    from stillhouse_orchestrator.client.daemon import Daemon
    from stillhouse_orchestrator.values import Plan, Rollout

Document = dict[str, Any]


class Wanted(TypedDict, total=False):
    """What a rollout is to do, as the API takes it.

    Attributes:
        not_before: a moment in ISO 8601.
        next_window: wait for a maintenance window to open.
    """

    to: str
    select: str | None
    strategy: str | None
    not_before: str | None
    next_window: bool


async def start_here(application: Application, wanted: Wanted) -> Document:
    """Plan, start a rollout that does what the plan says, and run it until it is over or waits for a person."""
    from stillhouse_orchestrator.documents import rollout_document
    from stillhouse_orchestrator.events import now
    from stillhouse_orchestrator.rollouts.signals import Start
    from stillhouse_orchestrator.values import to_json

    plan = await application.plan(wanted["select"], wanted["to"], wanted["strategy"])
    if not plan.groups:
        return {"plan": to_json(plan), "rollout": None, "targets": []}
    rollout = await _create(application, plan, wanted)
    await application.rollouts.say(rollout, Start(actor(), now()))
    ended = await run_here(application, rollout)
    return {"plan": to_json(plan), **rollout_document(ended)}


async def run_here(application: Application, rollout_id: str) -> Rollout:
    """Run a rollout until it is over or waits for a person; whoever interrupts that is told how it goes on."""
    import asyncio

    try:
        ended = await application.rollouts.run(rollout_id, attended=False)
    except asyncio.CancelledError:
        click.echo(
            f"rollout {rollout_id} stopped where it was; `stillhouse rollout watch {rollout_id}` goes on with it, "
            f"`stillhouse rollout abort {rollout_id}` ends it",
            err=True,
        )
        raise
    await application.alerts.look_at_rollouts()
    return ended


def start_remotely(daemon: Daemon, wanted: Wanted, watching: Watching) -> Document:
    """Let the daemon plan and start a rollout, and watch it to its end."""
    made = daemon.post("rollouts", body=wanted)
    if made["rollout"] is None:
        return made
    with detaching(made["rollout"]["id"]):
        return {"plan": made["plan"], **watching.follow(daemon, made["rollout"]["id"])}


@contextlib.contextmanager
def detaching(rollout_id: str) -> Iterator[None]:
    """Say, when a person stops watching, that the rollout does not stop with it."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"rollout {rollout_id} goes on; `stillhouse rollout watch {rollout_id}` watches it again", err=True)
        raise


async def _create(application: Application, plan: Plan, wanted: Wanted) -> str:
    import secrets
    from datetime import datetime

    from stillhouse_orchestrator.events import now
    from stillhouse_orchestrator.rollouts.freezing import Order

    said = wanted.get("not_before")
    not_before = datetime.fromisoformat(said) if said else None
    if wanted.get("next_window"):
        not_before = await application.rollouts.next_window(plan)
    order = Order(secrets.token_hex(4), actor(), now(), wanted["strategy"], wanted["select"], not_before)
    return (await application.rollouts.create(plan, order)).id
