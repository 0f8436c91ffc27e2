"""Verses out of tab-separated lines: `Gen.1.1<tab>text`, `Genesis 1:1<tab>text` or `Gen<tab>1<tab>1<tab>text`."""

from __future__ import annotations

import re

from scribes.scripture import canon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from scribes.scripture.import_usfm import Found

_ADDRESS = re.compile(r"(.*?)[\s.]\s*(\d{1,3})[.:](\d{1,3})")
_MOST_ADDRESS = 60
_NAMES: dict[str, int] = {}


def verses(text: str) -> Iterator[Found]:
    """Yield (book, chapter, verse, text) for each line that begins with an address; book 0 where it is not known."""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) >= 4 and cells[1].isdecimal() and cells[2].isdecimal() and len(cells[1] + cells[2]) < 7:
            yield _book(cells[0]), int(cells[1]), int(cells[2]), cells[3]
        elif len(cells) >= 2:
            yield _by_address(cells[0], cells[1])


def _by_address(address: str, text: str) -> Found:
    if address.isdecimal() and 7 <= len(address) <= 8:
        book, chapter, verse = canon.split(int(address))
        return (book if book <= canon.LAST_BOOK else 0), chapter, verse, text
    # A long cell is no address, and would take the pattern a time that grows with its square.
    found = _ADDRESS.fullmatch(address) if len(address) < _MOST_ADDRESS else None
    return (_book(found[1]), int(found[2]), int(found[3]), text) if found else (0, 0, 0, text)


def _book(name: str) -> int:
    if not _NAMES:
        for names in (canon.SHORT, canon.LONG):
            _NAMES.update((known.lower(), number) for number, known in enumerate(names) if number)
        _NAMES["psalm"] = canon.PSALMS
    lower = name.strip().lower()
    if lower.isdecimal() and len(lower) < 3:
        return int(lower) if int(lower) <= canon.LAST_BOOK else 0
    return canon.book_number(lower) or _NAMES.get(lower, 0)
