"""What moves a rollout: verbs that people say, and results that the executor brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from stillhouse_orchestrator.values import MemberState, RolloutTarget


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that a person asks of a rollout."""

    by: str
    at: datetime
    why: str | None = None


class Start(Verb):
    """Leave the draft."""


class Pause(Verb):
    """Start nothing more until resumed."""


class Resume(Verb):
    """Take a pause back."""


class Promote(Verb):
    """End a ``pause`` step now."""


class Approve(Verb):
    """Agree at an ``approve`` step."""


class Abort(Verb):
    """Start nothing more, let running targets finish, revert nothing."""


class Rollback(Verb):
    """Bring every target that this rollout changed back to where it began."""


@dataclass(frozen=True, slots=True)
class Skip(Verb):
    """Leave targets out; what depends on them goes on as if they were done."""

    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replanned:
    """What a target looks like now, before it is tried again."""

    applied: tuple[str, ...]
    revisions: tuple[str, ...]
    drift_id: str | None = None


@dataclass(frozen=True, slots=True)
class Retry(Verb):
    """Queue targets again: those named, or all that failed; and all that were cancelled.

    Attributes:
        found: a fresh look at each target that is to be tried again.
    """

    targets: tuple[str, ...] = ()
    found: Mapping[str, Replanned] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Join(Verb):
    """Let targets in that appeared after the membership was frozen.

    Attributes:
        members: what the targets are as members; planned before the machine hears of them.
    """

    targets: tuple[str, ...] = ()
    members: tuple[RolloutTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class Ran:
    """A target's run ended.

    Attributes:
        result: ``done``, ``failed``, ``indeterminate``, ``blocked_drift`` or ``cancelled``.
        reached: the applied revisions afterwards, when known.
    """

    target: str
    at: datetime
    result: MemberState
    reached: tuple[str, ...] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """A target's run did not begin, and nothing is wrong: another holds its lock, or somebody uses it."""

    target: str
    at: datetime
    retry_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """A target of a barrier wave has run its last statement, and holds its transaction open."""

    target: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reverted:
    """A target of a barrier wave rolled back the transaction that it held, as it was told."""

    target: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A ``verify`` step's answer from one target that was migrated."""

    target: str
    at: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer of a ``verify`` step that asks one target only."""

    at: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The applied revisions of a target after an interruption; ``None`` when it cannot be read."""

    applied: tuple[str, ...] | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """A process took the rollout up again after another died; what was running has been looked at."""

    at: datetime
    found: Mapping[str, Found]


@dataclass(frozen=True, slots=True)
class Vanished:
    """Members that the fleet no longer declares."""

    at: datetime
    targets: tuple[str, ...]


Signal: TypeAlias = Verb | Ran | Deferred | Held | Reverted | Verified | Checked | Recovered | Vanished
