"""A run's statements as text, revision by revision, without a database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from stillhouse_engine.errors import MigrationScriptError
from stillhouse_engine.runtime.specs import RenderedRevision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillhouse_engine.runtime.settings import Progress, RunSettings
    from stillhouse_engine.runtime.specs import DatabaseSpec

    class Runnable(Protocol):
        """What rendering asks of a project."""

        script: Any

        def settings_for(self, database: DatabaseSpec, report: Any = None) -> RunSettings:
            """Return how to run on a database."""
            ...

        def run_here(
            self, database: DatabaseSpec, settings: RunSettings, steps: Callable[..., Any], **options: Any
        ) -> None:
            """Run steps."""
            ...


FRAME = frozenset({"BEGIN", "BEGIN TRANSACTION", "COMMIT"})


class RevisionTexts:
    """Takes offline output in place of a stream, and sorts it by revision."""

    def __init__(self, docs: Callable[[str], str], problems: Mapping[str, str]) -> None:
        self.docs = docs
        self.problems = problems
        self.finished: list[RenderedRevision] = []
        self.running: tuple[str, bool] | None = None
        self._pieces: list[str] = []

    def write(self, text: str) -> int:
        """Take a piece of output."""
        piece = text.strip()
        framing = self.running is None and piece.rstrip(";") in FRAME
        if piece and not framing and not piece.startswith("-- Running "):
            self._pieces.append(piece)
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""

    def report(self, progress: Progress) -> None:
        """Take a run's progress, which says where a revision begins and ends."""
        facts = progress.facts
        if progress.event == "revision.started":
            self.running = (facts["revision"], facts["is_upgrade"])
        elif progress.event == "revision.finished" and self.running is not None:
            revision, is_upgrade = self.running
            sql, self._pieces, self.running = tuple(self._pieces), [], None
            problem = self.problems.get(revision)
            self.finished.append(RenderedRevision(revision, is_upgrade, self.docs(revision), sql, problem))


class QuietStep:
    """A step that changes its rows of the version table and runs nothing."""

    def __init__(self, step: Any) -> None:
        self._step = step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._step, name)

    def migration_fn(self, **_: Any) -> None:
        """Do nothing."""


def render_steps(
    project: Runnable, database: DatabaseSpec, start: str | tuple[str, ...], destination: str
) -> tuple[RenderedRevision, ...]:
    """Render the steps from one revision to another.

    A revision that cannot be told beforehand, because it reads the database, ends with its problem; the ones after it
    are rendered all the same.
    """
    script = project.script
    plan = script._downgrade_revs if is_downwards(script, start, destination) else script._upgrade_revs  # noqa: SLF001
    problems: dict[str, str] = {}

    def steps(heads: tuple[str, ...], _context: Any) -> list[Any]:
        planned = plan(destination, heads)
        return [QuietStep(step) if step.revision.revision in problems else step for step in planned]

    while True:
        texts = RevisionTexts(lambda revision: script.get_revision(revision).doc or "", problems)
        settings = replace(project.settings_for(database, texts.report), output=texts, lock=False, recordings=None)
        try:
            project.run_here(database, settings, steps, as_sql=True, starting_rev=start, destination_rev=destination)
        except MigrationScriptError as error:
            if texts.running is None:
                raise
            problems[texts.running[0]] = error.reason
        else:
            return tuple(texts.finished)


def is_downwards(script: Any, start: str | tuple[str, ...], destination: str) -> bool:
    """Tell whether a run from one revision to another reverts."""
    if destination == "base" or destination.startswith("-"):
        return True
    if start == "base" or destination in {"head", "heads"} or destination.startswith("+"):
        return False
    upper = {script.revision for script in script.get_revisions(start)}
    lower = {script.revision for script in script.get_revisions(destination)}
    above = {one.revision for one in script.iterate_revisions(tuple(upper), "base")}
    return lower <= above - upper
