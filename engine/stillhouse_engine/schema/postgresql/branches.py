"""What is read of each kind of object: pure text, one catalogue query per kind, to be joined into one statement.

A branch names the expressions that are compared (attributes) and those that are not (hints). The snapshot makes JSON
rows of both; the fingerprint lets the server hash the attributes alone. All branches start from three shared tables:

* ``ns``: the schemas looked at: ``oid``, ``nspname``, ``prefix`` (what an object's name starts with; empty for the home schema);
* ``ext``: what belongs to an extension, which nobody changes by hand;
* ``note``: the comments on what is not the server's own;
* ``rel``: the relations of those schemas, without the excluded ones.

Definitions come from the server's own ``pg_get_…`` functions while ``search_path`` is exactly the home schema: names inside
it are bare, others are qualified, so that two tenants' schemas read the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Branch:
    """The query for one kind of object.

    Attributes:
        kind: an SQL expression.
        name: an SQL expression.
        parent: an SQL expression.
        namespace: an SQL expression for the schema's oid.
        attributes: SQL expressions that are compared.
        hints: SQL expressions that are not.
        source: what follows FROM.
        path: an SQL expression for the search path that contains only the object's schema.
        renders: whether an attribute depends on ``search_path``: an SQL condition.
        any_rare: an SQL condition; without it, none of the attributes in ``seldom`` has a value. There are many columns
            and constraints, and a row of two dozen NULLs costs as much as one of values.
        seldom: the names of the attributes that few objects have.
    """

    kind: str
    name: str
    namespace: str
    attributes: Mapping[str, str]
    source: str
    parent: str = "''"
    hints: Mapping[str, str] = field(default_factory=dict)
    path: str = "r.path"
    renders: str = "true"
    any_rare: str = ""
    seldom: frozenset[str] = frozenset()

    @property
    def only_kind(self) -> str | None:
        """The kind that all of its objects have; None when they are of several."""
        word = self.kind.strip("'")
        return word if self.kind == f"'{word}'" and word.isidentifier() else None

    @property
    def common(self) -> Mapping[str, str]:
        """The attributes that every object of the kind may have."""
        return {name: sql for name, sql in self.attributes.items() if name not in self.seldom}

    @property
    def rare(self) -> Mapping[str, str]:
        """The attributes that are asked for only where ``any_rare`` holds."""
        return {name: sql for name, sql in self.attributes.items() if name in self.seldom}


def commented(catalogue: str, oid: str) -> str:
    """Return the join that finds the comment on an object; ``note.description`` is its text."""
    return f"LEFT JOIN note ON note.objoid = {oid} AND note.classoid = '{catalogue}'::regclass AND note.objsubid = 0"


def not_in_extension(catalogue: str, oid: str) -> str:
    """Return the condition that an object does not belong to an extension."""
    return f"NOT EXISTS (SELECT FROM ext WHERE ext.classid = '{catalogue}'::regclass AND ext.objid = {oid})"


TABLE = Branch(
    kind="'table'",
    name="r.name",
    namespace="r.relnamespace",
    attributes={
        "form": "CASE r.relkind WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign' END",
        "persistence": "CASE r.relpersistence WHEN 'u' THEN 'unlogged' END",
        "access_method": "(SELECT a.amname FROM pg_am a WHERE a.oid = r.relam AND a.amname <> 'heap')",
        "tablespace": "(SELECT t.spcname FROM pg_tablespace t WHERE t.oid = r.reltablespace)",
        "partition_key": "CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END",
        "partition_bound": "pg_get_expr(r.relpartbound, r.oid)",
        "inherits": "(SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = r.oid)",
        "options": "(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(r.reloptions) o)",
        "row_security": "CASE WHEN r.relrowsecurity THEN 'enabled' END",
        "force_row_security": "CASE WHEN r.relforcerowsecurity THEN 'forced' END",
        "replica_identity": """CASE r.relreplident WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing' WHEN 'i' THEN
            (SELECT 'index ' || quote_ident(ic.relname) FROM pg_index x JOIN pg_class ic ON ic.oid = x.indexrelid
             WHERE x.indrelid = r.oid AND x.indisreplident) END""",
        "cluster": """(SELECT quote_ident(ic.relname) FROM pg_index x JOIN pg_class ic ON ic.oid = x.indexrelid
            WHERE x.indrelid = r.oid AND x.indisclustered)""",
        "server": """(SELECT concat_ws(' ', s.srvname, (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(f.ftoptions) o))
            FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = r.oid)""",
        "comment": "note.description",
    },
    hints={"sql": "r.oid::regclass::text"},
    source=f"rel r {commented('pg_class', 'r.oid')} WHERE r.relkind IN ('r', 'p', 'f')",
    renders="r.relkind = 'p' OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = r.oid)",
    any_rare="""r.relkind <> 'r' OR r.relam <> 2 OR r.reltablespace <> 0 OR r.relispartition OR r.reloptions IS NOT NULL
        OR r.relpersistence <> 'p' OR r.relrowsecurity OR r.relforcerowsecurity OR r.relreplident <> 'd' OR note.description IS NOT NULL
        OR r.oid IN (SELECT i.inhrelid FROM pg_inherits i) OR r.oid IN (SELECT x.indrelid FROM pg_index x WHERE x.indisclustered)""",
    seldom=frozenset(
        {
            "form",
            "persistence",
            "access_method",
            "tablespace",
            "partition_key",
            "partition_bound",
            "inherits",
            "options",
            "row_security",
            "force_row_security",
            "replica_identity",
            "cluster",
            "server",
            "comment",
        }
    ),
)

COLUMN = Branch(
    kind="'column'",
    name="r.name || '.' || a.attname",
    parent="r.name",
    namespace="r.relnamespace",
    attributes={
        "type": "format_type(a.atttypid, a.atttypmod)",
        "nullable": "CASE WHEN NOT a.attnotnull THEN true END",
        "default": "CASE WHEN a.attgenerated = '' THEN pg_get_expr(ad.adbin, ad.adrelid) END",
        "generated": "CASE WHEN a.attgenerated <> '' THEN pg_get_expr(ad.adbin, ad.adrelid) END",
        "generated_kind": "CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END",
        "identity": "CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END",
        "identity_options": """CASE WHEN a.attidentity <> '' THEN (SELECT concat_ws(' ', 'start', s.seqstart, 'increment', s.seqincrement,
            'min', s.seqmin, 'max', s.seqmax, 'cache', s.seqcache, CASE WHEN s.seqcycle THEN 'cycle' END)
            FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid WHERE d.refclassid = 'pg_class'::regclass
            AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.classid = 'pg_class'::regclass AND d.deptype = 'i') END""",
        "collation": """CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN
            (SELECT CASE WHEN cn.nspname = 'pg_catalog' THEN quote_ident(c.collname)
             ELSE quote_ident(cn.nspname) || '.' || quote_ident(c.collname) END
             FROM pg_collation c JOIN pg_namespace cn ON cn.oid = c.collnamespace WHERE c.oid = a.attcollation) END""",
        "storage": "CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' "
        "WHEN 'm' THEN 'main' ELSE 'extended' END END",
        "compression": "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END",
        "statistics": "nullif(a.attstattarget, -1)",
        "options": "array_to_string(a.attoptions, ', ')",
        "comment": "note.description",
    },
    hints={
        "position": "a.attnum",
        "inherited": "CASE WHEN NOT a.attislocal THEN true END",
    },
    source="""rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
        LEFT JOIN note ON note.objoid = a.attrelid AND note.classoid = 'pg_class'::regclass AND note.objsubid = a.attnum
        WHERE r.relkind IN ('r', 'p', 'f')""",
    renders="a.atthasdef OR t.typnamespace <> 11",
    any_rare="""a.attidentity <> '' OR a.attgenerated <> '' OR (a.attcollation <> t.typcollation AND a.attcollation <> 0)
        OR a.attstorage <> t.typstorage OR a.attcompression <> '' OR a.attstattarget <> -1 OR a.attoptions IS NOT NULL
        OR note.description IS NOT NULL""",
    seldom=frozenset(
        {
            "generated",
            "generated_kind",
            "identity",
            "identity_options",
            "collation",
            "storage",
            "compression",
            "statistics",
            "options",
            "comment",
        }
    ),
)

CONSTRAINT = Branch(
    kind="'constraint'",
    name="r.name || '.' || k.conname",
    parent="r.name",
    namespace="r.relnamespace",
    attributes={
        "type": "CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check' "
        "WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion' WHEN 't' THEN 'trigger' END",
        "definition": "CASE WHEN k.convalidated THEN pg_get_constraintdef(k.oid) "
        "ELSE regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') END",
        "validated": "CASE WHEN NOT k.convalidated THEN 'not validated' END",
        "options": """CASE WHEN k.contype IN ('p', 'u', 'x') THEN (SELECT string_agg(o, ', ' ORDER BY o)
            FROM pg_class ic, unnest(ic.reloptions) o WHERE ic.oid = k.conindid AND ic.reloptions IS NOT NULL) END""",
        "comment": "note.description",
    },
    hints={
        "refers_to": "CASE WHEN k.confrelid <> 0 THEN k.confrelid::regclass::text END",
        "columns": "array_to_string(k.conkey, ' ')",
        "far_columns": "array_to_string(k.confkey, ' ')",
    },
    source=f"""rel r JOIN pg_constraint k ON k.conrelid = r.oid {commented("pg_constraint", "k.oid")}
        WHERE k.contype IN ('p', 'u', 'c', 'f', 'x') AND k.conparentid = 0 AND (k.conislocal OR k.coninhcount = 0)""",
    any_rare="""NOT k.convalidated OR note.description IS NOT NULL
        OR k.conindid IN (SELECT ic.oid FROM pg_class ic WHERE ic.relkind IN ('i', 'I') AND ic.reloptions IS NOT NULL)""",
    seldom=frozenset({"validated", "options", "comment"}),
)

INDEX = Branch(
    kind="'index'",
    name="r.name || '.' || ic.relname",
    parent="r.name",
    namespace="r.relnamespace",
    attributes={
        "definition": "pg_get_indexdef(x.indexrelid, 0, true)",
        "valid": "CASE WHEN NOT x.indisvalid THEN 'invalid' END",
        "tablespace": "CASE WHEN ic.reltablespace <> 0 THEN (SELECT t.spcname FROM pg_tablespace t WHERE t.oid = ic.reltablespace) END",
        "statistics": """CASE WHEN x.indexprs IS NOT NULL THEN (SELECT string_agg(a.attnum || ' ' || a.attstattarget, ', ' ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = x.indexrelid AND a.attstattarget >= 0) END""",
        "comment": "note.description",
    },
    hints={
        "sql": "x.indexrelid::regclass::text",
    },
    source=f"""rel r JOIN pg_index x ON x.indrelid = r.oid JOIN pg_class ic ON ic.oid = x.indexrelid AND NOT ic.relispartition
        {commented("pg_class", "x.indexrelid")}
        WHERE r.relkind IN ('r', 'p', 'm') AND NOT x.indisprimary AND NOT x.indisexclusion
        AND (NOT x.indisunique OR NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = x.indrelid AND k.conindid = x.indexrelid
            AND k.contype = 'u'))""",
    any_rare="NOT x.indisvalid OR ic.reltablespace <> 0 OR x.indexprs IS NOT NULL OR note.description IS NOT NULL",
    seldom=frozenset({"valid", "tablespace", "statistics", "comment"}),
)

SEQUENCE = Branch(
    kind="'sequence'",
    name="r.name",
    parent="coalesce(o.owner_name, '')",
    namespace="r.relnamespace",
    attributes={
        "type": "format_type(s.seqtypid, NULL)",
        "start": "s.seqstart",
        "increment": "s.seqincrement",
        "minimum": "s.seqmin",
        "maximum": "s.seqmax",
        "cache": "s.seqcache",
        "cycle": "CASE WHEN s.seqcycle THEN true END",
        "owned_by": "o.owner_name || '.' || o.attname",
        "persistence": "CASE r.relpersistence WHEN 'u' THEN 'unlogged' END",
        "comment": "note.description",
    },
    hints={"sql": "r.oid::regclass::text", "owner": "o.owner_oid::regclass::text || '.' || quote_ident(o.attname)"},
    source=f"""rel r JOIN pg_sequence s ON s.seqrelid = r.oid
        LEFT JOIN (SELECT d.objid, d.deptype, d.refobjid AS owner_oid, orel.name AS owner_name, oa.attname FROM pg_depend d
            JOIN pg_attribute oa ON oa.attrelid = d.refobjid AND oa.attnum = d.refobjsubid LEFT JOIN rel orel ON orel.oid = d.refobjid
            WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND d.refobjsubid > 0 AND d.refclassid = 'pg_class'::regclass
            AND d.deptype IN ('a', 'i')) o ON o.objid = r.oid
        {commented("pg_class", "r.oid")}
        WHERE r.relkind = 'S' AND o.deptype IS DISTINCT FROM 'i' AND (o.owner_oid IS NULL OR o.owner_name IS NOT NULL)""",
    renders="false",
)
