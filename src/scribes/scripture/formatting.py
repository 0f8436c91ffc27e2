"""Writing passages: as OSIS and USFM write them, short and long."""

from __future__ import annotations

from scribes.errors import InvalidInput
from scribes.scripture import canon

_Point = tuple[int, int, int]

_STYLES = {
    # style: (names, after the name, before the verse, range, range across books)
    "osis": (canon.OSIS, ".", ".", "-", "-"),
    "usfm": (canon.USFM, " ", ":", "-", "-"),
    "short": (canon.SHORT, " ", ":", "–", " – "),
    "long": (canon.LONG, " ", ":", "–", " – "),
}


def format_passage(start: int, end: int, style: str = "osis") -> str:
    """Return a passage as text: "Rom.8.28-Rom.8.30", "ROM 8:28-30", "Rom 8:28–30" or "Romans 8:28–30".

    Whole chapters are written without verses and whole books without chapters.

    Raises:
        InvalidInput: the style is none of osis, usfm, short and long, or the ordinals are no passage.
    """
    if style not in _STYLES:
        raise InvalidInput(f"no style {style!r}", hint="the styles are osis, usfm, short and long")
    if not (canon.is_verse(start) and canon.is_verse(end) and start <= end):
        raise InvalidInput(
            f"{start} to {end} is no passage", hint="give the ordinals of two verses, the first one first"
        )
    first, last = canon.split(start), canon.split(end)
    writer = _Writer(style, _precision(style, first, last))
    left = writer.point(first)
    if (first[0], *first[1 : writer.precision]) == (last[0], *last[1 : writer.precision]):
        return left
    if style == "osis" or first[0] != last[0]:
        return f"{left}{writer.across if first[0] != last[0] else '-'}{writer.point(last)}"
    return f"{left}{writer.dash}{writer.end(first, last)}"


def _precision(style: str, first: _Point, last: _Point) -> int:
    """Return 1 for whole books, 2 for whole chapters, 3 for verses."""
    starts_chapter, ends_chapter = first[2] == 1, last[2] == canon.last_verse(last[0], last[1])
    if not (starts_chapter and ends_chapter):
        return 3
    if style == "usfm" and canon.LAST_BOOK in (first[0], last[0]):
        return 2  # PS2 alone would read as Psalm 2
    first_chapter = canon.split(canon.whole_book(first[0])[0])[1]
    return 1 if first[1] == first_chapter and last[1] == canon.chapters(last[0]) else 2


class _Writer:
    def __init__(self, style: str, precision: int) -> None:
        self.style = style
        self.precision = precision
        self.names, self.after_name, self.before_verse, self.dash, self.across = _STYLES[style]

    def point(self, point: _Point) -> str:
        book, chapter, verse = point
        name = self.names[book]
        if book == canon.PSALMS and self.style == "long" and self.precision > 1:
            name = "Psalm"
        if book == canon.LAST_BOOK and self.style in ("short", "long"):
            # Psalm 151 has its chapter in its name.
            return name if self.precision < 3 else f"{name}{self.before_verse}{verse}"
        if self.precision == 1:
            return name
        text = f"{name}{self.after_name}{chapter}"
        return text if self.precision == 2 else f"{text}{self.before_verse}{verse}"

    def end(self, first: _Point, last: _Point) -> str:
        _, chapter, verse = last
        if self.precision == 2:
            return str(chapter)
        return str(verse) if chapter == first[1] else f"{chapter}{self.before_verse}{verse}"
