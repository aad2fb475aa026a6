"""The two statements that read a PostgreSQL schema: all of it as JSON, or one hash per schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.schema.postgresql import branches, branches_more

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stillhouse_engine.schema.postgresql.branches import Branch

BRANCHES: tuple[Branch, ...] = (
    branches.TABLE,
    branches.COLUMN,
    branches.CONSTRAINT,
    branches.INDEX,
    branches.SEQUENCE,
    branches_more.VIEW,
    branches_more.FUNCTION,
    branches_more.TRIGGER,
    branches_more.RULE,
    branches_more.POLICY,
    branches_more.STATISTICS,
    branches_more.TYPE,
    branches_more.EXTENSION,
    branches_more.SCHEMA,
)

RELATION_COLUMNS = ", ".join(
    f"c.{name}"
    for name in (
        "oid relname relnamespace relkind relpersistence relam reltablespace relpartbound relispartition relhassubclass reloptions "
        "relrowsecurity relforcerowsecurity relreplident relispopulated"
    ).split()
)

OURS = "stillhouse_"
"""What the names of our own bookkeeping objects start with."""


def literal(text: str) -> str:
    """Quote a text for SQL; without a percent sign, which some drivers would read as a placeholder."""
    if not {"\\", "%"} & set(text):
        return "'" + text.replace("'", "''") + "'"
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("%", "\\x25") + "'"


def _array(texts: Collection[str]) -> str:
    return f"ARRAY[{', '.join(literal(text) for text in sorted(texts))}]::text[]"


def _chosen(schemas: Sequence[str] | None) -> str:
    if schemas is not None:
        return f"n.nspname = ANY ({_array(schemas)})"
    return "NOT starts_with(n.nspname, 'pg_') AND n.nspname <> 'information_schema'"


def _shared(schemas: Sequence[str] | None, prefix: str, home: str, exclude_tables: Collection[str]) -> str:
    excluded = (
        f"AND c.relname <> ALL ({_array(exclude_tables)}) AND n.nspname || '.' || c.relname <> ALL ({_array(exclude_tables)})"
        if exclude_tables
        else ""
    )
    return f"""before AS MATERIALIZED (SELECT current_setting('search_path') AS old, {home} AS home),
ns AS MATERIALIZED (
    SELECT n.oid, n.nspname, {prefix} AS prefix, quote_ident(n.nspname) AS path, b.old, b.home
    FROM pg_namespace n, before b WHERE {_chosen(schemas)}),
ext AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'),
note AS MATERIALIZED (SELECT objoid, classoid, objsubid, description FROM pg_description WHERE objoid >= 16384),
rel AS MATERIALIZED (
    SELECT {RELATION_COLUMNS}, n.prefix || c.relname AS name, n.path FROM ns n JOIN pg_class c ON c.relnamespace = n.oid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT starts_with(c.relname, '{OURS}') {excluded}
    AND {branches.not_in_extension("pg_class", "c.oid")})"""


def snapshot_statement(schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    """Return the statement whose one row holds the whole schema as JSON text.

    Its columns: ``home`` (the schema that names are relative to), ``unreadable`` (schemas without USAGE), ``content``.
    ``search_path`` is changed while it runs, and is restored by it.
    """
    home = literal(schemas[0]) if schemas else "coalesce(current_schema(), 'public')"
    shared = _shared(schemas, "CASE WHEN n.nspname = b.home THEN '' ELSE n.nspname || '.' END", home, exclude_tables)
    rows = "\nUNION ALL\n".join(_json_rows(number, branch) for number, branch in enumerate(BRANCHES))
    return f"""WITH {shared}
SELECT s.home, s.unreadable, s.content, set_config('search_path', s.old, true) AS restored
FROM (
    SELECT b.old, b.home,
        (SELECT json_agg(n.nspname)::text FROM ns n WHERE NOT has_schema_privilege(n.oid, 'USAGE')) AS unreadable,
        CASE WHEN set_config('search_path', quote_ident(b.home), true) IS NOT NULL THEN
            (SELECT json_agg(rows.line)::text FROM ({rows}) AS rows) END AS content
    FROM before b OFFSET 0
) AS s"""


def _json_rows(number: int, branch: Branch) -> str:
    values = [str(number), branch.kind, branch.name, branch.parent, *branch.attributes.values(), *branch.hints.values()]
    return f"SELECT json_build_array({', '.join(values)}) AS line FROM {branch.source}"


def fingerprint_statement(schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    """Return the statement with one row per schema: its name, and the hash that the server makes of its objects.

    Each schema is hashed relative to itself, so that equal schemas of different names have equal hashes.
    """
    single = schemas is not None and len(schemas) == 1
    home = literal(schemas[0]) if single and schemas else "NULL::text"
    lines = "\nUNION ALL\n".join(_text_rows(branch, render_each=not single) for branch in BRANCHES)
    hashed = "md5(coalesce(string_agg(l.line, E'\\n' ORDER BY l.line COLLATE \"C\"), ''))"
    grouped = f"SELECT n.oid, {hashed} AS fingerprint FROM ns n LEFT JOIN ({lines}) AS l ON l.namespace = n.oid GROUP BY n.oid"
    if single:
        grouped = f"""SELECT n.oid, CASE WHEN set_config('search_path', n.path, true) IS NOT NULL THEN
        (SELECT {hashed} FROM ({lines}) AS l) END AS fingerprint FROM ns n"""
    return f"""WITH {_shared(schemas, "''", home, exclude_tables)},
hashes AS MATERIALIZED ({grouped}),
restored AS MATERIALIZED (
    SELECT set_config('search_path', b.old, true) AS path FROM before b, (SELECT count(*) AS found FROM hashes) AS done
    WHERE done.found >= 0)
SELECT n.nspname AS schema, h.fingerprint FROM restored, hashes h JOIN ns n ON n.oid = h.oid ORDER BY 1"""


def _text_rows(branch: Branch, *, render_each: bool) -> str:
    line = f"ROW({', '.join([branch.kind, branch.name, branch.parent, *map(_comparable, branch.attributes.values())])})::text"
    if render_each:
        line = f"CASE WHEN ({branch.renders}) AND set_config('search_path', {branch.path}, true) IS NULL THEN '' ELSE {line} END"
    return f"SELECT {branch.namespace} AS namespace, {line} AS line FROM {branch.source}"


def _comparable(expression: str) -> str:
    return f"({expression})::text" if "json_agg" in expression else expression
