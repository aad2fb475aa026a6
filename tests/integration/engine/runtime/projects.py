"""Small Alembic projects that tests of the runtime write into a folder."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

HEADER = '''"""{doc}"""
from alembic import op
import sqlalchemy as sa

revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = {depends!r}


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''


@dataclass(frozen=True)
class WrittenProject:
    """A project on disk."""

    root: Path
    ini: Path
    migrations: Path

    def revision(self, revision, down=None, upgrade="pass", downgrade="pass", *, doc=None, depends=None):
        """Write a revision; its functions are given as lines of Python."""
        text = HEADER.format(
            doc=doc or f"revision {revision}",
            revision=revision,
            down=down,
            depends=depends,
            upgrade=indent(upgrade),
            downgrade=indent(downgrade),
        )
        path = self.migrations / "versions" / f"{revision}_.py"
        path.write_text(text)
        return path

    def set_url(self, url):
        """Write a URL into alembic.ini."""
        lines = self.ini.read_text().splitlines()
        changed = [
            f"sqlalchemy.url = {url.replace('%', '%%')}" if line.startswith("sqlalchemy.url") else line
            for line in lines
        ]
        self.ini.write_text("\n".join(changed))


def indent(lines):
    return "\n".join(f"    {line}" for line in lines.strip().splitlines())


@cache
def template(name):
    """Return the files that Alembic's own ``init`` writes, seen as a black box."""
    folder = Path(mkdtemp(prefix="stillhouse-template-"))
    alembic = Path(sys.executable).with_name("alembic")
    subprocess.run([alembic, "init", "-t", name, "migrations"], cwd=folder, check=True, capture_output=True)
    files = ["alembic.ini", "migrations/env.py", "migrations/script.py.mako"]
    return {file: (folder / file).read_text() for file in files}


def write_project(folder, kind="generic", *, env=True):
    """Write a project of one of Alembic's templates, without revisions."""
    (folder / "migrations" / "versions").mkdir(parents=True)
    for file, text in template(kind).items():
        if env or not file.endswith("env.py"):
            (folder / file).write_text(text)
    return WrittenProject(folder, folder / "alembic.ini", folder / "migrations")


def write_chain(project, count, tables_each=1):
    """Write a chain of revisions, each with tables of its own."""
    down = None
    for number in range(1, count + 1):
        up = "\n".join(
            f"op.create_table('t{number}_{one}', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(50)))"
            for one in range(tables_each)
        )
        reverse = "\n".join(f"op.drop_table('t{number}_{one}')" for one in range(tables_each))
        project.revision(f"r{number:04}", down, up, reverse)
        down = f"r{number:04}"
    return down
