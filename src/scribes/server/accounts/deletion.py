"""The end of an account: everything that is its alone goes, in one transaction that makes sure of it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, func, or_
from sqlmodel import SQLModel, col, delete, select

from ...domain.access import OWNER
from ...domain.keyring import OPEN, PERSONAL
from ...errors import Conflict, Damaged, NotFound
from ...hosting import Host
from ..blobs import Blobs
from ..database import Database, Db
from ..ledger import Ledger
from ..space_logs import Asking, SpaceLogs
from ..tables.accounts import Account
from ..tables.sync import SyncSeat, SyncSpace
from . import audit
from .sessions import end_all

# What is kept of the dead: that they were there, by number.
KEPT = ("account", "audit")
BY_ACCOUNT, BY_PERSON, BY_ADDRESS = "account_n", "account", "address"


class Deletion:
    """Removes accounts."""

    def __init__(self, database: Database, host: Host, spaces: SpaceLogs, blobs: Blobs) -> None:
        self._database, self._host, self._spaces, self._blobs = database, host, spaces, blobs

    def run(self, account_n: int, *, address: str) -> dict[str, int]:
        """How many rows of each table went with an account. What its owner wrote in circles stays there.

        Raises: NotFound; Conflict, where a circle would be left without its owner; Damaged, and then nothing is gone.
        """
        account = self._ended(account_n)
        n = account.hosted_n
        if n is None:
            with self._database.write() as db:
                return self._removed(db, account, [], address)
        sealed = self._sealed_of_nobody_else(n)
        self._blobs.forget(n)

        def also(opened: list[bytes]) -> dict[str, int]:
            with self._database.joint() as db:
                return self._removed(db, account, sealed + opened, address)

        return self._host.erase(n, also)

    def _ended(self, account_n: int) -> Account:
        """The account, which is signed in nowhere any more, if it may go at all."""
        with self._database.read() as db:
            account = db.get(Account, account_n)
        if account is None:
            raise NotFound("there is no such account")
        if account.hosted_n is not None:
            self._host.check_may_go(account.hosted_n)
            self._sealed_of_nobody_else(account.hosted_n)
        with self._database.write() as db:
            end_all(db, account_n)
        return account

    def _sealed_of_nobody_else(self, n: int) -> list[bytes]:
        """The sealed logs that go with an account: its own, and of circles in which nobody else is.

        Raises: Conflict.
        """
        found = [one for one in self._spaces.spaces(Asking(self._host.of(n))) if one.ring.mode != OPEN]
        with self._database.read() as db:
            ledger = Ledger(db.connection())
            # Somebody whose account has ended is a member on paper alone.
            alone = {one.ring.space for one in found if set(ledger.accounts_in(one.ring.space)) <= {n}}
            # In a circle of theirs somebody may have said that a device of this account is one of their own.
            others = {one.ring.space for one in found if ledger.owners_of(one.ring) - {n}}
        for one in found:
            if one.role == OWNER and one.ring.space not in alone | others and one.ring.kind != PERSONAL:
                raise Conflict("a sealed circle needs an owner", hint="hand the circle over first")
        return [one.ring.space for one in found if one.ring.kind == PERSONAL or one.ring.space in alone]

    def _removed(self, db: Db, account: Account, logs: list[bytes], address: str) -> dict[str, int]:
        removed: dict[str, int] = {}
        for log in logs:
            if number := self._host.forget_log(db.tx, log):
                removed["relay_entry"] = removed.get("relay_entry", 0) + number
            db.exec(delete(SyncSeat).where(col(SyncSeat.space) == log))
            db.exec(delete(SyncSpace).where(col(SyncSpace.space) == log))
        for table, condition in _of(account):
            number = db.connection().execute(delete(table).where(condition)).rowcount
            if number:
                removed[table.name] = number
        found = db.get(Account, account.n)
        if found is not None:
            db.delete(found)
        audit.note(db, "deleted", account=account.n, address=address)
        db.flush()
        for table, condition in _of(account):
            if db.connection().execute(select(func.count()).select_from(table).where(condition)).scalar_one():
                raise Damaged(f"something of the account is still in {table.name}", hint="nothing was removed")
        return removed


def _of(account: Account) -> list[tuple[Table, ColumnElement[bool]]]:
    """Every table that names an account, by its number, its person's, its address, or by what is theirs, and which
    rows are meant: also tables that come later. Those that others point at come last.
    """
    found: dict[str, tuple[Table, ColumnElement[bool]]] = {}
    for table in SQLModel.metadata.sorted_tables:
        if table.name in KEPT:
            continue
        if BY_ACCOUNT in table.c:
            found[table.name] = table, table.c[BY_ACCOUNT] == account.n
        elif BY_PERSON in table.c:
            found[table.name] = table, table.c[BY_PERSON] == (-1 if account.hosted_n is None else account.hosted_n)
        else:
            theirs = [
                key.parent.in_(select(key.column).where(found[key.column.table.name][1]))
                for key in table.foreign_keys
                if key.column.table.name in found
            ]
            if theirs:
                found[table.name] = table, or_(*theirs)
        if BY_ADDRESS in table.c:
            named = table.c[BY_ADDRESS] == account.email
            found[table.name] = table, or_(found[table.name][1], named) if table.name in found else named
    return list(reversed(found.values()))
