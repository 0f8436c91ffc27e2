"""Keeping logs for others: this vault as a remote. It orders and stores, checks what it can, and reads nothing."""

from __future__ import annotations

from ..crypto.log_rules import keyring_of, to_append
from ..domain.keyring import Keyring
from ..errors import InvalidInput
from ..models.sync import Page
from ..storage import meta, relay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..crypto.envelope import Entry
    from ..ports import Engine, Tx

PAGE_ENTRIES, MOST_RINGS = 512, 1_000
MAX_DIGITS = 18


def _place(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < MAX_DIGITS):
        raise InvalidInput("the place in a log cannot be read")
    return int(cursor)


class Relay:
    """The logs in a vault, as `ports.Remote` wants them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # By space: what its control entries fold into. Folding them anew would verify each again.
        self._rings: dict[bytes, Keyring] = {}

    def identify(self) -> bytes:
        """The id of the vault."""
        with self._engine.read() as tx:
            return bytes(meta.get(tx, "vault"))

    def fetch(self, space: bytes, after: str, *, limit_bytes: int) -> Page:
        """Entries behind a number, and where the log ends."""
        with self._engine.read() as tx:
            return self._page(tx, space, after, limit_bytes=limit_bytes)

    def append(self, space: bytes, entries: Sequence[bytes], *, again: bool = False) -> None:
        """Put entries at the end, all or none.

        Raises: Outrun, Forbidden, Damaged.
        """
        with self._engine.write() as tx:
            relay.hold(tx, space)
            fresh, ring = self._taken(tx, space, self._ring(tx, space), entries, again=again)
            self._store(tx, space, fresh)
        self._keep(ring)

    def fold(self, space: bytes, covers: dict[bytes, int]) -> None:
        """Let go of bundles that a snapshot stands for; whoever reads the log begins anew."""
        with self._engine.write() as tx:
            self._fold(tx, space, covers)

    def bridge(self, space: bytes, ends: dict[bytes, tuple[int, bytes]]) -> None:
        """Take the last bundle of a chain for one that was let go."""
        with self._engine.write() as tx:
            self._bridge(tx, space, ends)

    def send(self, slot: bytes, message: bytes) -> None:
        """Leave a letter."""
        with self._engine.write() as tx:
            relay.put_mail(tx, slot, message)

    def receive(self, slot: bytes) -> bytes | None:
        """The letter in a slot."""
        with self._engine.read() as tx:
            return relay.mail(tx, slot)

    def discard(self, slot: bytes) -> None:
        """Take a letter out."""
        with self._engine.write() as tx:
            relay.drop_mail(tx, slot)

    def _page(self, tx: Tx, space: bytes, after: str, *, limit_bytes: int, up_to: int = relay.MOST) -> Page:
        generation, end = relay.position(tx, space)
        since = _place(after)
        found = relay.after(tx, space, since, limit=PAGE_ENTRIES, up_to=up_to) if min(end, up_to) > since else []
        taken: list[bytes] = []
        size, last = 0, since
        for seq, raw in found:
            if taken and size + len(raw) > limit_bytes:
                break
            taken.append(raw)
            size, last = size + len(raw), seq
        more = len(taken) < len(found) or len(found) == PAGE_ENTRIES
        cursor = str(last if more else max(min(end, up_to), since))
        return Page(tuple(taken), cursor, more, str(generation), relay.heads(tx, space, up_to=up_to))

    def _taken(
        self, tx: Tx, space: bytes, ring: Keyring, entries: Sequence[bytes], *, again: bool
    ) -> tuple[list[Entry], Keyring]:
        return to_append(
            space,
            ring,
            relay.heads(tx, space),
            entries,
            hash_of=lambda device, number: relay.hash_of(tx, space, device, number),
            again=again,
        )

    def _store(self, tx: Tx, space: bytes, fresh: Sequence[Entry]) -> int:
        """The number of the log's last entry, once some more are in it."""
        generation, seq = relay.position(tx, space)
        for entry in fresh:
            seq += 1
            header = entry.header
            relay.add(
                tx, space, seq, device=header.device, number=header.number, hash=entry.id, type=header.type,
                raw=entry.raw,
            )  # fmt: skip
        if fresh:
            relay.set_position(tx, space, generation, seq)
        return seq

    def _fold(self, tx: Tx, space: bytes, covers: Mapping[bytes, int]) -> None:
        relay.hold(tx, space)
        for device, number in covers.items():
            relay.drop(tx, space, device, relay.bundles_up_to(tx, space, device, number))
        generation, seq = relay.position(tx, space)
        relay.set_position(tx, space, generation + 1, seq)

    def _bridge(self, tx: Tx, space: bytes, ends: Mapping[bytes, tuple[int, bytes]]) -> None:
        relay.hold(tx, space)
        heads = relay.heads(tx, space)
        generation, seq = relay.position(tx, space)
        for device, (number, hash) in ends.items():
            if number > heads.get(device, (0, b""))[0]:
                seq += 1
                relay.add(tx, space, seq, device=device, number=number, hash=hash, type=1, raw=None)
        relay.set_position(tx, space, generation, seq)

    def _ring(self, tx: Tx, space: bytes) -> Keyring:
        number, head = relay.last_control(tx, space)
        ring = self._rings.get(space)
        if not number:
            return Keyring(space)
        # By its end too: what was kept may come from a transaction that was rolled back.
        if ring is None or (ring.number, ring.head) != (number, head):
            ring = keyring_of(space, relay.controls(tx, space))
            self._keep(ring)
        return ring

    def _keep(self, ring: Keyring) -> None:
        if len(self._rings) >= MOST_RINGS:
            self._rings.clear()
        self._rings[ring.space] = ring
