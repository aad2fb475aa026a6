"""The step that is under way: how long it takes, and what to tell of it when it fails."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING, Any, Self

from stillhouse_engine.errors import EngineError, MigrationScriptError

if TYPE_CHECKING:
    from types import TracebackType

    from stillhouse_engine.runtime.settings import RunSettings
    from stillhouse_engine.script.steps import MigrationStep

LOCKED = (
    "SQLite lets one connection write at a time, and the migration's does until the revision ends: what a revision writes "
    "goes through op.get_bind(), not through a session or engine of the application"
)


class RunningStep:
    """Watches one step from its first statement to its version row.

    An error that leaves the step keeps its own class, which user code may catch; a note says which revision, file and
    line it came from.
    """

    def __init__(self, step: MigrationStep, settings: RunSettings) -> None:
        self.step = step
        self.settings = settings
        revision = getattr(step, "revision", None)  # a stamp has none
        self.revision: str = revision.revision if revision is not None else step.short_log
        self.path: str | None = getattr(revision, "path", None)
        self.started = 0.0
        self.heads: tuple[str, ...] = ()
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        self.started = time.monotonic()
        self.settings.tell("revision.started", revision=self.revision, is_upgrade=self.step.is_upgrade)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = time.monotonic() - self.started
        if error is None:
            self.settings.tell(
                "revision.finished",
                revision=self.revision,
                is_upgrade=self.step.is_upgrade,
                seconds=round(seconds, 6),
                heads=list(self.heads),
            )
        else:
            self.error = error
            place = f", {self.path}:{line}" if (line := self.line_of(error)) else ""
            error.add_note(f"while running revision {self.revision}{place}")
            if "database is locked" in str(error):
                error.add_note(LOCKED)

    def line_of(self, error: BaseException) -> int | None:
        """Return the line of the revision's file that an error passed through last."""
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self.path]
        return lines[-1] if lines else None

    def explain(self) -> EngineError | None:
        """Return the error that left this step as one that carries revision, file, line and statement."""
        error = self.error
        if error is None or isinstance(error, EngineError):
            return error
        origin: Any = getattr(error, "orig", None) or error
        reason = str(origin).strip() or type(origin).__name__
        name = type(error).__name__
        return MigrationScriptError(
            reason if reason.startswith(name) else f"{name}: {reason}",
            file=self.path,
            line=self.line_of(error),
            revision=self.revision,
            statement=getattr(error, "statement", None),
        )
