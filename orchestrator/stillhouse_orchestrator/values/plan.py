"""What a rollout would do: targets with the same work in one group, and every target that is not moved, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something about a statement that an operator wants to know before it runs."""

    rule: str
    message: str
    statement: str | None = None
    lock: str | None = None


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """Targets whose applied revisions, destination and work are equal."""

    targets: tuple[str, ...]
    from_: tuple[str, ...]
    to: tuple[str, ...]
    revisions: tuple[str, ...]
    sql: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rollout would do, with an id that changes when any of it does.

    Attributes:
        id: hash of the groups and of the drift seen while planning; a rollout is bound to it.
        requested: what was asked for: ``head``, a revision, a label.
        up_to_date: targets at the destination already.
        ahead: applied revisions lie beyond the destination.
        unknown: applied revisions that the script directory does not have, or a plan that could not be made; with the reason.
        drifted: targets whose last drift check found drift, with its ``drift_id``; they may still be in a group.
        unreachable: with the reason.
        late: in the fleet, and not a member of the rollout in progress that covers them.
        unmatched: chosen, and not matched by any wave of the strategy.
    """

    id: str
    requested: str
    created_at: datetime
    groups: tuple[PlanGroup, ...] = ()
    strategy: str | None = None
    selector: str | None = None
    up_to_date: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    drifted: Mapping[str, str] = field(default_factory=dict)
    unreachable: Mapping[str, str] = field(default_factory=dict)
    late: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
