"""Looks at targets for a drift check: revisions, the server's own hash, and the whole schema only when that changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillhouse_engine.schema import Coverage, SchemaError, Snapshot, take_fingerprint, take_snapshot
from stillhouse_orchestrator.census import read
from stillhouse_orchestrator.jobs import version_table

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

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
        catalogue_hash: the server's own hash of the schema.
        fingerprint: of the schema; None when the hash is the known one, or the schema cannot be read.
        coverage: what was looked at.
        snapshot: the schema; None as well when its fingerprint is the expected one.
        error: why the schema cannot be read.
    """

    reading: Reading
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
    """

    applied: tuple[str, ...]
    catalogue_hash: str | None


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a database belongs to a target; a baseline and a check must mean the same by it."""

    schemas: tuple[str, ...] | None
    exclude_tables: tuple[str, ...]

    @classmethod
    def of(cls, target: TargetDeclaration) -> Scope:
        """Return a target's scope: its own schemas, without its version table."""
        name, schema = version_table(target)
        schemas = target.drift.schemas or ((target.schema,) if target.schema else None)
        return cls(schemas, (f"{schema}.{name}", name) if schema else (name,))

    def fingerprint(self, connection: Connection) -> str:
        """Return one hash for all the schemas, made by the server; that of a single schema does not say its name."""
        hashes = take_fingerprint(connection, schemas=self.schemas, exclude_tables=self.exclude_tables)
        named = self.schemas is None and connection.dialect.name not in MYSQL  # whose schema is the database itself
        return self.hash_of(hashes, named=named)

    def hash_of(self, hashes: Mapping[str, str], *, named: bool) -> str:
        """Return one hash for the hashes of some schemas; `named` when their names say something."""
        told = sorted(hashes.items()) if named or len(hashes) > 1 else sorted(hashes.values())
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def snapshot(self, connection: Connection) -> Snapshot:
        """Return the schema."""
        return take_snapshot(connection, schemas=self.schemas, exclude_tables=self.exclude_tables)


class Looks:
    """The looks of one check. A schema that is the expected one, and was seen on a sibling, is not fetched again.

    Args:
        held: verdicts that hold as long as the server's hash and the revisions are what they were, by target.
        expected: fingerprints of the baselines that fit, by target and revisions.
    """

    def __init__(self, held: Mapping[str, Held], expected: Mapping[tuple[str, tuple[str, ...]], str]) -> None:
        self._held = held
        self._expected = expected
        self._seen: dict[Hashable, tuple[str, Coverage]] = {}

    async def at(self, connection: AsyncConnection, target: TargetDeclaration) -> Look:
        """Look at a target."""
        reading = await read(connection, target)
        scope = Scope.of(target)
        try:
            hashed = await connection.run_sync(scope.fingerprint)
            if self._held.get(target.name) == Held(reading.revisions or (), hashed):
                return Look(reading, hashed)
            return await self._whole(connection, target, Look(reading, hashed), scope)
        except SchemaError as error:
            return Look(reading, error=str(error))

    async def _whole(self, connection: AsyncConnection, target: TargetDeclaration, found: Look, scope: Scope) -> Look:
        expected = self._expected.get((target.name, tuple(sorted(found.reading.revisions or ()))))
        key = (target.server, target.url.dialect, scope.schemas is None, scope.exclude_tables[-1], found.catalogue_hash)
        known = self._seen.get(key)
        if known is not None and known[0] == expected:
            return replace(found, fingerprint=known[0], coverage=known[1])
        snapshot = await connection.run_sync(scope.snapshot)
        fingerprint, coverage = snapshot.fingerprint, snapshot.coverage
        self._seen[key] = (fingerprint, coverage)
        kept = None if fingerprint == expected and coverage.complete else snapshot
        return replace(found, fingerprint=fingerprint, coverage=coverage, snapshot=kept)
