"""The statements that read a MySQL or MariaDB schema: rows of JSON, or one hash per schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.schema.mysql.branches import BRANCHES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stillhouse_engine.schema.mysql.branches import Branch


def literal(text: str) -> str:
    """Quote a text for SQL in any sql_mode: as its bytes."""
    return f"CONVERT(0x{text.encode().hex()} USING utf8mb4)" if text else "''"


def identifier(name: str) -> str:
    """Quote an identifier."""
    return "`" + name.replace("`", "``") + "`"


def _schemas(schemas: Sequence[str] | None) -> str:
    return ", ".join(literal(name) for name in schemas) if schemas else "DATABASE()"


def _source(branch: Branch, schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    named = branch.name if branch.table == "NULL" else branch.table
    kept = f"LEFT({named}, 11) <> 'stillhouse_'"
    if exclude_tables and branch.table != "NULL":
        kept += f" AND {branch.table} NOT IN ({', '.join(literal(name) for name in sorted(exclude_tables))})"
    where = f"{branch.schema} IN ({_schemas(schemas)}) AND {kept} AND {branch.where}"
    return f"FROM information_schema.{branch.source} WHERE {where} {branch.tail}"


LISTS = "/*+ SET_VAR(group_concat_max_len = 1073741824) */"
"""Lets MySQL list more than 1,024 bytes of what belongs together; to MariaDB, which lists a megabyte, it is a comment."""


def snapshot_statement(schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    """Return the statement whose rows are (branch, schema, JSON array of kind, name, parent, attributes, hints)."""
    rows = []
    for number, branch in enumerate(BRANCHES):
        parent = "''" if branch.table in {"NULL", branch.name} else branch.table
        values = ", ".join([branch.kind, branch.name, parent, *branch.attributes.values(), *branch.hints.values()])
        rows.append(
            f"SELECT {'' if number else LISTS} {number} AS branch, {branch.schema} AS home, JSON_ARRAY({values}) AS line "
            f"{_source(branch, schemas, exclude_tables)}"
        )
    return "\nUNION ALL\n".join(rows)


def sequences_statement(names: Sequence[tuple[str, str]]) -> str:
    """Return the statement that reads the settings of MariaDB's sequences, given as (schema, name)."""
    return "\nUNION ALL\n".join(
        f"SELECT {literal(schema)} AS home, {literal(name)} AS name, start_value, minimum_value, maximum_value, `increment`, "
        f"cache_size, cycle_option FROM {identifier(schema)}.{identifier(name)}"
        for schema, name in names
    )


def fingerprint_statement(schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    """Return the statement with one row per schema: its name, and a hash of its objects that does not need an order.

    The lines' hashes are added up and XORed, because GROUP_CONCAT silently stops at a length that the server sets.
    Settings of sequences are not part of it: only a snapshot reads them.
    """
    rows = []
    for branch in BRANCHES:
        values = ", ".join([branch.kind, branch.name, *branch.attributes.values()])
        source = _source(branch, schemas, exclude_tables)
        rows.append(f"SELECT {branch.schema} AS home, SHA2(JSON_ARRAY({values}), 256) AS line {source}")
    lines = "\nUNION ALL\n".join(rows)
    return f"""SELECT {LISTS} home AS `schema`, SHA2(CONCAT_WS(',', COUNT(*),
    SUM(CAST(CONV(SUBSTR(line, 1, 15), 16, 10) AS DECIMAL(40, 0))), BIT_XOR(CAST(CONV(SUBSTR(line, 17, 15), 16, 10) AS UNSIGNED)),
    BIT_XOR(CAST(CONV(SUBSTR(line, 33, 15), 16, 10) AS UNSIGNED))), 256) AS fingerprint
FROM ({lines}) AS objects GROUP BY home ORDER BY home"""
