"""Snapshots that siblings share: a server's hash of a schema tells whether it has been read before.

Databases that arrive at the same revision mostly agree. The first of them is read in full; of the others the server's
hash is enough, and the snapshot, its fingerprint and its JSON text are those of the first.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING

from stillhouse_engine.schema import fingerprint_query, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from sqlalchemy import Connection

    from stillhouse_engine.schema import Snapshot

MOST_SNAPSHOTS = 64


class TakenSnapshot:
    """A snapshot, whose text is written once.

    Args:
        snapshot: the snapshot.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def text(self) -> str:
        """The snapshot as JSON."""
        return self.snapshot.to_json()


class SharedSnapshots:
    """The snapshots that a worker has taken, by what the server's hash of them was."""

    def __init__(self) -> None:
        self._taken: OrderedDict[Hashable, TakenSnapshot] = OrderedDict()

    def take(self, connection: Connection, schemas: Sequence[str] | None, excluded: Sequence[str]) -> TakenSnapshot:
        """Return the snapshot of a schema, read only when no equal one is known.

        Raises:
            SchemaError: it cannot be read.
        """
        key = identity(connection, schemas, excluded)
        known = self._taken.get(key)
        if known is not None:
            self._taken.move_to_end(key)
            return known
        taken = TakenSnapshot(take_snapshot(connection, schemas=schemas, exclude_tables=excluded))
        if taken.snapshot.coverage.complete:
            self._taken[key] = taken
            while len(self._taken) > MOST_SNAPSHOTS:
                self._taken.popitem(last=False)
        return taken


def identity(connection: Connection, schemas: Sequence[str] | None, excluded: Sequence[str]) -> Hashable:
    """Return what two databases of equal snapshots have in common: the hash, who reads it, and on what server."""
    dialect = connection.dialect
    hashes = connection.exec_driver_sql(fingerprint_query(dialect.name, schemas, excluded))
    return (
        dialect.name,
        dialect.server_version_info,
        connection.engine.url.username,
        tuple(schemas or ()),
        tuple(sorted(excluded)),
        tuple(sorted((row[0], row[1]) for row in hashes)),
    )
