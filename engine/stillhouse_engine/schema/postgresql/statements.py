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

RELATION_COLUMNS = (
    "c.oid, c.relname, c.relnamespace, c.relkind, c.relpersistence, c.relam, c.reltablespace, c.relpartbound, c.relispartition, "
    "c.relhassubclass, c.relhasrules, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.relispopulated"
)

OURS = "stillhouse_"
"""What the names of our own bookkeeping objects start with."""


def literal(text: str) -> str:
    """Quote a text for SQL; without a percent sign, which some drivers would read as a placeholder."""
    if not {"\\", "%"} & set(text):
        return "'" + text.replace("'", "''") + "'"
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("%", "\\x25") + "'"


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def _array(texts: Collection[str]) -> str:
    return f"ARRAY[{', '.join(literal(text) for text in sorted(texts))}]::text[]"


def _chosen(schemas: Sequence[str] | None) -> str:
    if schemas is not None:
        return f"n.nspname = ANY ({_array(schemas)})"
    return "NOT starts_with(n.nspname, 'pg_') AND n.nspname <> 'information_schema'"


def shared_tables(schemas: Sequence[str] | None, prefix: str, home: str, exclude_tables: Collection[str]) -> str:
    """Return the tables that all branches start from.

    Args:
        schemas: the schemas to read; all but the system's when None.
        prefix: the SQL expression of what the names of a schema's objects start with.
        home: the SQL expression of the schema that names are relative to.
        exclude_tables: names, or dotted names, of tables to leave out.

    The series of no rows after the comments is there for the planner: it cannot see how many comments there are, takes
    them for one, and would look through all of them for every single column.
    """
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
note AS MATERIALIZED (
    SELECT objoid, classoid, objsubid, description FROM pg_description WHERE objoid >= 16384
    UNION ALL SELECT NULL, NULL, NULL, NULL FROM generate_series(1, (SELECT 0))),
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
    shared = shared_tables(
        schemas, "CASE WHEN n.nspname = b.home THEN '' ELSE n.nspname || '.' END", home, exclude_tables
    )
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
    kind = [] if branch.only_kind else [branch.kind]
    values = [str(number), branch.name, branch.parent, *kind, *branch.common.values(), *branch.hints.values()]
    if branch.rare:
        values.append(f"CASE WHEN {branch.any_rare} THEN json_build_array({', '.join(branch.rare.values())}) END")
    return f"SELECT json_build_array({', '.join(values)}) AS line FROM {branch.source}"
