"""Invitations to circles by address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "circle_invitation",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("space", sa.LargeBinary, nullable=False, index=True),
        sa.Column("invite", sa.LargeBinary, nullable=False),
        sa.Column("account", sa.BigInteger, nullable=False, index=True),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("circle", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False, index=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False, index=True),
        sa.Column("decided_us", sa.BigInteger),
    )
