"""Who owns what in a PostgreSQL schema, and who may do what with it: read by a statement of its own, only when asked.

A privilege is written relative to what an object's owner and PUBLIC have by default, so that privileges that nobody ever
changed are none, whoever the owner is. Its owner is called ``OWNER``, which as a role's name would stand in quotes::

    alice: SELECT
    alice: UPDATE (mail) with grant option
    PUBLIC: no EXECUTE
    alice: INSERT by bob
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_engine.schema.postgresql.branches_more import FUNCTION, TYPE
from stillhouse_engine.schema.postgresql.statements import literal, shared_tables
from stillhouse_engine.schema.privileges import ITSELF, PRIVILEGED_KINDS
from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot, ordered

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from stillhouse_engine.schema.snapshot import Value

ROLE = "CASE WHEN {0} = 0 THEN 'PUBLIC' WHEN {0} = h.owner THEN 'OWNER' ELSE quote_ident(pg_get_userbyid({0})) END"

HELD = f"""
SELECT CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
    r.name, r.relnamespace AS namespace, r.oid::regclass::text AS sql, CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END AS type,
    c.relowner AS owner, c.relacl AS acl, r.oid AS relation,
    EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refobjsubid > 0
        AND d.refclassid = 'pg_class'::regclass AND r.relkind = 'S' AND d.deptype = 'a') AS owned
FROM rel r JOIN pg_class c ON c.oid = r.oid
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND r.relkind = 'S'
    AND d.refobjsubid > 0 AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i')
UNION ALL
SELECT {FUNCTION.kind}, {FUNCTION.name}, p.pronamespace, p.oid::regprocedure::text, 'f', p.proowner, p.proacl, NULL, false
FROM {FUNCTION.source}
UNION ALL
SELECT {TYPE.kind}, {TYPE.name}, t.typnamespace, t.oid::regtype::text, 'T', t.typowner, t.typacl, NULL, false FROM {TYPE.source}
UNION ALL
SELECT 'schema', CASE WHEN n.prefix = '' THEN {literal(ITSELF)} ELSE n.nspname END, n.oid, quote_ident(n.nspname), 'n', o.nspowner,
    o.nspacl, NULL, false FROM ns n JOIN pg_namespace o ON o.oid = n.oid"""

DATABASE = f"""
UNION ALL
SELECT 'database', {literal(ITSELF)}, NULL::oid, quote_ident(datname), 'd', datdba, datacl, NULL, false
FROM pg_database WHERE datname = current_database()"""

DIFFERENCE = f"""(SELECT json_agg(line ORDER BY line COLLATE "C") FROM (
    SELECT {ROLE.format("e.grantee")} || ': ' || e.privilege_type
        || coalesce(' (' || e.columns || ')', '') || CASE WHEN e.is_grantable THEN ' with grant option' ELSE '' END
        || CASE WHEN e.grantor = h.owner THEN '' ELSE ' by ' || quote_ident(pg_get_userbyid(e.grantor)) END AS line
    FROM (
        (SELECT grantor, grantee, privilege_type, is_grantable, NULL::text AS columns FROM aclexplode(h.acl)
            EXCEPT SELECT grantor, grantee, privilege_type, is_grantable, NULL FROM aclexplode(acldefault(h.type::"char", h.owner)))
        UNION ALL SELECT x.grantor, x.grantee, x.privilege_type, x.is_grantable, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname)
            FROM pg_attribute a, aclexplode(a.attacl) x
            WHERE a.attrelid = h.relation AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1, 2, 3, 4) AS e
    UNION ALL SELECT {ROLE.format("e.grantee")} || ': no ' || e.privilege_type
    FROM (SELECT grantee, privilege_type FROM aclexplode(acldefault(h.type::"char", h.owner)) WHERE h.acl IS NOT NULL
        EXCEPT SELECT grantee, privilege_type FROM aclexplode(h.acl)) AS e) AS lines)"""

FUTURE = """
SELECT 'default_privileges' AS kind, coalesce(n.prefix, '') || pg_get_userbyid(a.defaclrole) || '.'
        || CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' ELSE 'schemas' END
        || CASE WHEN n.oid IS NULL THEN ' everywhere' ELSE '' END AS name, n.oid AS namespace,
    concat_ws(' IN SCHEMA ', quote_ident(pg_get_userbyid(a.defaclrole)), quote_ident(n.nspname)) AS sql,
    NULL AS owner, {difference} AS privileges
FROM pg_default_acl a {join} ns n ON n.oid = a.defaclnamespace, LATERAL (SELECT a.defaclrole AS owner, a.defaclacl AS acl,
    NULL::oid AS relation, CASE WHEN a.defaclnamespace = 0 THEN CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE a.defaclobjtype::text END END AS type) AS h
WHERE {condition}"""


def _rows(schemas: Sequence[str] | None) -> str:
    """Return the query for kind, name, namespace, sql, owner, privileges of all that somebody owns."""
    whole = schemas is None
    join, condition = ("LEFT JOIN", "n.oid IS NOT NULL OR a.defaclnamespace = 0") if whole else ("JOIN", "true")
    return f"""SELECT h.kind::text AS kind, h.name::text AS name, h.namespace, h.sql,
    CASE WHEN NOT h.owned THEN quote_ident(pg_get_userbyid(h.owner)) END AS owner, {DIFFERENCE} AS privileges
FROM ({HELD}{DATABASE if whole else ""}) AS h
UNION ALL {FUTURE.format(difference=DIFFERENCE, join=join, condition=condition)}"""


def privileges_statement(schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    """Return the statement whose one row holds, as JSON text, kind, name, SQL name, owner and privileges of each object.

    ``search_path`` is changed while it runs, and is restored by it.
    """
    home = literal(schemas[0]) if schemas else "coalesce(current_schema(), 'public')"
    prefix = "CASE WHEN n.nspname = b.home THEN '' ELSE n.nspname || '.' END"
    return f"""WITH {shared_tables(schemas, prefix, home, exclude_tables)}
SELECT s.content, set_config('search_path', s.old, true) AS restored FROM (
    SELECT b.old, CASE WHEN set_config('search_path', quote_ident(b.home), true) IS NOT NULL THEN
        (SELECT json_agg(json_build_array(kind, name, sql, owner, privileges) ORDER BY kind, name)::text FROM ({_rows(schemas)}) AS lines) END AS content
    FROM before b OFFSET 0) AS s"""


def take_privileges(connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    """Return owners and privileges of all objects as JSON text, the same as long as nobody changes them."""
    return str(connection.exec_driver_sql(privileges_statement(schemas, exclude_tables)).one()[0] or "[]")


def add_privileges(
    connection: Connection, snapshot: Snapshot, exclude_tables: Collection[str], *, whole: bool
) -> Snapshot:
    """Return a snapshot with the owners and privileges of its objects.

    Args:
        connection: the one that the snapshot was taken through.
        snapshot: one without.
        exclude_tables: the tables that it leaves out.
        whole: whether it is one of all schemas; then the database itself belongs to it.
    """
    text = take_privileges(connection, None if whole else snapshot.schemas, exclude_tables)
    objects = dict(snapshot.by_key)
    for kind, name, sql, owner, privileges in json.loads(text):
        found: dict[str, Value] = {"owner": owner, "privileges": tuple(privileges or ())}
        found = {attribute: value for attribute, value in found.items() if value}
        item = objects.get((kind, name))
        if item is not None:
            objects[kind, name] = item._replace(attributes={**item.attributes, **found})
        elif kind == "default_privileges" or name == ITSELF:
            objects[kind, name] = SchemaObject(kind, name, "", found, {"sql": sql})
    coverage = snapshot.coverage
    return replace(
        snapshot,
        objects=ordered(objects.values()),
        coverage=replace(
            coverage,
            compared=tuple(sorted({*coverage.compared, *PRIVILEGED_KINDS})),
            not_compared=tuple(pair for pair in coverage.not_compared if pair[0] not in {"grant", "owner"}),
        ),
    )
