"""The heads of a database while it migrates, kept in step with its version table."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from stillhouse_engine.runtime.version_table import RowWrite
from stillhouse_engine.script.version_rows import describe_changes, replace_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Table

    from stillhouse_engine.script.version_rows import RowChange

    class VersionedContext(Protocol):
        """What a migration context shows the keeper of its heads."""

        _version: Table

        def _write_version(self, write: RowWrite) -> None: ...

    class Step(Protocol):
        """What the keeper of heads asks of a step."""

        def row_changes(self, heads: set[str]) -> Sequence[RowChange]:
            """Return what the step changes in a version table that holds these heads."""
            ...


log = logging.getLogger("alembic.runtime.migration")


class HeadMaintainer:
    """Moves the version table step by step.

    Attributes:
        context: the migration context.
        heads: the revisions that the version table holds by now.
    """

    def __init__(self, context: VersionedContext, heads: Iterable[str]) -> None:
        self.context = context
        self.heads = set(heads)

    def update_to_step(self, step: Step) -> None:
        """Make the changes of the version table that a step brings.

        Raises:
            CommandError: a row that should be there is not.
        """
        self._write(changes_of(step, self.heads))

    def update_to_steps(self, steps: Iterable[Step]) -> None:
        """Make the changes that steps of one transaction bring together: nobody sees those in between.

        Raises:
            CommandError: a row that should be there is not.
        """
        after = set(self.heads)
        for step in steps:
            move(after, changes_of(step, after))
        self._write(replace_rows(sorted(self.heads - after), sorted(after - self.heads)))

    def _write(self, changes: Iterable[RowChange]) -> None:
        for change in changes:
            self.context._write_version(RowWrite(self.context._version, change))  # noqa: SLF001 - its own keeper
            move(self.heads, [change])


def changes_of(step: Step, heads: set[str]) -> Sequence[RowChange]:
    """Return what a step changes in a version table that holds these heads, and say so in the log."""
    changes = step.row_changes(heads)
    if changes and log.isEnabledFor(logging.DEBUG):
        log.debug(describe_changes(changes))
    return changes


def move(heads: set[str], changes: Iterable[RowChange]) -> None:
    """Change a set of heads as rows of the version table change."""
    for change in changes:
        heads.discard(change.remove or "")
        if change.add is not None:
            heads.add(change.add)
