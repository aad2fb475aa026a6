"""Promise: a project that chooses all plug-ins gets one revision by the command line, on every kind of driver, and then none."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from both_autogenerates import Statements

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


@pytest.fixture(params=["psycopg", "asyncpg"])
def project(request, postgres_server, postgres_database, tmp_path, monkeypatch):
    template = "async" if request.param == "asyncpg" else "generic"
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    main(["-q", "init", "-t", template, "migrations"])
    name = f"models_{request.param}_{postgres_database()}"
    (tmp_path / f"{name}.py").write_text(MODELS)
    ini, env = Path("alembic.ini"), Path("migrations/env.py")
    url = postgres_server.url(postgres_database(), request.param)
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", url))
    code = env.read_text().replace(
        "target_metadata = None", f"from {name} import Base\n\ntarget_metadata = Base.metadata"
    )
    chosen = 'autogenerate_plugins=["alembic.autogenerate.*", "stillhouse.autogenerate.*"], target_metadata='
    env.write_text(code.replace("target_metadata=", chosen))
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
