"""Snapshots of SQLite."""

from stillhouse_engine.schema.sqlite.reader import fingerprint_statement, read, take_fingerprint

digest_statement = fingerprint_statement

__all__ = ["digest_statement", "fingerprint_statement", "read", "take_fingerprint"]
