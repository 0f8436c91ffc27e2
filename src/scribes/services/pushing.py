"""Writing into the log of a space: whatever the log lacks, as bundles at the end of this device's chain.

Nothing is marked as sent before the remote has it on disk. What was sent and not marked, because the process died, is
found again by the next reading.
"""

from __future__ import annotations

import json
import os

from ..canonical import encode
from ..crypto.control import rotation, written
from ..crypto.envelope import BUNDLE, FIRST, SNAPSHOT, Header, sealed
from ..domain import access, bundles
from ..domain.keyring import Keyring
from ..errors import Forbidden
from ..records import replaced
from ..storage import logs
from ..storage.coding import pack
from . import own_spaces
from .names import member_behind
from .refilling import give_back

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..crypto.envelope import Entry
    from ..domain.changes import Change
    from ..ports import Engine, Remote, Tx
    from ..storage.spaces import Space
    from .account import Account
    from .context import Context
    from .pulling import Pulled

    Heads = dict[bytes, tuple[int, bytes]]
    Sent = tuple[Entry, list[Change]]

AT_ONCE, BATCH_BYTES = 2_048, 4 * 1024 * 1024
LEVEL = 6


class Push:
    """One writing into a space's log, on top of what a pull found."""

    def __init__(self, context: Context, space: Space, remote: Remote, account: Account, pulled: Pulled) -> None:
        self._context, self._space, self._remote, self._account = context, space, remote, account
        self._engine = context.engine
        self.ring = pulled.ring
        self._heads: Heads = dict(pulled.heads)
        self._role = self.ring.role_of(account.keys.id)
        with self._engine.read() as tx:
            self._keys = logs.keys(tx, space.n)

    def run(self, progress: Callable[[int], None] | None = None) -> int:
        """How many changes were sent; all that the log lacked when this returns.

        Raises: Outrun, when somebody else wrote in the meantime: pull, then push again; Unavailable, StorageFull.
        """
        self._give_back()
        self._change_keys()
        sent = 0
        while self._writes() and (more := self._send_some()):
            sent += more
            if progress:
                progress(sent)
        with self._engine.write() as tx:
            left = logs.count_unsent(tx, self._space.n)
            if left and self._role != access.FORMER:
                logs.alert(tx, self._space.n, "unsent", f"{left} changes")
            logs.put_state(tx, self._space.n, replaced(logs.state(tx, self._space.n), synced_us=tx.now_us))
        return sent

    def _writes(self) -> bool:
        # A reader has nothing to send but what tells of leaving, which is no change.
        return access.may(self._role, "write") and self.ring.epoch in self._keys

    def _give_back(self) -> None:
        """What the log had and lost."""
        if self._role == access.FORMER:
            return
        if give_back(self._engine, self._space, self._remote, self._heads):
            self._heads = self._remote.fetch(self._space.id, logs_end(self._engine, self._space), limit_bytes=1).heads

    def _change_keys(self) -> None:
        """Somebody left, and must not know the next key: whoever may makes one."""
        if not access.may(self._role, "change keys"):
            return
        with self._engine.read() as tx:
            now_us = tx.now_us
        for invite in [one.id for one in self.ring.invites.values() if one.until_us < now_us]:
            self.uninvite(invite)
        if self.ring.is_stale:
            self.control(lambda ring: {"k": "epoch", **self.rotated(ring)})

    def uninvite(self, invite: bytes) -> None:
        """Take an invitation back; the key changes, as it had it."""
        self.control(lambda ring: {"invite": invite.hex(), "k": "uninvite", **self.rotated(ring, without=[invite])})

    def rotated(self, ring: Keyring, *, without: Sequence[bytes] = ()) -> dict[str, Any]:
        """The part of a control entry that begins a new epoch for all but some receivers."""
        receivers = {id: box for id, box in ring.receivers().items() if id not in without}
        if any(id in ring.devices for id in without):
            # Open invitations end with whoever goes.
            receivers = {id: box for id, box in receivers.items() if id not in ring.invites}
        return rotation(ring, epoch_key=os.urandom(32), old_key=self.key(), receivers=receivers)

    def cuts(self, devices: Sequence[bytes]) -> dict[str, int]:
        """The last entry that counts of each of some devices: the last that was verified here, and all before it. What
        the remote says is no measure: it could name an end that is still to be written.
        """
        with self._engine.read() as tx:
            return {device.hex(): logs.whole_up_to(tx, self._space.n, device) for device in devices}

    def key(self) -> bytes:
        """The key of the present epoch.

        Raises: Forbidden, where this device was not given it.
        """
        key = self._keys.get(self.ring.epoch)
        if key is None:
            raise Forbidden(
                "this device has no key of the space (any more)", hint="scribes sync tells whether it is still in"
            )
        return key

    def control(self, body: Callable[[Keyring], dict[str, Any]]) -> Keyring:
        """Write a control entry; the keyring after it.

        Raises: Outrun, Forbidden, Unavailable.
        """
        from .account import take_keys

        with self._engine.read() as tx:
            now_us = tx.now_us
        number, last = self._heads.get(self._account.keys.id, (0, FIRST))
        entry, ring = written(
            self.ring, {"t": now_us, **body(self.ring)}, keys=self._account.keys, number=number + 1, previous=last
        )
        self._remote.append(self._space.id, [entry.raw])
        with self._engine.write() as tx:
            logs.put_control(tx, self._space.n, ring.number, entry.raw)
            logs.add(tx, self._space.n, entry, state=logs.IN)
            take_keys(tx, self._space.n, ring, entry, self._account.keys)
            self._space = own_spaces.settle(tx, self._context, self._space, ring, self._account)
            self._keys = logs.keys(tx, self._space.n)
        self._heads[self._account.keys.id] = (entry.header.number, entry.id)
        self.ring = ring
        self._role = ring.role_of(self._account.keys.id)
        return ring

    def _send_some(self) -> int:
        with self._engine.read() as tx:
            waiting = [change for _, change in logs.unsent(tx, self._space.n, limit=AT_ONCE)]
        if not waiting:
            return 0
        with self._engine.read() as tx:
            seen, told = self._news(tx)
        made = [
            (self.bundle(part, seen if not number else {}), part) for number, part in enumerate(bundles.split(waiting))
        ]
        for batch in _batches(made):
            self.append(batch, told)
        return len(waiting)

    def bundle(
        self, part: list[Change], seen: dict[bytes, int], *, members: dict[bytes, bytes] | None = None,
        covers: dict[str, Any] | None = None, is_snapshot: bool = False,
    ) -> Entry:  # fmt: skip
        """Changes sealed as the next entry of this device's chain."""
        text = bundles.written(bundles.Bundle(seen, tuple(part), members or self._members(part)))
        if covers is not None:
            text = f'{text[:-1]},"s":{encode(covers)}}}'
        number, last = self._heads.get(self._account.keys.id, (0, FIRST))
        flags = SNAPSHOT if is_snapshot else 0
        header = Header(BUNDLE, self._space.id, self._account.keys.id, self.ring.epoch, number + 1, last, flags)
        entry = sealed(
            header,
            pack(text, level=LEVEL),
            epoch_key=self._keys[self.ring.epoch],
            sign_key=self._account.keys.sign,
        )
        self._heads[self._account.keys.id] = (entry.header.number, entry.id)
        return entry

    def append(self, batch: list[Sent], told: dict[str, int] | None = None) -> None:
        """Put bundles into the log, and take note that it has them."""
        self._remote.append(self._space.id, [entry.raw for entry, _ in batch])
        with self._engine.write() as tx:
            for entry, part in batch:
                n = logs.add(tx, self._space.n, entry, state=logs.IN)
                logs.mark_sent(tx, [change.id for change in part], n)
            if told is not None:
                state = logs.state(tx, self._space.n)
                seen = {**json.loads(state.seen), "told": told}
                logs.put_state(tx, self._space.n, replaced(state, seen=encode(seen)))

    def _members(self, part: list[Change]) -> dict[bytes, bytes]:
        """Whose the devices behind changes are, where it is not this person."""
        others = {change.device for change in part} - {self._account.keys.id}
        if not others:
            return {}
        with self._engine.read() as tx:
            found = {device: member_behind(tx, self.ring, device) for device in others}
        return {device: member for device, member in found.items() if member and member != self._account.member}

    def _news(self, tx: Tx) -> tuple[dict[bytes, int], dict[str, int]]:
        """How far this device has seen the chains of others, where it has not said so yet; and all that it has said."""
        state = logs.state(tx, self._space.n)
        told = dict(json.loads(state.seen).get("told", {}))
        heads = {device: number for device, (number, _) in logs.heads(tx, self._space.n).items()}
        seen = {
            device: number
            for device, number in heads.items()
            if device != self._account.keys.id and told.get(device.hex()) != number
        }
        return seen, told | {device.hex(): number for device, number in seen.items()}


def logs_end(engine: Engine, space: Space) -> str:
    """The cursor behind which there is little: asked with it, a remote answers with its heads and hardly anything."""
    with engine.read() as tx:
        return logs.state(tx, space.n).cursor


def _batches(made: list[Sent]) -> list[list[Sent]]:
    batches: list[list[Sent]] = []
    size = 0
    for one in made:
        if not batches or size + len(one[0].raw) > BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(one)
        size += len(one[0].raw)
    return batches
