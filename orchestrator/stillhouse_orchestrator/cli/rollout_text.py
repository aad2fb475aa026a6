"""A rollout as a person reads it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.output import print_table, revisions

if TYPE_CHECKING:
    from collections.abc import Mapping

COLOURS = {
    "done": "green",
    "failed": "red",
    "indeterminate": "red",
    "blocked_drift": "yellow",
    "cancelled": "yellow",
    "rolled_back": "cyan",
}
MOVING = frozenset({"running", "rolling_back"})
OVER = frozenset({"succeeded", "failed", "aborted", "rolled_back", "rollback_failed"})
BUSY = frozenset({"running", "verifying"})
UNSETTLED = BUSY | {"pending", "waiting"}


def print_rollout(document: Mapping[str, Any]) -> None:
    """Print a rollout and all its targets."""
    head = document["rollout"]
    where = f"wave {head['wave']} of {head['waves']}, to {head['requested']}"
    click.echo(f"rollout {head['id']}: {state_of(head)}, {where}")
    rows = [
        (
            member["target"],
            str(member["wave"]),
            member["state"],
            f"{revisions(member['from'])} -> {revisions(member['to'])}",
            why(member).partition("\n")[0],
        )
        for member in document["targets"]
    ]
    print_table(("TARGET", "WAVE", "STATE", "REVISIONS", ""), rows)
    for member in document["targets"]:
        if "\n" in why(member):
            click.echo(f"{member['target']}:\n" + "\n".join(f"  {line}" for line in why(member).splitlines()))
    print_way_on(document)
    if document.get("late"):
        click.echo(f"appeared since, and not in it: {', '.join(document['late'])}", err=True)


def print_way_on(document: Mapping[str, Any]) -> None:
    """Say what to do about a rollout that waits for a person."""
    head = document["rollout"]
    if waits(document):
        reason = head["reason"] or ""
        verb = "promote" if "promoted" in reason else "approve" if "approve" in reason else "resume"
        click.echo(
            f"to go on: stillhouse rollout {verb} {head['id']}; to stop: stillhouse rollout abort {head['id']}",
            err=True,
        )


def waits(document: Mapping[str, Any]) -> bool:
    """Tell whether a rollout goes on only when a person says so."""
    return document["rollout"]["state"] in {"paused", "pending_approval"}


def state_of(head: Mapping[str, Any]) -> str:
    """Return a rollout's state with its reason."""
    return f"{head['state']}{f' ({reason})' if (reason := head['reason']) else ''}"


def member_text(member: Mapping[str, Any]) -> str:
    """Say where a member is; with what it did and how long that took once it is over."""
    state = click.style(member["state"].replace("_", " "), fg=COLOURS.get(member["state"]))
    took = ""
    if member["started_at"] and member["finished_at"]:
        began, ended = map(datetime.fromisoformat, (member["started_at"], member["finished_at"]))
        took = f" in {(ended - began).total_seconds():.2f} s"
    path = ""
    if member["state"] in {"done", "running"}:
        path = f" {revisions(member['from'])} -> {revisions(member['to'])}"
    because = why(member)
    return f"{state}{path}{took}{f': {because}' if because else ''}"


def why(member: Mapping[str, Any]) -> str:
    """Return what a person wants to know besides the state."""
    return member["error"] or member["reason"] or ""


def succeeded(document: Mapping[str, Any]) -> bool:
    """Tell whether everything that the rollout was to do is done."""
    return document["rollout"]["state"] in {"succeeded", "rolled_back"}


def goes_on(document: Mapping[str, Any]) -> bool:
    """Tell whether a rollout moves by itself at the moment."""
    return document["rollout"]["state"] in MOVING and document["rollout"]["hold"] is None
