"""What follows when a device, a circle or a member got a name, or a circle was joined or commented in."""

from __future__ import annotations

from ..domain.circles import MEMBER, member_item
from ..domain.keyring import CIRCLE
from ..storage import changes, items, spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..domain.keyring import Keyring
    from ..ports import Tx
    from ..storage.items import Stored
    from ..storage.meta import Identity
    from ..storage.spaces import Space
    from .context import Context


def after_device(tx: Tx, _context: Context, stored: Stored) -> None:
    """The history calls a device by its name."""
    spaces.name_device(tx, stored.id, stored.content.name)


def after_circle(tx: Tx, _context: Context, stored: Stored) -> None:
    """A circle is called by its name."""
    spaces.name_it(tx, stored.space, stored.content.name)


def after_member(_tx: Tx, _context: Context, _stored: Stored) -> None:
    """Nothing follows: the name of a member is looked up where it is shown."""


def after_comment(_tx: Tx, _context: Context, _stored: Stored) -> None:
    """Nothing follows: comments are looked up with what they are about."""


def after_membership(_tx: Tx, _context: Context, _stored: Stored) -> None:
    """Nothing follows here: the next sync looks for the circle's log."""


def authors(tx: Tx, item: bytes, *, space: int, me: Identity) -> dict[bytes, str]:
    """Who of a circle is behind each change of an item."""
    from .account import find, keyring

    found, account = spaces.get(tx, space), find(tx, me)
    own, ring = account.member if account else None, keyring(tx, found)
    return {
        change: member_name(tx, found, member_behind(tx, ring, device) or own or b"")
        for change, device in changes.writers(tx, item).items()
    }


def member_behind(tx: Tx, ring: Keyring, device: bytes) -> bytes | None:
    """Whose a device is: as the members of the space have it and, of one that is not in it, as was said elsewhere. What
    another space says of a device that is in this one counts nothing: there anybody may have written anything.
    """
    known = ring.devices.get(device)
    return known.member if known else spaces.member_of(tx, device)


def member_name(tx: Tx, space: Space, member: bytes) -> str:
    """What a member calls themselves in a circle; the start of their account's id where they did not say."""
    found = items.find(tx, MEMBER, member_item(space.id, member), visible_to=(space.n,))
    return found.content.name if found and found.content.name else member.hex()[:8]


def device_name(tx: Tx, space: Space, ring: Keyring, device: bytes) -> str:
    """What a device is called: by its name or, in a circle, by that of its owner."""
    known = ring.devices.get(device)
    if ring.kind == CIRCLE and known is not None:
        return f"{member_name(tx, space, known.member)} ({device.hex()[-6:]})"
    return spaces.device_name(tx, device) or device.hex()[-6:]
