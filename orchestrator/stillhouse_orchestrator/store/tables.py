"""The store's tables. What is searched or compared has a column of its own; the rest of a value is JSON in ``body``."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from stillhouse_orchestrator.store.types import BigKey, CompressedText, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

targets = Table(
    "targets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("health", String(20), nullable=False),
    Column("body", JSON, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("text", CompressedText, nullable=False),
    comment="schemas as JSON text, each once however many targets share it",
)

baselines = Table(
    "baselines",
    metadata,
    Column("target", Text, primary_key=True),
    Column("applied", Text, primary_key=True, comment="the revisions, sorted, joined by commas"),
    Column("fingerprint", String(128), nullable=False),
    Column("normaliser", String(50), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("snapshot_hash", ForeignKey("snapshots.hash"), nullable=False),
    Column("body", JSON, nullable=False),
    Index("ix_baselines_snapshot_hash", "snapshot_hash"),
)

checksums = Table(
    "checksums",
    metadata,
    Column("project", Text, primary_key=True, comment="its script directory, or its ini file"),
    Column("target", Text, primary_key=True),
    Column("revision", String(255), primary_key=True),
    Column("checksum", String(32), nullable=False, comment="of the revision's file when it was applied"),
    Index("ix_checksums_project_revision_checksum", "project", "revision", "checksum"),
)

drift_reports = Table(
    "drift_reports",
    metadata,
    Column("target", Text, primary_key=True),
    Column("status", String(20), nullable=False),
    Column("drift_id", String(64), index=True),
    Column("checked_at", UtcDateTime),
    Column("body", JSON, nullable=False),
)

ignore_rules = Table(
    "ignore_rules",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("until", UtcDateTime),
    Column("body", JSON, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("state", String(20), nullable=False, index=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("body", JSON, nullable=False),
)

silences = Table(
    "silences",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("body", JSON, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("key", Text, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime, index=True, comment="null once it arrived or was given up"),
    Column("body", JSON, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("body", JSON, nullable=False),
)

rollouts = Table(
    "rollouts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("state", String(20), nullable=False, index=True),
    Column("version", Integer, nullable=False, comment="counts transitions; compared before each write"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("body", JSON, nullable=False),
)

rollout_targets = Table(
    "rollout_targets",
    metadata,
    Column("rollout_id", ForeignKey("rollouts.id", ondelete="CASCADE"), primary_key=True),
    Column("target", Text, primary_key=True),
    Column("wave", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("body", JSON, nullable=False),
    Index("ix_rollout_targets_target", "target"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("name", String(50), nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("target", Text, index=True),
    Column("rollout_id", String(64), index=True),
    Column("facts", JSON, nullable=False),
    sqlite_autoincrement=True,
)

schedule = Table(
    "schedule",
    metadata,
    Column("job", Text, primary_key=True),
    Column("last_fired_at", UtcDateTime, nullable=False),
)

owner = Table(
    "owner",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("token", BigKey, nullable=False, comment="grows with each owner; a write with an older one is refused"),
    Column("holder", Text, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("caller", String(200), primary_key=True),
    Column("key", String(255), primary_key=True, comment="the Idempotency-Key of a request"),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer, comment="null while the request is being answered"),
    Column("body", Text),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
)
