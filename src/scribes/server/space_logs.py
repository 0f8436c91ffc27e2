"""The logs of spaces as accounts use them over HTTP: who asks, how much they may keep, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..domain.callers import Caller, own_devices
from ..domain.keyring import Keyring
from ..errors import AlreadyExists, Forbidden, NotFound, StorageFull, TooLarge, TooMany
from ..hosting import Host, Hosted
from ..models.sync import Page
from ..services.gate import Gate, Written
from ..services.proofs import account_id, holds_device
from .hub import Hub
from .ledger import Ledger
from .settings import ServerSettings
from .tables.sync import SyncDevice, SyncLetter

DAY_US = 24 * 60 * 60 * 1_000_000
LETTER_DAYS, MAX_LETTERS, MAX_LETTER_BYTES, MAX_DEVICES = 30, 100, 64 * 1024, 200
Invitation = tuple[bytes, bytes]
Ends = Mapping[bytes, tuple[int, bytes]]


@dataclass(frozen=True)
class Asking:
    """An account, and the session through which it asks."""

    me: Hosted
    session: bytes | None = None


@dataclass(frozen=True)
class DeviceKeys:
    """What a device says of itself: its id and its public keys."""

    id: bytes
    sign: bytes
    box: bytes


@dataclass(frozen=True)
class SpaceFound:
    """A space of an account: who is in it, its role, where its log ends, how many bytes that has, which devices of the
    account are in it.
    """

    ring: Keyring
    role: str
    seq: int
    size_bytes: int
    devices: tuple[bytes, ...]


class SpaceLogs:
    """All logs of a server. Each call is one transaction."""

    def __init__(self, host: Host, settings: ServerSettings, hub: Hub) -> None:
        self._host, self._engine, self._settings, self._hub = host, host.engine, settings, hub
        self.gate = Gate(host.engine)
        self.id = self.gate.identify()
        # The accounts that may keep no more: asked of each request that writes, so it is known beforehand.
        self._full: set[int] = set()
        with self._engine.read() as tx:
            ledger = Ledger(tx.connection)
            for account in ledger.keepers():
                self._weigh(ledger, account)

    def account(self, asking: Asking) -> bytes:
        """The id by which an account is named in what its devices sign."""
        return account_id(self.id, asking.me.key)

    # Devices

    def register(self, asking: Asking, device: DeviceKeys, proof: bytes) -> SyncDevice:
        """A device that belongs to an account from now on.

        Raises: Forbidden (it has not shown that it holds the key), AlreadyExists (it is another account's), TooMany.
        """
        mine = self.account(asking)
        if not holds_device(device.id, device.sign, device.box, proof=proof, remote=self.id, account=mine):
            raise Forbidden("the proof is not by the device's key, or for another account or server")
        with self._engine.joint() as tx:
            ledger = Ledger(tx.connection)
            owner = ledger.owner(device.id, device.sign)
            if owner not in (None, asking.me.key):
                raise AlreadyExists("this device belongs to another account of this server")
            if owner is None and len(ledger.devices(asking.me.key)) >= MAX_DEVICES:
                raise TooMany(f"an account has at most {MAX_DEVICES} devices")
            made = SyncDevice(
                device=device.id, sign=device.sign, account=asking.me.key, box=device.box, session=asking.session,
                registered_us=tx.now_us,
            )  # fmt: skip
            ledger.put_device(made)
        return made

    def devices(self, asking: Asking) -> list[SyncDevice]:
        """The devices of an account."""
        with self._engine.read() as tx:
            return Ledger(tx.connection).devices(asking.me.key)

    # Logs

    def page(
        self, asking: Asking, space: bytes, after: str, *, limit_bytes: int, invitation: Invitation | None
    ) -> Page:
        """Entries behind a cursor.

        Raises: NotFound, InvalidInput.
        """
        return self.gate.read(self._caller(asking), space, after, limit_bytes=limit_bytes, invitation=invitation)

    def news(self, asking: Asking, cursors: Mapping[bytes, str]) -> dict[bytes, Page | None]:
        """Which logs have something behind a cursor.

        Raises: InvalidInput.
        """
        return self.gate.news(self._caller(asking), cursors)

    def append(
        self, asking: Asking, space: bytes, entries: Sequence[bytes], *, again: bool, invitation: Invitation | None
    ) -> Written:
        """A log with more at its end.

        Raises: Outrun, Forbidden, Malformed, NotFound, StorageFull.
        """
        with self._engine.joint() as tx:
            ledger = Ledger(tx.connection)
            keeper = ledger.keeper(space)
            room = self._weigh(ledger, keeper or asking.me.key)
            caller = self._caller_in(ledger, asking, room_bytes=max(0, room))
            kept_by = keeper and account_id(self.id, keeper)
            written = self.gate.write(
                caller, space, entries, again=again, invitation=invitation, kept_by=kept_by or None
            )
            # One whose keeper's account is gone, or that the server began, counts as the next one's who writes in it.
            grown = written.size_bytes if keeper else self.gate.size_bytes(space)
            ledger.grow(space, keeper or asking.me.key, by_bytes=grown)
            if written.has_members_changed:
                ledger.seat(written.ring)
                self._host.let_in(asking.me.key, written.ring, by=own_devices(written.ring, caller))
        if written.fresh:
            self.tell(space, written.seq)
        return written

    def fold(self, asking: Asking, space: bytes, covers: Mapping[bytes, int]) -> None:
        """A snapshot stands for some of a log.

        Raises: NotFound, Forbidden.
        """
        with self._engine.joint() as tx:
            ledger = Ledger(tx.connection)
            written = self.gate.let_go(self._caller_in(ledger, asking), space, covers)
            ledger.measure(space, written.size_bytes)
            self._weigh(ledger, ledger.keeper(space) or asking.me.key)

    def bridge(self, asking: Asking, space: bytes, ends: Ends) -> None:
        """Chains go on behind what nobody has any more.

        Raises: NotFound, Forbidden.
        """
        with self._engine.joint() as tx:
            ledger = Ledger(tx.connection)
            keeper = ledger.keeper(space)
            kept_by = account_id(self.id, keeper) if keeper else None
            self.gate.go_on(self._caller_in(ledger, asking), space, ends, kept_by=kept_by)

    def spaces(self, asking: Asking) -> list[SpaceFound]:
        """The spaces in which a device of the account is, or the server for it."""
        with self._engine.read() as tx:
            ledger = Ledger(tx.connection)
            caller = self._caller_in(ledger, asking)
            ids = {*ledger.spaces_of(caller.devices), *asking.me.logs}
            found = self.gate.about(caller, sorted(ids))
            return [
                SpaceFound(
                    ring, role, seq, ledger.size_bytes(ring.space),
                    tuple(sorted(id for id in caller.devices if id in ring.devices and ring.devices[id].is_active)),
                )
                for ring, role, seq in found
            ]  # fmt: skip

    def role_in(self, asking: Asking, space: bytes) -> tuple[Keyring, str]:
        """Who is in the space of a log, and the role of the account.

        Raises: NotFound, where it has none.
        """
        found = self.gate.about(self._caller(asking), [space])
        if not found:
            raise NotFound("there is no such space")
        return found[0][:2]

    def absorb(self, space: bytes) -> None:
        """Read what came into an open space, for those whose notes the server shows."""
        self._host.absorb(space)

    def refresh(self, space: bytes, size_bytes: int) -> None:
        """A log has moved on by so many bytes, which the server itself wrote: who is in it, as whose they count, and
        who hears of it.
        """
        ring = self.gate.ring(space)
        with self._engine.joint() as tx:
            ledger = Ledger(tx.connection)
            ledger.seat(ring)
            keeper = ledger.keeper(space)
            whose = keeper or next(iter(self._host.people_in(space)), None)
            if whose is not None:
                ledger.grow(space, whose, by_bytes=size_bytes if keeper else self.gate.size_bytes(space))
                self._weigh(ledger, whose)
        self.tell(space, 0)

    def check_room(self, account: int) -> None:
        """Refuse more from an account whose logs have grown beyond what it may keep.

        Raises: StorageFull.
        """
        if account in self._full:
            raise StorageFull(
                "your account may keep no more at this server",
                hint="what is here stays; who runs it may give more",
            )

    def _weigh(self, ledger: Ledger, account: int) -> int:
        """How many bytes more an account may keep; what is known of its room is put right."""
        quota = ledger.quota_bytes(account)
        most = self._settings.sync_quota_bytes if quota is None else quota
        room = most - ledger.used_bytes(account)
        (self._full.add if room <= 0 else self._full.discard)(account)
        return room

    def tell(self, space: bytes, seq: int) -> None:
        """Say to those who listen that a log has moved on."""
        if not self._hub.is_heard:
            return
        with self._engine.read() as tx:
            accounts = Ledger(tx.connection).accounts_in(space)
        self._hub.publish({*accounts, *self._host.people_in(space)}, space, seq)

    # Letters

    def send(self, asking: Asking, slot: bytes, content: bytes) -> None:
        """Leave a letter.

        Raises: TooLarge, StorageFull.
        """
        if len(content) > MAX_LETTER_BYTES:
            raise TooLarge(f"a letter has at most {MAX_LETTER_BYTES} bytes")
        with self._engine.joint() as tx:
            ledger = Ledger(tx.connection)
            ledger.drop_letters(before_us=tx.now_us - LETTER_DAYS * DAY_US)
            known = ledger.letter(asking.me.key, slot, since_us=0)
            if known is None and ledger.count_letters(asking.me.key) >= MAX_LETTERS:
                raise StorageFull("too many letters of this account lie here", hint=f"they go after {LETTER_DAYS} days")
            ledger.put_letter(SyncLetter(account=asking.me.key, slot=slot, content=content, left_us=tx.now_us))

    def receive(self, asking: Asking, slot: bytes) -> bytes | None:
        """A letter, or None."""
        with self._engine.read() as tx:
            since_us = tx.now_us - LETTER_DAYS * DAY_US
            return Ledger(tx.connection).letter(asking.me.key, slot, since_us=since_us)

    def discard(self, asking: Asking, slot: bytes) -> None:
        """Take a letter out."""
        with self._engine.joint() as tx:
            Ledger(tx.connection).drop_letter(asking.me.key, slot)

    def _caller(self, asking: Asking) -> Caller:
        with self._engine.read() as tx:
            return self._caller_in(Ledger(tx.connection), asking)

    def _caller_in(self, ledger: Ledger, asking: Asking, *, room_bytes: int | None = None) -> Caller:
        known = ledger.devices(asking.me.key)
        devices = {one.device: one.sign for one in known}
        here = asking.me.device
        devices.setdefault(here.id, here.sign)
        behind = next((one.device for one in known if asking.session and one.session == asking.session), None)
        return Caller(account_id(self.id, asking.me.key), devices, behind, room_bytes)
