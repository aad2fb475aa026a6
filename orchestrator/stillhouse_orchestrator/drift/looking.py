"""One look at one target for a drift check: its revisions, the server's own hash, and the whole schema only when that changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillhouse_engine.schema import SchemaError, Snapshot, take_fingerprint, take_snapshot
from stillhouse_orchestrator.census import read
from stillhouse_orchestrator.jobs import version_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.revisions import Reading
    from stillhouse_orchestrator.values import DriftReport


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Attributes:
        reading: the version table.
        catalogue_hash: the server's own hash of the schema.
        snapshot: the schema; None when the hash is the known one, or the schema cannot be read.
        error: why the schema cannot be read.
    """

    reading: Reading
    catalogue_hash: str | None = None
    snapshot: Snapshot | None = None
    error: str | None = None


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
        """Return one hash for all the schemas, made by the server."""
        hashes = take_fingerprint(connection, schemas=self.schemas, exclude_tables=self.exclude_tables)
        return hashlib.sha256(repr(sorted(hashes.items())).encode()).hexdigest()

    def snapshot(self, connection: Connection) -> Snapshot:
        """Return the schema."""
        return take_snapshot(connection, schemas=self.schemas, exclude_tables=self.exclude_tables)


async def look(connection: AsyncConnection, target: TargetDeclaration, known: Mapping[str, DriftReport]) -> Look:
    """Look at a target.

    Args:
        connection: to its database.
        target: the target.
        known: reports that still hold as long as the server's hash and the revisions are what they were.
    """
    reading = await read(connection, target)
    scope = Scope.of(target)
    try:
        catalogue_hash = await connection.run_sync(scope.fingerprint)
        report = known.get(target.name)
        if report is not None and report.catalogue_hash == catalogue_hash and report.applied == reading.revisions:
            return Look(reading, catalogue_hash)
        return Look(reading, catalogue_hash, await connection.run_sync(scope.snapshot))
    except SchemaError as error:
        return Look(reading, error=str(error))
