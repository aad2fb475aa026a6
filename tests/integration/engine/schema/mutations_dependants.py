"""What a PostgreSQL server refuses to change a column's type under: one small schema for each, made with one type or another."""

from __future__ import annotations

from dataclasses import dataclass

from mutations import Expected, Mutation


@dataclass(frozen=True)
class Dependant:
    """A schema whose columns' type somebody changed, with what hangs on them.

    Attributes:
        title: what hangs on the column.
        base: the statements; ``{type}`` is the type in question.
        found: what is reported beside the type of ``t.a``.
        types: how it should be, and what somebody made of it.
        instead: what is reported where it is not the type of ``t.a``.
        reason: words of the answer where a repair is refused.
    """

    title: str
    base: str
    found: tuple[Expected, ...] = ()
    types: tuple[str, str] = ("integer", "bigint")
    reason: str = ""
    instead: tuple[Expected, ...] = ()

    @property
    def mutation(self) -> Mutation:
        found = self.instead or (("modified", "column", "t.a", "type"), *self.found)
        return Mutation(f"change a type under {self.title}", (), found, not self.reason, self.reason, not self.reason)

    def statements(self, kind: str) -> list[str]:
        return [line for line in self.base.replace("{type}", kind).splitlines() if line]


def retyped(kind: str, name: str, attribute: str = "type") -> Expected:
    return ("modified", kind, name, attribute)


DEPENDANTS = (
    Dependant(
        "a generated column with all that hangs on it",
        """
CREATE TABLE t (id integer PRIMARY KEY, a {type}, b text, g bigint GENERATED ALWAYS AS (a * 2) STORED NOT NULL, CONSTRAINT t_g UNIQUE (g), CONSTRAINT t_check CHECK (g > id))
CREATE TABLE far (g bigint CONSTRAINT far_g REFERENCES t (g))
CREATE INDEX t_by_g ON t (b) WHERE g > 5
CREATE UNIQUE INDEX t_both ON t (g, id)
CREATE STATISTICS t_stat ON g, b FROM t
CREATE VIEW v AS SELECT g AS gone, b FROM t
CREATE MATERIALIZED VIEW w AS SELECT gone FROM v
CREATE INDEX w_gone ON w (gone)
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
CREATE TRIGGER t_touch AFTER UPDATE ON t FOR EACH ROW WHEN (OLD.g > 3) EXECUTE FUNCTION touch()
CREATE POLICY t_own ON t USING (g > 0)
ALTER TABLE t CLUSTER ON t_g, REPLICA IDENTITY USING INDEX t_both, ALTER g SET STATISTICS 7
COMMENT ON COLUMN t.g IS 'twice'
COMMENT ON CONSTRAINT t_g ON t IS 'once'
INSERT INTO t VALUES (1, 2, 'x')
""",
    ),
    Dependant(
        "a generated column of its own type",
        """
CREATE TABLE t (a {type}, g {type} GENERATED ALWAYS AS (a) STORED)
INSERT INTO t VALUES (5)
""",
        (retyped("column", "t.g"),),
    ),
    Dependant("an index's expression", "CREATE TABLE t (a {type})\nCREATE INDEX i ON t ((a + 1)) WHERE a > 3"),
    Dependant(
        "an index that is marked for CLUSTER and for replication",
        """
CREATE TABLE t (a {type} NOT NULL, b {type} NOT NULL, CONSTRAINT t_order CHECK (a < b))
CREATE UNIQUE INDEX t_marked ON t (a, b)
CREATE INDEX t_sum ON t ((a + b)) WITH (fillfactor = 70)
ALTER TABLE t CLUSTER ON t_sum, REPLICA IDENTITY USING INDEX t_marked
ALTER INDEX t_sum ALTER COLUMN 1 SET STATISTICS 99
INSERT INTO t VALUES (1, 2)
""",
        (retyped("column", "t.b"),),
    ),
    Dependant(
        "checks, an exclusion, statistics and indexes over two columns",
        """
CREATE TABLE t (a {type}, b {type}, c text, CONSTRAINT t_order CHECK (a < b), CONSTRAINT t_key UNIQUE (a, b), CONSTRAINT t_apart EXCLUDE USING btree (c WITH =) WHERE (a = b))
CREATE INDEX t_greatest ON t ((GREATEST(a, b)))
CREATE INDEX t_where ON t (c) WHERE a > b
CREATE STATISTICS t_stat ON (GREATEST(a, b)), (LEAST(a, b)) FROM t
""",
        (retyped("column", "t.b"),),
        ("integer", "uuid"),
    ),
    Dependant(
        "a foreign key, at both ends of it",
        """
CREATE TABLE t (a {type} PRIMARY KEY)
CREATE TABLE other (a {type} CONSTRAINT other_key REFERENCES t (a) ON DELETE CASCADE, above {type})
""",
        (retyped("column", "other.a"), retyped("column", "other.above")),
        ("integer", "uuid"),
    ),
    Dependant(
        "views upon views with rules, triggers and comments",
        """
CREATE TABLE t (a {type}, b text)
CREATE VIEW v WITH (security_barrier) AS SELECT b FROM t WHERE a > 3
CREATE MATERIALIZED VIEW w AS SELECT b FROM v
CREATE UNIQUE INDEX w_b ON w (b)
CREATE RULE v_quiet AS ON DELETE TO v DO INSTEAD NOTHING
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
CREATE TRIGGER v_touch INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION touch()
COMMENT ON COLUMN v.b IS 'the b'
COMMENT ON INDEX w_b IS 'key'
""",
    ),
    Dependant(
        "a view that shows it",
        "CREATE TABLE t (a {type})\nCREATE VIEW v AS SELECT a FROM t",
        (retyped("view", "v", "columns"),),
    ),
    Dependant(
        "the rule of another table",
        "CREATE TABLE t (a {type})\nCREATE TABLE log (b bigint)\nCREATE RULE noted AS ON INSERT TO log DO ALSO UPDATE t SET a = 1",
    ),
    Dependant(
        "a policy, and one of another table",
        """
CREATE TABLE t (a {type})
CREATE TABLE log (b bigint)
CREATE POLICY own ON t FOR SELECT TO PUBLIC USING (a > 0)
CREATE POLICY seen ON log AS RESTRICTIVE USING (EXISTS (SELECT 1 FROM t WHERE t.a = log.b))
COMMENT ON POLICY seen ON log IS 'who'
""",
    ),
    Dependant(
        "a trigger that watches it",
        """
CREATE TABLE t (a {type}, b text)
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
CREATE TRIGGER t_of BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION touch('x')
CREATE TRIGGER t_when BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION touch()
ALTER TABLE t DISABLE TRIGGER t_when
""",
    ),
    Dependant(
        "functions with a standard body",
        """
CREATE TABLE t (a {type}, b text)
CREATE FUNCTION of_t(wanted integer DEFAULT 7) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT b FROM t WHERE a = wanted; END
CREATE VIEW v AS SELECT of_t(3) AS b, t.a > 5 AS big FROM t
CREATE FUNCTION of_v() RETURNS SETOF boolean LANGUAGE sql BEGIN ATOMIC SELECT big FROM v; END
CREATE VIEW over AS SELECT of_v() AS big
CREATE PROCEDURE sweep() LANGUAGE sql BEGIN ATOMIC DELETE FROM t WHERE a = 1; END
""",
    ),
    Dependant(
        "a check of an enum, a view and a generated column",
        """
CREATE TYPE mood AS ENUM ({type})
CREATE TABLE t (a text, m mood DEFAULT 'sad', CONSTRAINT t_sad CHECK (m <> 'ok'::mood), g boolean GENERATED ALWAYS AS (m = 'sad'::mood) STORED)
CREATE INDEX t_when ON t (a) WHERE m = 'sad'
CREATE VIEW v AS SELECT 'sad'::mood AS m
CREATE POLICY own ON t USING (m = 'ok')
""",
        types=("'sad', 'ok'", "'sad', 'ok', 'new'"),
        instead=(retyped("enum", "mood", "labels"),),
    ),
    Dependant(
        "what inherits it, each with its own",
        """
CREATE TABLE t (a {type}, g bigint GENERATED ALWAYS AS (a + 1) STORED)
CREATE TABLE child (b text) INHERITS (t)
CREATE TABLE merged (a {type}, b text) INHERITS (t)
CREATE INDEX child_g ON child (g)
CREATE VIEW of_child AS SELECT b FROM child WHERE a > 1 AND g > 1
CREATE POLICY own ON merged USING (a > 0 OR g > 0)
""",
        (retyped("column", "child.a"), retyped("column", "merged.a")),
    ),
    Dependant(
        "partitions, one of them attached",
        """
CREATE TABLE t (a {type}, day date, g bigint GENERATED ALWAYS AS (a + 1) STORED) PARTITION BY RANGE (day)
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
CREATE TABLE t_2 (a {type}, day date, g bigint GENERATED ALWAYS AS (a + 1) STORED)
ALTER TABLE t ATTACH PARTITION t_2 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
CREATE INDEX t_g ON t (g)
CREATE INDEX t_2_g ON t_2 ((g + a))
CREATE VIEW v AS SELECT day FROM t_2 WHERE a > 1
""",
        (retyped("column", "t_1.a"), retyped("column", "t_2.a")),
    ),
    Dependant(
        "a default that is cast",
        "CREATE TABLE t (a {type} DEFAULT '5', b text)\nINSERT INTO t (b) VALUES ('x')",
        (retyped("column", "t.a", "default"),),
        ("integer", "text"),
    ),
    Dependant(
        "a partition key",
        "CREATE TABLE t (a {type}) PARTITION BY RANGE (a)",
        reason="partition key; make the table again by hand",
    ),
    Dependant(
        "a column that holds rows of the table",
        "CREATE TABLE t (a {type})\nCREATE TABLE holds (r t)",
        reason="holds.r holds rows of its table",
    ),
)
