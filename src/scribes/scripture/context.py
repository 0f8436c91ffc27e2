"""Which book and chapter a bare "v. 5" belongs to: the last passage of the block, the heading, or the whole note."""

from __future__ import annotations

from scribes.scripture import canon

NARROWED = 0.8  # said after the passage, in the same block
FROM_HEADING = 0.6
FROM_NOTE = 0.5


class Place:
    """A book and a chapter that later numbers may be read in."""

    __slots__ = ("book", "chapter", "confidence")

    def __init__(self, book: int, chapter: int, confidence: float) -> None:
        self.book = book
        self.chapter = chapter
        self.confidence = confidence


class Context:
    """What was said so far. Positions only grow, so that blocks and lines are found in one pass over the text."""

    def __init__(self, text: str, primary: tuple[int, int] | None) -> None:
        self._text = text
        self._block_begin = 0
        self._block_checked = 0
        self._line_begin = 0
        self._line_checked = 0
        self._has_headings = text.startswith("#") or "\n#" in text
        self._last_at = -1
        self._last = Place(0, 0, NARROWED)
        self._heading: Place | None = None
        self._note = Place(*canon.split(primary[0])[:2], FROM_NOTE) if primary else None

    def strong(self, at: int, book: int, chapter: int) -> None:
        """Remember a passage whose book was named."""
        self._last_at, self._last = at, Place(book, chapter, NARROWED)
        if self._has_headings:
            found = self._text.rfind("\n", self._line_checked, at)
            self._line_begin = found + 1 if found >= 0 else self._line_begin
            self._line_checked = max(self._line_checked, at)
            if self._text.startswith("#", self._line_begin):
                self._heading = Place(book, chapter, FROM_HEADING)

    def narrow(self, at: int, place: Place, chapter: int) -> None:
        """Remember a chapter said without its book; what follows it is as sure as it was itself."""
        self._last_at, self._last = at, Place(place.book, chapter, place.confidence)

    def at(self, position: int) -> Place | None:
        """Return where a bare number at this position belongs, or None."""
        found = self._text.rfind("\n\n", self._block_checked, position)
        self._block_begin = found if found >= 0 else self._block_begin
        self._block_checked = max(self._block_checked, position - 1)
        if self._last_at >= self._block_begin:
            return self._last
        return self._heading or self._note
