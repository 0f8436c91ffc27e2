"""Invitations to circles for an address. Times are microseconds since 1970, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from .accounts import Number


class CircleInvitation(SQLModel, table=True):
    """An invitation that waits for whoever has an address, whether or not anybody does."""

    __tablename__ = "circle_invitation"

    n: int | None = Field(default=None, primary_key=True, sa_type=Number)
    id: bytes = Field(sa_type=LargeBinary, unique=True)
    space: bytes = Field(sa_type=LargeBinary, index=True)
    invite: bytes = Field(sa_type=LargeBinary)
    """As the log of the space names it."""
    account: int = Field(sa_type=BigInteger, index=True)
    """Who invited, by their key in the host."""
    by: str
    circle: str
    address: str = Field(index=True)
    role: str
    link: bytes = Field(sa_type=LargeBinary)
    """Sealed under the server's secret."""
    state: str
    """`waiting`, `accepted`, `declined` or `withdrawn`."""
    made_us: int = Field(sa_type=BigInteger)
    expires_us: int = Field(sa_type=BigInteger, index=True)
    decided_us: int | None = Field(default=None, sa_type=BigInteger)
