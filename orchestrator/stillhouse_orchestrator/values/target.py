"""What is known about one target: a line of ``status``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stillhouse_orchestrator.values.drift import DriftStatus


class Health(StrEnum):
    """Whether a target could be looked at."""

    UNSEEN = "unseen"
    """Nobody has looked yet."""
    HEALTHY = "healthy"
    UNREACHABLE = "unreachable"
    BROKEN = "broken"
    """It answers, but its revisions or its version table cannot be read."""
    VANISHED = "vanished"
    """The fleet declared it once, and no longer does."""


@dataclass(frozen=True, slots=True)
class VersionTrouble:
    """Something that is wrong with a target's versions; a pending revision is not.

    Attributes:
        sort: ``ahead``, ``unknown_revision``, ``several_heads``, ``overlapping``, ``version_table_missing`` or ``edited``.
        message: what it is, for people.
    """

    sort: str
    message: str


@dataclass(frozen=True, slots=True)
class TargetState:
    """The last look at one target.

    Attributes:
        current: applied revisions, as its version table has them; empty before the first one.
        head: the revisions that its script directory ends in.
        pending: how many revisions it lacks; ``None`` while unknown.
        drift: what the last drift check found; ``None`` before the first one.
        checked_at: the last look that succeeded or failed.
        reached_at: the last look that succeeded.
        verified_at: the last drift check that came to a verdict; before the first one, the first look.
        error: why the last look failed.
        failures: looks that failed in a row.
        pending_since: since when it lacks revisions.
        troubles: what the last census found wrong with its versions.
    """

    target: str
    labels: Mapping[str, str] = field(default_factory=dict)
    current: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    pending: int | None = None
    drift: DriftStatus | None = None
    checked_at: datetime | None = None
    health: Health = Health.UNSEEN
    error: str | None = None
    server: str | None = None
    failures: int = 0
    reached_at: datetime | None = None
    troubles: tuple[VersionTrouble, ...] = ()
    pending_since: datetime | None = None
    verified_at: datetime | None = None
