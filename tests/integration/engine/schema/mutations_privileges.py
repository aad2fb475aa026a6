"""A PostgreSQL schema whose owners and privileges were set, and the ways to change them by hand."""

from __future__ import annotations

from mutations import Mutation, extra, missing, modified

ROLES = ("alice", '"Bob: b"', "carol")

BASE = """
CREATE SCHEMA side
CREATE TYPE mood AS ENUM ('sad', 'ok')
CREATE DOMAIN mail AS text
CREATE SEQUENCE ticket
CREATE TABLE users (id serial PRIMARY KEY, mail text, "a, b" text)
CREATE TABLE plain (a integer)
CREATE TABLE side.far (a integer)
CREATE VIEW shown AS SELECT id, mail FROM users
CREATE MATERIALIZED VIEW stored AS SELECT id FROM users
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n'
CREATE PROCEDURE sweep() LANGUAGE plpgsql AS 'BEGIN NULL; END'
CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer)
GRANT SELECT, INSERT ON users TO alice
GRANT UPDATE (mail, "a, b") ON users TO alice
GRANT SELECT ON shown TO alice, "Bob: b" WITH GRANT OPTION
GRANT USAGE ON SEQUENCE ticket TO alice
REVOKE EXECUTE ON FUNCTION twice FROM PUBLIC
GRANT USAGE ON SCHEMA tenant TO alice
ALTER DEFAULT PRIVILEGES IN SCHEMA tenant GRANT SELECT ON TABLES TO carol
ALTER DEFAULT PRIVILEGES FOR ROLE alice IN SCHEMA side GRANT EXECUTE ON FUNCTIONS TO carol
""".strip().splitlines()


def privileges(title: str, kind: str, name: str, *sql: str) -> Mutation:
    return modified(title, kind, name, "privileges", *sql)


def owner(title: str, kind: str, name: str, *sql: str) -> Mutation:
    return modified(title, kind, name, "owner", *sql)


MUTATIONS = (
    privileges("grant on a table", "table", "plain", 'GRANT SELECT, DELETE ON plain TO "Bob: b"'),
    privileges("grant to PUBLIC", "table", "plain", "GRANT SELECT ON plain TO PUBLIC"),
    privileges("revoke from a role", "table", "users", "REVOKE INSERT ON users FROM alice"),
    privileges("revoke from the owner", "table", "users", "REVOKE TRUNCATE ON users FROM CURRENT_USER"),
    privileges("grant on columns", "table", "plain", "GRANT SELECT (a) ON plain TO alice"),
    privileges("revoke a column", "table", "users", "REVOKE UPDATE (mail) ON users FROM alice"),
    privileges("revoke what columns have, too", "table", "users", "GRANT UPDATE ON users TO alice"),
    privileges("grant the right to grant", "table", "users", "GRANT SELECT ON users TO alice WITH GRANT OPTION"),
    privileges("take the right to grant", "view", "shown", "REVOKE GRANT OPTION FOR SELECT ON shown FROM alice"),
    privileges("grant on a materialised view", "materialized_view", "stored", "GRANT SELECT ON stored TO alice"),
    privileges("grant on a sequence", "sequence", "ticket", "GRANT UPDATE ON SEQUENCE ticket TO alice"),
    privileges("let PUBLIC call a function", "function", "twice(n integer)", "GRANT EXECUTE ON FUNCTION twice TO PUBLIC"),
    privileges("keep PUBLIC from a procedure", "procedure", "sweep()", "REVOKE ALL ON PROCEDURE sweep FROM PUBLIC"),
    privileges("grant on an aggregate", "aggregate", "total(integer)", "GRANT EXECUTE ON FUNCTION total(integer) TO alice"),
    privileges("keep PUBLIC from a type", "enum", "mood", "REVOKE USAGE ON TYPE mood FROM PUBLIC"),
    privileges("grant on a domain", "domain", "mail", "GRANT USAGE ON DOMAIN mail TO alice WITH GRANT OPTION"),
    privileges("let a role create in the schema", "schema", ".", "GRANT CREATE ON SCHEMA tenant TO alice"),
    privileges("grant on another schema", "schema", "side", "GRANT USAGE ON SCHEMA side TO alice"),
    privileges("grant on a table of another schema", "table", "side.far", "GRANT SELECT ON side.far TO alice"),
    owner("give a table away", "table", "plain", "ALTER TABLE plain OWNER TO alice"),
    owner("give a table with privileges away", "table", "users", 'ALTER TABLE users OWNER TO "Bob: b"'),
    owner("give a view away", "view", "shown", "ALTER VIEW shown OWNER TO carol"),
    owner("give a function away", "function", "twice(n integer)", "ALTER FUNCTION twice OWNER TO alice"),
    owner("give a type away", "enum", "mood", "ALTER TYPE mood OWNER TO alice"),
    owner("give a sequence away", "sequence", "ticket", "ALTER SEQUENCE ticket OWNER TO carol"),
    owner("give the schema away", "schema", ".", "ALTER SCHEMA tenant OWNER TO carol"),
    missing("drop default privileges", "default_privileges", "postgres.tables", "ALTER DEFAULT PRIVILEGES IN SCHEMA tenant REVOKE SELECT ON TABLES FROM carol"),
    extra("set default privileges", "default_privileges", "alice.types", "ALTER DEFAULT PRIVILEGES FOR ROLE alice IN SCHEMA tenant GRANT USAGE ON TYPES TO carol"),
    privileges("change default privileges", "default_privileges", "side.alice.functions", 'ALTER DEFAULT PRIVILEGES FOR ROLE alice IN SCHEMA side GRANT EXECUTE ON FUNCTIONS TO "Bob: b"'),
    missing("drop a view with privileges", "view", "shown", "DROP VIEW shown"),
    missing("drop a table with privileges and a view", "table", "plain", "DROP TABLE plain"),
    Mutation("change a type under a view with privileges", ("DROP VIEW shown", "ALTER TABLE users ALTER mail TYPE varchar(9)", "CREATE VIEW shown AS SELECT id, mail FROM users"), (("modified", "column", "users.mail", "type"), ("modified", "view", "shown", "columns"), ("modified", "view", "shown", "privileges"))),
)  # fmt: skip
