"""Keeping logs for others: this vault as a remote. It orders and stores, checks what it can, and reads nothing."""

from __future__ import annotations

from ..crypto.log_rules import keyring_of, to_append
from ..domain.keyring import Keyring
from ..errors import InvalidInput
from ..models.sync import Page
from ..storage import meta, relay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ports import Engine, Tx

PAGE_ENTRIES = 512
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
        # By space: how many control entries were folded, and into what. Folding them anew would verify each again.
        self._rings: dict[bytes, tuple[int, Keyring]] = {}

    def identify(self) -> bytes:
        """The id of the vault."""
        with self._engine.read() as tx:
            return bytes(meta.get(tx, "vault"))

    def fetch(self, space: bytes, after: str, *, limit_bytes: int) -> Page:
        """Entries behind a number, and where the log ends."""
        with self._engine.read() as tx:
            generation, end = relay.position(tx, space)
            since = _place(after)
            found = relay.after(tx, space, since, limit=PAGE_ENTRIES)
            heads = relay.heads(tx, space)
        taken: list[bytes] = []
        size, last = 0, since
        for seq, raw in found:
            if taken and size + len(raw) > limit_bytes:
                break
            taken.append(raw)
            size, last = size + len(raw), seq
        more = len(taken) < len(found) or len(found) == PAGE_ENTRIES
        return Page(tuple(taken), str(last if more else max(end, since)), more, str(generation), heads)

    def append(self, space: bytes, entries: Sequence[bytes], *, again: bool = False) -> None:
        """Put entries at the end, all or none.

        Raises: Outrun, Forbidden, Damaged.
        """
        with self._engine.write() as tx:
            ring = self._ring(tx, space)
            fresh, ring = to_append(
                space,
                ring,
                relay.heads(tx, space),
                entries,
                hash_of=lambda device, number: relay.hash_of(tx, space, device, number),
                again=again,
            )
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
        self._rings[space] = (ring.number, ring)

    def fold(self, space: bytes, covers: dict[bytes, int]) -> None:
        """Let go of bundles that a snapshot stands for; whoever reads the log begins anew."""
        with self._engine.write() as tx:
            for device, number in covers.items():
                relay.drop(tx, space, device, relay.bundles_up_to(tx, space, device, number))
            generation, seq = relay.position(tx, space)
            relay.set_position(tx, space, generation + 1, seq)

    def bridge(self, space: bytes, ends: dict[bytes, tuple[int, bytes]]) -> None:
        """Take the last bundle of a chain for one that was let go."""
        with self._engine.write() as tx:
            heads = relay.heads(tx, space)
            generation, seq = relay.position(tx, space)
            for device, (number, hash) in ends.items():
                if number > heads.get(device, (0, b""))[0]:
                    seq += 1
                    relay.add(tx, space, seq, device=device, number=number, hash=hash, type=1, raw=None)
            relay.set_position(tx, space, generation, seq)

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

    def _ring(self, tx: Tx, space: bytes) -> Keyring:
        controls = relay.controls(tx, space)
        number, ring = self._rings.get(space, (0, Keyring(space)))
        if number != len(controls):
            ring = keyring_of(space, controls)
        return ring
