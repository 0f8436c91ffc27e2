"""Writing who belongs to a space: founding its log, bringing a device in, and whatever else is decided of it."""

from __future__ import annotations

import os

from ..crypto.control import wraps, written
from ..crypto.envelope import FIRST
from ..domain.access import OWNER
from ..domain.keyring import SEALED, Keyring, space_id
from ..errors import Busy, Outrun
from ..storage import logs, spaces
from . import own_spaces
from .pulling import Pull
from .pushing import Push

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..crypto.devices import DevicePublic
    from ..domain.keyring import Device
    from ..ports import Remote
    from ..storage.spaces import RemotePlace, Space
    from .account import Account
    from .context import Context
    from .sync import Sync

TRIES = 8


def found_space(
    context: Context,
    remote: Remote,
    account: Account,
    *,
    kind: str,
    place: RemotePlace,
    space: int | None,
    name: str = "",
    mode: str = SEALED,
) -> Space:
    """The space whose log this device begins at a remote. A crash in the middle leaves a log that nobody uses.

    Raises: Unavailable, StorageFull.
    """
    keys, public = account.keys, account.keys.public()
    member = account.member or b""
    with context.engine.read() as tx:
        now_us = tx.now_us
    body = {
        "box": public.box.hex(),
        "c": 1,
        "k": "create",
        "kind": kind,
        "member": member.hex(),
        "mode": mode,
        "p": "",
        "salt": os.urandom(16).hex(),
        "sign": public.sign.hex(),
        "t": now_us,
    }
    id, epoch_key = space_id(body), os.urandom(32)
    body["wraps"] = wraps(id, 1, epoch_key, {keys.id: public.box})
    entry, ring = written(Keyring(id), body, keys=keys, number=1, previous=FIRST)
    remote.append(id, [entry.raw])
    with context.engine.write() as tx:
        if space is None:
            made = spaces.add(tx, id, kind=kind, name=name, role=OWNER, remote=place.n, mode=mode)
        else:
            spaces.found(tx, space, id=id, remote=place.n)
            spaces.set_mode(tx, space, mode)
            made = spaces.get(tx, space)
        own_spaces.put_role(tx, context, made.n, OWNER)
        logs.put_control(tx, made.n, ring.number, entry.raw)
        logs.add(tx, made.n, entry, state=logs.IN)
        logs.put_keys(tx, made.n, {1: epoch_key})
    return made


def in_step(sync: Sync, context: Context, space: Space, account: Account) -> Push:
    """A push on top of a fresh pull, with which a control entry can be written.

    Raises: as `Sync.run`.
    """
    remote = sync.remote_of(space)
    # What is decided is not held up by what a sync would ask about: it goes to the trash, and comes back from there.
    return Push(context, space, remote, account, Pull(context, space, remote, account, may_remove=True).run())


def decide(sync: Sync, context: Context, space: Space, account: Account, write: Callable[[Push], None]) -> None:
    """Write control entries on top of what the log has now; again, when somebody else was faster.

    Raises: as `Sync.run`; Forbidden.
    """
    for _ in range(TRIES):
        try:
            write(in_step(sync, context, space, account))
            return
        except Outrun:
            continue
    raise Busy("others change who belongs to the space all the time", hint="try again in a moment")


def bring_in(push: Push, new: Device | DevicePublic) -> None:
    """A control entry by which another device of the person comes into a space."""
    known = push.ring.devices.get(new.id)
    if known is not None and known.is_active:
        return
    push.control(
        lambda ring: {
            "box": new.box.hex(),
            "cuts": push.cuts([new.id]),
            "device": new.id.hex(),
            "k": "device",
            "sign": new.sign.hex(),
            "wraps": wraps(ring.space, ring.epoch, push.key(), {new.id: new.box}),
        }
    )


def shut_out(push: Push, device: bytes) -> None:
    """A control entry by which a device of the person is revoked in a space; none where it is not in it."""
    known = push.ring.devices.get(device)
    if known is None or not known.is_active:
        return
    push.control(
        lambda ring: {
            "cuts": push.cuts([device]),
            "device": device.hex(),
            "k": "revoke",
            **push.rotated(ring, without=[device]),
        }
    )
