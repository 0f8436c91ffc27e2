"""The logs that a server keeps, as each account may use them: what `domain.callers` says, held in one transaction."""

from __future__ import annotations

from ..crypto.log_rules import after, to_append
from ..domain import access
from ..domain.callers import (
    ALL,
    NO_LOG,
    check_bridge,
    check_fold,
    check_writers,
    is_stranger,
    role_in,
    sight,
)
from ..domain.keyring import Keyring
from ..errors import Damaged, Malformed, NewerFormat, NotFound, StorageFull
from ..models.sync import Page
from ..records import record
from ..storage import relay
from .proofs import is_invited
from .relay import Relay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..domain.callers import Caller
    from ..ports import Tx

    Proof = tuple[bytes, bytes]


@record
class Written:
    """A log after something was written: its last number, its size, how many entries are new, and who is in it."""

    seq: int
    size_bytes: int
    fresh: int
    ring: Keyring
    has_members_changed: bool


class Gate(Relay):
    """The logs of a server. `invitation`: the id of one, and the proof that the account holds it. `kept_by`: the
    account that brought the log's first entry, as whose its bytes count.
    """

    def read(
        self, caller: Caller, space: bytes, cursor: str, *, limit_bytes: int, invitation: Proof | None = None
    ) -> Page:
        """Entries behind a cursor, and where the log ends for this account.

        Raises: NotFound, InvalidInput.
        """
        with self._engine.read() as tx:
            up_to = self._up_to(tx, caller, space, invitation)
            return self._page(tx, space, cursor, limit_bytes=limit_bytes, up_to=up_to)

    def news(self, caller: Caller, cursors: Mapping[bytes, str]) -> dict[bytes, Page | None]:
        """For each log whether there is anything behind a cursor (`more`), and where it ends; None where there is no
        such log, or the cursor means nothing.

        Raises: InvalidInput.
        """
        found: dict[bytes, Page | None] = {}
        with self._engine.read() as tx:
            for space, cursor in cursors.items():
                try:
                    up_to = self._up_to(tx, caller, space, None)
                except NotFound:
                    found[space] = None
                    continue
                page = self._page(tx, space, cursor, limit_bytes=1, up_to=up_to)
                found[space] = Page((), cursor, bool(page.entries), page.generation, page.heads)
        return found

    def write(
        self,
        caller: Caller,
        space: bytes,
        entries: Sequence[bytes],
        *,
        again: bool = False,
        invitation: Proof | None = None,
        kept_by: bytes | None = None,
    ) -> Written:
        """Put entries at the end, all or none.

        Raises: Outrun, Forbidden, Malformed, NotFound, StorageFull.
        """
        with self._engine.write() as tx:
            relay.hold(tx, space)
            before = self._ring(tx, space)
            # Who brings the first entry keeps the log.
            is_keeper = kept_by == caller.account or (kept_by is None and not before.number)
            invited = self._is_invited(before, caller, invitation)
            try:
                if is_stranger(before, caller, is_invited=invited, is_keeper=is_keeper):
                    # What is said to them is what would be said were there no such log.
                    to_append(space, Keyring(space), {}, entries, hash_of=lambda _device, _number: None)
                    raise NotFound(NO_LOG)
                fresh, ring = self._taken(tx, space, before, entries, again=again)
            except (Damaged, NewerFormat) as e:
                raise Malformed(e.message, hint="is one of the two an older Scribes?") from e
            check_writers(ring, caller, {one.header.device for one in fresh}, again=again, is_keeper=is_keeper)
            size = sum(len(one.raw) for one in fresh)
            if caller.room_bytes is not None and size > caller.room_bytes:
                raise StorageFull("this account may keep no more at the server", hint="scribes sync compact makes room")
            seq = self._store(tx, space, fresh)
            written = Written(seq, size, len(fresh), ring, has_members_changed=ring.number != before.number)
        self._keep(ring)
        return written

    def let_go(self, caller: Caller, space: bytes, covers: Mapping[bytes, int]) -> Written:
        """The log after a snapshot stands for some of it.

        Raises: NotFound, Forbidden.
        """
        with self._engine.write() as tx:
            relay.hold(tx, space)
            ring = self._ring(tx, space)
            check_fold(ring, caller)
            self._fold(tx, space, {device: number for device, number in covers.items() if device in ring.devices})
            return self._standing(tx, space, ring)

    def go_on(
        self, caller: Caller, space: bytes, ends: Mapping[bytes, tuple[int, bytes]], *, kept_by: bytes | None = None
    ) -> Written:
        """The log after chains go on behind bundles that nobody has any more.

        Raises: NotFound, Forbidden.
        """
        with self._engine.write() as tx:
            relay.hold(tx, space)
            ring = self._ring(tx, space)
            check_bridge(ring, caller, ends, is_keeper=kept_by == caller.account)
            self._bridge(tx, space, ends)
            return self._standing(tx, space, ring)

    def ring(self, space: bytes) -> Keyring:
        """Who is in the space of a log."""
        with self._engine.read() as tx:
            return self._ring(tx, space)

    def size_bytes(self, space: bytes) -> int:
        """How many bytes the entries of a log have."""
        with self._engine.read() as tx:
            return relay.size_bytes(tx, space)

    def about(self, caller: Caller, spaces: Sequence[bytes]) -> list[tuple[Keyring, str, int]]:
        """Of each log that an account may read all of: its keyring, the account's role and the last number."""
        with self._engine.read() as tx:
            rings = [self._ring(tx, space) for space in spaces]
            found = [(ring, role_in(ring, caller)) for ring in rings]
            return [(ring, role, relay.position(tx, ring.space)[1]) for ring, role in found if access.may(role, "read")]

    def _standing(self, tx: Tx, space: bytes, ring: Keyring) -> Written:
        seq = relay.position(tx, space)[1]
        return Written(seq, relay.size_bytes(tx, space), 0, ring, has_members_changed=False)

    def _up_to(self, tx: Tx, caller: Caller, space: bytes, invitation: Proof | None) -> int:
        """The number of the last entry that an account may read.

        Raises: NotFound.
        """
        ring = self._ring(tx, space)
        if sight(ring, caller, is_invited=self._is_invited(ring, caller, invitation)) == ALL:
            return relay.MOST
        # Those who are out learn it from the log itself, and nothing that came after.
        ring, was_in, end = Keyring(space), False, 0
        for seq, raw in relay.placed_controls(tx, space):
            ring = after(ring, raw)
            is_in = access.may(role_in(ring, caller), "read")
            end = seq if was_in and not is_in else end
            was_in = is_in
        return end

    def _is_invited(self, ring: Keyring, caller: Caller, invitation: Proof | None) -> bool:
        return invitation is not None and is_invited(ring, *invitation, account=caller.account)
