"""Small edits of a rollout that the machine's parts share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator.values import CheckState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from stillhouse_orchestrator.values import Rollout, RolloutTarget


def with_members(rollout: Rollout, changed: Iterable[RolloutTarget]) -> Rollout:
    """Return the rollout with some members replaced or added."""
    members = tuple(changed)
    return replace(rollout, targets=rollout.targets.changed(members)) if members else rollout


def next_step(rollout: Rollout, at: datetime) -> Rollout:
    """Return the rollout at its next step."""
    return replace(rollout, step=rollout.step + 1, step_at=at, check=CheckState.IDLE, consecutive=0)
