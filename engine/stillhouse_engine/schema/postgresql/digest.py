"""One hash of everything that a PostgreSQL database holds of its own, as raw as the catalogue has it.

Equal digests mean equal snapshots; unequal ones mean nothing. So it may take in more than a snapshot does, and needs no
joins: each catalogue is read by itself, and object identifiers, which differ between databases, are turned into names by
casts. What the server would take long to render is taken as numbers where these say the same. The lines of all catalogues
are hashed one by one and their hashes added up, so that nothing is sorted, planned by itself or kept. On a new connection
that costs a quarter of the fingerprint, whose joins have to be planned with cold caches; after a migration, whose
statements have filled the caches, an eighth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.schema.postgresql.fingerprints import fingerprint_statement

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

OWN = 16384
"""The first object identifier that the server does not give to its own objects."""

COMMENTED = "CASE WHEN classoid = 'pg_class'::regclass THEN objoid::regclass::text ELSE pg_describe_object(classoid, objoid, 0) END"

PLAIN_INDEX = """(indisprimary OR NOT indisunique) AND indexprs IS NULL AND indpred IS NULL
        AND concat(indclass, ' ', indcollation) !~ '[0-9]{5}'"""
"""Whether an index can be told by the numbers of its columns, operator classes and collations: numbers below 10,000 are the
same on every server of one version. (Only a unique index that is no key can hold its nulls to be equal.)"""

CATALOGUES: tuple[tuple[str, str], ...] = (
    (
        f"""oid::regclass, relnamespace::regnamespace, relkind, relpersistence,
        CASE WHEN relam < {OWN} THEN relam::text ELSE pg_describe_object('pg_am'::regclass, relam, 0) END,
        CASE WHEN reltablespace <> 0 THEN pg_describe_object('pg_tablespace'::regclass, reltablespace, 0) END,
        reloptions, relhasrules, relrowsecurity, relforcerowsecurity, relreplident, relispartition, relispopulated,
        pg_get_expr(relpartbound, oid)""",
        f"pg_class WHERE oid >= {OWN} AND relnamespace <> 'pg_toast'::regnamespace",
    ),
    (
        """relation, attname, attnum, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
        CASE WHEN attcollation < 10000 THEN attcollation::text ELSE attcollation::regcollation::text END, attstorage,
        attcompression, attstattarget, attoptions, attislocal""",
        f"""(SELECT attrelid::regclass::text AS relation, * FROM pg_attribute WHERE attrelid >= {OWN} AND attnum > 0 OFFSET 0)
        AS a WHERE NOT starts_with(relation, 'pg_toast.')""",
    ),
    ("adrelid::regclass, adnum, pg_get_expr(adbin, adrelid)", f"pg_attrdef WHERE oid >= {OWN}"),
    (
        """conrelid::regclass, contypid::regtype, conname, contype, convalidated, conislocal, coninhcount, conparentid = 0,
        conindid::regclass, conkey, confkey, pg_get_constraintdef(oid)""",
        f"pg_constraint WHERE oid >= {OWN}",
    ),
    (
        f"""relation, CASE WHEN {PLAIN_INDEX} THEN concat_ws(' ', indexrelid::regclass, indisprimary, indnkeyatts, indkey,
        indclass, indcollation, indoption) ELSE pg_get_indexdef(indexrelid) END, indisvalid, indisclustered, indisreplident""",
        f"""(SELECT indrelid::regclass::text AS relation, * FROM pg_index
        WHERE indexrelid >= {OWN} OFFSET 0) AS x WHERE NOT starts_with(relation, 'pg_toast.')""",
    ),
    (
        "seqrelid::regclass, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle",
        f"pg_sequence WHERE seqrelid >= {OWN}",
    ),
    (
        "object, refobjid::regclass, refobjsubid, deptype",
        f"""(SELECT objid::regclass::text AS object, * FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid >= {OWN}
        AND refclassid = 'pg_class'::regclass AND refobjsubid > 0 AND deptype IN ('a', 'i') OFFSET 0) AS d
        WHERE NOT starts_with(object, 'pg_toast.')""",
    ),
    (
        """oid::regtype, typnamespace::regnamespace, typtype, format_type(typbasetype, typtypmod), typnotnull,
        pg_get_expr(typdefaultbin, 0), typcollation::regcollation""",
        f"pg_type WHERE oid >= {OWN} AND NOT (typtype = 'b' AND typelem <> 0)",
    ),
    ("enumtypid::regtype, enumlabel, enumsortorder", "pg_enum"),
    (
        "rngtypid::regtype, rngsubtype::regtype, rngsubdiff::regproc, rngcanonical::regproc",
        f"pg_range WHERE rngtypid >= {OWN}",
    ),
    (
        """oid::regprocedure, pronamespace::regnamespace, prokind, pg_get_function_result(oid), procost, prorows,
        CASE WHEN prokind <> 'a' THEN pg_get_functiondef(oid) ELSE pg_get_function_arguments(oid) END""",
        f"pg_proc WHERE oid >= {OWN}",
    ),
    (
        """aggfnoid::regprocedure, aggtransfn::regproc, aggtranstype::regtype, aggfinalfn::regproc, aggcombinefn::regproc,
        agginitval, aggsortop::regoperator""",
        f"pg_aggregate WHERE aggfnoid >= {OWN}",
    ),
    ("pg_get_triggerdef(oid, true), tgenabled, tgparentid = 0", f"pg_trigger WHERE oid >= {OWN} AND NOT tgisinternal"),
    ("ev_class::regclass, rulename, ev_enabled, pg_get_ruledef(oid)", f"pg_rewrite WHERE oid >= {OWN}"),
    (
        """polrelid::regclass, polname, polcmd, polpermissive, polroles::regrole[], pg_get_expr(polqual, polrelid),
        pg_get_expr(polwithcheck, polrelid)""",
        "pg_policy",
    ),
    ("pg_get_statisticsobjdef(oid), stxstattarget", "pg_statistic_ext"),
    ("inhrelid::regclass, inhparent::regclass, inhseqno", "pg_inherits"),
    ("partrelid::regclass, pg_get_partkeydef(partrelid)", "pg_partitioned_table"),
    (
        "ftrelid::regclass, (SELECT srvname FROM pg_foreign_server s WHERE s.oid = ftserver), ftoptions",
        "pg_foreign_table",
    ),
    ("extname, extversion, extnamespace::regnamespace", "pg_extension"),
    (
        "pg_describe_object(classid, objid, objsubid), pg_describe_object(refclassid, refobjid, 0)",
        f"pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND objid >= {OWN}",
    ),
    (
        "nspname, has_schema_privilege(oid, 'USAGE')",
        f"pg_namespace WHERE (oid >= {OWN} OR nspname = 'public') AND NOT starts_with(nspname, 'pg_')",
    ),
    (f"classoid::regclass, {COMMENTED}, objsubid, description", f"pg_description WHERE objoid >= {OWN}"),
)
"""The expressions that are read of each catalogue, and where from."""


def digest_statement(schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    """Return the statement whose one value is the digest; of some schemas it is made of their fingerprints."""
    if schemas is not None:
        return f"SELECT string_agg(f::text, ' ') FROM ({fingerprint_statement(schemas, exclude_tables)}) AS f"
    lines = "\nUNION ALL\n".join(
        f"SELECT ROW({number}, {expressions})::text AS line FROM {source}"
        for number, (expressions, source) in enumerate(CATALOGUES)
    )
    sums = ", ".join(f'sum(hashtextextended(line COLLATE "C", {seed}))' for seed in (0, 1))
    return f"SELECT md5(concat_ws(' ', current_schema(), current_setting('search_path'), {sums})) FROM ({lines}) AS catalogues"
