"""Snapshots of live schemas: taken in bulk, fingerprinted, compared, repaired."""

from stillhouse_engine.schema.actions import RepairStep
from stillhouse_engine.schema.changes import Change, diff, drift_id
from stillhouse_engine.schema.errors import (
    SchemaError,
    SnapshotFormatError,
    SnapshotMismatchError,
    UnsupportedDialectError,
)
from stillhouse_engine.schema.privileges import PRIVILEGED_KINDS, has_privileges
from stillhouse_engine.schema.repairs import repair
from stillhouse_engine.schema.snapshot import NORMALISER, Coverage, SchemaObject, Snapshot
from stillhouse_engine.schema.taking import (
    digest_query,
    fingerprint_query,
    mark_query,
    privileges_fingerprint,
    take_fingerprint,
    take_snapshot,
)

__all__ = [
    "NORMALISER",
    "PRIVILEGED_KINDS",
    "Change",
    "Coverage",
    "RepairStep",
    "SchemaError",
    "SchemaObject",
    "Snapshot",
    "SnapshotFormatError",
    "SnapshotMismatchError",
    "UnsupportedDialectError",
    "diff",
    "digest_query",
    "drift_id",
    "fingerprint_query",
    "has_privileges",
    "mark_query",
    "privileges_fingerprint",
    "repair",
    "take_fingerprint",
    "take_snapshot",
]
