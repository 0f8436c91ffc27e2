"""OSIS passages of the case files as sets of verses."""

from __future__ import annotations

from scribes.scripture import canon, find, parse


def verses_of(osis: str) -> frozenset[int]:
    """Return the verses of passages written in OSIS, separated by commas or blanks."""
    found: set[int] = set()
    for part in osis.replace(",", " ").split():
        first, _, last = part.partition("-")
        start, end = _passage(first), _passage(last or first)
        found.update(canon.expand(start[0], end[1]))
    return frozenset(found)


def verses_found(text: str) -> frozenset[int]:
    """Return the verses of every reference found in a text."""
    return frozenset(verse for span in find(text) for verse in canon.expand(span.start, span.end))


def _passage(point: str) -> tuple[int, int]:
    point = point.split("!", maxsplit=1)[0]
    if point.startswith("Ps.151"):
        point = "Ps151.1" + point.removeprefix("Ps.151")
    return parse(point).passage
