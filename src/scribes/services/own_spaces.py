"""The spaces a person is in, and their role in each: of one person in a vault, of many on a server."""

from __future__ import annotations

from ..canonical import blake2b
from ..domain.keyring import OPEN
from ..errors import Forbidden, NotFound
from ..records import replaced
from ..storage import hosted, spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..domain.keyring import Keyring
    from ..ports import Tx
    from ..storage.spaces import Space
    from .account import Account
    from .context import Context


def each(tx: Tx, context: Context) -> list[Space]:
    """All spaces of the person, the personal one first; those that were left too."""
    if not context.hosted:
        return spaces.each(tx)
    roles = hosted.roles(tx, context.hosted)
    return [replaced(space, role=roles[space.n]) for space in spaces.some(tx, roles)]


def get(tx: Tx, context: Context, n: int) -> Space:
    """A space of the person by its key.

    Raises: NotFound.
    """
    space = spaces.get(tx, n)
    if not context.hosted:
        return space
    role = hosted.roles(tx, context.hosted).get(n)
    if role is None:
        raise NotFound("there is no such space")
    return replaced(space, role=role)


def settle(tx: Tx, context: Context, space: Space, ring: Keyring, account: Account) -> Space:
    """The space as its log says it is now: its mode, and the role of the person. On a server, of all who are in it."""
    role = ring.role_of(account.keys.id)
    if role != space.role:
        put_role(tx, context, space.n, role)
    if ring.mode != space.mode:
        spaces.set_mode(tx, space.n, ring.mode)
    if context.hosted:
        # Who came in is in already: that a log names a device does not say that its person wants to be there.
        known = hosted.ever_in(tx, space.n)
        for device, person in hosted.by_device(tx, tuple(ring.devices)).items():
            if person not in known:
                continue
            hosted.put_role(tx, person, space.n, ring.role_of(device))
    return replaced(space, role=role, mode=ring.mode)


def own_id(tx: Tx, context: Context, id: bytes) -> bytes:
    """The id of an item of the person's own that follows from its content. Where a server reads their space, and those
    of others beside it, it is not the same for two people who both have it, and is for all devices of one.
    """
    space = spaces.get(tx, context.me.space) if context.me.space else None
    if space is None or space.mode != OPEN:
        return id
    raw = bytearray(blake2b(space.id + id, digest_size=16, person=b"scribes.own").digest())
    # The bits of a UUID that tell its version stay.
    raw[6], raw[8] = id[6] & 0xF0 | raw[6] & 0x0F, id[8] & 0xC0 | raw[8] & 0x3F
    return bytes(raw)


def check_own_vault(context: Context, action: str) -> None:
    """Refuse what is done to a vault as a whole, on a server that keeps those of many.

    Raises: Forbidden.
    """
    if context.hosted:
        raise Forbidden(f"{action} is for a vault of one's own")


def put_role(tx: Tx, context: Context, n: int, role: str) -> None:
    """What the person may do in a space; "" when they are no longer in it."""
    if context.hosted:
        hosted.put_role(tx, context.hosted, n, role)
    else:
        spaces.set_role(tx, n, role)
