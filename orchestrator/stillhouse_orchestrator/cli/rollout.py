"""``stillhouse rollout``: coordinated rollouts."""

from __future__ import annotations

import click

from stillhouse_orchestrator.cli.lazy import LazyGroup, Place

PLACES = {
    "start": Place("rollout_run", "start", "Start a rollout and watch it to its end."),
    "list": Place("rollout_show", "list_", "List rollouts, the newest first."),
    "show": Place("rollout_show", "show", "Show one rollout and all its targets."),
    "watch": Place("rollout_run", "watch", "Go on with a rollout, and watch it to its end."),
    "pause": Place("rollout_verbs", "pause", "Start nothing more until resumed."),
    "resume": Place("rollout_verbs", "resume", "Take a pause back, and go on."),
    "promote": Place("rollout_verbs", "promote", "End a pause step now."),
    "approve": Place("rollout_verbs", "approve", "Agree at an approve step."),
    "retry": Place("rollout_verbs", "retry", "Try failed targets again."),
    "skip": Place("rollout_verbs", "skip", "Leave targets out."),
    "join": Place("rollout_verbs", "join", "Let late targets in."),
    "abort": Place("rollout_verbs", "abort", "Start nothing more, let what runs finish, revert nothing."),
    "rollback": Place("rollout_verbs", "rollback", "Bring back every target that a rollout changed."),
}


@click.group(cls=LazyGroup, places=PLACES)
def rollout() -> None:
    """Start, watch and steer coordinated rollouts."""
