"""Small Alembic projects, written to a folder: any number of revisions, tables and statements, always the same ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent, indent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

REVISION = '''\
"""{message}

Revision ID: {revision}
Revises: {down}
"""

import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''

SYNC_ENV = """\
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config


def run_migrations_offline():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    connectable = engine_from_config(config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool)
    with connectable.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""

INI = """\
[alembic]
script_location = %(here)s/migrations
sqlalchemy.url = {url}
"""

TEMPLATE = '"""${message}"""\n'


@dataclass
class SampleProject:
    """A project in a folder.

    Attributes:
        folder: the project's root.
        revisions: the ids of its revisions, oldest first.
    """

    folder: Path
    revisions: list[str] = field(default_factory=list)

    @property
    def migrations(self) -> Path:
        """Return the script directory."""
        return self.folder / "migrations"

    @property
    def head(self) -> str:
        """Return the newest revision."""
        return self.revisions[-1]

    def add(self, upgrade: str = "pass", downgrade: str = "pass", message: str = "") -> str:
        """Add a revision after the newest one and return its id.

        Args:
            upgrade: the body of its ``upgrade()``, not indented.
            downgrade: the body of its ``downgrade()``.
            message: its docstring.
        """
        number = len(self.revisions) + 1
        revision = f"{number:04d}{'abcdef012345'[number % 12]}{number * 7919 % 0xFFFF:04x}"
        text = REVISION.format(
            message=message or f"Step {number}",
            revision=revision,
            down=self.revisions[-1] if self.revisions else None,
            upgrade=indent(dedent(upgrade).strip(), "    "),
            downgrade=indent(dedent(downgrade).strip(), "    "),
        )
        (self.migrations / "versions" / f"{revision}_step_{number}.py").write_text(text)
        self.revisions.append(revision)
        return revision

    def write_env(self, url: str = "driver://user@host/database") -> Path:
        """Give the project an ``env.py`` for synchronous drivers and an ini file; return the ini file's path."""
        (self.migrations / "env.py").write_text(SYNC_ENV)
        ini = self.folder / "alembic.ini"
        ini.write_text(INI.format(url=url.replace("%", "%%")))
        return ini


def empty_project(folder: Path) -> SampleProject:
    """Make a script directory without revisions and without an ``env.py``."""
    project = SampleProject(folder)
    (project.migrations / "versions").mkdir(parents=True)
    (project.migrations / "script.py.mako").write_text(TEMPLATE)
    return project


def sample_project(folder: Path, *, revisions: int = 5, tables: int = 5, statements: int = 15) -> SampleProject:
    """Make a project of a given size, without an ``env.py``.

    Args:
        folder: where; it may exist.
        revisions: how many revisions.
        tables: how many tables they create between them.
        statements: how many DDL statements in all, the tables' included; the rest adds columns and indexes.
    """
    project = empty_project(folder)
    bodies = [statement_of(number, tables) for number in range(max(statements, tables))]
    for number in range(revisions):
        mine = bodies[len(bodies) * number // revisions : len(bodies) * (number + 1) // revisions]
        project.add(
            "\n".join(up for up, _ in mine) or "pass",
            "\n".join(down for _, down in reversed(mine)) or "pass",
        )
    return project


def benchmark_project(folder: Path) -> SampleProject:
    """Make the project that the benchmarks use: 20 revisions, 25 tables, 118 statements."""
    return sample_project(folder, revisions=20, tables=25, statements=118)


def statement_of(number: int, tables: int) -> tuple[str, str]:
    """Return the directive of the n-th statement and the one that undoes it."""
    if number < tables:
        name = f"table_{number}"
        columns = (
            'sa.Column("id", sa.Integer(), primary_key=True)',
            'sa.Column("name", sa.String(80), nullable=False)',
            'sa.Column("amount", sa.Numeric(12, 2))',
            'sa.Column("made_at", sa.DateTime(), server_default=sa.func.now())',
        )
        return f'op.create_table("{name}", {", ".join(columns)})', f'op.drop_table("{name}")'
    name, step = f"table_{number % tables}", number // tables
    if step % 2:
        return (
            f'op.add_column("{name}", sa.Column("extra_{step}", sa.String(40)))',
            f'op.drop_column("{name}", "extra_{step}")',
        )
    return (
        f'op.create_index("ix_{name}_{step}", "{name}", ["name", "extra_{step - 1}"])',
        f'op.drop_index("ix_{name}_{step}", table_name="{name}")',
    )
