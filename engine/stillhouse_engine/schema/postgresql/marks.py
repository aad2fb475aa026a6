"""A cheap proof that a PostgreSQL database has not changed: which versions of its catalogue's rows are there.

Whatever changes a schema inserts, updates or deletes rows of the catalogue, and a row that is written has another place
(``ctid``) or another writer (``xmin``) than before; a writer's number does not come again while the server runs. (What the
server overwrites in place, such as ``relpages``, nobody compares.) So equal marks of one database mean that nothing has
changed in between, whatever a schema holds; unequal ones mean nothing: ``GRANT``, ``TRUNCATE`` and a restart of the server
change the mark, too. Nothing is rendered or sorted, which takes a sixth of a digest's time.

Two databases cannot be compared by their marks, nor can two readers: the mark says whose it is.
"""

from __future__ import annotations

import functools

from stillhouse_engine.schema.postgresql.digest import OWN

OF_THEIR_OWN = (
    "pg_class", "pg_attrdef", "pg_constraint", "pg_type", "pg_enum", "pg_proc", "pg_trigger", "pg_rewrite", "pg_policy",
    "pg_statistic_ext", "pg_extension", "pg_am", "pg_language", "pg_collation", "pg_operator", "pg_opclass", "pg_ts_config",
    "pg_ts_dict", "pg_foreign_server", "pg_tablespace", "pg_default_acl",
)  # fmt: skip

ROWS: tuple[tuple[str, str], ...] = (
    *((catalogue, f"oid >= {OWN}") for catalogue in OF_THEIR_OWN),
    ("pg_attribute", f"attrelid >= {OWN}"),
    ("pg_index", f"indexrelid >= {OWN}"),
    ("pg_sequence", f"seqrelid >= {OWN}"),
    ("pg_range", f"rngtypid >= {OWN}"),
    ("pg_aggregate", f"aggfnoid >= {OWN}"),
    ("pg_inherits", "true"),
    ("pg_partitioned_table", "true"),
    ("pg_foreign_table", "true"),
    ("pg_description", f"objoid >= {OWN}"),
    ("pg_namespace", f"oid >= {OWN} OR nspname = 'public'"),
    ("pg_depend", f"objid >= {OWN} AND (deptype = 'e' OR (refobjsubid > 0 AND deptype IN ('a', 'i')))"),
)
"""The catalogues that a definition can be rendered from, and which of their rows are the database's own."""

READER = """current_database(), (SELECT oid FROM pg_database WHERE datname = current_database()), pg_postmaster_start_time(),
    current_user, current_schema(), current_setting('search_path'), current_setting('server_version')"""
"""Whose mark it is. Numbers of writers come again when a server is restored to an earlier moment: it is restarted then."""

SHARED = f"""(SELECT string_agg(nspname, ' ' ORDER BY oid) FROM pg_namespace WHERE (oid >= {OWN} OR nspname = 'public')
        AND NOT starts_with(nspname, 'pg_') AND NOT has_schema_privilege(oid, 'USAGE')),
    (SELECT string_agg(polroles::regrole[]::text, ' ' ORDER BY oid) FROM pg_policy)"""
"""What follows from roles, whose catalogue not everybody may read."""


@functools.cache
def mark_statement() -> str:
    """Return the statement whose one value is the mark."""
    rows = ",\n    ".join(
        f"(SELECT bit_xor(hashtidextended(ctid, xmin::text::bigint)) FROM {catalogue} WHERE {own})"
        for catalogue, own in ROWS
    )
    return f"SELECT md5(ROW({READER},\n    {SHARED},\n    {rows})::text) AS mark"
