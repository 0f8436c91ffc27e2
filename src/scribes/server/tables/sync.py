"""What a server keeps beside the logs themselves: whose devices are whose, who is in which log, and letters."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class SyncDevice(SQLModel, table=True):
    """A device that an account has shown to hold. `account` is the person's key; an id alone is easily claimed, so
    what counts is the id together with the signing key.
    """

    __tablename__ = "sync_device"

    device: bytes = Field(primary_key=True, sa_type=LargeBinary)
    sign: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account: int = Field(index=True, sa_type=BigInteger)
    box: bytes = Field(sa_type=LargeBinary)
    session: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Through which session it signed in last: a request of that session is one of this device."""
    registered_us: int = Field(sa_type=BigInteger)


class SyncSpace(SQLModel, table=True):
    """A log: the account that brought its first entry, as whose its bytes count."""

    __tablename__ = "sync_space"

    space: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account: int = Field(index=True, sa_type=BigInteger)
    size_bytes: int = Field(sa_type=BigInteger)


class SyncSeat(SQLModel, table=True):
    """A device that is in the space of a log now, as the log's control entries say."""

    __tablename__ = "sync_seat"

    space: bytes = Field(primary_key=True, sa_type=LargeBinary)
    device: bytes = Field(primary_key=True, index=True, sa_type=LargeBinary)
    sign: bytes = Field(sa_type=LargeBinary)


class SyncLetter(SQLModel, table=True):
    """A letter between two devices of an account: nobody else can ask for it."""

    __tablename__ = "sync_letter"

    account: int = Field(primary_key=True, sa_type=BigInteger)
    slot: bytes = Field(primary_key=True, sa_type=LargeBinary)
    content: bytes = Field(sa_type=LargeBinary)
    left_us: int = Field(index=True, sa_type=BigInteger)
