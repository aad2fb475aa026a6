"""Promise: a project that chooses all plug-ins gets one revision by the command line, on every kind of driver, and then none."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from both_autogenerates import Statements

import servers
from stillhouse_engine.autogenerate import View, compare_metadata
from stillhouse_engine.cli import main
from stillhouse_engine.runtime.migration import MigrationContext

MODELS = """
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from stillhouse_engine.autogenerate import Function, MaterializedView, Trigger, View


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    __table_args__ = (sa.CheckConstraint("length(name) > 2", name="long_enough"),)
    id: Mapped[int] = mapped_column(sa.Sequence("numbers", start=100), primary_key=True)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(sa.Enum("new", "old", name="state"))
    changed: Mapped[sa.DateTime] = mapped_column(sa.DateTime, nullable=True)


View("new_users", Base.metadata, sa.select(User.id, User.name).where(User.state == "new"))
MaterializedView("counts", Base.metadata, "SELECT state, count(*) AS number FROM users GROUP BY state")
Function("touch()", Base.metadata, '''RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed := now();
  RETURN NEW;
END $$''')
Trigger("users_touch", Base.metadata, User.__table__, "BEFORE UPDATE", "FOR EACH ROW EXECUTE FUNCTION touch()")
"""


def set_up(driver: str, url: str, models: str, folder: Path, monkeypatch) -> None:
    """Make a project that chooses all plug-ins, and go there."""
    template = "async" if driver.startswith("async") else "generic"
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    main(["-q", "init", "-t", template, "migrations"])
    name = f"models_{driver}_{folder.name}"
    (folder / f"{name}.py").write_text(models)
    ini, env = Path("alembic.ini"), Path("migrations/env.py")
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", url))
    code = env.read_text().replace(
        "target_metadata = None", f"from {name} import Base\n\ntarget_metadata = Base.metadata"
    )
    chosen = 'autogenerate_plugins=["alembic.autogenerate.*", "stillhouse.autogenerate.*"], target_metadata='
    env.write_text(code.replace("target_metadata=", chosen))


@pytest.fixture(params=["psycopg", "asyncpg"])
def project(request, postgres_server, postgres_database, tmp_path, monkeypatch):
    set_up(request.param, postgres_server.url(postgres_database(), request.param), MODELS, tmp_path, monkeypatch)
    return tmp_path


@pytest.mark.postgresql
def test_one_revision_and_nothing_more(project, capsys):
    for command in (
        "revision --autogenerate -m all",
        "upgrade head",
        "check",
        "downgrade base",
        "upgrade head",
        "check",
    ):
        main(command.split())
    assert "No new upgrade operations detected." in capsys.readouterr().out
    (script,) = Path("migrations/versions").glob("*.py")
    assert "op.execute('CREATE SEQUENCE numbers START WITH 100')" in script.read_text()


ON_MARIADB = """
import sqlalchemy as sa
import sqlalchemy.orm

from stillhouse_engine.autogenerate import Function, Procedure, Trigger, View

class Base(sa.orm.DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    __table_args__ = (sa.CheckConstraint("length(name) > 2", name="long_enough"),)
    id = sa.Column(sa.Integer, sa.Sequence("numbers", start=100), primary_key=True)
    name = sa.Column(sa.String(50), nullable=False)
    changed = sa.Column(sa.DateTime)


View("new_users", Base.metadata, sa.select(User.id, User.name).where(User.changed.is_(None), User.name.like("a%")))
Function("shout(word VARCHAR(50))", Base.metadata, "RETURNS VARCHAR(51) DETERMINISTIC BEGIN RETURN concat(word, '!'); END")
Procedure("forget(n INTEGER)", Base.metadata, "BEGIN DELETE FROM users WHERE id < n; END")
Trigger("users_touch", Base.metadata, User.__table__, "BEFORE UPDATE", "FOR EACH ROW BEGIN SET NEW.changed = now(); END")
"""


@pytest.mark.mariadb
def test_one_revision_and_nothing_more_on_mariadb(mariadb_server, mariadb_database, tmp_path, monkeypatch, capsys):
    url = mariadb_server.url(mariadb_database(), "asyncmy").replace("mysql", "mysql" if servers.MYSQL else "mariadb", 1)
    set_up("asyncmy", url, ON_MARIADB, tmp_path, monkeypatch)
    for command in (
        "revision --autogenerate -m all",
        "upgrade head",
        "check",
        "downgrade base",
        "upgrade head",
        "check",
    ):
        main(command.split())
    assert "No new upgrade operations detected." in capsys.readouterr().out
    main(["upgrade", "head", "--sql"])
    offline = capsys.readouterr().out
    programs = offline.count("END//\n\nDELIMITER ;")
    assert offline.count("DELIMITER //\n") == programs == 3, "a shell takes a semicolon for the end"


@pytest.mark.postgresql
def test_the_number_of_statements_stays_the_same(postgres_server, postgres_database):
    def statements(tables: int) -> int:
        engine = sa.create_engine(postgres_server.url(postgres_database(), "psycopg"))
        metadata = sa.MetaData()
        for number in range(tables):
            key = sa.Column("id", sa.Integer, primary_key=True)
            check = sa.CheckConstraint("id > 0", name=f"positive{number}")
            sa.Table(f"t{number}", metadata, key, check)
        metadata.create_all(engine)
        for number in range(tables):
            View(f"v{number}", metadata, f"SELECT id FROM t{number}")
        plugins = ["alembic.autogenerate.*", "stillhouse.autogenerate.*"]
        with engine.connect() as connection, Statements(engine) as sent:
            context = MigrationContext.configure(connection, opts={"autogenerate_plugins": plugins})
            assert len(compare_metadata(context, metadata)) == tables, "the views are missing"
        engine.dispose()
        return len(sent)

    assert statements(2) == statements(20) <= 25
