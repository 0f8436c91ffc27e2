"""Accounts, what they sign in with, and what happened to them. Times are microseconds since 1970, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, LargeBinary
from sqlmodel import Field, SQLModel

# A key that SQLite numbers by itself, and that is wide enough on Postgres.
Number = BigInteger().with_variant(Integer, "sqlite")


class Account(SQLModel, table=True):
    """A person who may sign in. `hosted_n` is their key in the host; None until the core has heard of them."""

    __tablename__ = "account"

    n: int | None = Field(default=None, primary_key=True, sa_type=Number)
    id: bytes = Field(sa_type=LargeBinary, unique=True)
    email: str = Field(unique=True)
    name: str
    kind: str
    """`plain`, where the server is sent the password; `derived`, where it is sent a secret made from it."""
    password: str
    """Argon2id, as a PHC string."""
    derivation: str
    """How a client derives the secret, as JSON; also where it does not."""
    hosted_n: int | None = Field(default=None, sa_type=BigInteger, unique=True)
    quota_bytes: int | None = Field(default=None, sa_type=BigInteger)
    created_us: int = Field(sa_type=BigInteger)
    changed_us: int = Field(sa_type=BigInteger)
    disabled_us: int | None = Field(default=None, sa_type=BigInteger)


class Session(SQLModel, table=True):
    """A device or a browser that is signed in, and the family of its refresh tokens."""

    __tablename__ = "session"

    n: int | None = Field(default=None, primary_key=True, sa_type=Number)
    id: bytes = Field(sa_type=LargeBinary, unique=True)
    account_n: int = Field(sa_type=BigInteger, foreign_key="account.n", index=True)
    kind: str
    """`bearer` or `cookie`."""
    label: str
    created_us: int = Field(sa_type=BigInteger)
    seen_us: int = Field(sa_type=BigInteger)
    expires_us: int = Field(sa_type=BigInteger)
    ended_us: int | None = Field(default=None, sa_type=BigInteger)


class RefreshToken(SQLModel, table=True):
    """A refresh token by its SHA-256; what was used stays until its session is gone, so that reuse is noticed."""

    __tablename__ = "refresh_token"

    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    session_n: int = Field(sa_type=BigInteger, foreign_key="session.n", index=True)
    made_us: int = Field(sa_type=BigInteger)
    used_us: int | None = Field(default=None, sa_type=BigInteger)


class SigningKey(SQLModel, table=True):
    """A key that access tokens are signed with; its private half is sealed under the server's secret."""

    __tablename__ = "signing_key"

    kid: str = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    public: bytes = Field(sa_type=LargeBinary)
    created_us: int = Field(sa_type=BigInteger)
    expires_us: int | None = Field(default=None, sa_type=BigInteger)
    """Set once another one took its place: until then it is still believed."""


class Passkey(SQLModel, table=True):
    """A passkey that signs an account in."""

    __tablename__ = "passkey"

    n: int | None = Field(default=None, primary_key=True, sa_type=Number)
    id: bytes = Field(sa_type=LargeBinary, unique=True)
    """As the account's owner names it here."""
    credential: bytes = Field(sa_type=LargeBinary, unique=True)
    """As its authenticator names it."""
    account_n: int = Field(sa_type=BigInteger, foreign_key="account.n", index=True)
    public_key: bytes = Field(sa_type=LargeBinary)
    sign_count: int = Field(sa_type=BigInteger)
    is_backed_up: bool
    transports: str
    name: str
    created_us: int = Field(sa_type=BigInteger)
    used_us: int | None = Field(default=None, sa_type=BigInteger)


class Challenge(SQLModel, table=True):
    """What an authenticator is to sign, once and soon. `account_n` is None for a login: nobody is named yet."""

    __tablename__ = "challenge"

    id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    purpose: str
    challenge: bytes = Field(sa_type=LargeBinary)
    account_n: int | None = Field(default=None, sa_type=BigInteger, foreign_key="account.n", index=True)
    expires_us: int = Field(sa_type=BigInteger, index=True)


class PasswordReset(SQLModel, table=True):
    """A password reset that was asked for, by the SHA-256 of what was mailed."""

    __tablename__ = "password_reset"

    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    account_n: int = Field(sa_type=BigInteger, foreign_key="account.n", index=True)
    expires_us: int = Field(sa_type=BigInteger)


class Invite(SQLModel, table=True):
    """A code that lets somebody have an account, once, by its SHA-256."""

    __tablename__ = "invite"

    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    made_us: int = Field(sa_type=BigInteger)
    expires_us: int = Field(sa_type=BigInteger)
    used_us: int | None = Field(default=None, sa_type=BigInteger)


class KeyBundle(SQLModel, table=True):
    """What a client keeps here sealed under its own keys. The server cannot read it."""

    __tablename__ = "key_bundle"

    account_n: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="account.n")
    body: bytes = Field(sa_type=LargeBinary)
    changed_us: int = Field(sa_type=BigInteger)


class Audit(SQLModel, table=True):
    """What happened to accounts. It outlives them, so it names them by number alone, and callers by their network."""

    __tablename__ = "audit"

    n: int | None = Field(default=None, primary_key=True, sa_type=Number)
    at_us: int = Field(sa_type=BigInteger, index=True)
    event: str
    account_n: int | None = Field(default=None, sa_type=BigInteger, index=True)
    network: str
