"""Devices, logs, who is in them, and letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sync_device",
        sa.Column("device", sa.LargeBinary, primary_key=True),
        sa.Column("sign", sa.LargeBinary, primary_key=True),
        sa.Column("account", sa.BigInteger, nullable=False, index=True),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("session", sa.LargeBinary),
        sa.Column("registered_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sync_space",
        sa.Column("space", sa.LargeBinary, primary_key=True),
        sa.Column("account", sa.BigInteger, nullable=False, index=True),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sync_seat",
        sa.Column("space", sa.LargeBinary, primary_key=True),
        sa.Column("device", sa.LargeBinary, primary_key=True, index=True),
        sa.Column("sign", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "sync_letter",
        sa.Column("account", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("slot", sa.LargeBinary, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("left_us", sa.BigInteger, nullable=False, index=True),
    )
