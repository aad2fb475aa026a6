"""Make the table of the checksums of applied revisions.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-23 03:52:00

"""
# ruff: noqa: INP001 - a script directory is no package

import sqlalchemy as sa

from stillhouse_engine import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "checksums",
        sa.Column("project", sa.Text(), nullable=False, comment="its script directory, or its ini file"),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("revision", sa.String(255), nullable=False),
        sa.Column("checksum", sa.String(32), nullable=False, comment="of the revision's file when it was applied"),
        sa.PrimaryKeyConstraint("project", "target", "revision", name="pk_checksums"),
    )
    op.create_index("ix_checksums_project_revision_checksum", "checksums", ["project", "revision", "checksum"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("checksums")
