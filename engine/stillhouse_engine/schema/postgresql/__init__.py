"""Snapshots of PostgreSQL."""

from stillhouse_engine.schema.postgresql.reader import read, take_fingerprint
from stillhouse_engine.schema.postgresql.statements import fingerprint_statement

__all__ = ["fingerprint_statement", "read", "take_fingerprint"]
