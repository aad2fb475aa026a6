"""``strategies``: the named lists of steps that rollouts follow."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from .fields import CountOrPercent, Declaration, Duration, Flag, Name, Positive, Selector, Text
from .quantities import CountOrPercent as Limit

NONE_MAY_FAIL = Limit(count=0)
BUILT_IN = "all-at-once"


class RampUp(Declaration):
    """Starts a wave gently: few targets at once, more after each round that went well."""

    start: Positive = Field(default=1, description="How many targets run at once to begin with.")
    factor: Annotated[Positive, Field(ge=2)] = Field(
        default=2, description="By how much that number grows after each round without a failure, up to `max_parallel`."
    )


class Wave(Declaration):
    """Migrates a part of the targets."""

    match: Selector | None = Field(
        default=None, description="The targets of the wave. Give this or `rest`.", examples=["ring=0"]
    )
    rest: Flag = Field(default=False, description="The wave takes every target that no wave before it took.")
    max_parallel: Positive | None = Field(
        default=None, description="How many targets run at once. Default: as many as the servers' budgets allow."
    )
    ramp_up: RampUp | None = Field(
        default=None, description="Start with fewer at once.", examples=[{"start": 1, "factor": 2}]
    )
    max_failures: CountOrPercent = Field(
        default=NONE_MAY_FAIL,
        description="How many targets may fail, as a count or as a share of the wave (rounded down). One more, and no new target starts.",
        examples=["2%", 3],
    )
    max_consecutive_failures: Positive | None = Field(
        default=None,
        description="As many failures in a row, and no new target starts, whatever `max_failures` still allows.",
    )
    unreachable: Literal["failed", "ignored"] = Field(
        default="failed", description="Whether a target that cannot be reached counts as a failure."
    )
    barrier: Flag = Field(
        default=False,
        description="Every target holds its transaction open until all have succeeded; then all commit, else all roll back. "
        "Transactional dialects only.",
    )
    deadline: Duration | None = Field(
        default=None,
        description="How long one target may take in this wave. Default: the target's own deadline.",
        examples=["20m"],
    )

    @model_validator(mode="after")
    def _consistent(self) -> Wave:
        if (self.match is None) != self.rest:
            raise PydanticCustomError(
                "one_of", "must have exactly one of: match, rest", {"hint": 'write match: "ring=0", or rest: true'}
            )
        if self.barrier and self.max_failures != NONE_MAY_FAIL:
            hint = "remove max_failures: a barrier commits all or nothing"
            raise PydanticCustomError("one_of", "a barrier wave has no failure budget", {"hint": hint})
        return self


class Verify(Declaration):
    """Goes on only if a query gives true."""

    sql: Text = Field(
        description="A query whose first value must be true, or a number other than 0.",
        examples=["select count(*) > 0 from users"],
    )
    on: Text = Field(
        default="each",
        description="`each` for every target migrated so far, or the name of one database of this file.",
        examples=["users_db"],
    )
    timeout: Duration | None = Field(
        default=None, description="How long the query may take. Default: the target's statement timeout."
    )


class Pause(Declaration):
    """Waits."""

    duration: Duration | None = Field(
        default=None,
        alias="for",
        description="How long. Default: until somebody promotes the rollout.",
        examples=["10m"],
    )


class Approve(Declaration):
    """Waits for people."""

    role: Literal["operator", "admin"] = Field(
        default="operator", description="The role that may approve; admin always may."
    )
    count: Positive = Field(default=1, description="How many different people must approve.")


def _empty_is_default(value: Any) -> Any:
    return {} if value is None else value


class Step(Declaration):
    """One step of a strategy: exactly one of the keys."""

    wave: Wave | None = Field(default=None, description="Migrate a part of the targets.")
    verify: Verify | None = Field(default=None, description="Go on only if a query gives true.")
    pause: Annotated[Pause | None, BeforeValidator(_empty_is_default)] = Field(
        default=None, description="Wait for a time, or until promoted."
    )
    approve: Annotated[Approve | None, BeforeValidator(_empty_is_default)] = Field(
        default=None, description="Wait for people."
    )

    @property
    def action(self) -> Wave | Verify | Pause | Approve:
        """The one thing that the step does."""
        action = self.wave or self.verify or self.pause or self.approve
        if action is None:
            raise AssertionError("a validated step has one action")
        return action

    @model_validator(mode="after")
    def _one_action(self) -> Step:
        given = [key for key in ("wave", "verify", "pause", "approve") if getattr(self, key) is not None]
        if len(given) != 1:
            hint = (
                f"it has {' and '.join(given)}; make each a step of its own"
                if given
                else "write for instance - approve: {}"
            )
            raise PydanticCustomError(
                "one_of", "a step is exactly one of: wave, verify, pause, approve", {"hint": hint}
            )
        return self


def _nothing_after_rest(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    waves = [step.wave for step in steps if step.wave]
    if not waves:
        hint = "add a wave, such as - wave: {rest: true}"
        raise PydanticCustomError("strategy", "the strategy has no wave and so migrates nothing", {"hint": hint})
    if any(wave.rest for wave in waves[:-1]):
        hint = "make the wave with rest: true the last"
        raise PydanticCustomError(
            "strategy", "a wave follows the one that takes the rest, and finds nothing left", {"hint": hint}
        )
    return steps


Strategy: TypeAlias = Annotated[tuple[Step, ...], AfterValidator(_nothing_after_rest)]
Strategies: TypeAlias = dict[Name, Strategy]
