"""PostgreSQL schemas made up at random, each with the ways to change it by hand and what must be said about them.

Every feature writes its statements down, and beside them the mutations that apply to what it made: a mutation can only
be exact where the thing that it changes is known. Names are odd on purpose, and objects lie in two schemas.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from generated import Made
from hypothesis import strategies as st
from mutations import Mutation, extra, missing, modified

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn

HOME, SIDE = "tenant", 'Side "b"'
TYPES = (
    "integer",
    "bigint",
    "text",
    "varchar(20)",
    "numeric(8,2)",
    "timestamp with time zone",
    "boolean",
    "uuid",
    "jsonb",
    "integer[]",
    "date",
)
WIDER = {
    "integer": "bigint",
    "varchar(20)": "varchar(40)",
    "numeric(8,2)": "numeric(9,2)",
    "date": "timestamp",
    "text": "varchar(7)",
}
DEFAULTS = {
    "integer": "7", "bigint": "-1", "text": "'a:b %s ''x'' \\'", "varchar(20)": "'%(x)s'", "numeric(8,2)": "1.50",
    "timestamp with time zone": "now()", "boolean": "true", "uuid": "gen_random_uuid()", "jsonb": "'{\"a\": 1}'",
    "integer[]": "ARRAY[1, 2]", "date": "CURRENT_DATE",
}  # fmt: skip


OWN = frozenset({"comment", "identity", "identity_options"})
"""What a column does not hand down."""


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@dataclass
class Table:
    """A table as later features need it.

    Attributes:
        schema: where it lies.
        name: its bare name.
        key: the names of its primary key's columns.
        number: the name of an integer column that others may use.
        words: the name of a text column that others may use.
        spare: columns that nothing uses, with their types.
        partitioned: whether it has partitions.
        unlogged: how CREATE TABLE says that it is.
        heirs: the dotted names of its partitions and of the tables that inherit from it.
    """

    schema: str
    name: str
    key: tuple[str, ...] = ()
    number: str = ""
    words: str = ""
    spare: list[tuple[str, str]] = field(default_factory=list)
    partitioned: bool = False
    unlogged: str = ""
    heirs: list[str] = field(default_factory=list)

    @property
    def sql(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def title(self) -> str:
        return self.name if self.schema == HOME else f"{self.schema}.{self.name}"

    def part(self, name: str) -> str:
        return f"{self.title}.{name}"


class Schemas(Made):
    """Two schemas in the making, and what can be built upon in them."""

    def __init__(self, draw: DrawFn) -> None:
        super().__init__(draw)
        self.tables: list[Table] = []
        self.views: list[Table] = []
        self.enums: list[tuple[str, str]] = []
        self.domains: list[str] = []

    def schema(self) -> str:
        return self.pick(HOME, HOME, SIDE)

    def mutation(self) -> Mutation:
        """Choose a mutation; what it does to a column, it does to those that inherit it."""
        chosen = self.pick(*self.mutations)
        found = [*chosen.found]
        for op, kind, name, attribute in chosen.found:
            for table in self.tables if kind == "column" and attribute not in OWN else ():
                if name.startswith(f"{table.title}."):
                    found += [(op, kind, heir + name[len(table.title) :], attribute) for heir in table.heirs]
        return replace(chosen, found=tuple(found))


def dotted(schema: str, name: str) -> str:
    return name if schema == HOME else f"{schema}.{name}"


def enum(made: Schemas) -> None:
    schema, name = made.schema(), made.name()
    sql, title = f"{quoted(schema)}.{quoted(name)}", dotted(schema, name)
    made.run(f"CREATE TYPE {sql} AS ENUM ('sad', 'it''s ok', 'per%cent')")
    made.enums.append((sql, "'it''s ok'"))
    made.may(
        modified("add a label", "enum", title, "labels", f"ALTER TYPE {sql} ADD VALUE 'co:lon' BEFORE 'sad'"),
        modified("add a last label", "enum", title, "labels", f"ALTER TYPE {sql} ADD VALUE 'last'"),
        modified("rename a label", "enum", title, "labels", f"ALTER TYPE {sql} RENAME VALUE 'sad' TO 'blue'"),
        modified("comment on an enum", "enum", title, "comment", f"COMMENT ON TYPE {sql} IS 'a:b %s'"),
    )


def domain(made: Schemas) -> None:
    schema, name = made.schema(), made.name()
    sql, title = f"{quoted(schema)}.{quoted(name)}", dotted(schema, name)
    made.run(f"CREATE DOMAIN {sql} AS text DEFAULT 'x:y' CONSTRAINT {quoted(name + ' ck')} CHECK (VALUE <> 'a%b')")
    made.domains.append(sql)
    made.may(
        modified("a domain's default", "domain", title, "default", f"ALTER DOMAIN {sql} SET DEFAULT 'z'"),
        modified("no default of a domain", "domain", title, "default", f"ALTER DOMAIN {sql} DROP DEFAULT"),
        modified("no NULL in a domain", "domain", title, "nullable", f"ALTER DOMAIN {sql} SET NOT NULL"),
        modified("a domain's further check", "domain", title, "checks", f"ALTER DOMAIN {sql} ADD CONSTRAINT more CHECK (VALUE <> '')"),
        modified("a domain's check dropped", "domain", title, "checks", f"ALTER DOMAIN {sql} DROP CONSTRAINT {quoted(name + ' ck')}"),
        modified("comment on a domain", "domain", title, "comment", f"COMMENT ON DOMAIN {sql} IS 'new'"),
    )  # fmt: skip


def composite(made: Schemas) -> None:
    schema, name = made.schema(), made.name()
    sql, title = f"{quoted(schema)}.{quoted(name)}", dotted(schema, name)
    made.run(f"CREATE TYPE {sql} AS ({quoted('a b')} integer, c text)")
    made.may(
        missing("drop a composite", "composite", title, f"DROP TYPE {sql}"),
        modified("a composite's attribute", "composite", title, "attributes", f"ALTER TYPE {sql} ADD ATTRIBUTE d date"),
        modified("no attribute", "composite", title, "attributes", f"ALTER TYPE {sql} DROP ATTRIBUTE c"),
        modified("comment on a composite", "composite", title, "comment", f"COMMENT ON TYPE {sql} IS 'new'"),
    )


def sequence(made: Schemas) -> None:
    schema, name = made.schema(), made.name()
    sql, title = f"{quoted(schema)}.{quoted(name)}", dotted(schema, name)
    made.run(f"CREATE SEQUENCE {sql} INCREMENT {made.pick(1, 5, -1)} CACHE {made.pick(1, 10)}")
    made.may(
        missing("drop a sequence", "sequence", title, f"DROP SEQUENCE {sql}"),
        modified("a sequence's step", "sequence", title, "increment", f"ALTER SEQUENCE {sql} INCREMENT 9"),
        modified("a sequence's cache", "sequence", title, "cache", f"ALTER SEQUENCE {sql} CACHE 77"),
        modified("a sequence cycles", "sequence", title, "cycle", f"ALTER SEQUENCE {sql} CYCLE"),
        modified("comment on a sequence", "sequence", title, "comment", f"COMMENT ON SEQUENCE {sql} IS 'new'"),
    )


def function(made: Schemas) -> None:
    schema, name = made.schema(), made.name()
    sql, title = f"{quoted(schema)}.{quoted(name)}", dotted(schema, name)
    body = made.pick("SELECT n * 2 -- 100% :x", "SELECT n")
    head = f"CREATE OR REPLACE FUNCTION {sql}(n integer) RETURNS integer LANGUAGE sql IMMUTABLE"
    made.run(f"{head} AS $${body}$$")
    if made.chance():
        made.run(
            f"CREATE FUNCTION {sql}(n text DEFAULT 'a:b', VARIADIC more text[] DEFAULT '{{}}') RETURNS TABLE (a integer, b text) LANGUAGE plpgsql AS $f$BEGIN RETURN; END$f$"
        )
    kind, title = "function", f"{title}(n integer)"
    made.may(
        missing("drop a function", kind, title, f"DROP FUNCTION {sql}(integer)"),
        modified("a function's body", kind, title, "body", f"{head} AS 'SELECT 41 + n'"),
        modified("a function's cost", kind, title, "options", f"ALTER FUNCTION {sql}(integer) COST 7"),
        modified("a function's volatility", kind, title, "volatility", f"ALTER FUNCTION {sql}(integer) STABLE"),
        modified("a function's settings", kind, title, "settings", f"ALTER FUNCTION {sql}(integer) SET work_mem = '9MB'"),
        modified("comment on a function", kind, title, "comment", f"COMMENT ON FUNCTION {sql}(integer) IS 'new'"),
    )  # fmt: skip


def columns(made: Schemas, table: Table) -> list[str]:
    found = []
    for _ in range(made.draw(st.integers(1, 3))):
        name, kind = made.name(), made.pick(*TYPES)
        default = f" DEFAULT {DEFAULTS[kind]}" if made.chance() else ""
        null = " NOT NULL" if made.chance() else ""
        found.append(f"{quoted(name)} {kind}{default}{null}")
        table.spare.append((name, kind))
        start = f"ALTER TABLE {table.sql} ALTER COLUMN {quoted(name)}"
        part = table.part(name)
        made.may(
            missing("drop a column", "column", part, f"ALTER TABLE {table.sql} DROP COLUMN {quoted(name)}"),
            modified("nullability", "column", part, "nullable", f"{start} {'DROP' if null else 'SET'} NOT NULL"),
            modified("comment on a column", "column", part, "comment", f"COMMENT ON COLUMN {table.sql}.{quoted(name)} IS 'a:b %s'"),
            modified("statistics", "column", part, "statistics", f"{start} SET STATISTICS 7"),
            modified("default", "column", part, "default", f"{start} {'DROP DEFAULT' if default else 'SET DEFAULT ' + DEFAULTS[kind]}"),
            Mutation(
                "rename a column",
                (f"ALTER TABLE {table.sql} RENAME COLUMN {quoted(name)} TO {quoted('re ' + name)}",),
                (("missing", "column", part, None), ("extra", "column", table.part("re " + name), None)),
            ),
        )  # fmt: skip
        if kind in WIDER:
            made.may(modified("type", "column", part, "type", f"{start} TYPE {WIDER[kind]}"))
        if kind == "text":
            made.may(
                modified("collation", "column", part, "collation", f'{start} TYPE text COLLATE "C"'),
                modified("storage", "column", part, "storage", f"{start} SET STORAGE EXTERNAL"),
            )
    return found


def special_columns(made: Schemas, table: Table) -> list[str]:
    """Columns whose kind matters: identity, generated, enum, domain, serial."""
    found = []
    table.number, table.words = made.name(), made.name()
    found += [f"{quoted(table.number)} integer NOT NULL", f"{quoted(table.words)} text"]
    identity = made.pick("", "ALWAYS", "BY DEFAULT", "serial")
    name = made.name()
    start = f"ALTER TABLE {table.sql} ALTER COLUMN {quoted(name)}"
    if identity == "serial" and not table.partitioned:
        found.append(f"{quoted(name)} bigserial")
        made.may(modified("no serial default", "column", table.part(name), "default", f"{start} DROP DEFAULT"))
    elif identity and identity != "serial" and not table.partitioned:
        found.append(f"{quoted(name)} bigint GENERATED {identity} AS IDENTITY (START 5 INCREMENT 2)")
        other = "BY DEFAULT" if identity == "ALWAYS" else "ALWAYS"
        made.may(
            modified("identity's kind", "column", table.part(name), "identity", f"{start} SET GENERATED {other}"),
            modified("identity's options", "column", table.part(name), "identity_options", f"{start} SET INCREMENT BY 3 SET CYCLE"),
            Mutation("drop identity", (f"{start} DROP IDENTITY",), (("modified", "column", table.part(name), "identity"), ("modified", "column", table.part(name), "identity_options"))),
        )  # fmt: skip
    if made.chance():
        name = made.name()
        found.append(f"{quoted(name)} integer GENERATED ALWAYS AS ({quoted(table.number)} + 1) STORED")
        start = f"ALTER TABLE {table.sql} ALTER COLUMN {quoted(name)}"
        part = table.part(name)
        made.may(Mutation("generated no more", (f"{start} DROP EXPRESSION",), (("modified", "column", part, "generated"), ("modified", "column", part, "generated_kind"))))  # fmt: skip
    if made.enums and made.chance():
        kind, label = made.pick(*made.enums)
        name = made.name()
        found.append(f"{quoted(name)} {kind} DEFAULT {label}")
        made.may(
            modified("an enum's default", "column", table.part(name), "default", f"ALTER TABLE {table.sql} ALTER COLUMN {quoted(name)} DROP DEFAULT"),
            modified("enum to text", "column", table.part(name), "type", f"ALTER TABLE {table.sql} ALTER COLUMN {quoted(name)} DROP DEFAULT", f"ALTER TABLE {table.sql} ALTER COLUMN {quoted(name)} TYPE text USING {quoted(name)}::text", also=[("modified", "column", table.part(name), "default")]),
        )  # fmt: skip
    if made.domains and made.chance():
        found.append(f"{quoted(made.name())} {made.pick(*made.domains)}")
    return found


def plain_table(made: Schemas) -> None:
    table = Table(made.schema(), made.name())
    parts = special_columns(made, table) + columns(made, table)
    key = made.name()
    table.key = (table.number,) if made.chance() else (table.number, table.words)
    parts.append(f"CONSTRAINT {quoted(key)} PRIMARY KEY ({', '.join(map(quoted, table.key))})")
    options = made.pick("", " WITH (fillfactor = 70)", " WITH (autovacuum_enabled = false)")
    table.unlogged = made.pick("", "", "UNLOGGED ")
    made.run(f"CREATE {table.unlogged}TABLE {table.sql} ({', '.join(parts)}){options}")
    made.tables.append(table)
    start = f"ALTER TABLE {table.sql}"
    made.may(
        modified("options", "table", table.title, "options", f"{start} SET (toast_tuple_target = 256)"),
        modified("row security", "table", table.title, "row_security", f"{start} ENABLE ROW LEVEL SECURITY"),
        modified("forced row security", "table", table.title, "force_row_security", f"{start} FORCE ROW LEVEL SECURITY"),
        modified("replica identity", "table", table.title, "replica_identity", f"{start} REPLICA IDENTITY FULL"),
        modified("identity by index", "table", table.title, "replica_identity", f"{start} REPLICA IDENTITY USING INDEX {quoted(key)}"),
        modified("cluster", "table", table.title, "cluster", f"{start} CLUSTER ON {quoted(key)}"),
        extra("an extra column", "column", table.part("extra %s"), f'{start} ADD COLUMN "extra %s" text NOT NULL DEFAULT \'a:b\''),
        extra("an extra check", "constraint", table.part("x:ck"), f'{start} ADD CONSTRAINT "x:ck" CHECK ({quoted(table.number)} <> 3)'),
        modified("comment on a key", "constraint", table.part(key), "comment", f"COMMENT ON CONSTRAINT {quoted(key)} ON {table.sql} IS 'new'"),
    )  # fmt: skip


def partitioned_table(made: Schemas) -> None:
    table = Table(made.schema(), made.name(), partitioned=True)
    parts = special_columns(made, table) + columns(made, table)
    how = made.pick("RANGE", "LIST", "HASH")
    made.run(f"CREATE TABLE {table.sql} ({', '.join(parts)}) PARTITION BY {how} ({quoted(table.number)})")
    bounds = {
        "RANGE": ("FROM (1) TO (10)", "FROM (10) TO (MAXVALUE)", "FROM (MINVALUE) TO (0)"),
        "LIST": ("IN (1, 2)", "IN (3)", "IN (4)"),
        "HASH": ("WITH (MODULUS 4, REMAINDER 0)", "WITH (MODULUS 4, REMAINDER 1)", "WITH (MODULUS 4, REMAINDER 2)"),
    }[how]
    names = [made.name() for _ in bounds]
    for name, bound in zip(names[:2], bounds, strict=False):
        made.run(f"CREATE TABLE {quoted(table.schema)}.{quoted(name)} PARTITION OF {table.sql} FOR VALUES {bound}")
    if made.chance():
        key = made.name()
        made.run(f"ALTER TABLE {table.sql} ADD CONSTRAINT {quoted(key)} PRIMARY KEY ({quoted(table.number)})")
        table.key = (table.number,)
        made.may(missing("drop a partitioned key", "constraint", table.part(key), f"ALTER TABLE {table.sql} DROP CONSTRAINT {quoted(key)} CASCADE"))  # fmt: skip
    made.tables.append(table)
    table.heirs += [dotted(table.schema, name) for name in names[:2]]
    sql = [f"{quoted(table.schema)}.{quoted(name)}" for name in names]
    made.may(
        extra("an extra partition", "table", dotted(table.schema, names[2]), f"CREATE TABLE {sql[2]} PARTITION OF {table.sql} FOR VALUES {bounds[2]}"),
        missing("drop a partition", "table", dotted(table.schema, names[0]), f"DROP TABLE {sql[0]}"),
        extra("an extra column everywhere", "column", table.part("more"), f"ALTER TABLE {table.sql} ADD COLUMN more integer"),
    )  # fmt: skip


def inheriting_table(made: Schemas) -> None:
    parents = [table for table in made.tables if not table.partitioned]
    if not parents:
        return
    parent = made.pick(*parents)
    table = Table(made.schema(), made.name(), number=parent.number, words=parent.words)
    made.run(f"CREATE TABLE {table.sql} ({', '.join(columns(made, table))}) INHERITS ({parent.sql})")
    for above in made.tables:
        if above is parent or parent.title in above.heirs:
            above.heirs.append(table.title)
    made.tables.append(table)


def constraints(made: Schemas) -> None:
    if not made.tables:
        return
    table = made.pick(*made.tables)
    name, start = made.name(), f"ALTER TABLE {table.sql}"
    number = quoted(table.number)
    keyed = [
        other
        for other in made.tables
        if other.key == (other.number,) and not other.partitioned and other.unlogged in ("", table.unlogged)
    ]
    kind = made.pick("check", "unique", "foreign key", "exclusion", "not valid")
    if kind == "check":
        made.run(f"{start} ADD CONSTRAINT {quoted(name)} CHECK ({number} > 0 AND {quoted(table.words)} <> '%s:x')")
        change = f"{start} ADD CONSTRAINT {quoted(name)} CHECK ({number} > 1)"
    elif kind == "unique":
        made.run(f"{start} ADD CONSTRAINT {quoted(name)} UNIQUE NULLS NOT DISTINCT ({number})")
        change = f"{start} ADD CONSTRAINT {quoted(name)} UNIQUE ({number})"
    elif kind == "foreign key" and keyed:
        far = made.pick(*keyed)
        key = f"FOREIGN KEY ({number}) REFERENCES {far.sql} ({quoted(far.number)})"
        made.run(f"{start} ADD CONSTRAINT {quoted(name)} {key} ON DELETE CASCADE DEFERRABLE")
        change = f"{start} ADD CONSTRAINT {quoted(name)} {key} ON UPDATE SET NULL"
    elif kind == "exclusion" and not table.partitioned:
        made.run(
            f"{start} ADD CONSTRAINT {quoted(name)} EXCLUDE USING gist (int4range({number}, {number} + 1) WITH &&) WHERE ({number} > 5)"
        )
        change = f"{start} ADD CONSTRAINT {quoted(name)} EXCLUDE USING gist (int4range({number}, {number} + 2) WITH &&)"
    else:
        made.run(f"{start} ADD CONSTRAINT {quoted(name)} CHECK ({number} < 100) NOT VALID")
        made.may(
            modified(
                "validate a check",
                "constraint",
                table.part(name),
                "validated",
                f"{start} VALIDATE CONSTRAINT {quoted(name)}",
            )
        )
        return
    drop = f"{start} DROP CONSTRAINT {quoted(name)}"
    made.may(
        missing("drop a constraint", "constraint", table.part(name), drop),
        modified("change a constraint", "constraint", table.part(name), "definition", drop, change),
        modified("comment on a constraint", "constraint", table.part(name), "comment", f"COMMENT ON CONSTRAINT {quoted(name)} ON {table.sql} IS 'new'"),
    )  # fmt: skip


def indexes(made: Schemas) -> None:
    if not made.tables:
        return
    table, name = made.pick(*made.tables), made.name()
    number, words = quoted(table.number), quoted(table.words)
    what = made.pick(
        f"({number} DESC NULLS LAST)", f"(lower({words}))", f"({words} text_pattern_ops)", f"({number}) INCLUDE ({words})",
        f"({number}) WHERE {words} <> 'a:b %s'", f"USING hash ({words})", f"USING gist (int4range({number}, {number} + 9))",
        f"(({number} + 1), {words})", f'({words} COLLATE "C")', f"USING brin ({number}) WITH (pages_per_range = 7)",
    )  # fmt: skip
    sql = f"{quoted(table.schema)}.{quoted(name)}"
    made.run(f"CREATE INDEX {quoted(name)} ON {table.sql} {what}")
    made.may(
        missing("drop an index", "index", table.part(name), f"DROP INDEX {sql}"),
        modified("change an index", "index", table.part(name), "definition", f"DROP INDEX {sql}", f"CREATE INDEX {quoted(name)} ON {table.sql} ({number}, {words})"),
        modified("comment on an index", "index", table.part(name), "comment", f"COMMENT ON INDEX {sql} IS 'new'"),
        Mutation("rename an index", (f"ALTER INDEX {sql} RENAME TO {quoted('re ' + name)}",), (("missing", "index", table.part(name), None), ("extra", "index", table.part("re " + name), None))),
    )  # fmt: skip


def views(made: Schemas) -> None:
    if not made.tables:
        return
    under = made.pick(*(made.tables + made.views))
    view = Table(made.schema(), made.name(), number=under.number, words=under.words)
    stored = made.chance()
    kind = "MATERIALIZED VIEW" if stored else "VIEW"
    number, words = quoted(under.number), quoted(under.words)
    head = f"{kind} {view.sql}"
    made.run(f"CREATE {head} AS SELECT {number}, {words} FROM {under.sql} u WHERE {number} > 1 AND {words} <> 'a:b %s'")
    made.views.append(view)
    noun = "materialized_view" if stored else "view"
    made.may(
        modified("comment on a view", noun, view.title, "comment", f"COMMENT ON {head} IS 'new'"),
        modified("comment on a view's column", noun, view.title, "column_comments", f"COMMENT ON COLUMN {view.sql}.{number} IS 'a: b'"),
        extra("a view over it", "view", view.title + " over", f"CREATE VIEW {quoted(view.schema)}.{quoted(view.name + ' over')} AS SELECT * FROM {view.sql}"),
    )  # fmt: skip
    if stored and made.chance():
        name = made.name()
        made.run(f"CREATE UNIQUE INDEX {quoted(name)} ON {view.sql} ({number})")
        made.may(
            missing("drop a view's index", "index", view.part(name), f"DROP INDEX {quoted(view.schema)}.{quoted(name)}")
        )
    elif stored:
        made.may(modified("an empty view", noun, view.title, "populated", f"REFRESH {head} WITH NO DATA"))
    else:
        made.may(
            modified("a view's options", noun, view.title, "options", f"ALTER VIEW {view.sql} SET (security_barrier = true)"),
            modified("a view's query", noun, view.title, "definition", f"CREATE OR REPLACE {head} AS SELECT {number}, {words} FROM {under.sql} u WHERE {number} > 2"),
        )  # fmt: skip


def security(made: Schemas) -> None:
    tables = [table for table in made.tables if table.number]
    if not tables:
        return
    table, name = made.pick(*tables), made.name()
    number = quoted(table.number)
    made.run(
        f"CREATE POLICY {quoted(name)} ON {table.sql} AS {made.pick('PERMISSIVE', 'RESTRICTIVE')} FOR {made.pick('ALL', 'UPDATE')} USING ({number} > 0) WITH CHECK ({quoted(table.words)} <> '%:a')"
    )
    made.may(
        missing("drop a policy", "policy", table.part(name), f"DROP POLICY {quoted(name)} ON {table.sql}"),
        modified("a policy's condition", "policy", table.part(name), "using", f"ALTER POLICY {quoted(name)} ON {table.sql} USING ({number} > 5)"),
        modified("a policy's check", "policy", table.part(name), "check", f"ALTER POLICY {quoted(name)} ON {table.sql} WITH CHECK (true)"),
        modified("a policy's roles", "policy", table.part(name), "roles", f"ALTER POLICY {quoted(name)} ON {table.sql} TO CURRENT_USER"),
    )  # fmt: skip


def triggers(made: Schemas) -> None:
    if not made.tables:
        return
    table, name = made.pick(*made.tables), made.name()
    code = f"{quoted(made.schema())}.{quoted(made.name())}"
    made.run(f"CREATE FUNCTION {code}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN\n  -- a:b %s\n  RETURN NEW; END$$")
    when = made.pick("BEFORE INSERT", f"AFTER UPDATE OF {quoted(table.number)}", "AFTER DELETE")
    end = f"ON {table.sql} FOR EACH ROW EXECUTE FUNCTION {code}()"
    made.run(f"CREATE TRIGGER {quoted(name)} {when} {end}")
    made.may(
        missing("drop a trigger", "trigger", table.part(name), f"DROP TRIGGER {quoted(name)} ON {table.sql}"),
        modified("a trigger disabled", "trigger", table.part(name), "enabled", f"ALTER TABLE {table.sql} DISABLE TRIGGER {quoted(name)}"),
        modified("a trigger's event", "trigger", table.part(name), "definition", f"CREATE OR REPLACE TRIGGER {quoted(name)} AFTER INSERT OR UPDATE {end}"),
        modified("comment on a trigger", "trigger", table.part(name), "comment", f"COMMENT ON TRIGGER {quoted(name)} ON {table.sql} IS 'new'"),
    )  # fmt: skip


def rules(made: Schemas) -> None:
    tables = [table for table in made.tables if not table.partitioned]
    if not tables:
        return
    table, name = made.pick(*tables), made.name()
    made.run(
        f"CREATE RULE {quoted(name)} AS ON UPDATE TO {table.sql} WHERE old.{quoted(table.number)} > 5 DO INSTEAD NOTHING"
    )
    made.may(
        missing("drop a rule", "rule", table.part(name), f"DROP RULE {quoted(name)} ON {table.sql}"),
        modified(
            "a rule disabled",
            "rule",
            table.part(name),
            "enabled",
            f"ALTER TABLE {table.sql} DISABLE RULE {quoted(name)}",
        ),
    )


def statistics(made: Schemas) -> None:
    if not made.tables:
        return
    table, name = made.pick(*made.tables), made.name()
    sql = f"{quoted(table.schema)}.{quoted(name)}"
    made.run(f"CREATE STATISTICS {sql} (ndistinct) ON {quoted(table.number)}, {quoted(table.words)} FROM {table.sql}")
    made.may(
        missing("drop statistics", "statistics", dotted(table.schema, name), f"DROP STATISTICS {sql}"),
        modified("statistics' target", "statistics", dotted(table.schema, name), "target", f"ALTER STATISTICS {sql} SET STATISTICS 9"),
    )  # fmt: skip


def comments(made: Schemas) -> None:
    if not made.tables:
        return
    table = made.pick(*made.tables)
    made.run(f"COMMENT ON TABLE {table.sql} IS 'a:b %s \\ ''x'''")
    made.may(
        modified("another comment", "table", table.title, "comment", f"COMMENT ON TABLE {table.sql} IS 'other'"),
        modified("no comment", "table", table.title, "comment", f"COMMENT ON TABLE {table.sql} IS NULL"),
    )


TYPES_FIRST: tuple[Callable[[Schemas], None], ...] = (enum, domain, composite, sequence, function)
ON_TABLES: tuple[Callable[[Schemas], None], ...] = (
    constraints, indexes, indexes, views, views, security, triggers, rules, statistics, inheriting_table, comments,
)  # fmt: skip


@st.composite
def schemas(draw: DrawFn) -> Schemas:
    """Make a schema of some types, one to three tables, and up to a dozen features on them."""
    made = Schemas(draw)
    for feature in draw(st.lists(st.sampled_from(TYPES_FIRST), min_size=1, max_size=4)):
        feature(made)
    for feature in draw(
        st.lists(st.sampled_from((plain_table, plain_table, partitioned_table)), min_size=1, max_size=3)
    ):
        feature(made)
    for feature in draw(st.lists(st.sampled_from(ON_TABLES), min_size=4, max_size=12)):
        feature(made)
    return made
