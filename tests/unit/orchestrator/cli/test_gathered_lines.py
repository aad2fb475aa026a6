"""The same trouble on hundreds of targets is one line; the text of an error does not break a table."""

from __future__ import annotations

from stillhouse_orchestrator.cli.output import gathered
from stillhouse_orchestrator.cli.rollout_text import print_rollout
from stillhouse_orchestrator.cli.watching import TURN, Watching
from stillhouse_orchestrator.rollouts.startable import IN_USE

HEAD = {"id": "r-1", "state": "failed", "reason": "1 failed", "wave": 1, "waves": 1, "requested": "head", "hold": None}


def member(name, state, reason=None, error=None):
    return {
        "target": name, "wave": 1, "state": state, "reason": reason, "error": error, "from": [], "to": ["2"],
        "started_at": None, "finished_at": None,
    }  # fmt: skip


def test_what_is_said_of_many_is_said_once():
    assert list(gathered((f"t{number}", "no route") for number in range(300))) == [
        "t0, t1, t2, t3, t4, t5, t6, t7 and 292 more: no route"
    ]
    assert list(gathered([("a", "x"), ("b", "y"), ("c", "x")])) == ["a, c: x", "b: y"]


def test_targets_that_are_cancelled_together_are_one_line(capsys):
    watching = Watching()
    watching.hear({"rollout": HEAD, "targets": [member(name, "cancelled", "the rollout failed") for name in "ab"]})

    assert capsys.readouterr().out == "a, b: cancelled: the rollout failed\nrollout r-1: failed (1 failed)\n"


def test_a_long_error_follows_the_table(capsys):
    print_rollout({"rollout": HEAD, "targets": [member("a", "failed", error="boom\nLINE 1"), member("b", "done")]})

    assert capsys.readouterr().out.splitlines()[1:] == [
        "TARGET  WAVE  STATE   REVISIONS",
        "a       1     failed  base -> 2  boom",
        "b       1     done    base -> 2",
        "a:",
        "  boom",
        "  LINE 1",
    ]


def test_that_a_target_waits_its_turn_is_no_news(capsys):
    assert TURN == IN_USE
    with Watching() as watching:
        for reason in (f"{IN_USE}db1:5432", "somebody holds the lock"):
            watching.hear({"rollout": {**HEAD, "state": "running"}, "targets": [member("a", "waiting", reason)]})
    told = capsys.readouterr().out
    assert "place" not in told
    assert "a: waiting: somebody holds the lock" in told
