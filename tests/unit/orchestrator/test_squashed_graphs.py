"""Promise: what a target stands at decides whether it goes through a squashed revision or through its originals."""

from __future__ import annotations

import pytest

from stillhouse_engine.runtime.specs import RevisionSummary
from stillhouse_orchestrator.revisions import Graph, Reading, judge

NODES = (
    RevisionSummary("e", ("d",), ""),
    RevisionSummary("d", ("a",), "", replaces=("b", "c", "d")),
    RevisionSummary("a", (), ""),
)
ORIGINALS = (RevisionSummary("d", ("c",), ""), RevisionSummary("c", ("b",), ""), RevisionSummary("b", ("a",), ""))


@pytest.mark.parametrize(("at", "pending"), [((), 3), (("a",), 4), (("b",), 3), (("c",), 2), (("d",), 1), (("e",), 0)])
def test_a_target_waits_for_what_it_will_run(at: tuple[str, ...], pending: int) -> None:
    assert judge(Reading(at), Graph.of(("e",), NODES, ORIGINALS)).pending == pending


def test_without_originals_the_one_inside_is_told_what_became_of_its_revision() -> None:
    verdict = judge(Reading(("b",)), Graph.of(("e",), NODES))
    assert verdict.state == "unknown_revision"
    assert "holds b, which was squashed into d" in str(verdict.error)


def test_who_has_the_squashed_revision_has_the_originals() -> None:
    graph = Graph.of(("e",), NODES, ORIGINALS)
    assert graph.brought(("d",)) == {"a", "b", "c", "d"}
    assert graph.brought(("b",)) == {"a", "b"}
