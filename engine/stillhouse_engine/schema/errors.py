"""What can be wrong about snapshots; under the engine's error tree.

EngineError
└── SchemaError                     a schema cannot be read or compared
    ├── SnapshotFormatError         stored text is not a snapshot
    ├── SnapshotMismatchError       two snapshots cannot be compared
    └── UnsupportedDialectError     no snapshots for this kind of database
"""

from __future__ import annotations

from stillhouse_engine.errors import EngineError


class SchemaError(EngineError):
    """A schema cannot be read or compared."""


class SnapshotFormatError(SchemaError):
    """Stored text is not a snapshot.

    Attributes:
        reason: what is wrong with it.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not a snapshot: {reason}; take it again")


class SnapshotMismatchError(SchemaError):
    """Two snapshots cannot be compared.

    Attributes:
        expected: dialect and normaliser version of the one.
        actual: dialect and normaliser version of the other.
    """

    def __init__(self, expected: tuple[str, int], actual: tuple[str, int]) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"cannot compare a {expected[0]} snapshot (normaliser {expected[1]}) with a {actual[0]} snapshot "
            f"(normaliser {actual[1]}); take the expected one again"
        )


class UnsupportedDialectError(SchemaError):
    """There are no snapshots for this kind of database.

    Attributes:
        dialect: SQLAlchemy's name of it, with the server's version where that is the reason.
    """

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        super().__init__(
            f"no snapshots of {dialect}; supported: PostgreSQL 14+, SQLite 3.26+, MySQL 8.0+, MariaDB 10.6+"
        )
