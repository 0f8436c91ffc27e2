"""Misspelt names of books: the nearest name, where it is near enough and nearer than every other book.

A slip of the pen is not a random letter: vowels are mixed up, letters doubled, an h is left out. So distance is counted
in halves for those, after sounds written in two ways (ph and f, c and k) have been made one.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_BOOK_MASK = 0xFF
_LAST_BOOK_GUESSED = 66
_PHRASE_ONLY = 0x800
_IMPLIED = 0x2000
_LIGHT = frozenset("aeiouyh")
_VOWELS = frozenset("aeiouy")
_NEAR_PAIRS = frozenset(("mn", "nm", "sz", "zs", "xz", "zx", "ei"))
_DOUBLED = re.compile(r"(.)\1+")
_CACHE_SIZE = 20_000
_MIXED_UP = 0.45  # the right letters in the wrong order
_GOSPELS = frozenset((40, 41, 42, 43))


def skeleton(word: str) -> str:
    """Return a word as it sounds, roughly: no doubled letters, one spelling for one sound."""
    word = word.replace("ph", "f").replace("ch", "k").replace("c", "k")
    return _DOUBLED.sub(r"\1", word)


def distance(word: str, name: str, limit: float) -> float:
    """Return how far apart two skeletons are, or something above `limit` as soon as they are.

    Source: the optimal string alignment distance, with half costs for vowels and h.
    """
    before: list[float] = []
    row = [0.0]
    for letter in name:
        row.append(row[-1] + (0.5 if letter in _LIGHT else 1.0))
    for i, letter in enumerate(word):
        drop = 0.5 if letter in _LIGHT else 1.0
        new = [row[0] + drop]
        for j, other in enumerate(name):
            add = 0.5 if other in _LIGHT else 1.0
            best = min(row[j] + _swap(letter, other), row[j + 1] + drop, new[j] + add)
            if i and j and letter == name[j - 1] and word[i - 1] == other:
                best = min(best, before[j - 1] + 0.4)
            new.append(best)
        if min(new) > limit:
            return limit + 1
        before, row = row, new
    return row[-1]


def _swap(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if (one in _VOWELS and other in _VOWELS) or one + other in _NEAR_PAIRS:
        return 0.5
    return 1.0


def _limit(length: int) -> float:
    if length >= 7:
        return 0.23 * length
    return {6: 1.3, 5: 1.0}.get(length, 0.5)


class Spelling:
    """The names a misspelling is compared with: all, those with a number before them, those after "Gospel of"."""

    def __init__(self, names: dict[str, int], families: dict[str, tuple[int, ...]], never: Iterable[str]) -> None:
        self._known = frozenset(names)
        self._never = frozenset(never)
        self._alone: list[tuple[str, int]] = []
        self._numbered: list[tuple[str, int]] = []
        self._gospels: list[tuple[str, int]] = []
        full: set[int] = set()
        for name, entry in names.items():
            book = entry & _BOOK_MASK
            if not 0 < book <= _LAST_BOOK_GUESSED or " " in name or not name.isalpha():
                continue
            form = (skeleton(name), entry & ~_PHRASE_ONLY)
            # The first name of a book is its full one; of the others the short ones are near too many words.
            if len(name) >= (7 if entry & _IMPLIED else 6 if book in full else 4):
                self._alone.append(form)
            full.add(book)
            if name in families and len(name) >= 3:
                self._numbered.append((form[0], families[name][0]))
            if book in _GOSPELS and len(name) >= 3:
                self._gospels.append((form[0], book))
        self._cache: dict[tuple[str, str], int] = {}

    def nearest(self, word: str, *, among: str = "alone", strict: bool = False) -> int:
        """Return the entry of the book a lower-case word is most likely meant to name, 0 where none is near.

        `strict` allows fewer slips. `among` is "alone", "gospels", or "numbered": then the first book of a family.
        """
        if len(word) < (4 if among == "alone" else 3) or len(word) > 24 or word in self._never:
            return 0
        key = (f"{among} strictly" if strict else among, word)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            found = self._cache[key] = self._search(
                skeleton(word), among, ease=0.6 if strict else 1.0 if among == "alone" else 1.8
            )
        return found

    def _search(self, word: str, among: str, *, ease: float) -> int:
        forms = {"alone": self._alone, "numbered": self._numbered, "gospels": self._gospels}[among]
        least = 0.0 if among == "alone" else 1.05
        best, second, found = 99.0, 99.0, 0
        for name, entry in forms:
            limit = max(_limit(max(len(word), len(name))) * ease, least)
            if abs(len(word) - len(name)) > 2 * limit or not _starts_alike(word, name):
                continue
            far = _MIXED_UP if len(word) == len(name) and sorted(word) == sorted(name) else distance(word, name, limit)
            if far > limit:
                continue
            if (entry & _BOOK_MASK) == (found & _BOOK_MASK):
                best = min(best, far)
            elif far < best:
                best, second, found = far, best, entry
            else:
                second = min(second, far)
        return found if best < second else 0


def _starts_alike(word: str, name: str) -> bool:
    return word[0] == name[0] or word[1:3] == name[1:3] or word[:2] == name[1::-1]
