"""A database's tables and rows as plain values, to compare what two engines leave behind."""

from __future__ import annotations

import warnings
from typing import Any

import sqlalchemy as sa


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in sorted(value.items(), key=lambda item: str(item[0]))}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def ordered(entries: Any) -> list[Any]:
    return sorted((plain(dict(entry)) for entry in entries), key=repr)


def column(entry: Any, dialect: sa.Dialect) -> dict[str, Any]:
    facts = dict(entry)
    kind = facts.pop("type")
    facts["type"] = kind.compile(dialect) if not isinstance(kind, sa.types.NullType) else "NULL"
    return plain(facts)


def dump(connection: sa.Connection) -> dict[str, Any]:
    inspector = sa.inspect(connection)
    tables: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        for name in sorted(inspector.get_table_names()):
            tables[name] = {
                "columns": [column(entry, connection.dialect) for entry in inspector.get_columns(name)],
                "primary key": plain(dict(inspector.get_pk_constraint(name))),
                "unique": ordered(inspector.get_unique_constraints(name)),
                "checks": ordered(inspector.get_check_constraints(name)),
                "foreign keys": ordered(inspector.get_foreign_keys(name)),
                "indexes": ordered(inspector.get_indexes(name)),
                "comment": inspector.get_table_comment(name) if connection.dialect.supports_comments else None,
                "rows": sorted(
                    repr(tuple(row)) for row in connection.execute(sa.text(f"SELECT * FROM {quoted(connection, name)}"))
                ),
            }
    if connection.dialect.name == "postgresql":
        tables["(enums)"] = plain(inspector.get_enums())
    return tables


def quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
