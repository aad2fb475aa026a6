"""Who stood in a statement's way: the sessions that hold locks on the tables it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

POSTGRES = text("""
SELECT a.pid, extract(epoch FROM now() - a.xact_start)::float8 AS age, a.state, a.application_name,
       left(a.query, 200) AS query, string_agg(DISTINCT c.relname, ', ') AS holds
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.pid <> pg_backend_pid() AND c.relkind IN ('r', 'p', 'm', 'v', 'S')
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND c.relnamespace <> 'pg_catalog'::regnamespace
  AND position(c.relname IN CAST(:statement AS text)) > 0
GROUP BY a.pid, a.xact_start, a.state, a.application_name, a.query
ORDER BY a.xact_start
LIMIT 5""")
MYSQL = text("""
SELECT p.id AS pid, t.age, p.command AS state, '' AS application_name, left(p.info, 200) AS query, '' AS holds
FROM (SELECT trx_mysql_thread_id AS id, timestampdiff(second, trx_started, now()) AS age
      FROM information_schema.innodb_trx) t
JOIN information_schema.processlist p ON p.id = t.id
WHERE p.id <> connection_id() AND p.db = database()
ORDER BY t.age DESC
LIMIT 5""")


def find_blockers(connection: Connection, statement: str) -> list[dict[str, Any]]:
    """Return the sessions that may have blocked a statement, the oldest transaction first.

    On PostgreSQL those that hold locks on relations which the statement names; on MySQL and MariaDB the open
    transactions of the same database.
    """
    if connection.dialect.name == "postgresql":
        rows = connection.execute(POSTGRES, {"statement": statement})
    elif connection.dialect.name in {"mysql", "mariadb"}:
        rows = connection.execute(MYSQL)
    else:
        return []
    return [dict(row) for row in rows.mappings()]


def describe_blocker(blocker: dict[str, Any]) -> str:
    """Say who a blocker is, for people."""
    age = blocker.get("age")
    parts = [f"pid {blocker['pid']}"]
    parts += [f"transaction open for {age:.1f} s"] if age is not None else []
    parts += [str(blocker["state"])] if blocker.get("state") else []
    parts += [f"holds locks on {blocker['holds']}"] if blocker.get("holds") else []
    parts += [f"last query: {blocker['query']}"] if blocker.get("query") else []
    return ", ".join(parts)
