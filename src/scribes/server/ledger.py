"""Reading and writing the tables of sync, in the transaction of a call."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlmodel import col

from ..domain.access import FORMER, OWNER
from ..domain.keyring import Keyring
from .tables.accounts import Account
from .tables.sync import SyncDevice, SyncLetter, SyncSeat, SyncSpace

CHUNK = 500
# What each push asks, built once: to build such a statement costs several times its execution.
DEVICES = (
    select(SyncDevice.__table__)  # type: ignore[attr-defined]
    .where(col(SyncDevice.account) == bindparam("account"))
    .order_by("registered_us", "device")
)
KEEPER = select(col(SyncSpace.account)).where(col(SyncSpace.space) == bindparam("space"))
QUOTA = select(col(Account.quota_bytes)).where(col(Account.hosted_n) == bindparam("account"))
USED = select(func.coalesce(func.sum(col(SyncSpace.size_bytes)), 0)).where(
    col(SyncSpace.account) == bindparam("account")
)
GROW = (
    update(SyncSpace)
    .where(col(SyncSpace.space) == bindparam("of"))
    .values(size_bytes=col(SyncSpace.size_bytes) + bindparam("more"))
)
ACCOUNTS = (
    select(col(SyncDevice.account))
    .join(SyncSeat, (col(SyncDevice.device) == col(SyncSeat.device)) & (col(SyncDevice.sign) == col(SyncSeat.sign)))
    .where(col(SyncSeat.space) == bindparam("space"))
    .distinct()
)


class Ledger:
    """The tables of sync within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # Devices

    def devices(self, account: int) -> list[SyncDevice]:
        """The devices of an account, in the order in which they came."""
        return [SyncDevice(**row._mapping) for row in self._connection.execute(DEVICES, {"account": account})]

    def owner(self, device: bytes, sign: bytes) -> int | None:
        """The account that a device belongs to."""
        of = (col(SyncDevice.device) == device, col(SyncDevice.sign) == sign)
        return self._connection.execute(select(col(SyncDevice.account)).where(*of)).scalar()

    def owners_of(self, ring: Keyring) -> set[int]:
        """The accounts of the devices that the owner of a space has in it."""
        found = {self.owner(one.id, one.sign) for one in ring.devices.values() if ring.role_of(one.id) == OWNER}
        return {account for account in found if account is not None}

    def put_device(self, device: SyncDevice) -> None:
        """Keep a device, or with which session it signs in now."""
        if self.owner(device.device, device.sign) is None:
            self._connection.execute(insert(SyncDevice).values(**device.model_dump()))
            return
        of = (col(SyncDevice.device) == device.device, col(SyncDevice.sign) == device.sign)
        self._connection.execute(update(SyncDevice).where(*of).values(session=device.session, box=device.box))

    # Logs

    def keeper(self, space: bytes) -> int | None:
        """The account as whose the bytes of a log count."""
        return self._connection.execute(KEEPER, {"space": space}).scalar()

    def keepers(self) -> list[int]:
        """The accounts as whose the bytes of some log count."""
        return list(self._connection.execute(select(col(SyncSpace.account)).distinct()).scalars())

    def quota_bytes(self, account: int) -> int | None:
        """How many bytes an account may keep, where that is said for it alone."""
        return self._connection.execute(QUOTA, {"account": account}).scalar()

    def used_bytes(self, account: int) -> int:
        """How many bytes the logs have that count as an account's."""
        return int(self._connection.execute(USED, {"account": account}).scalar_one())

    def size_bytes(self, space: bytes) -> int:
        """How many bytes a log has."""
        found = self._connection.execute(select(col(SyncSpace.size_bytes)).where(col(SyncSpace.space) == space))
        return int(found.scalar() or 0)

    def grow(self, space: bytes, keeper: int, *, by_bytes: int) -> None:
        """A log has more bytes; a new one has its keeper from now on."""
        if not self._connection.execute(GROW, {"of": space, "more": by_bytes}).rowcount:
            self._connection.execute(insert(SyncSpace).values(space=space, account=keeper, size_bytes=by_bytes))

    def measure(self, space: bytes, size_bytes: int) -> None:
        """How many bytes a log has now."""
        self._connection.execute(update(SyncSpace).where(col(SyncSpace.space) == space).values(size_bytes=size_bytes))

    def seat(self, ring: Keyring) -> None:
        """Who is in the space of a log, as its keyring says."""
        has = select(col(SyncSeat.device), col(SyncSeat.sign)).where(col(SyncSeat.space) == ring.space)
        before = {(device, sign) for device, sign in self._connection.execute(has)}
        now = {(one.id, one.sign) for one in ring.devices.values() if ring.role_of(one.id) != FORMER}
        for device, _ in before - now:
            of = (col(SyncSeat.space) == ring.space, col(SyncSeat.device) == device)
            self._connection.execute(delete(SyncSeat).where(*of))
        rows = [{"space": ring.space, "device": device, "sign": sign} for device, sign in now - before]
        if rows:
            self._connection.execute(insert(SyncSeat), rows)

    def spaces_of(self, devices: dict[bytes, bytes]) -> list[bytes]:
        """The logs in whose spaces some devices are, by their ids and signing keys."""
        found: dict[bytes, None] = {}
        ids = list(devices)
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            rows = select(col(SyncSeat.space), col(SyncSeat.device), col(SyncSeat.sign)).where(
                col(SyncSeat.device).in_(some)
            )
            found |= {space: None for space, device, sign in self._connection.execute(rows) if devices[device] == sign}
        return sorted(found)

    def accounts_in(self, space: bytes) -> list[int]:
        """The accounts with a device in the space of a log."""
        return list(self._connection.execute(ACCOUNTS, {"space": space}).scalars())

    # Letters

    def letter(self, account: int, slot: bytes, *, since_us: int) -> bytes | None:
        """A letter that was left at or after an instant."""
        of = (col(SyncLetter.account) == account, col(SyncLetter.slot) == slot, col(SyncLetter.left_us) >= since_us)
        return self._connection.execute(select(col(SyncLetter.content)).where(*of)).scalar()

    def count_letters(self, account: int) -> int:
        """How many letters an account has."""
        number = select(func.count()).select_from(SyncLetter).where(col(SyncLetter.account) == account)
        return int(self._connection.execute(number).scalar_one())

    def put_letter(self, letter: SyncLetter) -> None:
        """Keep a letter; a later one takes its place."""
        self.drop_letter(letter.account, letter.slot)
        self._connection.execute(insert(SyncLetter).values(**letter.model_dump()))

    def drop_letter(self, account: int, slot: bytes) -> None:
        """Take a letter out."""
        of = (col(SyncLetter.account) == account, col(SyncLetter.slot) == slot)
        self._connection.execute(delete(SyncLetter).where(*of))

    def drop_letters(self, *, before_us: int) -> None:
        """Take out all letters that nobody fetched in time."""
        self._connection.execute(delete(SyncLetter).where(col(SyncLetter.left_us) < before_us))
