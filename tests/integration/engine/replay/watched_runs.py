"""Revisions that leave a mark when their Python runs, and what a database looks like afterwards."""

from __future__ import annotations

import sqlalchemy as sa
from schema_dump import dump
from sqlalchemy.pool import NullPool

SYNC = {"asyncpg": "psycopg", "aiosqlite": "pysqlite"}


def sync(url):
    for ours, theirs in SYNC.items():
        url = url.replace(ours, theirs)
    return url


def contents(url):
    """Return all that a database holds, the version table included."""
    engine = sa.create_engine(sync(url), poolclass=NullPool)
    with engine.connect() as connection:
        return dump(connection)


def versions(url):
    """Return the rows of a database's version table; None when there is none."""
    engine = sa.create_engine(sync(url), poolclass=NullPool)
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return sorted(connection.scalars(sa.text("SELECT version_num FROM alembic_version")))


def marked(project, name, lines):
    """Return the lines of a function that counts its runs in a file beside the project."""
    return f"with open({str(project.root / name)!r}, 'a') as mark:\n    mark.write('x')\n{lines}"


def runs(project, name):
    """Return how often the Python of a marked function has run."""
    path = project.root / name
    return len(path.read_text()) if path.exists() else 0
