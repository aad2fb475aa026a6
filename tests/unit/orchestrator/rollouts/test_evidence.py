"""How a rollout tells a run that failed, and the look after it that failed as well."""

from __future__ import annotations

from stillhouse_orchestrator.rollouts.hands import evidence

LOST = "the worker was killed\n  hint: run it again"


def test_one_reason_is_told_once_and_the_hint_at_the_end():
    assert evidence(LOST, "the worker was killed\n  hint: run it again") == LOST


def test_two_reasons_are_told_with_the_first_hint_only():
    told = evidence(LOST, "connection refused\n  hint: check the port")
    assert told == "the worker was killed; afterwards it could not be read: connection refused\n  hint: run it again"
