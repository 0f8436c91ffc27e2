"""What circles and devices keep beside notes: comments, and what things and people are called. Items of the history."""

from __future__ import annotations

from ..canonical import blake2b
from ..errors import InvalidInput
from ..records import record
from . import access
from .items import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .changes import Change
    from .keyring import Keyring

MAX_NAME, MAX_COMMENT = 100, 10_000


@record
class CommentContent:
    """A comment: the id of the note or prayer it is about, and its text."""

    about: str = ""
    text: str = ""
    deleted_us: int | None = None


@record
class NameContent:
    """What a device or a circle is called."""

    name: str = ""
    deleted_us: int | None = None


@record
class MemberContent:
    """What a member of a circle is called; `member` is their account in hex."""

    member: str = ""
    name: str = ""
    deleted_us: int | None = None


@record
class MembershipContent:
    """That the person is in a circle: its id and that of the remote where its log lies, in hex."""

    circle: str = ""
    remote: str = ""
    deleted_us: int | None = None


COMMENT = Kind("comment", "comment", CommentContent)
DEVICE = Kind("device", "device_name", NameContent)
CIRCLE = Kind("circle", "circle_name", NameContent)
MEMBER = Kind("member", "member_name", MemberContent)
MEMBERSHIP = Kind("membership", "membership", MembershipContent)

# What belongs into one kind of space alone; all else may be in either.
ONLY_PERSONAL = frozenset(("reminder", "prayed", "card", "review", "device", "membership"))
ONLY_CIRCLE = frozenset(("comment", "member", "circle"))
# By the last control entry of a space.
MOST_NAMED = 64
_named: dict[bytes, frozenset[bytes]] = {}


def may_bring(change: Change, ring: Keyring, member: bytes, role: str) -> bool:
    """Whether a change has a place in a space, and a member who had that role when writing might bring it."""
    if change.kind in (ONLY_PERSONAL if ring.kind == "circle" else ONLY_CIRCLE):
        return False
    if change.kind == "member" and change.item == member_item(ring.space, member):
        return True
    # An id that follows from a space is taken in no other one: there it would be in the way of who bears it.
    if change.kind in ("circle", "member") and change.item not in _name_items(ring):
        return False
    return access.may(role, "rename" if change.kind == "member" else access.KINDS.get(change.kind, "write"))


def _name_items(ring: Keyring) -> frozenset[bytes]:
    """The ids of the items that name a circle and those who are or were in it."""
    found = _named.get(ring.head)
    if found is None:
        members = {device.member for device in ring.devices.values()}
        found = frozenset((circle_item(ring.space), *(member_item(ring.space, one) for one in members)))
        if len(_named) >= MOST_NAMED:
            _named.clear()
        _named[ring.head] = found
    return found


def circle_item(space: bytes) -> bytes:
    """The id of the item that names a circle."""
    return blake2b(space, digest_size=16, person=b"scribes.circle").digest()


def member_item(space: bytes, member: bytes) -> bytes:
    """The id of the item that names a member in a circle: another in each, so that it is in one space alone."""
    return blake2b(space + member, digest_size=16, person=b"scribes.name").digest()


def membership_item(space: bytes) -> bytes:
    """The id of the item by which a person's devices learn of a circle."""
    return blake2b(space, digest_size=16, person=b"scribes.in").digest()


def clean_name(what: str, name: str) -> str:
    """A name on one line.

    Raises: InvalidInput.
    """
    line = " ".join(name.split())
    if not line or len(line) > MAX_NAME or not line.isprintable():
        raise InvalidInput(f"{name!r} is no name for a {what}", hint=f"1 to {MAX_NAME} characters on one line")
    return line


def clean_comment(text: str) -> str:
    """The text of a comment.

    Raises: InvalidInput.
    """
    words = text.replace("\r\n", "\n").strip()
    if not words or len(words) > MAX_COMMENT or "\x00" in words:
        raise InvalidInput("this is no comment", hint=f"1 to {MAX_COMMENT} characters")
    return words
