"""The rollout machine: pure functions over frozen values, in two halves.

``apply`` takes in what happened: a verb that somebody said, a result that came back. ``advance`` decides what happens next.
Neither knows stores, databases or clocks: a signal carries its moment, and ``Facts`` the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.advance import Action, Ask, Migrate, advance, next_moment
from stillhouse_orchestrator.rollouts.barrier import Finish
from stillhouse_orchestrator.rollouts.results import RESULTS
from stillhouse_orchestrator.rollouts.startable import Facts, startable, survey
from stillhouse_orchestrator.rollouts.verbs import say

if TYPE_CHECKING:
    from stillhouse_orchestrator.values import Rollout

__all__ = ["Action", "Ask", "Facts", "Finish", "Migrate", "advance", "apply", "next_moment", "startable", "survey"]


def apply(rollout: Rollout, signal: s.Signal) -> Rollout:
    """Return the rollout after a signal.

    Raises:
        TransitionError: a verb does not fit the state.
    """
    if isinstance(signal, s.Verb):
        return say(rollout, signal)
    return RESULTS[type(signal)](rollout, signal)
