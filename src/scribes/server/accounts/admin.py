"""What whoever runs a server does with its accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import col, select

from ...errors import InvalidInput, NotFound
from ...ids import to_text
from ...records import record
from ...services import credentials
from ..database import Db
from ..settings import ServerSettings
from ..state import Server, open_server
from ..tables.accounts import Account
from . import audit, invites
from .sessions import end_all

MAX_INVITE_DAYS = 365


@record
class AccountLine:
    """An account, as whoever runs the server sees it: nothing of what is in it."""

    id: str
    email: str
    name: str
    kind: str
    created_us: int
    quota_bytes: int | None
    is_disabled: bool


class Admin:
    """The accounts of a server, past all questions of who asks."""

    def __init__(self, server: Server) -> None:
        self._server, self._database = server, server.accounts.database

    def each(self, *, limit: int = 1_000, skip: int = 0) -> list[AccountLine]:
        """Accounts, the oldest first."""
        with self._database.read() as db:
            found = db.exec(select(Account).order_by(col(Account.n)).offset(skip).limit(limit)).all()
        return [_line(one) for one in found]

    def add(self, email: str, password: str, *, name: str = "") -> AccountLine:
        """A new account, however registration is set.

        Raises: InvalidInput, AlreadyExists.
        """
        return _line(self._server.accounts.people.add(email, password, name=name))

    def disable(self, email: str) -> AccountLine:
        """An account that nobody can use from this moment on; what is in it stays.

        Raises: NotFound, InvalidInput.
        """
        with self._database.write() as db:
            account = _find(db, email)
            if account.disabled_us is None:
                account.disabled_us = db.now_us
                end_all(db, account.n or 0)
                audit.note(db, "disabled", account=account.n, address="")
            return _line(account)

    def enable(self, email: str) -> AccountLine:
        """An account that can be used again.

        Raises: NotFound, InvalidInput.
        """
        with self._database.write() as db:
            account = _find(db, email)
            if account.disabled_us is not None:
                account.disabled_us = None
                audit.note(db, "enabled", account=account.n, address="")
            return _line(account)

    def set_quota(self, email: str, size_bytes: int | None) -> AccountLine:
        """An account that may keep so many bytes; None, as many as the settings say.

        Raises: NotFound, InvalidInput.
        """
        if size_bytes is not None and size_bytes < 0:
            raise InvalidInput("a quota is a number of bytes, 0 or more")
        with self._database.write() as db:
            account = _find(db, email)
            account.quota_bytes = size_bytes
            return _line(account)

    def delete(self, email: str) -> dict[str, int]:
        """How many rows of each table went with an account.

        Raises: NotFound, Conflict, Damaged, InvalidInput.
        """
        with self._database.read() as db:
            account = _find(db, email)
        return self._server.deletion.run(account.n or 0, address="")

    def invite(self, *, days: int) -> str:
        """A code that lets one person have an account; it is shown this once.

        Raises: InvalidInput.
        """
        if not 1 <= days <= MAX_INVITE_DAYS:
            raise InvalidInput(f"an invitation is good for 1 to {MAX_INVITE_DAYS} days")
        with self._database.write() as db:
            return invites.make(db, days=days)

    def rotate_keys(self) -> str:
        """The name of the key that signs tokens from now on."""
        return self._server.accounts.tokens.rotated()[0]


@contextmanager
def administered(settings: ServerSettings) -> Iterator[Admin]:
    """A server's accounts; the server may run meanwhile.

    Raises: InvalidInput, NewerFormat, Damaged, Unavailable.
    """
    server = open_server(settings)
    try:
        yield Admin(server)
    finally:
        server.close()


def _find(db: Db, email: str) -> Account:
    account = db.exec(select(Account).where(Account.email == credentials.clean_email(email))).first()
    if account is None:
        raise NotFound("nobody has this address here")
    return account


def _line(account: Account) -> AccountLine:
    return AccountLine(
        to_text(account.id),
        account.email,
        account.name,
        account.kind,
        account.created_us,
        account.quota_bytes,
        account.disabled_us is not None,
    )
