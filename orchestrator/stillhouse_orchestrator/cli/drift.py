"""``stillhouse drift``: find it, see it, answer it."""

from __future__ import annotations

import click

from stillhouse_orchestrator.cli.lazy import LazyGroup, Place

PLACES = {
    "check": Place("drift_check", "check", "Compare live schemas with what they should be."),
    "show": Place("drift_check", "show", "Explain one target's drift, object by object."),
    "repair": Place("drift_answers", "repair", "Show the SQL that undoes the drift, ask, run it, verify."),
    "adopt": Place("drift_adopt", "adopt", "Write a revision for the drift, so that siblings get it by upgrade."),
    "accept": Place("drift_answers", "accept", "Take a live schema as the right one."),
    "ignore": Place("drift_rules", "ignore", "Keep some differences from counting as drift, until a day."),
    "rules": Place("drift_rules", "rules", "List the rules that people made."),
    "unignore": Place("drift_rules", "unignore", "End a rule: what it covered counts again."),
}


@click.group(cls=LazyGroup, places=PLACES)
def drift() -> None:
    """Find drift, and answer it.

    A pending revision is not drift. Unknown is not in sync: a target that cannot be looked at is reported as such.
    """
