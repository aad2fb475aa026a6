"""Projects with a history worth squashing, and the two command lines that run them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse_engine import command
from stillhouse_engine.config import Config

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGINE = Path(__file__).resolve().parents[4] / "engine"

FILE = '''"""{message}"""
from alembic import op
import sqlalchemy as sa

revision = {revision!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends_on!r}


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''


@dataclass(frozen=True)
class Step:
    """One revision: what it follows, and the lines of its functions."""

    down: str | tuple[str, ...] | None
    upgrade: str
    downgrade: str = "pass"
    labels: tuple[str, ...] | None = None
    depends_on: str | None = None


@dataclass(frozen=True)
class House:
    """A project in a folder."""

    root: Path

    @property
    def versions(self) -> Path:
        return self.root / "migrations" / "versions"

    def run(self, *arguments: str, side: str = "stillhouse_engine.cli", fails: bool = False) -> str:
        """Run one command line; return what it printed, or what it said when it failed."""
        done = subprocess.run(
            [sys.executable, "-m", side, *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(ENGINE) if side != "alembic" else ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def config(self, url: str) -> Config:
        """Return the configuration for a database; its output is kept in ``stdout``."""
        config = Config(self.root / "alembic.ini", stdout=io.StringIO())
        config.set_main_option("sqlalchemy.url", url)
        config.set_main_option("script_location", str(self.root / "migrations"))
        return config

    def connect_to(self, url: str) -> House:
        ini = self.root / "alembic.ini"
        lines = ini.read_text().splitlines()
        ini.write_text(
            "\n".join(f"sqlalchemy.url = {url}" if line.startswith("sqlalchemy.url") else line for line in lines)
        )
        return self

    def add(self, revision: str, step: Step) -> None:
        indented = {
            name: "\n".join(f"    {line}" for line in getattr(step, name).strip().splitlines())
            for name in ("upgrade", "downgrade")
        }
        text = FILE.format(
            message=f"make {revision}",
            revision=revision,
            down=step.down,
            labels=step.labels,
            depends_on=step.depends_on,
            **indented,
        )
        (self.versions / f"{revision}_.py").write_text(text)

    def files(self) -> list[str]:
        """Name the revision files and the kept originals."""
        migrations = self.root / "migrations"
        found = [*self.versions.glob("*.py"), *migrations.glob("squashed/**/*.py")]
        return sorted(str(path.relative_to(migrations)) for path in found)


def build(root: Path, url: str, steps: Mapping[str, Step]) -> House:
    """Make a project."""
    root.mkdir(parents=True, exist_ok=True)
    house = House(root)
    command.init(
        Config(root / "alembic.ini", stdout=io.StringIO(), cmd_opts=Namespace(quiet=True)), str(root / "migrations")
    )
    env = root / "migrations" / "env.py"
    env.write_text(env.read_text().replace("fileConfig(config.config_file_name)", "pass"))
    for revision, step in steps.items():
        house.add(revision, step)
    return house.connect_to(url)


SHOP: Mapping[str, Step] = {
    "a001": Step(None, 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(30), nullable=False))', 'op.drop_table("users")'),
    "a002": Step("a001", r"""op.bulk_insert(sa.table("users", sa.column("name")), [{"name": "it's: :me:, 5%"}, {"name": "b\\:c\n\"d\""}])""", 'op.execute("DELETE FROM users")'),
    "a003": Step("a002", 'op.add_column("users", sa.Column("age", sa.Integer, server_default="7"))\nop.add_column("users", sa.Column("100% :Odd", sa.Integer, server_default="9"))', 'op.drop_column("users", "100% :Odd")\nop.drop_column("users", "age")'),
    "b001": Step("a002", 'op.create_table("tags", sa.Column("id", sa.Integer, primary_key=True), sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", name="fk_user")))', 'op.drop_table("tags")'),
    "a004": Step(("a003", "b001"), 'op.create_index("ix_tags", "tags", ["id", "user_id"])\nop.execute("CREATE VIEW grown AS SELECT id, name FROM users WHERE age > 6")', 'op.execute("DROP VIEW grown")\nop.drop_index("ix_tags", "tags")'),
    "a005": Step("a004", 'op.execute("INSERT INTO tags (id, user_id) SELECT 100 + id, id FROM users")', 'op.execute("DELETE FROM tags")'),
    "a006": Step("a005", 'op.add_column("tags", sa.Column("word", sa.String(9)))', 'op.drop_column("tags", "word")'),
}  # fmt: skip
"""Runs on every kind of database: two branches and their merge, seed rows in two tables, a view."""
