"""Sync and circles as plain data: pages of a log, what a sync did, devices, members, invitations, comments, clashes."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from .notes import Note


@record
class Page:
    """Entries of a log behind a cursor, and where it ends now: its generation and the last (number, SHA-256) of each
    device's chain. A cursor means something to its remote alone.
    """

    entries: tuple[bytes, ...]
    cursor: str
    more: bool
    generation: str
    heads: dict[bytes, tuple[int, bytes]]


@record
class SpaceSynced:
    """What a sync did in one space: how many changes were sent and came, how many notes are new, were merged and went
    to the trash, how many places wait in `scribes conflicts`; and what the remote did that it must not do.
    """

    name: str
    sent: int = 0
    received: int = 0
    added: int = 0
    merged: int = 0
    removed: int = 0
    clashes: int = 0
    alerts: tuple[str, ...] = ()


@record
class SpaceStatus:
    """How a space stands: its remote, what waits to be sent, when the remote last had everything, alerts; and its mode:
    `sealed`, for its members alone, or `open`, where a server may be let in, and reads along.
    """

    name: str
    kind: str
    role: str
    remote: str
    unsent: int
    synced_at: datetime | None
    waiting: int
    alerts: tuple[str, ...]
    mode: str = "sealed"


@record
class Verified:
    """What lies at the remote of a space: how many entries and bytes, all of which open and are signed; how many bytes
    of plain text they hold; how many changes are here, and how many of those are not there.
    """

    name: str
    entries: int
    size_bytes: int
    text_bytes: int
    changes: int
    missing: int
    problems: tuple[str, ...]


@record
class Compacted:
    """What compacting did: bytes at the remote before and after, and entries that a snapshot stands for now."""

    name: str
    before_bytes: int
    after_bytes: int
    folded: int


@record
class DeviceInfo:
    """A device of the person: its id, name, whether it is this one, since when it is revoked or None, and what people
    compare.
    """

    id: str
    name: str
    is_this: bool
    is_active: bool
    fingerprint: str


@record
class Pairing:
    """What a new device shows: the code to type on another device, and the fingerprint to compare."""

    code: str
    fingerprint: str


@record
class Circle:
    """A circle: its id, name, the person's role in it ("" when no longer in), how many members, where its log lies, and
    its mode: `sealed`, for its members alone, or `open`, where a server may be let in, and reads along.
    """

    id: str
    name: str
    role: str
    members: int
    remote: str
    mode: str = "sealed"


@record
class Member:
    """A member of a circle: the id of their account, name, role, how many devices, and whether it is the person."""

    id: str
    name: str
    role: str
    devices: int
    is_me: bool
    fingerprint: str


@record
class Invitation:
    """An invitation as it is handed on: the link holds the secret."""

    link: str
    circle: str
    role: str
    until: datetime


@record
class OpenInvitation:
    """An invitation that waits: its id, the role it gives, until when, and for how many."""

    id: str
    role: str
    until: datetime
    uses: int


@record
class Activity:
    """Something that happened in a circle: when, who did it, what (`added`, `changed`, `removed`, `commented`, `joined`
    and the like) with which kind of thing, its id, and what it is called now; "" where it cannot be read any more.
    """

    id: str
    at: datetime
    who: str
    action: str
    kind: str
    item: str
    heading: str


@record
class ActivityPage:
    """What happened, the last first, and the cursor of what happened before; None at the beginning."""

    items: tuple[Activity, ...]
    next: str | None


@record
class Comment:
    """A comment on a shared note or prayer: by whom, when, and what."""

    id: str
    handle: str
    about: str
    text: str
    author: str
    at: datetime


@record
class Edited:
    """A note after an edit; whether what somebody else wrote since was `merged` with it, and the places in it where two
    edits met and somebody should look.
    """

    note: Note
    merged: bool
    conflicts: tuple[Clash, ...]


@record
class Clash:
    """A place where two edits met: both stand in the note, and one can be chosen. `field` is "" for the text. `ours` is
    what this device wrote, where it wrote one of them; `ours_by` the device, or in a circle the person. `handle` is
    that of the note; `before` and `after` are the words around the place, on its line.
    """

    id: str
    item: str
    kind: str
    heading: str
    field: str
    base: str
    ours: str
    theirs: str
    merged: str
    ours_by: str
    theirs_by: str
    handle: str = ""
    before: str = ""
    after: str = ""
