"""`scribes add`: from words, a pipe or the editor to a note."""

from __future__ import annotations

import sys

from ..domain.notes import split_text
from ..errors import InvalidInput
from ..models.notes import NewNote
from ..records import as_data, fields, replaced
from . import references
from .output import GREEN, line_of, style, write, write_json
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from ..models.notes import Note
    from .session import Session


def add(
    text: list[str],
    title: str | None,
    tag: list[str],
    topic: list[str],
    date: str | None,
    speaker: str | None,
    venue: str | None,
    series: str | None,
    edit: bool,
) -> int:
    """Write a note down."""
    session = current()
    typed = " ".join(text) if edit else _typed(text)
    details = NewNote(
        title=title or "",
        occurred_at=moment_of(date),
        speaker=speaker or "",
        venue=venue or "",
        series=series or "",
        tags=tuple(tag),
        topics=tuple(topic),
    )
    if typed is None or edit:
        from .editing import add_in_editor

        note = add_in_editor(session, typed or "", details)
        if note is None:
            return 0
    else:
        with session.open() as vault:
            note = vault.notes.add_new(composed(typed, details))
    references.touch(session, note.id)
    show_saved(session, note, "saved")
    return 0


def composed(typed: str, details: NewNote) -> NewNote:
    """The note that a text makes together with what the options said. Front matter in the text is read.

    Raises: InvalidInput.
    """
    if typed.startswith("---") and _has_front(typed):
        from .. import frontmatter

        written = frontmatter.read(typed)
    else:
        heading, body = ("", typed.strip("\n")) if details.title else split_text(typed)
        written = NewNote(heading, body)
    said = {name: value for name, value in fields(details).items() if value}
    labels = {"tags": (*written.tags, *details.tags), "topics": (*written.topics, *details.topics)}
    return replaced(written, **{**said, **labels})


def _has_front(typed: str) -> bool:
    from ..frontmatter import has_front

    return has_front(typed)


def show_saved(session: Session, note: Note, verb: str) -> None:
    """Say what became of a note: a line for people, the note for programs, its id when quiet."""
    if session.json:
        write_json(as_data(note))
    elif session.quiet:
        write(session, [note.id])
    else:
        shown = note.heading.lower().split()
        tags = style(session, "".join(f" #{tag}" for tag in note.tags if f"#{tag}" not in shown), GREEN)
        write(session, [f"{verb} {note.handle}  {line_of(session, note.heading)}{tags}"])


def show_all(session: Session, notes: list[Note], verb: str) -> None:
    """Say what became of several notes: one JSON value for programs, an object for one note, a list for more."""
    if session.json and len(notes) != 1:
        write_json([as_data(note) for note in notes])
        return
    for note in notes:
        show_saved(session, note, verb)


def _typed(text: list[str]) -> str | None:
    """The text of a note from the arguments or a pipe; None when the editor has to ask."""
    if text and text != ["-"]:
        return " ".join(text)
    if not text and sys.stdin.isatty():
        return None
    try:
        typed = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("what came in is not UTF-8 text", hint="save it as UTF-8") from None
    if not typed.strip():
        raise InvalidInput("an empty note was not saved", hint='scribes add "some words"')
    return typed.replace("\r\n", "\n")


def moment_of(date: str | None) -> datetime | None:
    """The moment that a date in words means, or None for none.

    Raises: InvalidInput.
    """
    if date is None:
        return None
    from datetime import datetime

    from ..domain.dates import parse_moment

    return parse_moment(date, datetime.now().astimezone())
