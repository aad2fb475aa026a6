"""Make the table of answers to requests that carried an idempotency key.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-23 03:25:00

"""
# ruff: noqa: INP001 - a script directory is no package

import sqlalchemy as sa

from stillhouse_engine import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "answers",
        sa.Column("caller", sa.String(200), nullable=False),
        sa.Column("key", sa.String(255), nullable=False, comment="the Idempotency-Key of a request"),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True, comment="null while the request is being answered"),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_answers"),
    )
    op.create_index("ix_answers_asked_at", "answers", ["asked_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("answers")
