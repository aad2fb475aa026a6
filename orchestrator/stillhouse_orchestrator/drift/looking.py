"""Looks at targets for a drift check: revisions, the server's own hash, and the whole schema only when that changed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from stillhouse_engine.schema import (
    Coverage,
    SchemaError,
    Snapshot,
    digest_query,
    privileges_fingerprint,
    take_fingerprint,
    take_snapshot,
)
from stillhouse_orchestrator.connections import plainly
from stillhouse_orchestrator.drift.marks import Marks, look_once, proof
from stillhouse_orchestrator.jobs import version_table
from stillhouse_orchestrator.readings import read

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.revisions import Reading

MYSQL = frozenset({"mysql", "mariadb"})


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Attributes:
        reading: the version table.
        mark: what the database's catalogue was, as it is compared with the last verdict's; None where it has none.
        catalogue_hash: the server's own hash of the schema.
        fingerprint: of the schema; None when mark or hash are the known ones, or the schema cannot be read.
        coverage: what was looked at.
        snapshot: the schema; None as well when its fingerprint is the expected one.
        error: why the schema cannot be read.
    """

    reading: Reading
    mark: str | None = None
    catalogue_hash: str | None = None
    fingerprint: str | None = None
    coverage: Coverage | None = None
    snapshot: Snapshot | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What is known about a target before a look.

    Attributes:
        applied: the revisions of its last verdict.
        catalogue_hash: the server's hash of the schema that the verdict was about.
        mark: of the database at that time, or a little before.
    """

    applied: tuple[str, ...]
    catalogue_hash: str | None
    mark: str | None = None

    def stands(self, look: Look) -> bool:
        """Tell whether what was seen is what it was."""
        if self.applied != (look.reading.revisions or ()):
            return False
        if look.mark is not None and look.mark == self.mark:
            return True
        return look.catalogue_hash is not None and look.catalogue_hash == self.catalogue_hash


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a database belongs to a target; a baseline and a check must mean the same by it."""

    schemas: tuple[str, ...] | None
    exclude_tables: tuple[str, ...]
    privileges: bool = False

    @classmethod
    def of(cls, target: TargetDeclaration) -> Scope:
        """Return a target's scope: its own schemas, without its version table."""
        schemas = target.drift.schemas or ((target.schema,) if target.schema else None)
        return cls(schemas, (version_table(target)[0],), target.drift.privileges)

    def hash_of(self, hashes: Mapping[str, str], dialect: str) -> str:
        """Return one hash for the hashes of all the schemas; that of a single schema does not say its name."""
        named = self.schemas is None and dialect not in MYSQL  # whose schema is the database itself
        told = sorted(hashes.items()) if named or len(hashes) > 1 else sorted(hashes.values())
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def snapshot(self, connection: Connection) -> Snapshot:
        """Return the schema."""
        return take_snapshot(
            connection, schemas=self.schemas, exclude_tables=self.exclude_tables, privileges=self.privileges
        )

    def with_privileges(self, connection: Connection, found: str) -> str:
        """Return the hash of a scope together with that of its owners and privileges, where those count."""
        if not self.privileges:
            return found
        more = privileges_fingerprint(connection, schemas=self.schemas, exclude_tables=self.exclude_tables)
        return hashlib.sha256(f"{found} {more}".encode()).hexdigest()


Seen: TypeAlias = "dict[Hashable, tuple[str, Coverage]]"
"""Fingerprint and coverage of the schemas that one check has fetched, by what makes them equal."""


class Looks:
    """The looks of one check. A schema that is the expected one, and was seen on a sibling, is not fetched again.

    Args:
        held: verdicts that hold as long as the server's hash and the revisions are what they were, by target.
        expected: fingerprints of the baselines that fit, by target and revisions.
        seen: what the check has fetched so far.
        marks: what it has asked databases for so far.
    """

    def __init__(
        self,
        held: Mapping[str, Held],
        expected: Mapping[tuple[str, tuple[str, ...]], str],
        seen: Seen | None = None,
        marks: Marks | None = None,
    ) -> None:
        self._held = held
        self._expected = expected
        self._seen: Seen = {} if seen is None else seen
        self._marks = marks or Marks()

    async def at(self, connection: AsyncConnection, targets: Sequence[TargetDeclaration]) -> dict[str, Look]:
        """Look at some targets of one database."""
        if len(targets) > 1:
            await plainly(connection)
        looks = await self._glance(connection, targets)
        changed = [target for target in targets if not self._stands(target, looks[target.name])]
        if not changed:
            return looks
        try:
            await plainly(connection)
            hashes = await connection.run_sync(hashes_of, {target.name: Scope.of(target) for target in changed})
            for target in changed:
                found = replace(looks[target.name], catalogue_hash=hashes[target.name])
                stands = self._stands(target, found)
                looks[target.name] = found if stands else await self._fetch(connection, target, found)
        except SchemaError as error:
            return looks | {target.name: Look(looks[target.name].reading, error=str(error)) for target in changed}
        return looks

    async def _glance(self, connection: AsyncConnection, targets: Sequence[TargetDeclaration]) -> dict[str, Look]:
        """Look at revisions and marks only; what holds by its mark has the hash that it had."""
        mark: str | None = None
        readings: Mapping[str, Reading]
        if len(targets) == 1 and (once := await look_once(connection, targets[0])) is not None:
            readings, mark = {targets[0].name: once[0]}, once[1]
        else:
            mark = await self._marks.of(connection, targets[0].url.reveal())
            readings = await read(connection, targets)
        looks = {}
        for target in targets:
            scope = Scope.of(target)
            unmarked = mark is None or scope.privileges  # a mark knows nothing of the names of roles
            look = Look(readings[target.name], None if unmarked else proof(str(mark), scope))
            held = self._held.get(target.name)
            looks[target.name] = (
                replace(look, catalogue_hash=held.catalogue_hash) if held and held.stands(look) else look
            )
        return looks

    def _stands(self, target: TargetDeclaration, found: Look) -> bool:
        held = self._held.get(target.name)
        return held is not None and held.stands(found)

    async def _fetch(self, connection: AsyncConnection, target: TargetDeclaration, found: Look) -> Look:
        """Fetch the whole schema of a target, unless a sibling's is known to be the same."""
        scope = Scope.of(target)
        expected = self._expected.get((target.name, tuple(sorted(found.reading.revisions or ()))))
        key = (target.server, target.url.dialect, scope.schemas is None, scope.exclude_tables, found.catalogue_hash)
        known = self._seen.get(key) if found.catalogue_hash is not None else None
        if known is not None and known[0] == expected:
            return replace(found, fingerprint=known[0], coverage=known[1])
        snapshot = await connection.run_sync(scope.snapshot)
        reading = (await read(connection, [target]))[target.name]
        if reading != found.reading:  # it was migrated meanwhile: of which revisions this schema is nobody knows
            return await self._fetch(connection, target, Look(reading))
        fingerprint, coverage = snapshot.fingerprint, snapshot.coverage
        if found.catalogue_hash is not None:
            self._seen[key] = (fingerprint, coverage)
        kept = None if fingerprint == expected and coverage.complete else snapshot
        return replace(found, fingerprint=fingerprint, coverage=coverage, snapshot=kept)


def hashes_of(connection: Connection, scopes: Mapping[str, Scope]) -> dict[str, str]:
    """Return the server's hash of each scope, by name; single schemas of one database are hashed by one statement.

    Of a whole PostgreSQL database it is the digest, which a server that has just begun a session works out in a third of
    the time of a fingerprint, and which may change when the schema does not: then one snapshot is taken in vain.
    """
    dialect = connection.dialect.name
    together: defaultdict[tuple[str, ...], dict[str, Scope]] = defaultdict(dict)
    found = {}
    for name, scope in scopes.items():
        if scope.schemas is not None and len(scope.schemas) == 1:
            together[scope.exclude_tables][name] = scope
        elif dialect == "postgresql":
            found[name] = str(
                connection.exec_driver_sql(digest_query(dialect, scope.schemas, scope.exclude_tables)).scalar_one()
            )
        else:
            hashes = take_fingerprint(connection, schemas=scope.schemas, exclude_tables=scope.exclude_tables)
            found[name] = scope.hash_of(hashes, dialect)
    for exclude_tables, alike in together.items():
        schemas = sorted({schema for scope in alike.values() for schema in scope.schemas or ()})
        hashes = take_fingerprint(connection, schemas=schemas, exclude_tables=exclude_tables)
        for name, scope in alike.items():
            own = {schema: hashes[schema] for schema in scope.schemas or () if schema in hashes}
            found[name] = scope.hash_of(own, dialect)
    return {name: scope.with_privileges(connection, found[name]) for name, scope in scopes.items()}
