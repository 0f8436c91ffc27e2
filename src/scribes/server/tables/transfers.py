"""Exports and imports: what was asked for, and how far it is. Times are microseconds since 1970, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from .accounts import Number


class Transfer(SQLModel, table=True):
    """An export or an import of an account, by its key in the host. `lease_us`: until then somebody works on it;
    `claims` tells this time from any other it was taken. `blob` is what is imported, or what was exported.
    """

    __tablename__ = "transfer"

    n: int | None = Field(default=None, primary_key=True, sa_type=Number)
    id: bytes = Field(sa_type=LargeBinary, unique=True)
    account: int = Field(sa_type=BigInteger, index=True)
    kind: str
    """`export` or `import`."""
    format: str
    state: str = Field(index=True)
    """`waiting`, `running`, `done`, `failed` or `cancelled`."""
    done: int = 0
    total: int = 0
    blob: bytes | None = Field(default=None, sa_type=LargeBinary)
    tags: str = ""
    """For the notes of an import, as JSON."""
    report: str = ""
    """What became of an import, as JSON."""
    error: str = ""
    created_us: int = Field(sa_type=BigInteger)
    changed_us: int = Field(sa_type=BigInteger)
    expires_us: int = Field(sa_type=BigInteger, index=True)
    lease_us: int | None = Field(default=None, sa_type=BigInteger)
    claims: int = 0
