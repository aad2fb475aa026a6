"""Kills between two COMMITs of a barrier wave: some of its targets have committed, the others have not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crash.fleet import BrokenPromiseError

if TYPE_CHECKING:
    from crash.blows import Blows
    from crash.fleet import Fleet

HALF = "r2"
"""Where the wave goes: what comes after it cannot be held open."""


def start(kind: str) -> tuple[str, ...]:
    """Return the command of a barrier wave over the targets of one kind."""
    return ("rollout", "start", "--to", HALF, "--strategy", "together", "-l", f"kind={kind}")


def between_commits(blows: Blows, kind: str, fault: str, verb: str = "resume") -> int | None:
    """Kill a barrier wave halfway, and answer as somebody on call does.

    Args:
        blows: deals the blow.
        kind: whose targets; they must be empty.
        fault: where it is killed.
        verb: what is said to a wave that is partly committed: ``resume`` or ``rollback``.

    Returns:
        How many targets had committed; None when nobody died.

    Raises:
        BrokenPromiseError: what is shown is not what is there, or the answer does not help.
    """
    fleet = blows.fleet
    if not blows.at_fault_point(fault, *start(kind)):
        fleet.run("rollout", "resume", newest(fleet)["id"])
        return None
    names = [target.name for target in fleet.targets if target.kind == kind]
    ahead = committed(fleet, names)
    fleet.check_status()
    rollout_id = newest(fleet)["id"]
    watched = fleet.run(
        "rollout", "watch", rollout_id
    )  # it takes the rollout up again, and leaves it where a person is needed
    if 0 < len(ahead) < len(names):
        _check_paused(fleet, rollout_id, ahead, watched.stdout + watched.stderr)
        said = fleet.run("rollout", verb, rollout_id, *(["--yes"] if verb == "rollback" else []))
        if said.returncode:
            raise BrokenPromiseError(f"`{verb}` after a half committed wave: {said.stdout}\n{said.stderr}")
    expected = [] if verb == "rollback" and 0 < len(ahead) < len(names) else names
    if committed(fleet, names) != expected:
        raise BrokenPromiseError(f"of {names}, {ahead} had committed; after `{verb}` {committed(fleet, names)} have")
    blows.counts[f"barrier wave of {kind}: {len(ahead)} of {len(names)} had committed"] += 1
    return len(ahead)


def committed(fleet: Fleet, names: list[str]) -> list[str]:
    """Return the targets that are at the wave's goal."""
    return [target.name for target in fleet.targets if target.name in names and fleet.applied(target) == [HALF]]


def newest(fleet: Fleet) -> dict[str, object]:
    """Return the newest rollout, as `rollout list` shows it."""
    done = fleet.run("rollout", "list", "--json")
    try:
        return json.loads(done.stdout)["rollouts"][0]
    except (ValueError, IndexError) as error:
        raise BrokenPromiseError(f"`rollout list` ended with {done.returncode}: {done.stdout}{done.stderr}") from error


def _check_paused(fleet: Fleet, rollout_id: object, ahead: list[str], said: str) -> None:
    shown = json.loads(fleet.run("rollout", "show", str(rollout_id), "--json").stdout)
    head, done = shown["rollout"], [row["target"] for row in shown["targets"] if row["state"] == "done"]
    told = f"is partly committed: {', '.join(ahead)} committed"
    if head["state"] != "paused" or told not in (head["reason"] or "") or sorted(done) != sorted(ahead):
        raise BrokenPromiseError(f"{ahead} have committed; shown is {head['state']}, {head['reason']}, {done}:\n{said}")
