"""Packages that build on Alembic work over the import bridge, and write and do what they do with Alembic."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from bridged_environments import SIDES, environment, on_both_sides
from real_projects import postgres_schema, sqlite_schema

pytestmark = [pytest.mark.projects, pytest.mark.postgresql, pytest.mark.timeout(300)]

TOUCH = Path(__file__).parent / "programs" / "touch.py"
INI = "[alembic]\nprepend_sys_path = %(here)s\nscript_location = %(here)s/migrations\nsqlalchemy.url = {url}\n"
ENV = """
import models
from alembic import context
from sqlalchemy import create_engine, pool

{preamble}
url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, target_metadata=models.metadata, literal_binds=True{options})
    context.run_migrations()
else:
    connectable = context.config.attributes.get("connection") or create_engine(url, poolclass=pool.NullPool)
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=models.metadata{options})
        with context.begin_transaction():
            context.run_migrations()
"""
TEMPLATE = """\
import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
"""


class Project:
    """A script directory beside its models, for one side."""

    def __init__(self, folder: Path, url: str, models: str, *, preamble="", options="", imports="") -> None:
        self.folder = folder
        self.url = url
        (folder / "migrations" / "versions").mkdir(parents=True)
        self.write("alembic.ini", INI.format(url=url))
        self.write("migrations/env.py", ENV.format(preamble=preamble, options=options))
        self.write("migrations/script.py.mako", f"{imports}\n{TEMPLATE}")
        self.write("models.py", models)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def revisions(self) -> list[str]:
        return revisions(self.folder / "migrations")


def revisions(folder: Path) -> list[str]:
    """Return the texts of the revision files, without dates."""
    texts = [file.read_text() for file in sorted(folder.glob("versions/*.py"))]
    return [re.sub(r"Create Date: .*", "", text) for text in texts]


@pytest.fixture(scope="module")
def packages():
    return environment("packages")


@pytest.fixture
def beside(packages, tmp_path):
    """Return a function that runs the same commands of a project on both sides, and returns what each left."""

    def run(make, commands, look, **settings):
        def carry_out(side):
            folder = tmp_path / side
            project = make(folder, side)
            outputs = [packages.run(side, command.split(), folder, **settings).stdout for command in commands]
            return look(project, outputs)

        return on_both_sides(carry_out)

    return run


def generated(models, **options):
    def make(url, folder, side):
        return Project(folder, url(side), models, **options)

    return make


def sqlite_url(tmp_path, side):
    return f"sqlite:///{tmp_path / side / 'database.db'}"


SQLMODEL = """
from typing import Optional
from sqlmodel import Field, Relationship, SQLModel

class Team(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    name: str = Field(index=True, max_length=40)

class Hero(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    age: Optional[int] = None
    team_id: Optional[int] = Field(default=None, foreign_key="team.id")

metadata = SQLModel.metadata
"""


def test_sqlmodel_project(beside, tmp_path):
    make = partial(generated(SQLMODEL, imports="import sqlmodel.sql.sqltypes"), partial(sqlite_url, tmp_path))
    commands = ["alembic revision --autogenerate -m first --rev-id 1", "alembic upgrade head", "alembic check"]

    def look(project, outputs):
        return project.revisions(), sqlite_schema(project.folder / "database.db"), outputs[-1]

    ours, theirs = beside(make, commands, look)
    assert ours == theirs
    assert "sqlmodel.sql.sqltypes.AutoString(length=40)" in ours[0][0]
    assert "No new upgrade operations detected." in ours[2]


FLASK = """
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "{url}"
db = SQLAlchemy(app)
Migrate(app, db, render_as_batch=True)

class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(128), index=True)
"""


def test_flask_migrate(beside, tmp_path):
    def make(folder, side):
        folder.mkdir()
        (folder / "app.py").write_text(FLASK.format(url=sqlite_url(tmp_path, side)))
        return folder

    commands = [
        "flask db init", "flask db migrate -m first --rev-id 1", "flask db upgrade", "flask db current", "flask db check",
        "flask db revision -m second --rev-id 2", "flask db upgrade", "flask db downgrade", "flask db history", "flask db heads",
    ]  # fmt: skip

    def look(folder, outputs):
        told = [sorted(text.replace(str(folder), "").splitlines()) for text in outputs]  # folders list in any order
        return revisions(folder / "migrations"), sqlite_schema(folder / "database.db"), told

    ours, theirs = beside(make, commands, look, FLASK_APP="app")
    assert ours == theirs
    assert "op.create_table('user'" in ours[0][0]
    assert "with op.batch_alter_table('user'" in ours[0][0]


PLAIN = """
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
"""
VERDICT = re.compile(r"(?m)^test\S*::\S+ (?:PASSED|FAILED)|^tests::\S+ (?:PASSED|FAILED)|\d+ (?:passed|failed)")


@pytest.mark.parametrize("verdict", ["passed", "failed"])
def test_pytest_alembic(beside, tmp_path, verdict, packages):
    def make(folder, side):
        project = generated(PLAIN)(partial(sqlite_url, tmp_path), folder, side)
        project.write(
            "conftest.py",
            "import pytest\nimport sqlalchemy as sa\n\n@pytest.fixture\ndef alembic_engine():\n    return sa.create_engine('sqlite://', poolclass=sa.StaticPool)\n",
        )
        project.write("test_more.py", MORE_TESTS)
        packages.run(side, ["alembic", *["revision", "--autogenerate", "-m", "first", "--rev-id", "1"]], folder)
        if verdict == "failed":
            project.write("models.py", PLAIN.replace("20", "20), nullable=False").replace(")))", "))"))
        return project

    def look(project, outputs):
        text = packages.start(
            project.folder.name, ["pytest", "-v", "-p", "no:cacheprovider", "--test-alembic"], project.folder
        )
        return sorted(VERDICT.findall(text.stdout)), text.returncode

    ours, theirs = beside(make, [], look)
    assert ours == theirs
    assert ours[1] == (1 if verdict == "failed" else 0)
    assert ours[0], "nothing was collected"


MORE_TESTS = """
from pytest_alembic.tests import test_model_definitions_match_ddl, test_single_head_revision, test_up_down_consistency, test_upgrade

def test_step_by_step(alembic_runner, alembic_engine):
    alembic_runner.migrate_up_to("1")
    assert alembic_runner.current == "1"
    alembic_runner.insert_into("account", {"id": 1, "name": "a"})
    alembic_runner.migrate_down_to("base")
    assert alembic_runner.current == "base"
"""


@pytest.fixture
def postgres_urls(postgres_server, postgres_database):
    databases = {side: postgres_database() for side in SIDES}
    return databases, lambda side: postgres_server.url(databases[side], "psycopg2")


def upgraded_on_postgres(beside, make, databases, server, *further):
    """Autogenerate two revisions and run them; return their texts, outputs and the schema."""
    commands = [
        "alembic revision --autogenerate -m first --rev-id 1", "alembic upgrade head", *further,
        "alembic revision --autogenerate -m second --rev-id 2", "alembic upgrade head", "alembic downgrade 1", "alembic upgrade head",
    ]  # fmt: skip

    def look(project, _outputs):
        return project.revisions(), postgres_schema(server, databases[project.folder.name])

    return beside(make, commands, look)


UTILS = """
import os
import sqlalchemy as sa
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities

metadata = sa.MetaData()
sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("active", sa.Boolean))
later = os.path.exists("later")
view = PGView("public", "active_account", "SELECT id FROM account WHERE active" + (" AND id > 5" if later else ""))
double = PGFunction("public", "double(i integer)", "RETURNS integer AS $$ SELECT i * 2 $$ LANGUAGE SQL IMMUTABLE")
register_entities([view, double] if later else [double])
"""


def test_alembic_utils(beside, postgres_urls, postgres_server):
    databases, url = postgres_urls
    make = partial(generated(UTILS), url)
    ours, theirs = upgraded_on_postgres(beside, make, databases, postgres_server, f"{TOUCH} later")
    assert ours == theirs
    assert "op.create_entity(public_active_account)" in ours[0][1]


ENUM = """
import os
import sqlalchemy as sa
import alembic_postgresql_enum

metadata = sa.MetaData()
values = ["new", "open", "closed"] if os.path.exists("later") else ["new", "done"]
sa.Table("task", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("state", sa.Enum(*values, name="state")))
"""


def test_alembic_postgresql_enum(beside, postgres_urls, postgres_server):
    databases, url = postgres_urls
    make = partial(generated(ENUM), url)
    ours, theirs = upgraded_on_postgres(beside, make, databases, postgres_server, f"{TOUCH} later")
    assert ours == theirs
    assert "op.sync_enum_values" in ours[0][1]


GEO = """
import sqlalchemy as sa
from geoalchemy2 import Geometry

metadata = sa.MetaData()
sa.Table("lake", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("shape", Geometry("POLYGON", srid=4326)))
"""
GEO_OPTIONS = ", include_object=helpers.include_object, process_revision_directives=helpers.writer, render_item=helpers.render_item"


def test_geoalchemy2_helpers(beside, postgres_urls):
    _, url = postgres_urls
    make = partial(
        generated(GEO, preamble="from geoalchemy2 import alembic_helpers as helpers", options=GEO_OPTIONS), url
    )
    commands = [
        "alembic revision --autogenerate -m first --rev-id 1",
        "alembic upgrade head --sql",
        "alembic downgrade 1:base --sql",
    ]
    ours, theirs = beside(make, commands, lambda project, outputs: (project.revisions(), outputs[1:]))
    assert ours == theirs
    assert "op.create_geospatial_table(" in ours[0][0]
    assert "geometry(POLYGON,4326)" in ours[1][0]
