"""Files that people keep at a server, and how much each account keeps. Times are microseconds since 1970, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from .accounts import Number


class Blob(SQLModel, table=True):
    """A file, or a part of one that is sealed: `name` is then what devices call it in its space. `account` is whose
    bytes it counts as, by their key in the host. `expires_us`: until it is whole, or where it is kept for a while only.
    """

    __tablename__ = "blob"
    __table_args__ = (UniqueConstraint("space", "name"),)

    n: int | None = Field(default=None, primary_key=True, sa_type=Number)
    id: bytes = Field(sa_type=LargeBinary, unique=True)
    account: int = Field(sa_type=BigInteger, index=True)
    space: bytes | None = Field(default=None, sa_type=LargeBinary)
    name: str | None = None
    purpose: str
    """`file`, `part` of a sealed file, `export`, or `gone`: its bytes are about to be removed."""
    file_name: str
    media_type: str
    size_bytes: int = Field(sa_type=BigInteger)
    received_bytes: int = Field(default=0, sa_type=BigInteger)
    sha256: bytes = Field(sa_type=LargeBinary)
    created_us: int = Field(sa_type=BigInteger)
    expires_us: int | None = Field(default=None, sa_type=BigInteger, index=True)

    @property
    def is_whole(self) -> bool:
        """Whether all of it is here."""
        return self.received_bytes == self.size_bytes


class BlobUse(SQLModel, table=True):
    """How many bytes the files of an account have, those that are on their way included."""

    __tablename__ = "blob_use"

    account: int = Field(sa_type=BigInteger, primary_key=True)
    size_bytes: int = Field(sa_type=BigInteger)
