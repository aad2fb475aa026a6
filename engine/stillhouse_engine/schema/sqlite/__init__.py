"""Snapshots of SQLite."""

from stillhouse_engine.schema.sqlite.reader import fingerprint_statement, read, take_fingerprint

__all__ = ["fingerprint_statement", "read", "take_fingerprint"]
