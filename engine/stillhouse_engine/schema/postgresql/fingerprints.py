"""The statement by which a PostgreSQL server hashes its own catalogue.

On a new connection the time goes into planning: the backend has none of the catalogue in its cache yet, and every joined
table costs more than reading it. So the common kinds of objects are hashed by the statement itself; the rarer ones by a
second statement inside it, which is planned only when there are any. ``ts_stat`` runs that one: nothing else that every
server has takes a query as a text (``query_to_xml`` needs one that was built with libxml).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_engine.schema.postgresql import branches
from stillhouse_engine.schema.postgresql.statements import BRANCHES, literal, shared_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stillhouse_engine.schema.postgresql.branches import Branch

RARE_ATTRIBUTES = frozenset(
    {"access_method", "tablespace", "partition_bound", "inherits", "replica_identity", "cluster", "server"}
)
COMMON_TABLE = replace(
    branches.TABLE,
    attributes={name: sql for name, sql in branches.TABLE.attributes.items() if name not in RARE_ATTRIBUTES},
)
RARE_TABLE = replace(
    branches.TABLE, attributes={name: sql for name, sql in branches.TABLE.attributes.items() if name in RARE_ATTRIBUTES}
)
COMMON: tuple[Branch, ...] = (COMMON_TABLE, branches.COLUMN, branches.CONSTRAINT, branches.INDEX, branches.SEQUENCE)
RARE: tuple[Branch, ...] = (RARE_TABLE, *BRANCHES[len(COMMON) :])

ANY_RARE = """EXISTS (SELECT FROM rel r WHERE r.relkind IN ('v', 'm', 'f') OR r.relispartition OR r.relhassubclass OR r.relhasrules
        OR r.reltablespace <> 0 OR (r.relkind IN ('r', 'p') AND r.relreplident <> 'd') OR (r.relkind = 'r' AND r.relam <> 2))
    OR EXISTS (SELECT FROM pg_inherits) OR EXISTS (SELECT FROM pg_policy)
    OR EXISTS (SELECT FROM pg_trigger g WHERE NOT g.tgisinternal) OR EXISTS (SELECT FROM pg_index x WHERE x.indisclustered)
    OR EXISTS (SELECT FROM ns n JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
        WHERE d.classid <> 'pg_class'::regclass)"""
"""Whether RARE may find anything. It may say yes for nothing, and never no for something."""

OWN_NAMES = "''"


def fingerprint_statement(schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    """Return the statement with one row per schema: its name, and the hash that the server makes of its objects.

    Each schema is hashed relative to itself, so that equal schemas of different names have equal hashes.
    """
    single = schemas is not None and len(schemas) == 1
    hashes = _of_one(schemas, exclude_tables) if single else _of_many()
    home = literal(schemas[0]) if single and schemas else "NULL::text"
    return f"""WITH {shared_tables(schemas, OWN_NAMES, home, exclude_tables)},
hashes AS MATERIALIZED ({hashes}),
restored AS MATERIALIZED (
    SELECT set_config('search_path', b.old, true) AS path FROM before b, (SELECT count(*) AS found FROM hashes) AS done
    WHERE done.found >= 0)
SELECT n.nspname AS schema, md5(h.common || h.rare) AS fingerprint FROM restored, hashes h JOIN ns n ON n.oid = h.oid ORDER BY 1"""


def _of_one(schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    rare = (
        f"WITH {shared_tables(schemas, OWN_NAMES, 'NULL::text', exclude_tables)} "
        f"SELECT array_to_tsvector(ARRAY[{_hash('l.line')}]) FROM ({_lines(RARE, render_each=False)}) AS l"
    )
    return f"""SELECT n.oid,
    CASE WHEN set_config('search_path', n.path, true) IS NOT NULL THEN
        (SELECT {_hash("l.line")} FROM ({_lines(COMMON, render_each=False)}) AS l) END AS common,
    CASE WHEN {ANY_RARE} THEN (SELECT word FROM ts_stat({literal(rare)}))
        ELSE md5('') END AS rare
FROM (SELECT ns.oid, ns.path FROM ns OFFSET 0) AS n"""


def _of_many() -> str:
    common = _hash("l.line", "NOT l.rare")
    rare = _hash("l.line", "l.rare")
    lines = " UNION ALL ".join(
        f"SELECT namespace, line, {flag} AS rare FROM ({_lines(group, render_each=True)}) AS {flag}_lines"
        for group, flag in ((COMMON, "false"), (RARE, "true"))
    )
    return f"""SELECT n.oid, {common} AS common, {rare} AS rare
FROM ns n LEFT JOIN ({lines}) AS l ON l.namespace = n.oid GROUP BY n.oid"""


def _hash(line: str, condition: str = "true") -> str:
    lines = f"string_agg({line}, E'\\n' ORDER BY {line} COLLATE \"C\") FILTER (WHERE {condition})"
    return f"md5(coalesce({lines}, ''))"


def _lines(group: Sequence[Branch], *, render_each: bool) -> str:
    return "\nUNION ALL\n".join(_text_rows(branch, render_each=render_each) for branch in group)


def _text_rows(branch: Branch, *, render_each: bool) -> str:
    values = [_comparable(sql) for sql in branch.attributes.values()]
    line = f"ROW({', '.join([branch.kind, branch.name, branch.parent, *values])})::text"
    if branch is RARE_TABLE:
        line = f"CASE WHEN num_nonnulls({', '.join(values)}) > 0 THEN {line} END"
    if render_each:
        other = f"current_setting('search_path') <> {branch.path}"
        line = (
            f"CASE WHEN ({branch.renders}) AND {other} AND set_config('search_path', {branch.path}, true) IS NULL "
            f"THEN '' ELSE {line} END"
        )
    return f"SELECT {branch.namespace} AS namespace, {line} AS line FROM {branch.source}"


def _comparable(expression: str) -> str:
    return f"({expression})::text" if "json_agg" in expression else expression
