"""What can go wrong when a rollout is made or steered.

::

    StillhouseError
    └── RolloutError
        ├── TransitionError
        ├── StrategyError
        ├── NoWindowError
        ├── DependencyError
        ├── BarrierError
        └── IrreversibleError
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_orchestrator.errors import StillhouseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class RolloutError(StillhouseError):
    """Something about a rollout."""


class TransitionError(RolloutError):
    """A verb does not fit the state that the rollout, or one of its targets, is in."""

    def __init__(self, rollout_id: str, verb: str, reason: str, hint: str | None = None) -> None:
        self.rollout_id = rollout_id
        self.verb = verb
        self.reason = reason
        self.hint = hint
        super().__init__(f"cannot {verb} rollout {rollout_id}: {reason}")


class StrategyError(RolloutError):
    """A strategy does not exist or cannot be followed."""

    def __init__(self, strategy: str, reason: str, hint: str | None = None) -> None:
        self.strategy = strategy
        self.reason = reason
        self.hint = hint
        super().__init__(f"strategy {strategy!r}: {reason}")


class NoWindowError(RolloutError):
    """A rollout was to wait for the next maintenance window, and there is none."""

    def __init__(self, reason: str, hint: str) -> None:
        self.reason = reason
        self.hint = hint
        super().__init__(f"no next window to start in: {reason}")


class DependencyError(RolloutError):
    """Targets wait for one another in a way that can never end."""

    def __init__(self, target: str, dependency: str, reason: str, hint: str | None = None) -> None:
        self.target = target
        self.dependency = dependency
        self.hint = hint
        super().__init__(f"{target} depends on {dependency}: {reason}")


class BarrierError(RolloutError):
    """A barrier wave cannot hold all its transactions open at once."""

    def __init__(self, wave: int, reason: str, hint: str | None = None) -> None:
        self.wave = wave
        self.reason = reason
        self.hint = hint
        super().__init__(f"wave {wave} is a barrier, and {reason}")


class IrreversibleError(RolloutError):
    """A rollback was refused before anything moved: some revisions cannot be downgraded."""

    def __init__(self, rollout_id: str, reasons: Mapping[str, str]) -> None:
        self.rollout_id = rollout_id
        self.reasons = reasons
        self.targets: Sequence[str] = sorted(reasons)
        self.hint = "write the missing downgrade, or skip these targets, and ask again"
        first = self.targets[0]
        more = f", and {len(self.targets) - 1} more" if len(self.targets) > 1 else ""
        super().__init__(f"rollout {rollout_id} cannot be rolled back: {first}: {reasons[first]}{more}")
