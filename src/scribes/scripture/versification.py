"""Systems of numbering verses: how each counts, and where its verses are in the canonical one."""

from __future__ import annotations

from bisect import bisect_right

from scribes.errors import InvalidInput
from scribes.scripture import canon

NAMES = {
    "eng": "eng",
    "kjv": "eng",
    "org": "org",
    "mt": "org",
    "hebrew": "org",
    "vul": "vul",
    "vulgate": "vul",
    "lxx": "lxx",
    "septuagint": "lxx",
    "rso": "rso",
    "synodal": "rso",
    "rsc": "rsc",
}


class System:
    """The canonical system: verses as the King James Version numbers them."""

    name = "eng"

    def chapters(self, book: int) -> int:
        """Return the number of the last chapter of a book."""
        return canon.chapters(book)

    def last_verse(self, book: int, chapter: int) -> int:
        """Return the number of the last verse of a chapter, 0 where there is no such chapter."""
        return canon.last_verse(book, chapter)

    def canonical(self, start: int, end: int) -> tuple[int, int]:
        """Return a passage of this system in canonical ordinals."""
        return start, end


class MappedSystem(System):
    """Another system, such as the Hebrew one; where it differs its verses are looked up in a table of runs."""

    def __init__(self, name: str, counts: dict[int, str], runs: str) -> None:
        self.name = name
        self._counts = {book: tuple(map(int, row.split())) for book, row in counts.items()}
        self._first: list[int] = []
        self._last: list[int] = []
        self._moved: list[int] = []
        for run in runs.split():
            own, _, moved = run.partition(">")
            first, _, last = own.partition("-")
            self._first.append(int(first))
            self._last.append(int(last))
            self._moved.append(int(moved))

    def chapters(self, book: int) -> int:
        """Return the number of the last chapter of a book."""
        return len(self._counts[book]) if book in self._counts else canon.chapters(book)

    def last_verse(self, book: int, chapter: int) -> int:
        """Return the number of the last verse of a chapter, 0 where there is no such chapter."""
        counts = self._counts.get(book)
        if counts is None:
            return canon.last_verse(book, chapter)
        return counts[chapter - 1] if 0 < chapter <= len(counts) else 0

    def canonical(self, start: int, end: int) -> tuple[int, int]:
        """Return a passage of this system in canonical ordinals."""
        first, last = self._verse(start), self._verse(end)
        return min(first, last), max(first, last)

    def _verse(self, ordinal: int) -> int:
        at = bisect_right(self._first, ordinal) - 1
        if at < 0 or ordinal > self._last[at]:
            return ordinal
        return self._moved[at] + ordinal - self._first[at]


_SYSTEMS: dict[str, System] = {"eng": System()}


def system(name: str) -> System:
    """Return a system of numbering verses by name; its table is read at the first call.

    Raises:
        InvalidInput: there is no such system.
    """
    known = NAMES.get(name.lower())
    if known is None:
        raise InvalidInput(f"no versification {name!r}", hint=f"there are: {', '.join(sorted(set(NAMES.values())))}")
    if known not in _SYSTEMS:
        from scribes.scripture import versification_data as data

        counts, runs = getattr(data, f"{known.upper()}_COUNTS"), getattr(data, f"{known.upper()}_RUNS")
        _SYSTEMS[known] = MappedSystem(known, counts, runs)
    return _SYSTEMS[known]
