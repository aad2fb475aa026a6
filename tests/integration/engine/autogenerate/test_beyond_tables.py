"""Promise: what Alembic cannot compare is compared when asked for, both ways, and leaves nothing to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from round_trips import compared, round_trip
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from stillhouse_engine.autogenerate import Function, MaterializedView, Procedure, Trigger, View
from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.postgresql


@pytest.fixture
def engine(postgres_server, postgres_database) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgres_server.url(postgres_database(), "psycopg"))
    yield engine
    engine.dispose()


def users(metadata: sa.MetaData, *items, **kw) -> sa.Table:
    return sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), *items, **kw)


USERS = "CREATE TABLE users (id serial PRIMARY KEY)"


def test_added_enum_values_get_their_places(engine):
    metadata = sa.MetaData()
    users(metadata, sa.Column("state", sa.Enum("draft", "new", "active", "gone", name="state")))
    trip = round_trip(
        engine,
        [
            "CREATE TYPE state AS ENUM ('new', 'active')",
            "CREATE TABLE users (id serial PRIMARY KEY, state state DEFAULT 'new')",
            "CREATE VIEW newest AS SELECT state FROM users",
        ],
        metadata,
        "enum_values",
    )
    assert trip.upgrade == (
        "with op.get_context().autocommit_block():\n"
        "    op.execute(\"ALTER TYPE state ADD VALUE IF NOT EXISTS 'draft' BEFORE 'new'\")\n"
        "    op.execute(\"ALTER TYPE state ADD VALUE IF NOT EXISTS 'gone' AFTER 'active'\")"
    )
    assert trip.diffs == [("modify_enum", "state", ("new", "active"), ("draft", "new", "active", "gone"))]


def test_a_removed_enum_value_makes_the_type_anew(engine):
    metadata = sa.MetaData()
    users(metadata, sa.Column("state", sa.Enum("new", name="state")))
    trip = round_trip(
        engine,
        [
            "CREATE TYPE state AS ENUM ('new', 'active')",
            "CREATE TABLE users (id serial PRIMARY KEY, state state DEFAULT 'new')",
        ],
        metadata,
        "enum_values",
    )
    assert trip.upgrade.startswith(
        "# Makes the type anew. Fails while rows hold a value that it will not have:\n# change"
    )
    assert "autocommit_block" in trip.downgrade


def test_an_enum_type_comes_and_goes_with_its_column(engine):
    metadata = sa.MetaData()
    users(metadata, sa.Column("state", sa.Enum("new", name="state")))
    sa.Table("others", metadata, sa.Column("kind", sa.Enum("a", "b", name="kind")))
    trip = round_trip(
        engine,
        [
            "CREATE TYPE mood AS ENUM ('good', 'bad')",
            "CREATE TABLE users (id serial PRIMARY KEY, mood mood)",
            "CREATE TYPE left_over AS ENUM ('x')",
            "CREATE TYPE tone AS ENUM ('high')",
            "CREATE TABLE going (tone tone)",
        ],
        metadata,
        "enum_values",
    )
    assert trip.upgrade.splitlines()[0] == "op.execute(\"CREATE TYPE state AS ENUM ('new')\")"
    assert "op.execute('DROP TYPE mood')" in trip.upgrade


def test_primary_keys(engine):
    metadata = sa.MetaData()
    sa.Table("added", metadata, sa.Column("a", sa.Integer, primary_key=True, autoincrement=False))
    sa.Table(
        "changed",
        metadata,
        sa.Column("a", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("b", sa.Integer, primary_key=True, autoincrement=False),
    )
    sa.Table("removed", metadata, sa.Column("a", sa.Integer, nullable=False))
    trip = round_trip(
        engine,
        [
            "CREATE TABLE added (a integer NOT NULL)",
            "CREATE TABLE changed (a integer NOT NULL, b integer NOT NULL, PRIMARY KEY (a))",
            "CREATE TABLE removed (a integer NOT NULL, CONSTRAINT removed_key PRIMARY KEY (a))",
        ],
        metadata,
        "primary_keys",
    )
    assert trip.upgrade.splitlines() == [
        "op.create_primary_key('added_pkey', 'added', ['a'])",
        "op.drop_constraint(op.f('changed_pkey'), 'changed', type_='primary')",
        "op.create_primary_key(op.f('changed_pkey'), 'changed', ['a', 'b'])",
        "op.drop_constraint(op.f('removed_key'), 'removed', type_='primary')",
    ]


def test_sequences(engine):
    metadata = sa.MetaData()
    sa.Sequence("added", start=100, increment=5, metadata=metadata)
    sa.Sequence("changed", increment=2, cycle=True, maxvalue=1000, data_type=sa.Integer, metadata=metadata)
    sa.Sequence("same", metadata=metadata)
    users(metadata)
    trip = round_trip(
        engine,
        [
            USERS,
            "CREATE SEQUENCE changed AS integer",
            "CREATE SEQUENCE removed INCREMENT BY -1 CACHE 7",
            "CREATE SEQUENCE same",
        ],
        metadata,
        "sequences",
    )
    assert trip.upgrade.splitlines() == [
        "op.execute('CREATE SEQUENCE added INCREMENT BY 5 START WITH 100')",
        "op.execute('ALTER SEQUENCE changed INCREMENT BY 2 MAXVALUE 1000 CYCLE')",
        "op.execute('DROP SEQUENCE removed')",
    ]


def test_check_texts(engine):
    metadata = sa.MetaData()
    amount = sa.Column("amount", sa.Numeric(12, 2))
    users(
        metadata,
        amount,
        sa.Column("state", sa.String(10)),
        sa.Column("flag", sa.Boolean(create_constraint=True, name="flag_known")),
        sa.CheckConstraint("amount >= 0 and state in ('a', 'b')", name="same"),
        sa.CheckConstraint(amount < 100, name="changed"),
        sa.CheckConstraint("state <> '50%'", name="added"),
        sa.CheckConstraint("amount <> 13"),
    )
    trip = round_trip(
        engine,
        [
            """CREATE TABLE users (id serial PRIMARY KEY, amount numeric(12, 2), state varchar(10), flag boolean,
            CONSTRAINT same CHECK (amount >= 0 AND state IN ('a', 'b')), CONSTRAINT changed CHECK (amount < 50),
            CONSTRAINT removed CHECK (amount < 70), CHECK (amount <> 13))""",
        ],
        metadata,
        "check_texts",
    )
    assert trip.upgrade.splitlines() == [
        "op.drop_constraint(op.f('removed'), 'users', type_='check')",
        "op.drop_constraint(op.f('changed'), 'users', type_='check')",
        "op.create_check_constraint('changed', 'users', 'amount < 100')",
        "op.create_check_constraint('added', 'users', \"state <> '50%'\")",
    ]


def test_check_texts_take_the_place_of_checks_by_name(engine):
    metadata = sa.MetaData()
    users(metadata, sa.CheckConstraint("id > 0", name="positive"))
    trip = round_trip(
        engine, [USERS], metadata, "check_texts", autogenerate_plugins=[
            "alembic.autogenerate.*", "alembic.ext.checkconstraint_byname", "stillhouse.autogenerate.check_texts",
        ],
    )  # fmt: skip
    assert trip.upgrade == "op.create_check_constraint('positive', 'users', 'id > 0')"


def test_exclusion_constraints(engine):
    metadata = sa.MetaData()
    sa.Table(
        "bookings",
        metadata,
        sa.Column("room", sa.dialects.postgresql.INT4RANGE),
        sa.Column("open", sa.Boolean),
        ExcludeConstraint(("room", "&&"), name="same", using="gist"),
        ExcludeConstraint(("room", "&&"), name="changed", using="gist", where=sa.text("open")),
        ExcludeConstraint(("room", "-|-"), name="added", using="gist"),
    )
    trip = round_trip(
        engine,
        [
            """CREATE TABLE bookings (room int4range, open boolean, CONSTRAINT same EXCLUDE USING gist (room WITH &&),
            CONSTRAINT changed EXCLUDE USING gist (room WITH &&) WHERE (NOT open),
            CONSTRAINT removed EXCLUDE USING gist (room WITH &&, int4range(1, lower(room)) WITH =) WHERE (open) DEFERRABLE INITIALLY DEFERRED)""",
        ],
        metadata,
        "exclude_constraints",
    )
    assert trip.upgrade.splitlines() == [
        "op.drop_constraint(op.f('removed'), 'bookings')",
        "op.drop_constraint(op.f('changed'), 'bookings')",
        "op.create_exclude_constraint('changed', 'bookings', (sa.column('room'), '&&'), where=sa.text('open'), using='gist')",
        "op.create_exclude_constraint('added', 'bookings', (sa.column('room'), '-|-'), using='gist')",
    ]


def test_views(engine):
    metadata = sa.MetaData()
    table = users(metadata, sa.Column("name", sa.Text), sa.Column("age", sa.BigInteger))
    View("same", metadata, "select id, name from users where name <> ':x' and age > 3;")
    View("other_columns", metadata, sa.select(table.c.id, table.c.name).where(table.c.name.like("50%")))
    View("on_top", metadata, "SELECT id FROM other_columns")
    View("replaced", metadata, "SELECT id\nFROM users\nWHERE id > 10")
    View("added", metadata, "SELECT age FROM users")
    MaterializedView("stored", metadata, "SELECT id, age FROM users")
    trip = round_trip(
        engine,
        [
            "CREATE TABLE users (id serial PRIMARY KEY, name text, age integer)",
            "CREATE VIEW same AS SELECT id, name FROM users WHERE name <> ':x' AND age > 3",
            "CREATE VIEW other_columns AS SELECT id FROM users",
            "CREATE VIEW on_top AS SELECT id FROM other_columns",
            "CREATE VIEW replaced AS SELECT id FROM users WHERE id > 20",
            "CREATE VIEW removed AS SELECT id FROM users",
            "CREATE MATERIALIZED VIEW stored AS SELECT id FROM users",
            "CREATE UNIQUE INDEX stored_id ON stored (id)",
        ],
        metadata,
        "views",
    )
    lines = trip.upgrade.splitlines()
    assert lines.index("op.execute('DROP VIEW on_top')") < lines.index("op.execute('DROP VIEW other_columns')")
    assert trip.upgrade.count("op.execute('DROP VIEW same')") == 1, "its column gets another type"
    assert "    'CREATE OR REPLACE VIEW replaced AS\\n'\n    'SELECT id\\n'\n    'FROM users\\n'" in trip.upgrade


def test_functions_and_triggers(engine):
    metadata = sa.MetaData()
    users(metadata, sa.Column("name", sa.Text), sa.Column("total", sa.Integer, server_default=sa.text("added(1)")))
    touch = "RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  NEW.name := 'x' || :1;\n  RETURN NEW;\nEND $$"
    Function("added(a integer)", metadata, "RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN a; END $$")
    Function("same(a int, b numeric default 3)", metadata, "returns numeric language sql as $$ SELECT a + b $$")
    Function("other_result(a integer)", metadata, "RETURNS bigint LANGUAGE sql AS $$ SELECT a::bigint $$")
    Function("touch()", metadata, touch.replace(":1", "'y'"))
    Function("count_users()", metadata, "RETURNS SETOF users LANGUAGE sql AS $$ SELECT * FROM users $$")
    Trigger("same", metadata, "users", "before insert", "for each row execute function touch()")
    Trigger("changed", metadata, "users", "BEFORE UPDATE OF name", "FOR EACH ROW EXECUTE FUNCTION touch()")
    Trigger("added", metadata, "users", "BEFORE UPDATE", "FOR EACH ROW WHEN (NEW.id > 3) EXECUTE FUNCTION touch()")
    trip = round_trip(
        engine,
        [
            "CREATE TABLE users (id serial PRIMARY KEY, name text)",
            "CREATE FUNCTION same(a integer, b numeric DEFAULT 3) RETURNS numeric LANGUAGE sql AS $$ SELECT a + b $$",
            "CREATE FUNCTION other_result(a integer) RETURNS integer LANGUAGE sql AS $$ SELECT a $$",
            "CREATE FUNCTION removed() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$",
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            "CREATE TRIGGER same BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch()",
            "CREATE TRIGGER changed BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()",
            "CREATE TRIGGER removed BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION touch()",
        ],
        metadata,
        "functions",
        "triggers",
    )
    assert "op.execute('DROP TRIGGER removed ON users')" in trip.upgrade
    assert "    '  RETURN NEW;\\n'\n" in trip.upgrade
    assert trip.upgrade.index("FUNCTION added") < trip.upgrade.index("op.add_column")


def test_procedures(engine):
    metadata = sa.MetaData()
    users(metadata)
    Procedure("changed(a integer)", metadata, "LANGUAGE sql AS $$ SELECT 2 $$")
    Procedure("same(a int)", metadata, "language sql as $$ SELECT 1 $$")
    Function("is_no_procedure()", metadata, "RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$")
    trip = round_trip(
        engine,
        [
            USERS,
            "CREATE FUNCTION is_no_procedure() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$",
            "CREATE PROCEDURE same(a integer) LANGUAGE sql AS $$ SELECT 1 $$",
            "CREATE PROCEDURE changed(a integer) LANGUAGE sql AS $$ SELECT 1 $$",
            "CREATE PROCEDURE removed(a integer) LANGUAGE sql AS $$ SELECT 1 $$",
        ],
        metadata,
        "functions",
        "procedures",
    )
    assert trip.upgrade.splitlines() == [
        "op.execute('DROP PROCEDURE removed(integer)')",
        "op.execute('CREATE OR REPLACE PROCEDURE changed(a integer) LANGUAGE sql AS $$ SELECT 2 $$')",
    ]


def test_a_view_of_a_column_that_goes_is_made_anew(engine):
    metadata = sa.MetaData()
    users(metadata)
    View("aged", metadata, "SELECT id FROM users WHERE id > 3")
    before = [
        "CREATE TABLE users (id serial PRIMARY KEY, age integer)",
        "CREATE VIEW aged AS SELECT id FROM users WHERE age > 3",
    ]
    trip = round_trip(engine, before, metadata, "views")
    assert trip.upgrade.splitlines()[:2] == ["op.execute('DROP VIEW aged')", "op.drop_column('users', 'age')"]


def test_renames(engine):
    metadata = sa.MetaData()
    users(
        metadata,
        sa.Column("mail", sa.String(50), index=True),
        sa.Column("parent", sa.Integer, sa.ForeignKey("clients.id")),
        sa.UniqueConstraint("mail", name="users_mail"),
    )
    sa.Table("clients", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("kind", sa.Text, index=True))
    trip = round_trip(
        engine,
        [
            "CREATE TABLE customers (id serial PRIMARY KEY, kind text)",
            "CREATE INDEX ix_customers_kind ON customers (kind)",
            """CREATE TABLE users (id serial PRIMARY KEY, email varchar(50), parent integer REFERENCES customers (id),
            CONSTRAINT users_mail UNIQUE (email))""",
            "CREATE INDEX ix_users_email ON users (email)",
        ],
        metadata,
        "renames",
    )
    assert trip.upgrade.splitlines() == [
        "# A guess: the new table has the columns of the old one. If it is another table,",
        "# write op.create_table() and op.drop_table() instead.",
        "op.rename_table('customers', 'clients')",
        "op.create_index(op.f('ix_clients_kind'), 'clients', ['kind'], unique=False)",
        "op.drop_index(op.f('ix_customers_kind'), table_name='clients')",
        "op.drop_index(op.f('ix_users_email'), table_name='users')",
        "# A guess: the new column has the type and the place of the old one. If it is another column,",
        "# write add_column() and drop_column() instead.",
        "op.alter_column('users', 'email',",
        "           existing_type=sa.VARCHAR(length=50),",
        "           new_column_name='mail',",
        "           existing_nullable=True)",
        "op.create_index(op.f('ix_users_mail'), 'users', ['mail'], unique=False)",
    ]


def elsewhere(metadata: sa.MetaData) -> list[str]:
    """Declare a bit of everything in the schema ``app``, and return what is there before."""
    table = users(
        metadata,
        sa.Column("Name", sa.Text),
        sa.Column("state", sa.Enum("a", "b", "c", name="state", schema="app")),
        sa.CheckConstraint("\"Name\" <> 'x'", name="same"),
        sa.CheckConstraint("id > 5", name="changed"),
    )
    View("same", metadata, sa.select(table.c.id))
    View("Odd name", metadata, sa.select(table.c.id, table.c.Name))
    Function("touch()", metadata, "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$")
    Trigger("same", metadata, table, "BEFORE UPDATE", "FOR EACH ROW EXECUTE FUNCTION app.touch()")
    Trigger("added", metadata, "same", "INSTEAD OF INSERT", "FOR EACH ROW EXECUTE FUNCTION app.touch()")
    sa.Sequence("added", metadata=metadata, start=5)
    return [
        "CREATE SCHEMA app",
        "CREATE TYPE app.state AS ENUM ('a', 'b')",
        """CREATE TABLE app.users (id serial PRIMARY KEY, "Name" text, state app.state,
        CONSTRAINT same CHECK ("Name" <> 'x'), CONSTRAINT changed CHECK (id > 4))""",
        "CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "CREATE TRIGGER same BEFORE UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION app.touch()",
        "CREATE VIEW app.same AS SELECT id FROM app.users",
        "CREATE VIEW app.removed AS SELECT 1 AS x",
        "CREATE SEQUENCE app.gone",
    ]


def test_everything_in_another_schema(engine):
    metadata = sa.MetaData(schema="app")
    trip = round_trip(engine, elsewhere(metadata), metadata, "*", include_schemas=True)
    assert [diff[:2] for diff in trip.diffs if diff[0] != "add_constraint" and diff[0] != "remove_constraint"] == [
        ("modify_enum", "app.state"),
        ("add_sequence", "app.added"),
        ("remove_view", "app.removed"),
        ("add_view", "app.Odd name"),
        ("remove_sequence", "app.gone"),
        ("add_trigger", "app.same.added"),
    ]


def test_whoever_may_not_make_temporary_objects_is_told(engine, postgres_admin):
    metadata = sa.MetaData(schema="app")
    with engine.begin() as connection:
        for statement in elsewhere(metadata):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"REVOKE TEMPORARY ON DATABASE {engine.url.database} FROM PUBLIC")
        connection.exec_driver_sql("CREATE ROLE reader LOGIN")
        connection.exec_driver_sql("GRANT USAGE ON SCHEMA app TO reader")
        connection.exec_driver_sql("GRANT SELECT ON ALL TABLES IN SCHEMA app TO reader")
    reader = sa.create_engine(engine.url.set(username="reader"))
    with reader.connect() as connection, pytest.raises(CommandError, match="Grant TEMPORARY on the database"):
        compared(connection, metadata, "*", include_schemas=True)
    reader.dispose()


def test_an_enum_that_functions_use_is_left_alone_with_the_reason(engine):
    metadata = sa.MetaData()
    users(metadata, sa.Column("state", sa.Enum("new", name="state")))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TYPE state AS ENUM ('new', 'old')")
        connection.exec_driver_sql("CREATE TABLE users (id serial PRIMARY KEY, state state)")
        connection.exec_driver_sql("CREATE FUNCTION f(state) RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    with engine.connect() as connection:
        trip = compared(connection, metadata, "enum_values")
    assert trip.upgrade.startswith("# Not changed: functions, domains or other types use the enum")
    assert trip.upgrade.endswith("\npass")
