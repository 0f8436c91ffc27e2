"""Webhooks of circles, and what waits to be posted to them. Times are microseconds since 1970, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from .accounts import Number


class Webhook(SQLModel, table=True):
    """Where to post what happens in a circle. It works as long as who made it may have it."""

    __tablename__ = "webhook"

    n: int | None = Field(default=None, primary_key=True, sa_type=Number)
    id: bytes = Field(sa_type=LargeBinary, unique=True)
    space: bytes = Field(sa_type=LargeBinary, index=True)
    account: int = Field(sa_type=BigInteger, index=True)
    """Who made it, by their key in the host."""
    url: str
    with_headings: bool
    secret: bytes = Field(sa_type=LargeBinary)
    """Sealed under the server's secret."""
    seen_n: int = Field(sa_type=BigInteger)
    """The number of the last change that was looked at."""
    created_us: int = Field(sa_type=BigInteger)
    failing_since_us: int | None = Field(default=None, sa_type=BigInteger)
    disabled_us: int | None = Field(default=None, sa_type=BigInteger)
    disabled_why: str


class WebhookDelivery(SQLModel, table=True):
    """Something to post, or that was posted."""

    __tablename__ = "webhook_delivery"

    n: int | None = Field(default=None, primary_key=True, sa_type=Number)
    id: bytes = Field(sa_type=LargeBinary, unique=True)
    webhook_n: int = Field(sa_type=BigInteger, foreign_key="webhook.n", ondelete="CASCADE", index=True)
    kind: str
    """`activity` or `test`."""
    body: str
    state: str
    """`waiting`, `delivered` or `parked`."""
    attempts: int
    due_us: int = Field(sa_type=BigInteger, index=True)
    leased_us: int = Field(sa_type=BigInteger)
    """Until when somebody is at it; 0 where nobody is."""
    claims: int
    """How often it was taken: what is heard of an earlier time does not count."""
    status: int | None = None
    said: str
    created_us: int = Field(sa_type=BigInteger, index=True)
    done_us: int | None = Field(default=None, sa_type=BigInteger)
