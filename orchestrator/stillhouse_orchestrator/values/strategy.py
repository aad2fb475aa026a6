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
        ramp_start: how many run at once in the first round; a round is as many successes as ran at once.
        ramp_factor: by how much each round is larger than the one before.
        max_consecutive_failures: as many failures in a row stop the wave, whatever its budget.
        barrier: every target holds its transaction open until all succeeded.
        deadline: seconds for one target.
        unreachable_fails: whether a target that cannot be reached counts as failed; otherwise it is cancelled.
        size: how many targets it had when the rollout was frozen; percentages are of this number.
    """

    kind: ClassVar[str] = "wave"
    match: str | None = None
    max_parallel: int | None = None
    ramp_start: int | None = None
    ramp_factor: int = 2
    max_failures: Budget = field(default_factory=Budget)
    max_consecutive_failures: int | None = None
    barrier: bool = False
    deadline: float | None = None
    unreachable_fails: bool = True
    size: int = 0

    def parallel(self, succeeded: int) -> int | None:
        """Return how many targets may run at once after so many successes; ``None`` for no limit of its own."""
        if self.ramp_start is None:
            return self.max_parallel
        limit = self.ramp_start
        while succeeded >= limit and (self.max_parallel is None or limit < self.max_parallel):
            succeeded -= limit
            limit *= self.ramp_factor
        return limit if self.max_parallel is None else min(limit, self.max_parallel)


@dataclass(frozen=True, slots=True)
class Verify:
    """Ask SQL whether to go on: one row whose first value is true.

    Attributes:
        on: the one target to ask; ``None`` asks every target migrated so far.
        timeout: seconds that the query may take.
    """

    kind: ClassVar[str] = "verify"
    sql: str
    on: str | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for some seconds, or until somebody promotes the rollout."""

    kind: ClassVar[str] = "pause"
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Approve:
    """Wait until enough different people approve."""

    kind: ClassVar[str] = "approve"
    role: str = "operator"
    count: int = 1


Step: TypeAlias = Wave | Verify | Pause | Approve
