"""Watches a rollout: a line for each target that gets somewhere, and on a terminal a bar that says how far all are."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import click

from stillhouse_orchestrator.cli.output import gathered
from stillhouse_orchestrator.cli.rollout_text import BUSY, OVER, UNSETTLED, member_text, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from stillhouse_orchestrator.client.daemon import Daemon
    from stillhouse_orchestrator.values import Rollout

TURN = "waits for a place on "  # the ordinary course of things; `rollout show` tells it all the same
QUIET = frozenset({"pending", "verifying"})


class Watching:
    """Prints what changes; a context manager, and a listener of the rollout service.

    Args:
        quiet: print nothing, because the result is wanted as JSON.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._states: dict[str, str] = {}
        self._counts = Counter[str]()
        self._said: dict[str, tuple[str, str | None]] = {}
        self._seen: Rollout | None = None
        self._state: str | None = None
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if not self._quiet and sys.stdout.isatty():
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, transient=True)
            self._bar.start()
            self._task = self._bar.add_task("migrating", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, rollout: Rollout) -> None:
        """Print what is new about a rollout of this process."""
        from stillhouse_orchestrator.documents import changed_members, rollout_head

        before = self._seen if self._seen is not None and self._seen.id == rollout.id else None
        self._seen = rollout
        self.hear({"rollout": rollout_head(rollout), "targets": changed_members(before, rollout)})

    def hear(self, news: Mapping[str, Any]) -> None:
        """Print what is new about a rollout, given its head and the targets that changed."""
        if self._quiet:
            return
        head = news["rollout"]
        for line in gathered(
            (member["target"], member_text(member)) for member in news["targets"] if self._tells(member)
        ):
            self._print(line)
        if (state := f"rollout {head['id']}: {state_of(head)}") != self._state:
            self._state = state
            self._print(state)
        if self._bar is not None and self._task is not None:
            total, busy = len(self._states), sum(self._counts[state] for state in BUSY)
            settled = total - sum(self._counts[state] for state in UNSETTLED)
            self._bar.update(self._task, total=total, completed=settled, description=f"{busy} running")

    def follow(self, daemon: Daemon, rollout_id: str, *, until_held: bool = False) -> dict[str, Any]:
        """Watch a rollout of a daemon until it is over, and return it.

        Args:
            daemon: which runs it.
            rollout_id: which.
            until_held: end also when it waits for a person.
        """
        for name, content in daemon.watch(rollout_id, self._lost):
            if name != "rollout":
                continue
            self.hear(content)
            head = content["rollout"]
            waits = until_held and head["state"] in {"paused", "pending_approval"} and head["hold"] is not None
            if head["state"] in OVER or waits:
                break
        return daemon.get("rollouts", rollout_id)

    def _lost(self) -> None:
        if not self._quiet:
            click.echo("the daemon is away; the rollout goes on when it is back", err=True)

    def _tells(self, member: Mapping[str, Any]) -> bool:
        """Keep where a member is, and tell whether that is worth a line."""
        self._counts[self._states.get(member["target"], "")] -= 1
        self._counts[member["state"]] += 1
        self._states[member["target"]] = member["state"]
        now = (member["state"], member["reason"])
        waits_its_turn = member["state"] == "waiting" and (member["reason"] or "").startswith(TURN)
        if self._said.get(member["target"]) == now or member["state"] in QUIET or waits_its_turn:
            return False
        self._said[member["target"]] = now
        return member["state"] != "running" or self._bar is None

    def _print(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            click.echo(line)
