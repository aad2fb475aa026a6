"""Watches a rollout: a line for each target that gets somewhere, and on a terminal a bar that says how far all are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

import click

from stillhouse_orchestrator.cli.rollout_text import member_line, state_of
from stillhouse_orchestrator.values import MemberState

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from stillhouse_orchestrator.values import Rollout, RolloutTarget

TURN = "waits for a connection"  # the ordinary course of things; `rollout show` tells it all the same
QUIET = frozenset({MemberState.PENDING, MemberState.VERIFYING})


class Watching:
    """Prints what changes; a context manager, and a listener of the rollout service.

    Args:
        quiet: print nothing, because the result is wanted as JSON.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._seen: dict[str, tuple[MemberState, str | None]] = {}
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
        """Print what is new about a rollout."""
        if self._quiet:
            return
        for member in rollout.members():
            self._member(member)
        if (state := state_of(rollout)) != self._state:
            self._state = state
            self._print(f"rollout {rollout.id}: {state}")
        if self._bar is not None and self._task is not None:
            settled = sum(member.state.settled for member in rollout.members())
            running = sum(member.state.busy for member in rollout.members())
            self._bar.update(
                self._task, total=len(rollout.targets), completed=settled, description=f"{running} running"
            )

    def _member(self, member: RolloutTarget) -> None:
        now = (member.state, member.reason)
        waits_its_turn = member.state is MemberState.WAITING and (member.reason or "").startswith(TURN)
        if self._seen.get(member.target) == now or member.state in QUIET or waits_its_turn:
            return
        self._seen[member.target] = now
        if member.state is not MemberState.RUNNING or self._bar is None:
            self._print(member_line(member))

    def _print(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            click.echo(line)
