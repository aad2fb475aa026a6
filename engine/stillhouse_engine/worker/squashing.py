"""Squashes a project's revisions, on scratch databases beside one of its targets."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from stillhouse_engine.squashing.squashing import Wish
from stillhouse_engine.squashing.squashing import squash as squash_range
from stillhouse_engine.worker.messages import Done

if TYPE_CHECKING:
    from stillhouse_engine.runtime.project import Project
    from stillhouse_engine.worker.messages import Start
    from stillhouse_engine.worker.report import Report


async def squash(project: Project, start: Start, report: Report) -> Done:
    """Replace the revisions of the option ``rev_range`` by one; the other options are those of the wish."""
    del report
    options = start.options
    wish = Wish(
        rev_range=options.get("rev_range"),
        message=options.get("message"),
        scratch_url=options.get("scratch_url"),
        without_data=bool(options.get("without_data")),
        dry_run=bool(options.get("dry_run")),
    )
    return Done(start.id, squashed=asdict(await squash_range(project, start.database, wish)))
