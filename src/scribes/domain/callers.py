"""Who may read and write a log at a server, said once: an account comes with devices whose keys it has shown to hold.

Who has nothing to do with a log is told that there is none: that it exists is nobody else's business.
"""

from __future__ import annotations

from ..errors import Forbidden, NotFound
from ..records import record
from . import access

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .keyring import Keyring

ALL, UNTIL_OUT = "all", "until out"
NO_LOG = "there is no such log"


@record
class Caller:
    """An account that asks: the signing keys of its devices by their ids; the device behind the request, where it is
    known; how many more bytes it may keep, None for any number.
    """

    account: bytes
    devices: dict[bytes, bytes]
    device: bytes | None = None
    room_bytes: int | None = None


def role_in(ring: Keyring, caller: Caller) -> str:
    """The highest role that one of the account's devices has in a space. None, where the very device that asks is out:
    it was lost or sold, and still knows how to sign in.
    """
    if caller.device is not None and was_in(ring, caller.device, caller) and not _is_active(ring, caller.device):
        return access.FORMER
    roles = [ring.role_of(id) for id in caller.devices if was_in(ring, id, caller)]
    return max(roles, key=lambda role: access.ROLES.index(role) if role in access.ROLES else -1, default=access.FORMER)


def was_in(ring: Keyring, device: bytes, caller: Caller) -> bool:
    """Whether a space knows a device of an account, by its key too: an id alone is easily claimed."""
    known = ring.devices.get(device)
    return known is not None and known.sign == caller.devices.get(device)


def own_devices(ring: Keyring, caller: Caller) -> list[bytes]:
    """The devices of an account that a space knows."""
    return [id for id in caller.devices if was_in(ring, id, caller)]


def sight(ring: Keyring, caller: Caller, *, is_invited: bool = False) -> str:
    """How much of a log an account may read: all, or, once it is out, up to the entry that says so.

    Raises: NotFound.
    """
    if is_invited or access.may(role_in(ring, caller), "read"):
        return ALL
    if any(was_in(ring, id, caller) for id in caller.devices):
        return UNTIL_OUT
    raise NotFound(NO_LOG)


def is_stranger(ring: Keyring, caller: Caller, *, is_invited: bool, is_keeper: bool) -> bool:
    """Whether an account has nothing to do with a log that somebody began."""
    if is_invited or is_keeper or not ring.number:
        return False
    return not any(was_in(ring, id, caller) for id in caller.devices)


def check_writers(ring: Keyring, caller: Caller, writers: Iterable[bytes], *, again: bool, is_keeper: bool) -> None:
    """Refuse entries of other people's devices, `ring` being the one after them; those that the log had and lost
    may be given back by whoever may write in it, or began it anew.

    Raises: Forbidden.
    """
    if all(was_in(ring, id, caller) for id in writers):
        return
    if again and (is_keeper or access.may(role_in(ring, caller), "read")):
        return
    raise Forbidden("an entry is by a device that this account has not registered", hint="scribes login on that device")


def check_fold(ring: Keyring, caller: Caller) -> None:
    """Refuse who may not let a snapshot stand for a log.

    Raises: Forbidden, NotFound.
    """
    sight(ring, caller)
    access.check(role_in(ring, caller), "compact", where="the space")


def check_bridge(ring: Keyring, caller: Caller, ends: Mapping[bytes, object], *, is_keeper: bool) -> None:
    """Refuse who may not let chains go on behind what nobody has any more, or those of devices that are not in the
    space; a log that is filled again may not know them yet.

    Raises: Forbidden, NotFound.
    """
    if is_keeper:
        return
    sight(ring, caller)
    access.check(role_in(ring, caller), "write", where="the space")
    if any(id not in ring.devices for id in ends):
        raise Forbidden("a chain is of a device that is not in the space")


def _is_active(ring: Keyring, device: bytes) -> bool:
    return ring.role_of(device) != access.FORMER
