"""A rollout as a person reads it, and as a program does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.output import print_table, revisions
from stillhouse_orchestrator.values import MemberState, RolloutState, to_json

if TYPE_CHECKING:
    from stillhouse_orchestrator.values import Rollout, RolloutTarget

COLOURS = {
    MemberState.DONE: "green",
    MemberState.FAILED: "red",
    MemberState.INDETERMINATE: "red",
    MemberState.BLOCKED_DRIFT: "yellow",
    MemberState.CANCELLED: "yellow",
    MemberState.ROLLED_BACK: "cyan",
}
TARGET_KEYS = ("target", "wave", "state", "reason", "from", "to", "started_at", "finished_at", "error")


def as_json(rollout: Rollout) -> dict[str, Any]:
    """Return the JSON shape of ``rollout show``."""
    plain = to_json(rollout)
    head = {
        key: plain[key]
        for key in ("id", "state", "reason", "strategy", "requested", "selector", "created_at", "created_by")
    }
    head |= {
        "wave": rollout.wave,
        "waves": len(rollout.waves),
        "started_at": plain["started_at"],
        "finished_at": plain["finished_at"],
    }
    targets = [{key: target[key] for key in TARGET_KEYS} for target in plain["targets"].values()]
    return {"rollout": head, "targets": targets, "unmatched": plain["unmatched"]}


def print_rollout(rollout: Rollout) -> None:
    """Print a rollout and all its targets."""
    click.echo(
        f"rollout {rollout.id}: {state_of(rollout)}, wave {rollout.wave} of {len(rollout.waves)}, to {rollout.requested}"
    )
    rows = [
        (
            member.target,
            str(member.wave),
            member.state.value,
            f"{revisions(member.from_)} -> {revisions(member.to)}",
            why(member),
        )
        for member in rollout.members()
    ]
    print_table(("TARGET", "WAVE", "STATE", "REVISIONS", ""), rows)


def state_of(rollout: Rollout) -> str:
    """Return a rollout's state with its reason."""
    return f"{rollout.state.value}{f' ({rollout.reason})' if rollout.reason else ''}"


def member_line(member: RolloutTarget) -> str:
    """Say in one line where a member is; with what it did and how long that took once it is over."""
    state = click.style(member.state.value.replace("_", " "), fg=COLOURS.get(member.state))
    took = ""
    if member.started_at and member.finished_at:
        took = f" in {(member.finished_at - member.started_at).total_seconds():.2f} s"
    path = (
        f" {revisions(member.from_)} -> {revisions(member.to)}"
        if member.state in {MemberState.DONE, MemberState.RUNNING}
        else ""
    )
    because = why(member)
    return f"{member.target}: {state}{path}{took}{f': {because}' if because else ''}"


def why(member: RolloutTarget) -> str:
    """Return what a person wants to know besides the state."""
    return member.error or member.reason or ""


def succeeded(rollout: Rollout) -> bool:
    """Tell whether everything that the rollout was to do is done."""
    return rollout.state in {RolloutState.SUCCEEDED, RolloutState.ROLLED_BACK}
