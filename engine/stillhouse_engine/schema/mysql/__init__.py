"""Snapshots of MySQL and MariaDB."""

from stillhouse_engine.schema.mysql.reader import read, take_fingerprint
from stillhouse_engine.schema.mysql.statements import fingerprint_statement

__all__ = ["fingerprint_statement", "read", "take_fingerprint"]
