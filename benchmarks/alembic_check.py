"""A project of thirty models for ``alembic check``, whose tables are those of the snapshot benchmarks."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
for number in range({tables}):
    parent = [sa.ForeignKey(f"t{{number - 1}}.id", ondelete="CASCADE")] if number else []
    made = sa.Table(
        f"t{{number}}",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("parent_id", sa.BigInteger, *parent),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("mail", sa.String(120)),
        sa.Column("state", sa.String(20), nullable=False, server_default="new"),
        sa.Column("amount", sa.Numeric(12, 2)),
        sa.Column("made", sa.DateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("note", sa.Text),
        sa.UniqueConstraint("mail", name=f"t{{number}}_mail"),
        sa.CheckConstraint("amount >= 0", name=f"t{{number}}_amount"),
    )
    sa.Index(f"t{{number}}_name", made.c.name)
    sa.Index(f"t{{number}}_state", made.c.state, made.c.made, postgresql_where=made.c.state != "done")
"""
ENV = """
import sqlalchemy as sa
from alembic import context

import alembic_check_models

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=sa.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=alembic_check_models.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


def prepared(folder: Path, url: str, head: str, tables: int) -> Callable[[], None]:
    """Write the project, and return what runs ``alembic check`` in this process; it raises when there is a difference.

    Args:
        folder: where to write it.
        url: of a database that is at ``head``.
        head: the one revision of the project.
        tables: how many models.
    """
    (folder / "scripts" / "versions").mkdir(parents=True)
    (folder / "alembic_check_models.py").write_text(MODELS.format(tables=tables), encoding="utf-8")
    (folder / "scripts" / "env.py").write_text(ENV, encoding="utf-8")
    (folder / "scripts" / "versions" / "only.py").write_text(
        f"revision = {head!r}\ndown_revision = None\n", encoding="utf-8"
    )
    sys.path.insert(0, str(folder))
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(folder / "scripts"))
    config.set_main_option("sqlalchemy.url", url)
    return lambda: command.check(config)
