"""What was answered to a request that had an idempotency key, so that the same one is answered and not done again."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class IdempotencyKey(SQLModel, table=True):
    """An answer, by the person (their key in the host) and the key they gave. It is sealed: links stand in some."""

    __tablename__ = "idempotency_key"

    account: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    key: str = Field(primary_key=True)
    route: str
    """Method and path of the request."""
    request: bytes = Field(sa_type=LargeBinary)
    """SHA-256 of what was sent."""
    status: int
    headers: str
    body: bytes = Field(sa_type=LargeBinary)
    created_us: int = Field(sa_type=BigInteger, index=True)
