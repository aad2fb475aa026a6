"""The revision graphs of the fleet's projects, once per project: read from headers, else described by a worker."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillhouse_engine.runtime.describing import describe_headers
from stillhouse_orchestrator.jobs import first_of_each_project, job_for, project_spec
from stillhouse_orchestrator.revisions import Graph

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stillhouse_config import ProjectDeclaration, TargetDeclaration
    from stillhouse_engine.runtime.specs import ProjectSummary
    from stillhouse_orchestrator.workers.executor import Executor, Outcome, RevisionSummary


@dataclass(frozen=True, slots=True)
class Description:
    """A project's revisions, or why they cannot be read.

    Attributes:
        graph: None when the script directory is missing or broken.
        problem: what is wrong, for people.
        nodes: the revisions with their first lines, newest first.
        originals: the revisions that squashed ones have replaced, where their files are kept.
    """

    graph: Graph | None
    problem: str | None = None
    nodes: tuple[RevisionSummary, ...] = ()
    originals: tuple[RevisionSummary, ...] = ()

    def files(self, current: Collection[str]) -> dict[str, str | None]:
        """Return the files of the revisions that a database at some of them goes through, by revision."""
        found = {node.revision: node.path for node in self.nodes}
        if self.graph is not None and self.graph.seen_from(current) is not self.graph:
            found |= {node.revision: node.path for node in self.originals}
        return found


class Projects:
    """Describes projects.

    Args:
        executor: runs the ``describe`` jobs of projects whose headers do not tell everything.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def describe(self, targets: Iterable[TargetDeclaration]) -> dict[ProjectDeclaration, Description]:
        """Describe the projects behind some targets, as their files are now."""
        first = first_of_each_project(targets)
        return dict(zip(first, await asyncio.gather(*map(self._one, first.values())), strict=True))

    async def _one(self, target: TargetDeclaration) -> Description:
        if read := await asyncio.to_thread(describe_headers, project_spec(target.project)):
            return _description(read)
        return described(await self._executor.run(job_for(target, "describe")))


def described(outcome: Outcome) -> Description:
    """Return what the outcome of a ``describe`` job says."""
    if not outcome.ok:
        return Description(None, str(outcome.problem or f"the worker ended as {outcome.state}"))
    return _description(outcome)


def _description(told: ProjectSummary | Outcome) -> Description:
    graph = Graph.of(told.heads, told.revisions, told.originals)
    return Description(graph, None, told.revisions, told.originals)
