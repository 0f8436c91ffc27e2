"""Verses for people: wrapped, numbered, side by side."""

from __future__ import annotations

from .output import BOLD, DIM, cells, fit, safe, style, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.scripture import Reading
    from .session import Session

# A line that is longer than this is hard to read; below, two columns are too narrow.
READABLE, SIDE_BY_SIDE, GAP = 84, 100, 4
NUMBER = 4


def reading_lines(session: Session, reading: Reading, *, columns: int | None = None, most: int = 0) -> list[str]:
    """A passage in one translation: its name, then its verses with their numbers; at most so many, if `most` is set."""
    columns = columns or min(width(), READABLE)
    lines = _heading(session, reading, columns)
    shown = reading.verses[:most] if most else reading.verses
    place = reading.start // 1000
    for verse in shown:
        if verse.ordinal // 1000 != place:
            place = verse.ordinal // 1000
            lines += ["", style(session, named(place * 1000 + 1).rpartition(":")[0], BOLD)]
        lines += _verse(session, verse.ordinal, safe(session, verse.text), columns)
    left = len(reading.verses) - len(shown)
    if left:
        lines.append(
            style(session, f'    and {left} more verses: scribes read "{named(reading.start, reading.end)}"', DIM)
        )
    if reading.credit:
        lines += ["", *(style(session, line, DIM) for line in wrapped(safe(session, reading.credit), columns))]
    return lines


def parallel_lines(session: Session, readings: list[Reading]) -> list[str]:
    """A passage in several translations: two side by side where the terminal is wide, else below each other."""
    whole = width()
    if len(readings) != 2 or whole < SIDE_BY_SIDE:
        return [
            line for number, one in enumerate(readings) for line in [""] * bool(number) + reading_lines(session, one)
        ]
    columns = (whole - GAP) // 2
    left, right = readings
    lines = [
        style(session, named(left.start, left.end), BOLD),
        fit_styled(session, left.name, columns, DIM) + " " * GAP + style(session, right.name, DIM),
        "",
    ]
    texts = [{verse.ordinal: safe(session, verse.text) for verse in one.verses} for one in readings]
    for ordinal in sorted(texts[0].keys() | texts[1].keys()):
        sides = [_pairs(ordinal, text.get(ordinal, "—"), columns) for text in texts]
        for row in range(max(map(len, sides))):
            first, second = (side[row] if row < len(side) else ("", "") for side in sides)
            start = style(session, fit(first[0], NUMBER), DIM) + fit(first[1], columns - NUMBER)
            lines.append((start + " " * GAP + style(session, fit(second[0], NUMBER), DIM) + second[1]).rstrip())
    lines += [style(session, safe(session, one.credit), DIM) for one in readings if one.credit]
    return lines


def named(start: int, end: int | None = None, style: str = "long") -> str:
    """A passage by its name: Romans 8:28–30; where a table has what is no verse, by its numbers."""
    from ..errors import InvalidInput
    from ..scripture import canon
    from ..scripture.formatting import format_passage

    end = start if end is None else end
    try:
        return format_passage(start, end, style)
    except InvalidInput:
        points = [canon.split(point) for point in dict.fromkeys((start, end))]
        return "–".join(f"{canon.LONG[book]} {chapter}:{verse}" for book, chapter, verse in points)


def named_osis(osis: str) -> str:
    """The short name of a passage that is given in OSIS: Rom 8:28."""
    from ..scripture.parsing import parse

    return named(*parse(osis).passage, "short")


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns, wide characters counted as two."""
    lines, line, used = [], "", 0
    for whole in text.split():
        word, size = whole, cells(whole)
        if line and used + 1 + size > columns:
            lines.append(line)
            line, used = "", 0
        while size > columns:
            # A script without spaces, or a very long word: cut where the line ends.
            head = word[: columns if word.isascii() else columns // 2]
            lines.append(head)
            word = word[len(head) :]
            size = cells(word)
        line, used = (f"{line} {word}", used + 1 + size) if line else (word, size)
    return [*lines, line] if line else lines or [""]


def fit_styled(session: Session, text: str, columns: int, *codes: str) -> str:
    """The text cut or filled to so many columns, in a style."""
    return style(session, fit(text, columns), *codes)


def _heading(session: Session, reading: Reading, columns: int) -> list[str]:
    name = named(reading.start, reading.end)
    if len(name) + 2 + cells(reading.name) <= columns:
        return [style(session, name, BOLD) + "  " + style(session, safe(session, reading.name), DIM)]
    return [style(session, name, BOLD), style(session, safe(session, reading.name), DIM)]


def _verse(session: Session, ordinal: int, text: str, columns: int) -> list[str]:
    return [style(session, fit(mark, NUMBER), DIM) + line for mark, line in _pairs(ordinal, text, columns)]


def _pairs(ordinal: int, text: str, columns: int) -> list[tuple[str, str]]:
    """Each line of a verse with what stands before it: its number, then nothing. A psalm's title has no number."""
    number = ordinal % 1000
    return [
        (f"{number:>3}" if number and not row else "", line) for row, line in enumerate(wrapped(text, columns - NUMBER))
    ]
