"""From numbers as written to passages that exist: what is beyond the end is cut, what is nowhere is nothing."""

from __future__ import annotations

from scribes.scripture import canon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scribes.scripture.versification import System

WHOLE = -1  # in place of a verse: the whole chapter


class Element:
    """One reference as written, of a book known: from chapter and verse to chapter and verse, and where it stands."""

    __slots__ = ("begin", "chapter", "end_chapter", "end_verse", "following", "stop", "verse")

    def __init__(self, begin: int, stop: int, chapter: int, verse: int) -> None:
        self.begin = begin
        self.stop = stop
        self.chapter = chapter
        self.verse = verse
        self.end_chapter = chapter
        self.end_verse = verse
        self.following = False

    def to(self, chapter: int, verse: int, stop: int) -> None:
        """Make this a range up to a verse, or to the end of a chapter."""
        self.end_chapter, self.end_verse, self.stop = chapter, verse, stop

    @property
    def is_range(self) -> bool:
        """Whether an end was written."""
        return (self.chapter, self.verse) != (self.end_chapter, self.end_verse)

    @property
    def is_whole_chapter(self) -> bool:
        """Whether no verse was written."""
        return self.verse == WHOLE


def first_of(system: System, book: int, chapter: int, verse: int) -> int | None:
    """Return the ordinal where a passage starts, or None where there is no such chapter or verse."""
    last = system.last_verse(book, chapter)
    if verse == WHOLE:
        return canon.ordinal(book, chapter, 1) if last else None
    return canon.ordinal(book, chapter, verse) if 0 < verse <= last else None


def last_of(system: System, book: int, chapter: int, verse: int) -> int | None:
    """Return the ordinal where a passage ends, cut to what there is; None for a chapter or verse zero."""
    if chapter == 0 or verse == 0:
        return None
    if chapter > system.chapters(book):
        chapter, verse = system.chapters(book), WHOLE
    last = system.last_verse(book, chapter)
    return canon.ordinal(book, chapter, last if verse == WHOLE or verse > last else verse)


def resolve(system: System, book: int, element: Element) -> tuple[int, int] | None:
    """Return the passage of an element in the ordinals of its system, or None where it starts nowhere."""
    start = first_of(system, book, element.chapter, element.verse)
    if start is None:
        # Where only the end exists, the end is what is meant: "Gen 0:0-chapter 14".
        last = first_of(system, book, element.end_chapter, element.end_verse) if element.is_range else None
        return None if last is None else (last, last_of(system, book, element.end_chapter, element.end_verse) or last)
    end = last_of(system, book, element.end_chapter, element.end_verse)
    if element.following:
        whole_chapters = element.end_verse == WHOLE
        chapter = system.chapters(book) if whole_chapters else element.end_chapter
        end = last_of(system, book, chapter, WHOLE)
    if end is None or end < start:
        end = last_of(system, book, element.chapter, element.verse)
    return start, end or start
