"""The nouns of note keeping, as plain data: what services return and what they take."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


@record
class Note:
    """A note as it stands now.

    `id` is a UUIDv7; `handle` the shortest start (at least 4 characters) of its last group that is unique in the file.
    `occurred_at` is when the sermon or study was, in the offset where it was written down. `revision` names the
    changes the note stands on: hand it back with an edit to be told of a change made meanwhile. `circle` is the name of
    the circle it is shared in; empty, it is one's own.
    """

    id: str
    handle: str
    title: str
    body: str
    occurred_at: datetime
    speaker: str
    venue: str
    series: str
    tags: tuple[str, ...]
    topics: tuple[str, ...]
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None
    revision: str
    circle: str = ""

    @property
    def heading(self) -> str:
        """The title or, without one, the first words of the body."""
        return heading_of(self.title, self.body)


@record
class NewNote:
    """What a note is made of. `occurred_at` without an offset is local time; None is now."""

    title: str = ""
    body: str = ""
    occurred_at: datetime | None = None
    speaker: str = ""
    venue: str = ""
    series: str = ""
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


@record
class NotePatch:
    """What to change in a note; None leaves a field as it is."""

    title: str | None = None
    body: str | None = None
    occurred_at: datetime | None = None
    speaker: str | None = None
    venue: str | None = None
    series: str | None = None
    tags: tuple[str, ...] | None = None
    topics: tuple[str, ...] | None = None


@record
class NoteFilter:
    """Which notes a listing shows; what is empty lets all through. `circle` is a circle's name or id, or `personal`.
    Times are in microseconds since 1970: `since` and `until` (not with it) of when it was heard.
    """

    tag: str = ""
    topic: str = ""
    speaker: str = ""
    venue: str = ""
    series: str = ""
    circle: str = ""
    since_us: int | None = None
    until_us: int | None = None
    changed_since_us: int | None = None
    trash: bool = False


@record
class NotePage:
    """A part of a listing, and the place behind which it goes on; None at its end."""

    items: tuple[Note, ...]
    next: str | None


@record
class Hit:
    """A note that was found, and why: it has the `words`; a piece of it is so near in `meaning` (a cosine); it names
    `passage` (OSIS). `snippet` is the text that speaks for it, `marks` the (start, end) of each word found in that.
    """

    note: Note
    score: float
    snippet: str
    marks: tuple[tuple[int, int], ...]
    words: bool = False
    meaning: float | None = None
    passage: str = ""


@record
class Revision:
    """One change of a note: who (in a circle), when, from which device, and what it changed, in words. Several are
    current where edits were made side by side.
    """

    id: str
    number: int
    at: datetime
    device: str
    summary: str
    current: bool
    author: str = ""


@record
class TagCount:
    """A tag and how many notes carry it."""

    tag: str
    notes: int


@record
class NoteTopic:
    """A topic and how many notes stand under it."""

    topic: str
    notes: int


@record
class Draft:
    """Text typed in an editor and not yet saved. `note_id` is None for a new note."""

    number: int
    note_id: str | None
    revision: str | None
    text: str
    started_at: datetime
    changed_at: datetime


@record
class Undone:
    """What `undo` took back: the command as it was typed, the ids of the notes it had touched, and how many others:
    reminders, prayers, cards and the like.
    """

    command: str
    at: datetime
    note_ids: tuple[str, ...]
    others: int = 0


def heading_of(title: str, body: str) -> str:
    """What a note is called: its title or, without one, the first words of its body."""
    return title or _first_words(body)


def _first_words(body: str, width: int = 60) -> str:
    lines = (raw.strip(" \t#>*-") for raw in body.splitlines())
    line = next((text for text in lines if any(map(str.isalnum, text))), "")
    if len(line) <= width:
        return line
    return line[: line.rfind(" ", 0, width) if " " in line[:width] else width].rstrip(" ,;:") + "…"
