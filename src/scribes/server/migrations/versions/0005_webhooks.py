"""Webhooks and their deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhook",
        sa.Column("n", NUMBER, primary_key=True),
        sa.Column("id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("space", sa.LargeBinary, nullable=False, index=True),
        sa.Column("account", sa.BigInteger, nullable=False, index=True),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("with_headings", sa.Boolean, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("seen_n", sa.BigInteger, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("failing_since_us", sa.BigInteger),
        sa.Column("disabled_us", sa.BigInteger),
        sa.Column("disabled_why", sa.String, nullable=False),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("n", NUMBER, primary_key=True),
        sa.Column("id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column(
            "webhook_n", sa.BigInteger, sa.ForeignKey("webhook.n", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_us", sa.BigInteger, nullable=False, index=True),
        sa.Column("leased_us", sa.BigInteger, nullable=False),
        sa.Column("claims", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("said", sa.String, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False, index=True),
        sa.Column("done_us", sa.BigInteger),
        # No number is ever given again: what is heard of one that was removed must not be taken for another.
        sqlite_autoincrement=True,
    )
