"""Writes the revision that adopts a drift, through the project's own template and hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.errors import CommandError
from stillhouse_engine.script.generation import rev_id
from stillhouse_engine.worker.messages import Done

if TYPE_CHECKING:
    from stillhouse_engine.runtime.project import Project
    from stillhouse_engine.worker.messages import Start
    from stillhouse_engine.worker.report import Report


async def adopt(project: Project, start: Start, report: Report) -> Done:
    """Write a revision on top of the option ``head``, with the bodies of the options ``upgrades`` and ``downgrades``.

    Raises:
        CommandError: another revision has come on top of that one, or no file was written.
    """
    del report
    options = start.options
    script = project.script
    if options["head"] not in script.get_heads():
        raise CommandError(f"revision {options['head']} is no head any more: look at the drift again")
    written = script.generate_revision(
        start.revision or rev_id(),
        options["message"],
        head=options["head"],
        upgrades=options["upgrades"],
        downgrades=options["downgrades"],
        imports="",
    )
    if written is None:
        raise CommandError("the template wrote no revision")
    return Done(start.id, after=(written.revision,), written=str(written.path), heads=tuple(script.get_heads()))
