"""Snapshots of PostgreSQL."""

from stillhouse_engine.schema.postgresql.reader import read
from stillhouse_engine.schema.postgresql.statements import fingerprint_statement

__all__ = ["fingerprint_statement", "read"]
