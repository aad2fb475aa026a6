"""Filters, hooks and comparators of a project's see the same as with Alembic; a comparison writes nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import comparators as alembic_comparators
from alembic.runtime.plugins import Plugin as AlembicPlugin
from alembic.util import DispatchPriority as AlembicPriority
from alembic.util import PriorityDispatchResult as AlembicResult
from both_autogenerates import Statements, alembic_outcome, differences, our_outcome
from sqlalchemy.pool import StaticPool

from stillhouse_engine.autogenerate import comparators as our_comparators
from stillhouse_engine.autogenerate import compare_metadata
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.autogenerate.plugins import Plugin
from stillhouse_engine.errors import CommandError
from stillhouse_engine.runtime.migration import MigrationContext


def before():
    metadata = sa.MetaData()
    sa.Table(
        "kept",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, index=True),
        sa.Column("gone", sa.Integer),
        sa.UniqueConstraint("a", name="uq"),
    )
    sa.Table("gone", metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


def after():
    metadata = sa.MetaData()
    sa.Table(
        "kept",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.String(5)),
        sa.Column("made", sa.Integer, index=True),
    )
    sa.Table(
        "made",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("p", sa.ForeignKey("kept.id"), index=True),
    )
    return metadata


@pytest.fixture
def connection():
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        before().create_all(connection)
        yield connection
    engine.dispose()


@pytest.mark.parametrize("refused", ["table", "column", "index", "unique_constraint", "nothing"])
def test_include_object(connection, refused):
    def record(seen):
        def include(item, name, type_, reflected, compare_to):
            seen.append((type_, str(name), reflected, compare_to is not None))
            return type_ != refused

        return include

    theirs, ours = [], []
    one = alembic_outcome(connection, after(), include_object=record(theirs))
    other = our_outcome(connection, after(), include_object=record(ours))
    assert differences(one, other) == {}
    assert sorted(theirs) == sorted(ours)


@pytest.mark.parametrize("refused", ["table", "column", "index", "unique_constraint", "nothing"])
def test_include_name(connection, refused):
    def record(seen):
        def include(name, type_, parents):
            seen.append((type_, str(name), sorted(map(str, parents.items()))))
            return type_ != refused or name in {"kept", "id"}

        return include

    theirs, ours = [], []
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
    one = alembic_outcome(connection, after(), include_name=record(theirs))
    other = our_outcome(connection, after(), include_name=record(ours))
    assert differences(one, other) == {}
    assert sorted(theirs) == sorted(ours)


@pytest.mark.parametrize("answer", [True, False, None])
def test_compare_hooks(connection, answer):
    options = {"compare_type": lambda *_: answer, "compare_server_default": lambda *_: answer}
    assert (
        differences(alembic_outcome(connection, after(), **options), our_outcome(connection, after(), **options)) == {}
    )


def test_comparators_of_the_project_are_called_with_the_same(connection):
    seen = {"theirs": [], "ours": []}
    for name, comparators in (("theirs", alembic_comparators), ("ours", our_comparators)):

        def table(_context, _ops, schema, tname, live, model, name=name):
            seen[name].append((schema, tname, live is not None, model is not None))

        comparators.dispatch_for("table")(table)
    alembic_outcome(connection, after())
    our_outcome(connection, after())
    assert sorted(seen["theirs"], key=str) == sorted(seen["ours"], key=str)
    for comparators in (alembic_comparators, our_comparators):
        assert comparators.branch() is not comparators
    our_comparators._entries.clear()


def test_plugins_by_name(connection):
    def setup(plugin):
        plugin.add_autogenerate_comparator(lambda *_: None, "autogenerate")

    plugin = Plugin("tests.own")
    setup(plugin)
    try:
        our_outcome(connection, after(), autogenerate_plugins=["alembic.autogenerate.*", "tests.own"])
        assert our_outcome(connection, after(), autogenerate_plugins=[]) == alembic_outcome(
            connection, after(), autogenerate_plugins=[]
        )
        with pytest.raises(CommandError, match="Did not locate plugins: nobody"):
            our_outcome(connection, after(), autogenerate_plugins=["nobody"])
    finally:
        plugin.remove()


SIDES = {
    "alembic": (AlembicPlugin, AlembicPriority, AlembicResult, alembic_outcome),
    "stillhouse": (Plugin, DispatchPriority, PriorityDispatchResult, our_outcome),
}
STATES = ("existing_type", "existing_nullable", "existing_server_default", "modify_type", "modify_nullable")
STATES += ("modify_server_default", "modify_comment")


def defaults():
    metadata = sa.MetaData()
    sa.Table(
        "kept",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.String(5), server_default="7", nullable=False, autoincrement=False),
    )
    return metadata


def state(operation) -> list[str]:
    return [name for name in STATES if getattr(operation, name) not in {None, False}] + sorted(operation.kw)


def seen_by_a_plugin(side: str, connection, plugins: list[str], **options) -> tuple[list, str]:
    """Return what column comparators of a plug-in see of a changed column, by their priorities, and what is rendered."""
    plugin_class, priorities, _, outcome = SIDES[side]
    plugin, seen = plugin_class("tests.own"), []
    for priority in priorities:

        def compare(_context, operation, _schema, _table, name, _live, _model, priority=priority):
            if name == "a":
                seen.append((int(priority), state(operation)))

        plugin.add_autogenerate_comparator(compare, "column", priority=priority)
    try:
        found = outcome(connection, defaults(), autogenerate_plugins=plugins, **options)
    finally:
        plugin.remove()
    return seen, found.upgrade


@pytest.mark.parametrize(
    "plugins",
    [
        ["alembic.autogenerate.*", "tests.own"],
        ["tests.own", "alembic.autogenerate.*"],
        ["tests.*", "alembic.autogenerate.tables", "tests.own", "alembic.autogenerate.*"],
        ["alembic.autogenerate.types", "alembic.autogenerate.tables", "tests.own", "alembic.autogenerate.schemas"],
    ],
)
@pytest.mark.parametrize("answer", ["not asked", True, False, None])
def test_a_plugin_sees_what_is_known_by_its_turn(connection, plugins, answer):
    options = {"compare_server_default": True}
    if answer != "not asked":
        options = {"compare_type": lambda *_: answer, "compare_server_default": lambda *_: answer}
    theirs, ours = (seen_by_a_plugin(side, connection, plugins, **options) for side in SIDES)
    assert ours == theirs
    assert len(ours[0]) == len(DispatchPriority)


@pytest.mark.parametrize("priority", ["FIRST", "MEDIUM"])
@pytest.mark.parametrize(
    ("target", "element"),
    [
        ("column", "types"),
        ("column", "server_default"),
        ("column", "nullable"),
        ("column", None),
        ("table", "indexes"),
        ("table", None),
        ("schema", "tables"),
        ("autogenerate", "schemas"),
        ("autogenerate", None),
    ],
)
def test_a_plugin_takes_the_place_of_the_usual_comparators(connection, target, element, priority):
    found = []
    for plugin_class, priorities, results, outcome in SIDES.values():
        plugin = plugin_class("tests.own")
        plugin.add_autogenerate_comparator(
            lambda *_, stop=results.STOP: stop, target, element, priority=priorities[priority]
        )
        chosen = ["alembic.autogenerate.*", "tests.own"]
        try:
            found.append(outcome(connection, defaults(), autogenerate_plugins=chosen, compare_server_default=True))
        finally:
            plugin.remove()
    assert differences(*found) == {}


@pytest.mark.parametrize("plugins", [["~tests.own", "alembic.autogenerate.*", "tests.own"], ["tests.own", "~tests.*"]])
def test_a_plugin_that_is_chosen_and_excluded_is_refused(connection, plugins):
    for side in SIDES:
        with pytest.raises(Exception, match=r"Did not locate plugins: tests\.own"):
            seen_by_a_plugin(side, connection, plugins)


@pytest.mark.parametrize("answer", [True, False])
def test_a_types_own_comparison_is_not_asked(connection, answer):
    class Own(sa.types.UserDefinedType):
        cache_ok = True

        def get_col_spec(self, **_kw):
            return "INTEGER" if not answer else "OWN"

        def compare_against_backend(self, _dialect, _found):
            return answer

    metadata = sa.MetaData()
    sa.Table("kept", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", Own()))
    theirs, ours = alembic_outcome(connection, metadata), our_outcome(connection, metadata)
    assert ours.diffs == theirs.diffs
    assert any("modify_type" in diff for diff in ours.diffs) is answer


def test_several_metadata(connection):
    both = [before(), sa.MetaData()]
    sa.Table("more", both[1], sa.Column("id", sa.Integer, primary_key=True))
    assert differences(alembic_outcome(connection, both), our_outcome(connection, both)) == {}


@pytest.mark.parametrize("outcome", [our_outcome, alembic_outcome])
def test_a_table_of_two_metadata_is_refused(connection, outcome):
    with pytest.raises(ValueError, match="Duplicate table keys across multiple MetaData objects"):
        outcome(connection, [after(), before(), before()])


def test_a_comparison_writes_nothing_and_asks_little(connection):
    metadata = sa.MetaData()
    for number in range(50):
        sa.Table(
            f"many{number}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("a", sa.String(9), index=True, server_default="x"),
        )
    metadata.create_all(connection)
    connection.commit()
    with Statements(connection.engine) as statements:
        compare_metadata(MigrationContext.configure(connection, opts={"compare_server_default": True}), metadata)
    assert len(statements) <= 15
    assert all(statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "WITH")) for statement in statements)
    assert "alembic_version" not in sa.inspect(connection).get_table_names()


@pytest.mark.postgresql
def test_schemas(postgres_server, postgres_database):
    engine = sa.create_engine(postgres_server.url(postgres_database(), "psycopg"))
    metadata = sa.MetaData()
    sa.Table("here", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="one")
    sa.Table("there", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="absent")
    sa.Table("anywhere", metadata, sa.Column("id", sa.Integer, primary_key=True))
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE SCHEMA one; CREATE SCHEMA two; CREATE TABLE two.t (a int REFERENCES two.t (a), UNIQUE (a)) ; CREATE TABLE one.here (id int primary key, b text)".replace(
                "REFERENCES two.t (a), ", ", "
            ).replace("int , ", "int, ")
        )
        for options in (
            {},
            {"include_schemas": True},
            {"include_schemas": True, "include_name": lambda name, type_, _: type_ != "schema" or name == "one"},
            {"include_schemas": True, "include_name": lambda name, type_, _: type_ != "schema" or name is not None},
            {"include_name": lambda *_: False},
        ):
            assert (
                differences(
                    alembic_outcome(connection, metadata, **options), our_outcome(connection, metadata, **options)
                )
                == {}
            )
    engine.dispose()


def at_home(schema: str | None, *, later: bool = False, keys: bool = True) -> sa.MetaData:
    """Return models that name a schema; ``later`` changes one of them, adds one and drops one."""
    metadata = sa.MetaData(schema=schema)
    for name in ("a", "b", "c", "gone"):
        sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("n", sa.String(9 if later and name == "b" else 5), index=not later, comment=None),
            sa.Column("kind", sa.Enum("x", "y", name=f"kind_{name}")),
            sa.Column("new" if later and name == "b" else "old", sa.Integer),
            sa.UniqueConstraint("n", name=f"uq_{name}"),
            sa.CheckConstraint("length(n) > 1", name=f"ck_{name}"),
            *([sa.ForeignKeyConstraint(["id"], [f"{schema}.a.id"], name=f"fk_{name}")] if keys and name != "a" else []),
        )
    if later:
        metadata.remove(metadata.tables[f"{schema}.gone"])
        sa.Table(
            "made", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer, index=True)
        )
    return metadata


def but_enums(*compared):
    """SQLAlchemy gives enum types the schema as well, by which they are different types to Alembic."""
    return False if isinstance(compared[-1], sa.Enum) else None


def finds_its_own_schema(engine: sa.Engine, schema: str, plugins: list[str]) -> None:
    with engine.connect() as connection:
        at_home(schema).create_all(connection)
        for options in (
            {},
            {"include_schemas": True, "include_name": lambda name, type_, _: type_ != "schema" or not name},
        ):
            same = our_outcome(connection, at_home(schema), autogenerate_plugins=plugins, **options)
            assert same.diffs == []
            changed = at_home(schema, later=True, keys=False)
            theirs, ours = (
                each(connection, changed, compare_type=but_enums, **options) for each in (alembic_outcome, our_outcome)
            )
            assert differences(theirs, ours) == {}
            assert (
                sum("add_table" in diff for diff in ours.diffs)
                == sum("remove_table" in diff for diff in ours.diffs)
                == 1
            )
        at_home(schema).drop_all(connection)
    engine.dispose()


def test_models_may_name_the_default_schema_of_sqlite():
    finds_its_own_schema(sa.create_engine("sqlite://"), "main", ["alembic.autogenerate.*"])


@pytest.mark.postgresql
def test_models_may_name_the_default_schema_of_postgresql(postgres_server, postgres_database):
    engine = sa.create_engine(postgres_server.url(postgres_database(), "psycopg"))
    chosen = [f"stillhouse.autogenerate.{name}" for name in ("enum_values", "sequences", "check_texts", "primary_keys")]
    finds_its_own_schema(engine, "public", ["alembic.autogenerate.*", *chosen])


@pytest.mark.mariadb
def test_models_may_name_the_default_schema_of_mariadb(mariadb_server, mariadb_admin):
    with mariadb_admin.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE named_home")
    engine = sa.create_engine(mariadb_server.url("named_home", "pymysql"))
    finds_its_own_schema(engine, "named_home", ["alembic.autogenerate.*", "stillhouse.autogenerate.check_texts"])


def test_a_comparison_needs_a_database():
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True})
    with pytest.raises(CommandError, match="autogenerate can't use as_sql=True"):
        compare_metadata(context, sa.MetaData())
