"""Accounts, sessions, passkeys, tokens and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _account()
    _sessions()
    _passkeys()
    _codes()


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("n", NUMBER, primary_key=True),
        sa.Column("id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("email", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("password", sa.String, nullable=False),
        sa.Column("derivation", sa.String, nullable=False),
        sa.Column("hosted_n", sa.BigInteger, unique=True),
        sa.Column("quota_bytes", sa.BigInteger),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("changed_us", sa.BigInteger, nullable=False),
        sa.Column("disabled_us", sa.BigInteger),
        # No number is ever given again: the audit names the dead by theirs.
        sqlite_autoincrement=True,
    )
    op.create_table(
        "key_bundle",
        sa.Column("account_n", sa.BigInteger, sa.ForeignKey("account.n"), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("changed_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("n", NUMBER, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False, index=True),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("account_n", sa.BigInteger, index=True),
        sa.Column("network", sa.String, nullable=False),
    )


def _sessions() -> None:
    op.create_table(
        "session",
        sa.Column("n", NUMBER, primary_key=True),
        sa.Column("id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("account_n", sa.BigInteger, sa.ForeignKey("account.n"), nullable=False, index=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("ended_us", sa.BigInteger),
    )
    op.create_table(
        "refresh_token",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("session_n", sa.BigInteger, sa.ForeignKey("session.n"), nullable=False, index=True),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.String, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("public", sa.LargeBinary, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger),
    )


def _passkeys() -> None:
    op.create_table(
        "passkey",
        sa.Column("n", NUMBER, primary_key=True),
        sa.Column("id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("credential", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("account_n", sa.BigInteger, sa.ForeignKey("account.n"), nullable=False, index=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("is_backed_up", sa.Boolean, nullable=False),
        sa.Column("transports", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger),
    )
    op.create_table(
        "challenge",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("challenge", sa.LargeBinary, nullable=False),
        sa.Column("account_n", sa.BigInteger, sa.ForeignKey("account.n"), index=True),
        sa.Column("expires_us", sa.BigInteger, nullable=False, index=True),
    )


def _codes() -> None:
    op.create_table(
        "password_reset",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("account_n", sa.BigInteger, sa.ForeignKey("account.n"), nullable=False, index=True),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "invite",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger),
    )
