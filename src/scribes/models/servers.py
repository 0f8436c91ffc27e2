"""Servers as plain data: what a device keeps to stay signed in, and what a server says of an account's spaces."""

from __future__ import annotations

from ..records import record


class Tokens:
    """What an account is known by at a server: `access` for a quarter of an hour, `refresh` for new ones, once."""

    __slots__ = ("access", "expires_us", "refresh")

    def __init__(self, access: str, refresh: str, expires_us: int) -> None:
        self.access, self.refresh, self.expires_us = access, refresh, expires_us

    def __repr__(self) -> str:
        """Nothing that could stand in a log."""
        return "Tokens(…)"


@record
class SignedIn:
    """An account at a server: its address, the e-mail it has there, and the server's and the account's ids in hex."""

    url: str
    email: str
    server: str
    account: str


@record
class SpaceThere:
    """A space as a server has it: its id, kind, mode, the account's role, which devices of the account are in it."""

    id: bytes
    kind: str
    mode: str
    role: str
    devices: tuple[bytes, ...]


@record
class LoggedIn:
    """What a login led to: `first`, where the person's notes are kept there from now on; `back`, where they were;
    `next`, where those of another device of theirs are, which has to let this one in; `known`, where they are kept
    elsewhere.
    """

    url: str
    email: str
    state: str
