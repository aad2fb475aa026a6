"""The journal is no table that revisions find when they act on all that there are."""

from __future__ import annotations

import pytest

EVERY_TABLE = """
metadata = sa.MetaData()
metadata.reflect(bind=op.get_bind())
inspector = sa.inspect(op.get_bind())
listed = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name]
assert sorted(metadata.tables) == sorted(listed) == sorted(inspector.get_table_names()), listed
for name in sorted(metadata.tables):
    op.create_table(f"shadow_{name}", sa.Column("id", sa.Integer))
"""


@pytest.mark.mariadb
def test_a_revision_that_copies_every_table_copies_no_journal(mariadb):
    mariadb.revisions("op.create_table('a', sa.Column('id', sa.Integer, primary_key=True))", EVERY_TABLE)
    mariadb.upgraded()
    assert mariadb.tables() == {"a", "alembic_version", "shadow_a", "shadow_alembic_version", "stillhouse_journal"}
