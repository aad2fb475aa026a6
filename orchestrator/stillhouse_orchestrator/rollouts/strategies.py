"""From the fleet file's strategies to the steps of a rollout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_config import strategies as declared
from stillhouse_orchestrator.rollouts.errors import StrategyError
from stillhouse_orchestrator.values import Approve, Budget, Pause, Step, Verify, Wave

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillhouse_config.quantities import CountOrPercent

ALL_AT_ONCE = declared.BUILT_IN
WITHOUT_STRATEGY: tuple[Step, ...] = (Wave(),)
"""One wave with every target, as parallel as the servers' budgets allow; the first failure stops further starts."""


def steps_of(strategies: Mapping[str, Sequence[declared.Step]], name: str) -> tuple[Step, ...]:
    """Return the steps of a strategy of the fleet file.

    Raises:
        StrategyError: there is none of this name, or this version cannot follow it.
    """
    if name == ALL_AT_ONCE:
        return WITHOUT_STRATEGY
    if name not in strategies:
        known = ", ".join([*strategies, ALL_AT_ONCE])
        raise StrategyError(name, "the fleet file has no strategy of this name", f"it has {known}")
    return tuple(_step(name, step.action) for step in strategies[name])


def _step(name: str, action: declared.Wave | declared.Verify | declared.Pause | declared.Approve) -> Step:
    if isinstance(action, declared.Wave):
        return _wave(name, action)
    if isinstance(action, declared.Verify):
        timeout = action.timeout.total_seconds() if action.timeout else None
        return Verify(action.sql, None if action.on == "each" else action.on, timeout)
    if isinstance(action, declared.Pause):
        return Pause(action.duration.total_seconds() if action.duration else None)
    return Approve(action.role, action.count)


def _wave(name: str, wave: declared.Wave) -> Wave:
    if wave.barrier:
        _check_barrier(name, wave)
    return Wave(
        match=None if wave.match is None else str(wave.match),
        max_parallel=wave.max_parallel,
        ramp_start=wave.ramp_up.start if wave.ramp_up else None,
        ramp_factor=wave.ramp_up.factor if wave.ramp_up else 2,
        max_failures=_budget(wave.max_failures),
        max_consecutive_failures=wave.max_consecutive_failures,
        barrier=wave.barrier,
        deadline=wave.deadline.total_seconds() if wave.deadline else None,
        unreachable_fails=wave.unreachable == "failed",
    )


def _check_barrier(name: str, wave: declared.Wave) -> None:
    """Refuse what contradicts a barrier: all its targets run at once."""
    for setting, value in (("max_parallel", wave.max_parallel), ("ramp_up", wave.ramp_up)):
        if value is not None:
            hint = f"all targets of a barrier wave run at once: remove {setting}, or barrier: true"
            raise StrategyError(name, f"a wave with barrier: true cannot have {setting}", hint)


def _budget(limit: CountOrPercent) -> Budget:
    return Budget(limit.count) if limit.percent is None else Budget(percent=float(limit.percent))
