from __future__ import annotations

import pytest

from stillhouse_engine.errors import MultipleHeads, RangeNotAncestorError, ResolutionError, RevisionError
from stillhouse_engine.script.planning import downgrade_steps, stamp_steps
from stillhouse_engine.script.revision import Revision, RevisionMap
from stillhouse_engine.script.steps import RevisionStep, RowChange


def graph(*revisions):
    nodes = [Revision(*revision) for revision in revisions]
    return RevisionMap(lambda: nodes)


@pytest.fixture
def forked():
    return graph(("aaaa1", None), ("bbbb1", "aaaa1", None, "left"), ("cccc1", "aaaa1"), ("cccc2", "cccc1"))


def listed(revisions):
    return [revision.revision for revision in revisions]


def test_errors_carry_their_facts(forked):
    with pytest.raises(MultipleHeads) as several:
        forked.get_revision("head")
    assert (several.value.heads, several.value.argument) == (("bbbb1", "cccc2"), "head")
    with pytest.raises(ResolutionError) as unknown:
        forked.get_revision("nope")
    assert unknown.value.argument == "nope"
    with pytest.raises(RangeNotAncestorError) as apart:
        forked.iterate_revisions("bbbb1", "cccc1")
    assert (apart.value.lower, apart.value.upper) == ("cccc1", "bbbb1")


def test_a_missing_down_revision_is_named_with_what_to_do():
    with pytest.raises(RevisionError, match=r"Revision gone, the down_revision of .*'aaaa1'.* is not present; restore"):
        _ = graph(("aaaa1", "gone")).heads


def test_dependencies_may_be_labels_and_partial_ids(forked):
    revisions = graph(("aaaa1", None, None, "left"), ("xxxx1", None, ("left",)), ("yyyy1", "xxxx1", ("aaaa",)))
    assert revisions.heads == ("aaaa1", "yyyy1")
    assert revisions._real_heads == ("yyyy1",)


def test_a_duplicate_id_is_warned_of():
    with pytest.warns(UserWarning, match="Revision aaaa1 is present more than once"):
        assert graph(("aaaa1", None), ("aaaa1", None)).heads == ("aaaa1",)


def test_an_unknown_branch_is_refused_where_alembic_would_drop_everything(forked):
    with pytest.raises(RevisionError):
        downgrade_steps(forked, "unknown@base", ("bbbb1",))


def test_add_revision_joins_the_graph(forked):
    forked.add_revision(Revision("dddd1", ("bbbb1", "cccc2")))
    assert forked.heads == ("dddd1",)
    assert forked.get_revision("bbbb1").nextrev == {"dddd1"}


def test_merging_replaces_one_row_and_removes_the_others():
    revisions = graph(("aaaa1", None), ("bbbb1", None), ("mmmm1", ("aaaa1", "bbbb1")))
    up = RevisionStep(revisions, revisions.get_revision("mmmm1"), True)
    assert up.row_changes({"aaaa1", "bbbb1"}) == [RowChange("aaaa1", None), RowChange("bbbb1", "mmmm1")]
    down = RevisionStep(revisions, revisions.get_revision("mmmm1"), False)
    assert down.row_changes({"mmmm1"}) == [RowChange(None, "bbbb1"), RowChange("mmmm1", "aaaa1")]


def test_stamping_overlapping_targets_keeps_the_upper_one(forked):
    steps = stamp_steps(forked, ("aaaa1", "cccc2"), ())
    assert [step.to_revisions for step in steps] == [("cccc2",)]


@pytest.mark.parametrize("nothing", [None, (), []])
def test_stamping_nothing_means_base(forked, nothing):
    steps = stamp_steps(forked, nothing, ("bbbb1", "cccc1"))
    assert [(step.from_revisions, step.to_revisions) for step in steps] == [(("bbbb1",), ()), (("cccc1",), ())]


def test_step_information_for_callbacks(forked):
    info = RevisionStep(forked, forked.get_revision("cccc2"), False).info
    assert (info.is_upgrade, info.is_stamp, info.is_migration) == (False, False, True)
    assert (info.up_revision_ids, info.down_revision_ids) == (("cccc2",), ("cccc1",))
    assert (info.source_revision_ids, info.destination_revision_ids) == (("cccc2",), ("cccc1",))
    assert info.up_revision is forked.get_revision("cccc2")


def test_five_thousand_merges_are_planned_quickly():
    revisions = [("r0", None)]
    for number in range(1, 5001, 3):
        below = f"r{number - 1}"
        revisions += [
            (f"r{number}", below),
            (f"r{number + 1}", below),
            (f"r{number + 2}", (f"r{number}", f"r{number + 1}")),
        ]
    assert len(listed(graph(*revisions).iterate_revisions("heads", "base"))) == len(revisions)
