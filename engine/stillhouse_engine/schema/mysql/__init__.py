"""Snapshots of MySQL and MariaDB."""

from stillhouse_engine.schema.mysql.reader import read, take_fingerprint
from stillhouse_engine.schema.mysql.statements import fingerprint_statement

digest_statement = fingerprint_statement

__all__ = ["digest_statement", "fingerprint_statement", "read", "take_fingerprint"]
