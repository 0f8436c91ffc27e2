"""Text for people: colours, widths, listings. Nothing here loads rich, so that a listing stays instant."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from typing import Any

    from ..models.notes import Hit, Note
    from .session import Session

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"
MAX_WIDTH, MIN_TITLE, MIN_COLUMN = 120, 20, 6
# Escape sequences and direction overrides in a note must not reach the terminal: C0, DEL, C1, bidi controls.
UNSAFE = dict.fromkeys((*range(32), 127, *range(128, 160), *range(8234, 8239), *range(8294, 8298)), "�")
for _kept in (9, 10):
    del UNSAFE[_kept]


def style(session: Session, text: str, *codes: str) -> str:
    """The text in a style, on a terminal that shows colours."""
    return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if session.color and text else text


def safe(session: Session, text: str) -> str:
    """The text without what would control a terminal; as it is where it goes to a program."""
    return text.translate(UNSAFE) if session.tty else text


def line_of(session: Session, text: str) -> str:
    """The text on one line, safe to print."""
    return " ".join(safe(session, text).split())


def write(session: Session, lines: Iterable[str]) -> None:
    """Print lines; through a pager where there are more than the terminal is high."""
    shown = list(lines)
    if session.tty and session.page and len(shown) >= height():
        from .pager import page

        page(session, "\n".join(shown) + "\n")
        return
    sys.stdout.write("".join(line + "\n" for line in shown))


def say(session: Session, text: str) -> None:
    """A remark to the person, on standard error; none when quiet or for a program."""
    if not session.quiet and not session.json:
        sys.stderr.write((text if session.error_color else _unstyled(text)) + "\n")


def _unstyled(text: str) -> str:
    """The text without our own styles: standard error may go to a file while standard output is a terminal."""
    first, *rest = text.split("\x1b[")
    return first + "".join(piece.partition("m")[2] for piece in rest)


def plain(text: str) -> str:
    """The text on one line without control characters: names of files may hold anything."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def write_json(data: object) -> None:
    """Print data as JSON: indented on a terminal, one line to a program."""
    import json

    tty = sys.stdout.isatty()
    text = json.dumps(data, ensure_ascii=False, indent=2 if tty else None)
    sys.stdout.write((text.translate(UNSAFE) if tty else text) + "\n")


def write_listed(session: Session, found: Sequence[Any], lines: Callable[[], Iterable[str]]) -> None:
    """Print things that were found: as JSON, their ids alone when quiet, else the lines made of them."""
    if session.json:
        from ..records import as_data

        write_json([as_data(one) for one in found])
    else:
        write(session, [one.id for one in found] if session.quiet else lines())


def width() -> int:
    """Columns of the terminal, at most 120; 80 where there is none."""
    return min(_size()[0], MAX_WIDTH)


def height() -> int:
    """Lines of the terminal."""
    return _size()[1]


def _size() -> tuple[int, int]:
    columns, lines = os.environ.get("COLUMNS", ""), os.environ.get("LINES", "")
    try:
        measured = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        measured = os.terminal_size((80, 24))
    return (
        int(columns) if columns.isdigit() and int(columns) else measured.columns or 80,
        int(lines) if lines.isdigit() and int(lines) else measured.lines or 24,
    )


def cells(text: str) -> int:
    """How many columns a text takes: two for wide characters, none for marks that join the one before."""
    if text.isascii():
        return len(text)
    import unicodedata

    total = 0
    for letter in text:
        if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn", "Me"):
            continue
        total += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
    return total


def fit(text: str, columns: int) -> str:
    """The text cut, with an ellipsis, or filled to exactly so many columns."""
    used = cells(text)
    if used > columns:
        while cells(text) > columns - 1:
            text = text[:-1]
        text, used = text + "…", cells(text) + 1
    return text + " " * (columns - used)


def counted(number: int, noun: str) -> str:
    """A number of things: 1 day, 2 days."""
    return f"{number} {noun}{'s' * (number != 1)}"


def day(moment: datetime) -> str:
    """The day, as 2026-11-22."""
    return moment.date().isoformat()


def day_and_time(moment: datetime) -> str:
    """The day, and the time where it is not midnight."""
    return moment.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")


def note_lines(session: Session, notes: list[Note]) -> list[str]:
    """A listing: numbered and aligned on a terminal, tab-separated for programs, ids alone when quiet."""
    if session.quiet:
        return [note.id for note in notes]
    if not session.tty:
        return ["\t".join(_columns(session, note)) for note in notes]
    rows = [_columns(session, note) for note in notes]
    handle = max((len(row[0]) for row in rows), default=4)
    number = len(str(len(rows)))
    speaker = min(max((cells(row[3]) for row in rows), default=0), 22)
    tags = min(max((cells(row[4]) for row in rows), default=0), 26)
    # Number, handle and day with their gaps; then what is left goes to the title first, to tags last.
    left = width() - (number + 2 + handle + 2 + 10 + 2)
    speaker = _column(speaker, left - MIN_TITLE)
    left -= speaker + 2 if speaker else 0
    tags = _column(tags, left - MIN_TITLE)
    title = max(1, left - (tags + 2 if tags else 0))
    lines = []
    for position, row in enumerate(rows, 1):
        parts = [
            style(session, f"{position:>{number}}", DIM),
            style(session, f"{row[0]:<{handle}}", CYAN),
            row[1],
            style(session, fit(row[2], min(title, _widest(rows))), BOLD),
        ]
        parts += [fit(row[3], speaker)] if speaker else []
        parts += [style(session, fit(row[4], tags), GREEN)] if tags else []
        lines.append("  ".join(parts).rstrip())
    return lines


def hit_lines(session: Session, hits: list[Hit]) -> list[str]:
    """Search results: a listing line each, and the words around the hit below it."""
    listing = note_lines(session, [hit.note for hit in hits])
    if session.quiet:
        return listing
    if not session.tty:
        return [f"{line}\t{hit.snippet}\t{reason(hit)}" for line, hit in zip(listing, hits, strict=True)]
    indent = " " * (len(str(len(hits))) + 2)
    lines = []
    for line, hit in zip(listing, hits, strict=True):
        lines.append(line)
        why = reason(hit)
        if hit.snippet or why not in ("", "words"):
            lines += [indent + part for part in _snippet_lines(session, hit, width() - len(indent))]
    return lines


def reason(hit: Hit) -> str:
    """Why a note was found, in a few words: "words, meaning 0.61, Rom 8:28"."""
    parts = ["words"] if hit.words else []
    if hit.meaning is not None:
        parts.append(f"meaning {hit.meaning:.2f}")
    if hit.passage:
        from .verses import named_osis

        parts.append(named_osis(hit.passage))
    return ", ".join(parts)


def note_page(session: Session, note: Note) -> list[str]:
    """A whole note: title, a line of what is known about it, and its text."""
    known = [day_and_time(note.occurred_at), note.speaker, note.venue, note.series]
    known += [" ".join(f"#{tag}" for tag in note.tags), ", ".join(note.topics)]
    known += [f"in {note.circle}" if note.circle else "", note.handle]
    head = [style(session, safe(session, note.title), BOLD)] if note.title else []
    head.append(style(session, line_of(session, " · ".join(filter(None, known))), DIM))
    if note.deleted_at:
        head.append(style(session, f"in the trash since {day(note.deleted_at)}", YELLOW))
    if not note.body:
        return head
    return [*head, "", *_body(session, note.body)]


def _body(session: Session, body: str) -> list[str]:
    if not session.tty:
        return body.split("\n")
    from .markdown import rendered

    return rendered(safe(session, body), width=width(), color=session.color)


def _columns(session: Session, note: Note) -> list[str]:
    tags = " ".join(f"#{tag}" for tag in note.tags)
    texts = [note.heading, note.speaker, with_circle(tags, note.circle)]
    return [note.handle, day(note.occurred_at), *(line_of(session, text) for text in texts)]


def with_circle(tags: str, circle: str) -> str:
    """Tags and, behind them, the circle in which something is shared."""
    return f"{tags} · {circle}".strip() if circle else tags


def _column(wanted: int, left: int) -> int:
    """The width of a column that would like so many cells where so many are left; none rather than a sliver."""
    given = min(wanted, left - 2)
    return given if given >= min(wanted, MIN_COLUMN) else 0


def _widest(rows: list[list[str]]) -> int:
    return max(cells(row[2]) for row in rows)


def _snippet_lines(session: Session, hit: Hit, columns: int) -> list[str]:
    """The snippet on at most two lines, its hits marked word by word, so that wrapping cannot break them."""
    lines: list[str] = []
    why = reason(hit)
    # That a note has the words is seen by the marks.
    head = "" if why == "words" and hit.marks else f"{why}:" if why and hit.snippet else why
    line = style(session, head, CYAN)
    used, position = cells(head), 0
    text = safe(session, hit.snippet)
    for word in text.split(" "):
        start, end = position, position + len(word)
        position = end + 1
        if used + cells(word) + 1 > columns and line:
            lines.append(line)
            line, used = "", 0
        marked = any(start < mark_end and mark_start < end for mark_start, mark_end in hit.marks)
        shown = style(session, word, BOLD, YELLOW) if marked else style(session, word, DIM)
        line += (" " if line else "") + shown
        used += cells(word) + (1 if used else 0)
    return [*lines, line][:2]
