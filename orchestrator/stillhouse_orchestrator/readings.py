"""Reads version tables: one, or those of many schemas at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from stillhouse_orchestrator.connections import AskAgainError, ask_table
from stillhouse_orchestrator.jobs import version_table
from stillhouse_orchestrator.revisions import Reading
from stillhouse_orchestrator.visiting import batched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.errors import ConnectionFailedError

ABSENT = Reading((), table_missing=True, database_missing=True)
ANSWERED = frozenset({"permission", "statement_timeout", "lock_timeout", "locked", "not_a_database", "sql", "budget"})
"""Kinds of refusals that say nothing against the way to a database."""
TABLES_OF_A_STATEMENT = 100  # each is locked until the transaction ends, and makes the statement's plan longer
AS_TEXT = {
    "postgresql": "version_num::text",
    "mysql": "CONVERT(version_num USING utf8mb4)",
    "mariadb": "CONVERT(version_num USING utf8mb4)",
}
"""Version tables of one database may differ in their types and collations, which a UNION does not like."""


async def read(connection: AsyncConnection, targets: Sequence[TargetDeclaration]) -> dict[str, Reading]:
    """Read the version tables of some targets of one database: in one statement, when all of them are there."""
    if len(targets) == 1:
        return {targets[0].name: await read_one(connection, targets[0])}
    found: dict[str, Reading] = {}
    for some in batched(targets, TABLES_OF_A_STATEMENT):
        found |= await _read_some(connection, some)
    return found


async def _read_some(connection: AsyncConnection, targets: Sequence[TargetDeclaration]) -> dict[str, Reading]:
    try:
        return await _read_all(connection, targets)
    except sa.exc.DBAPIError as error:
        if not table_is_missing(error) or connection.dialect.name != "postgresql":
            raise
    await connection.rollback()
    present = await _present(connection, targets)
    there = [target for target in targets if version_table(target) in present]
    found = {target.name: Reading((), table_missing=True) for target in targets}
    return found | (await _read_all(connection, there) if there else {})


async def read_one(connection: AsyncConnection, target: TargetDeclaration) -> Reading:
    """Read a target's version table in one statement."""
    if connection.dialect.name == "postgresql" and not connection.in_transaction():
        try:
            rows = await ask_table(connection, f"SELECT version_num::text FROM {quoted_table(target)}")
            return Reading((), table_missing=True) if rows is None else reading_of(row[0] for row in rows)
        except AskAgainError:
            pass
    name, schema = version_table(target)
    query: sa.Select[Any] = sa.select(sa.column("version_num")).select_from(sa.table(name, schema=schema))
    try:
        found = (await connection.execute(query)).scalars().all()
    except sa.exc.DBAPIError as error:
        if not table_is_missing(error):
            raise
        await connection.rollback()
        return Reading((), table_missing=True)
    return reading_of(map(str, found))


def array_of_revisions(target: TargetDeclaration) -> str:
    """Return the SQL expression of what a target's version table holds (PostgreSQL)."""
    return f"ARRAY(SELECT version_num::text FROM {quoted_table(target)})"


def quoted_table(target: TargetDeclaration) -> str:
    """Return the name of a target's version table as PostgreSQL takes it."""
    name, schema = version_table(target)
    return ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name) if part)


def reading_of(revisions: Iterable[str]) -> Reading:
    """Return the reading of a version table that holds these rows."""
    return Reading(tuple(sorted(revisions)))


async def _read_all(connection: AsyncConnection, targets: Sequence[TargetDeclaration]) -> dict[str, Reading]:
    """Read version tables that all exist; plain SQL, since compiling a hundred selects takes longer than running them."""
    quote = connection.dialect.identifier_preparer.quote
    text = AS_TEXT.get(connection.dialect.name, "version_num")
    selects = []
    for number, target in enumerate(targets):
        name, schema = version_table(target)
        table = f"{quote(schema)}.{quote(name)}" if schema else quote(name)
        selects.append(f"SELECT {number} AS target, {text} AS revision FROM {table}")
    found: list[list[str]] = [[] for _ in targets]
    sql = " UNION ALL ".join(selects)
    if connection.dialect.name in {"mysql", "mariadb"}:
        sql = sql.replace("%", "%%")  # its driver looks for placeholders even where there are no parameters
    rows: Sequence[Any] = (await connection.exec_driver_sql(sql)).all()
    for number, revision in rows:
        found[number].append(str(revision))
    return {target.name: reading_of(rows) for target, rows in zip(targets, found, strict=True)}


async def _present(connection: AsyncConnection, targets: Sequence[TargetDeclaration]) -> set[tuple[str, str | None]]:
    """Return which version tables exist, whoever may read them (PostgreSQL)."""
    places = {version_table(target) for target in targets}
    query = sa.text(
        "SELECT c.relname, n.nspname, n.nspname = current_schema() FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relname = ANY (:names) AND (n.nspname = ANY (:schemas) OR n.nspname = current_schema())"
    )
    names, schemas = {name for name, _ in places}, {schema for _, schema in places if schema}
    present: set[tuple[str, str | None]] = set()
    for row in await connection.execute(query, {"names": sorted(names), "schemas": sorted(schemas)}):
        present |= {(row[0], row[1])} | ({(row[0], None)} if row[2] else set())
    return present


def refused(_target: TargetDeclaration, error: ConnectionFailedError) -> Reading:
    """Return the reading of a target that could not be read."""
    text = f"{error}; {error.hint}" if error.hint else str(error)
    return Reading(None, error=text, answered=error.kind in ANSWERED)


def table_is_missing(error: sa.exc.DBAPIError) -> bool:
    """Tell whether a statement failed because its table, or the table's schema, does not exist.

    PostgreSQL says so with SQLSTATE 42P01 or 3F000, MySQL and MariaDB with error 1146 or 1049; SQLite has a message only.
    """
    original: Any = error.orig
    code = original.args[0] if original is not None and original.args else None
    if isinstance(code, int):  # these drivers have an SQLSTATE as well, which is less exact
        return code in {1146, 1049}
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    if state is not None:
        return state in {"42P01", "3F000"}
    return isinstance(code, str) and code.startswith(("no such table", "unknown database"))
