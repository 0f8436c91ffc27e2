"""What reaches a person when a reminder fires, and its words as a channel of limited room takes them."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

HEADING_CHARACTERS, WORDS_CHARACTERS = 200, 1_000
# What has nothing to show in its heading is shown under this name.
NAME = "Scribes"
_ELLIPSIS = "…"
_JOINER, _VARIATIONS, _SKINS = "\u200d", ("\ufe0e", "\ufe0f"), ("\U0001f3fb", "\U0001f3ff")


@record
class Notice:
    """One delivery. `key` is the same for every attempt of it, so that the other side can tell them for one."""

    key: str
    title: str
    body: str
    due_at: datetime
    late: bool = False
    link: str = ""


def heading(notice: Notice) -> str:
    """Return the title as one line that is never empty nor long."""
    return shortened(one_line(notice.title), HEADING_CHARACTERS) or NAME


def words(notice: Notice, most: int = WORDS_CHARACTERS) -> str:
    """Return the body in at most so many characters; a late notice ends with when it was due, which is never cut."""
    body = "\n".join(_printable(line).rstrip() for line in notice.body.splitlines()).strip()
    lateness = f"late: was due {when(notice)}" if notice.late else ""
    room = most - len(lateness) - 1 if lateness else most
    return "\n".join(part for part in (shortened(body, room), lateness) if part)


def when(notice: Notice) -> str:
    """Return the moment it is due as a person's clock shows it: "2026-11-25 08:00 GMT"."""
    return notice.due_at.strftime("%Y-%m-%d %H:%M %Z").rstrip()


def one_line(text: str) -> str:
    """Return a text in one line, without what cannot be shown or encoded."""
    return " ".join(_printable(text).split())


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters; what is cut ends with an ellipsis, and between whole characters."""
    return text if len(text) <= most else _cut(text, most - 1)


def _cut(text: str, length: int) -> str:
    """Return the beginning with an ellipsis: never half a letter with its points, nor half an emoji of several."""
    while 0 < length < len(text) and (_goes_on(text[length]) or text[length - 1] == _JOINER):
        length -= 1
    return text[:length].rstrip() + _ELLIPSIS if length > 0 else ""


def _goes_on(character: str) -> bool:
    import unicodedata

    return (
        unicodedata.combining(character) > 0
        or character in (_JOINER, *_VARIATIONS)
        or _SKINS[0] <= character <= _SKINS[1]
    )


def _printable(text: str) -> str:
    """Return a text without control characters, and without halves of pairs, which no encoding takes."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(character if character >= " " and not "\x7f" <= character <= "\x9f" else " " for character in whole)
