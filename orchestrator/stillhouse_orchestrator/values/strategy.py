"""The steps that a rollout follows, as they were frozen when it started."""

import math
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class Budget:
    """How many failures a wave may have: a count, or a percentage of its frozen size."""

    count: int | None = None
    percent: float | None = None

    def allowed(self, size: int) -> int:
        """Return ``floor(percent of size)``, or the count."""
        if self.percent is not None:
            return math.floor(round(self.percent * size, 6) / 100)
        return self.count or 0


@dataclass(frozen=True, slots=True)
class Wave:
    """Migrate a subset of the targets.

    Attributes:
        match: the selector as written; ``None`` takes the rest.
        max_parallel: how many targets run at once; ``None`` leaves it to the servers' budgets.
        ramp_up: how many run at once in the beginning; every success lets one more run, so that each round doubles.
        max_consecutive_failures: more failures than this in a row stop the wave, whatever its budget.
        barrier: every target holds its transaction open until all succeeded.
        deadline: seconds for one target.
        unreachable_fails: whether a target that cannot be reached counts as failed; otherwise it is skipped.
        size: how many targets it had when the rollout was frozen; percentages are of this number.
    """

    kind: ClassVar[str] = "wave"
    match: str | None = None
    max_parallel: int | None = None
    ramp_up: int | None = None
    max_failures: Budget = field(default_factory=Budget)
    max_consecutive_failures: int | None = None
    barrier: bool = False
    deadline: float | None = None
    unreachable_fails: bool = True
    size: int = 0


@dataclass(frozen=True, slots=True)
class Verify:
    """Ask SQL whether to go on: one row whose first value is true.

    Attributes:
        on: the one target to ask; ``None`` asks every target that the wave before it migrated.
    """

    kind: ClassVar[str] = "verify"
    sql: str
    on: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for some seconds, or until somebody promotes the rollout."""

    kind: ClassVar[str] = "pause"
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Approve:
    """Wait until somebody approves."""

    kind: ClassVar[str] = "approve"
    note: str | None = None


Step: TypeAlias = Wave | Verify | Pause | Approve
