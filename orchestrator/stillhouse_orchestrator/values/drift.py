"""What a drift check found on one target, and the rules that ignore some of it."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self


class DriftStatus(StrEnum):
    """The verdict of a drift check. Unknown is not in sync."""

    IN_SYNC = "in_sync"
    DRIFTED = "drifted"
    PENDING_ONLY = "pending_only"
    UNKNOWN = "unknown"


class ChangeOp(StrEnum):
    """How the live schema differs from the expected one."""

    EXTRA = "extra"
    MISSING = "missing"
    MODIFIED = "modified"


class Severity(StrEnum):
    """How much a change or an alert matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class RepairRisk(StrEnum):
    """What a repair may cost."""

    SAFE = "safe"
    LOCKS = "locks"
    DATA_LOSS = "data_loss"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the expected and the live schema.

    Attributes:
        id: stable hash of op, kind, object, attribute and both values.
        kind: ``table``, ``column``, ``index``, ``constraint``, ``view``…
        object: dotted name.
        attribute: what differs about a modified object.
        adopt: operations, as text, that a revision adopting it would hold.
        ignored_by: the rule that silences it, if any.
    """

    id: str
    op: ChangeOp
    kind: str
    object: str
    attribute: str | None = None
    expected: str | None = None
    actual: str | None = None
    severity: Severity = Severity.WARNING
    repair_sql: tuple[str, ...] = ()
    repair_risk: RepairRisk = RepairRisk.SAFE
    adopt: tuple[str, ...] = ()
    ignored_by: str | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which kinds of objects a check compared, and which it did not."""

    compared: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftReport:
    """The outcome of one drift check on one target.

    Attributes:
        catalogue_hash: the server's own hash of the schema that was compared; while it stays, the verdict stays.
        catalogue_mark: what the database's catalogue was then; while it stays, the hash stays.
        evidence: what the live schema was compared with, for people.
        last_drift_id: of an unknown target, the drift that its last verdict found.
    """

    target: str
    status: DriftStatus
    applied: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    pending: int | None = None
    expected_fingerprint: str | None = None
    actual_fingerprint: str | None = None
    first_seen: datetime | None = None
    checked_at: datetime | None = None
    drift_id: str | None = None
    coverage: Coverage = field(default_factory=Coverage)
    changes: tuple[Change, ...] = ()
    error: str | None = None
    catalogue_hash: str | None = None
    catalogue_mark: str | None = None
    evidence: str | None = None
    last_drift_id: str | None = None

    @property
    def standing(self) -> str | None:
        """The drift that is known of: an unknown verdict contradicts none."""
        return self.last_drift_id if self.status is DriftStatus.UNKNOWN else self.drift_id

    @property
    def counted(self) -> tuple[Change, ...]:
        """The changes that no rule ignores."""
        return tuple(change for change in self.changes if change.ignored_by is None)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Which schema a target had when it was last looked at."""

    applied: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class DriftSummary:
    """How many targets have which verdict."""

    in_sync: int = 0
    drifted: int = 0
    pending_only: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, reports: tuple[DriftReport, ...] | list[DriftReport]) -> Self:
        """Count the verdicts of some reports."""
        verdicts = [report.status for report in reports]
        return cls(**{status.value: verdicts.count(status) for status in DriftStatus})


@dataclass(frozen=True, slots=True)
class Baseline:
    """The snapshot that a target is expected to match at a revision.

    Attributes:
        applied: the revisions that it belongs to.
        normaliser: version of the code that normalised the snapshot; another version derives it again.
        source: ``migration``, ``replayed``, ``models``, ``accepted`` or ``adopted``.
        snapshot: the snapshot as JSON text.
        by: who accepted it, when a person did.
    """

    target: str
    applied: tuple[str, ...]
    fingerprint: str
    normaliser: str
    source: str
    taken_at: datetime
    snapshot: str = ""
    by: str | None = None


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """A rule, made by a person while the fleet runs, that keeps a change from counting as drift."""

    id: str
    owner: str
    reason: str
    until: datetime | None = None
    kind: str | None = None
    schema: str | None = None
    name: str | None = None
    attribute: str | None = None
    target: str | None = None


def drift_id(changes: tuple[Change, ...] | list[Change]) -> str | None:
    """Return the hash of the sorted ids of the changes that count, or ``None`` when none does."""
    ids = sorted(change.id for change in changes if change.ignored_by is None)
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16] if ids else None
