"""Snapshots of PostgreSQL."""

from stillhouse_engine.schema.postgresql.digest import digest_statement
from stillhouse_engine.schema.postgresql.fingerprints import fingerprint_statement
from stillhouse_engine.schema.postgresql.reader import read, take_fingerprint

__all__ = ["digest_statement", "fingerprint_statement", "read", "take_fingerprint"]
