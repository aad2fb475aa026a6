"""What is read of views, functions, triggers, rules, policies, types and extensions."""

from __future__ import annotations

from stillhouse_engine.schema.postgresql.branches import Branch, commented, not_in_extension

OWN_SCHEMA = "CASE WHEN n.prefix = '' THEN '' ELSE quote_ident(n.nspname) || '.' END"

USED = """json_agg(DISTINCT CASE WHEN d.refclassid = 'pg_proc'::regclass THEN 'function ' || d.refobjid::regprocedure::text
            WHEN d.refclassid = 'pg_type'::regclass THEN 'type ' || d.refobjid::regtype::text
            ELSE 'relation ' || d.refobjid::regclass::text || coalesce('.' || ra.attname, '') END)"""
DEPENDENCIES = """pg_depend d LEFT JOIN pg_attribute ra ON d.refclassid = 'pg_class'::regclass AND ra.attrelid = d.refobjid
            AND ra.attnum = d.refobjsubid AND ra.attnum > 0"""
NAMEABLE = """d.deptype = 'n' AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)"""


def used_by(catalogue: str, oid: str) -> str:
    """Return the expression of what an object's expressions use, as the hint ``uses`` has it."""
    return f"""(SELECT {USED} FROM {DEPENDENCIES}
            WHERE d.classid = '{catalogue}'::regclass AND d.objid = {oid} AND {NAMEABLE})"""


VIEW = Branch(
    kind="CASE r.relkind WHEN 'v' THEN 'view' ELSE 'materialized_view' END",
    name="r.name",
    namespace="r.relnamespace",
    attributes={
        "definition": "btrim(pg_get_viewdef(r.oid), E' \\n;')",
        "options": "(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(r.reloptions) o)",
        "populated": "CASE WHEN r.relkind = 'm' AND NOT r.relispopulated THEN 'not populated' END",
        "columns": """(SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
            || coalesce(' default ' || pg_get_expr(ad.adbin, ad.adrelid), ''), ', ' ORDER BY a.attnum)
            FROM pg_attribute a LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
            WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped)""",
        "column_comments": """(SELECT json_agg(quote_ident(a.attname) || ': ' || d.description ORDER BY a.attname)
            FROM pg_attribute a JOIN pg_description d ON d.objoid = a.attrelid AND d.objsubid = a.attnum
            WHERE a.attrelid = r.oid AND a.attnum > 0 AND d.classoid = 'pg_class'::regclass)""",
        "comment": "note.description",
    },
    hints={
        "sql": "r.oid::regclass::text",
        "names": """(SELECT json_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped)""",
        "uses": f"""(SELECT {USED} FROM pg_rewrite w CROSS JOIN {DEPENDENCIES}
            WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND w.ev_class = r.oid AND d.refobjid <> r.oid AND {NAMEABLE})""",
    },
    source=f"rel r {commented('pg_class', 'r.oid')} WHERE r.relkind IN ('v', 'm')",
)

FUNCTION = Branch(
    kind="CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END",
    name="n.prefix || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'",
    namespace="p.pronamespace",
    attributes={
        "arguments": "pg_get_function_arguments(p.oid)",
        "result": "pg_get_function_result(p.oid)",
        "language": "(SELECT l.lanname FROM pg_language l WHERE l.oid = p.prolang)",
        "body": "CASE WHEN p.prokind <> 'a' THEN coalesce(pg_get_function_sqlbody(p.oid), concat_ws(' ', p.probin, p.prosrc)) END",
        "volatility": "CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END",
        "options": """nullif(concat_ws(' ', CASE WHEN p.prosecdef THEN 'security definer' END, CASE WHEN p.proisstrict THEN 'strict' END,
            CASE WHEN p.proleakproof THEN 'leakproof' END, CASE p.proparallel WHEN 's' THEN 'parallel safe' WHEN 'r' THEN 'parallel restricted' END,
            CASE WHEN p.prokind = 'w' THEN 'window' END, CASE WHEN p.prokind = 'f' THEN 'cost ' || p.procost END,
            CASE WHEN p.proretset THEN 'rows ' || p.prorows END), '')""",
        "settings": "(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(p.proconfig) o)",
        "aggregate": """(SELECT concat_ws(', ', 'SFUNC = ' || g.aggtransfn::regproc::text, 'STYPE = ' || format_type(g.aggtranstype, NULL),
            'FINALFUNC = ' || nullif(g.aggfinalfn::regproc::text, '-'), 'COMBINEFUNC = ' || nullif(g.aggcombinefn::regproc::text, '-'),
            'INITCOND = ' || quote_literal(g.agginitval),
            'SORTOP = ' || (SELECT 'OPERATOR(' || sn.nspname || '.' || so.oprname || ')' FROM pg_operator so
                JOIN pg_namespace sn ON sn.oid = so.oprnamespace WHERE so.oid = g.aggsortop))
            FROM pg_aggregate g WHERE g.aggfnoid = p.oid)""",
        "comment": "note.description",
    },
    hints={
        "sql": "p.oid::regprocedure::text",
        "bare": f"{OWN_SCHEMA} || quote_ident(p.proname)",
        "signature": f"{OWN_SCHEMA} || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')'",
        "create": "CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END",
    },
    path="n.path",
    source=f"""pg_proc p JOIN ns n ON n.oid = p.pronamespace {commented("pg_proc", "p.oid")}
        WHERE NOT starts_with(p.proname, 'stillhouse_') AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i') AND {not_in_extension("pg_proc", "p.oid")}""",
)

TRIGGER = Branch(
    kind="'trigger'",
    name="r.name || '.' || g.tgname",
    parent="r.name",
    namespace="r.relnamespace",
    attributes={
        "definition": "pg_get_triggerdef(g.oid, true)",
        "enabled": "CASE g.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END",
        "comment": "note.description",
    },
    hints={
        "uses": "json_build_array('function ' || g.tgfoid::regprocedure::text)",
    },
    source=f"rel r JOIN pg_trigger g ON g.tgrelid = r.oid {commented('pg_trigger', 'g.oid')} WHERE NOT g.tgisinternal AND g.tgparentid = 0",
)

RULE = Branch(
    kind="'rule'",
    name="r.name || '.' || w.rulename",
    parent="r.name",
    namespace="r.relnamespace",
    attributes={
        "definition": "pg_get_ruledef(w.oid, true)",
        "enabled": "CASE w.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END",
        "comment": "note.description",
    },
    hints={"uses": used_by("pg_rewrite", "w.oid")},
    source=f"rel r JOIN pg_rewrite w ON w.ev_class = r.oid {commented('pg_rewrite', 'w.oid')} WHERE w.rulename <> '_RETURN'",
)

POLICY = Branch(
    kind="'policy'",
    name="r.name || '.' || y.polname",
    parent="r.name",
    namespace="r.relnamespace",
    attributes={
        "command": "CASE y.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END",
        "permissive": "CASE WHEN NOT y.polpermissive THEN 'restrictive' END",
        "roles": """coalesce((SELECT string_agg(quote_ident(o.rolname), ', ' ORDER BY o.rolname) FROM pg_roles o
            WHERE o.oid = ANY (y.polroles)), 'PUBLIC')""",
        "using": "pg_get_expr(y.polqual, y.polrelid)",
        "check": "pg_get_expr(y.polwithcheck, y.polrelid)",
        "comment": "note.description",
    },
    hints={"uses": used_by("pg_policy", "y.oid")},
    source=f"rel r JOIN pg_policy y ON y.polrelid = r.oid {commented('pg_policy', 'y.oid')}",
)

STATISTICS = Branch(
    kind="'statistics'",
    name="n.prefix || e.stxname",
    parent="r.name",
    namespace="e.stxnamespace",
    attributes={
        "definition": """substr(pg_get_statisticsobjdef(e.oid),
            length('CREATE STATISTICS ' || quote_ident(n.nspname) || '.' || quote_ident(e.stxname)) + 2)""",
        "target": "nullif(e.stxstattarget, -1)",
        "comment": "note.description",
    },
    hints={"sql": f"{OWN_SCHEMA} || quote_ident(e.stxname)"},
    path="n.path",
    source="pg_statistic_ext e JOIN ns n ON n.oid = e.stxnamespace JOIN rel r ON r.oid = e.stxrelid "
    + commented("pg_statistic_ext", "e.oid"),
)

TYPE = Branch(
    kind="CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range' ELSE 'composite' END",
    name="n.prefix || t.typname",
    namespace="t.typnamespace",
    attributes={
        "type": "CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END",
        "nullable": "CASE WHEN t.typtype = 'd' AND NOT t.typnotnull THEN true END",
        "default": "CASE WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END",
        "collation": """CASE WHEN t.typtype = 'd' THEN (SELECT quote_ident(c.collname) FROM pg_collation c
            JOIN pg_type bt ON bt.oid = t.typbasetype WHERE c.oid = t.typcollation AND t.typcollation <> bt.typcollation) END""",
        "checks": """(SELECT json_agg(quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid) ORDER BY k.conname)
            FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')""",
        "labels": """CASE WHEN t.typtype = 'e' THEN (SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder)
            FROM pg_enum l WHERE l.enumtypid = t.oid) END""",
        "attributes": """CASE WHEN t.typtype = 'c' THEN (SELECT json_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
            ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END""",
        "range": """CASE WHEN t.typtype = 'r' THEN (SELECT concat_ws(', ', 'SUBTYPE = ' || format_type(g.rngsubtype, NULL),
            'SUBTYPE_DIFF = ' || nullif(g.rngsubdiff::regproc::text, '-'), 'CANONICAL = ' || nullif(g.rngcanonical::regproc::text, '-'))
            FROM pg_range g WHERE g.rngtypid = t.oid) END""",
        "comment": "note.description",
    },
    hints={
        "sql": "t.oid::regtype::text",
    },
    path="n.path",
    source=f"""pg_type t JOIN ns n ON n.oid = t.typnamespace LEFT JOIN pg_class tc ON tc.oid = t.typrelid
        {commented("pg_type", "t.oid")}
        WHERE (t.typtype IN ('d', 'e', 'r') OR (t.typtype = 'c' AND tc.relkind = 'c')) AND {not_in_extension("pg_type", "t.oid")}""",
)

EXTENSION = Branch(
    kind="'extension'",
    name="e.extname",
    namespace="e.extnamespace",
    attributes={"schema": "nullif(n.prefix, '')"},
    hints={"sql": "quote_ident(e.extname)", "version": "e.extversion", "schema_sql": "quote_ident(n.nspname)"},
    path="n.path",
    source="pg_extension e JOIN ns n ON n.oid = e.extnamespace",
    renders="false",
)

SCHEMA = Branch(
    kind="'schema'",
    name="n.nspname",
    namespace="n.oid",
    attributes={"comment": "note.description"},
    hints={"sql": "quote_ident(n.nspname)"},
    path="n.path",
    source=f"ns n {commented('pg_namespace', 'n.oid')} WHERE n.prefix <> ''",
    renders="false",
)
