"""Snapshots that siblings share: a server's digest of a schema tells whether it has been read before.

Databases that arrive at the same revision mostly agree. The first of them is read in full; of the others the server's
digest is enough, and the snapshot, its fingerprint and its JSON text are those of the first.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING

from stillhouse_engine.runtime.asking import takes_scripts, which_of
from stillhouse_engine.runtime.waiting import pause
from stillhouse_engine.schema import digest_query, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from typing import TypeAlias

    from sqlalchemy import Connection

    from stillhouse_engine.schema import Snapshot

    Digest: TypeAlias = tuple[tuple[str, ...], ...]

MOST_SNAPSHOTS = 16
"""Snapshots to keep of what should be one schema."""
MOST_READERS = 16
POLL_SECONDS = 0.005
MOST_POLLS = 100


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
    """The snapshots that a worker has taken, by what the server's digest of them was."""

    def __init__(self) -> None:
        self._taken: OrderedDict[Hashable, OrderedDict[Digest, TakenSnapshot]] = OrderedDict()
        self._reading: set[Digest] = set()

    def recognise(
        self, connection: Connection, schemas: Sequence[str] | None, excluded: Sequence[str]
    ) -> TakenSnapshot | None:
        """Return the snapshot of a schema if an equal one is known, in one round trip; None where that cannot be told."""
        known = self._known(connection, schemas, excluded)
        if not known or not takes_scripts(connection):
            return None
        values: dict[str, Digest] = {digest[0][0]: digest for digest in known}
        found = which_of(connection, digest_query(connection.dialect.name, schemas, excluded), tuple(values))
        return known[values[found]] if found is not None else None

    def take(self, connection: Connection, schemas: Sequence[str] | None, excluded: Sequence[str]) -> TakenSnapshot:
        """Return the snapshot of a schema, read only when no equal one is known or being read.

        Raises:
            SchemaError: it cannot be read.
        """
        rows = connection.exec_driver_sql(digest_query(connection.dialect.name, schemas, excluded))
        digest = tuple(sorted(tuple(map(str, row)) for row in rows))
        known = self._known(connection, schemas, excluded)
        for _ in range(MOST_POLLS):
            if digest in known or digest not in self._reading:
                break
            pause(connection.dialect, POLL_SECONDS)
        if digest in known:
            return known[digest]
        self._reading.add(digest)
        try:
            taken = TakenSnapshot(take_snapshot(connection, schemas=schemas, exclude_tables=excluded))
        finally:
            self._reading.discard(digest)
        if taken.snapshot.coverage.complete:
            known[digest] = taken
            while len(known) > MOST_SNAPSHOTS:
                known.popitem(last=False)
        return taken

    def _known(
        self, connection: Connection, schemas: Sequence[str] | None, excluded: Sequence[str]
    ) -> OrderedDict[Digest, TakenSnapshot]:
        """Return the snapshots that were taken of the same things, by the same user, on the same version of a server."""
        dialect, url = connection.dialect, connection.engine.url
        reader = (dialect.name, dialect.server_version_info, url.username)
        key = (*reader, tuple(schemas or ()), tuple(sorted(excluded)))
        known = self._taken.setdefault(key, OrderedDict())
        self._taken.move_to_end(key)
        while len(self._taken) > MOST_READERS:
            self._taken.popitem(last=False)
        return known
