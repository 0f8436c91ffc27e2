"""Cross references between passages: which other passages belong to one, how strongly, and why."""

from __future__ import annotations

import os

from scribes.errors import InvalidInput, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scribes.scripture.passage_table import PassageTable

BUNDLED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "links", "bundled.links")
# The name of a table a user has imported, in the folder of imported data.
IMPORTED = "openbible.links"
_OPEN: dict[tuple[str, int, int], PassageTable] = {}
_MAX_OPEN = 4
# More than any two ordinals are apart.
_SPAN = 100_000_000


class CrossRef:
    """A passage that belongs to another: where, how strongly, and why.

    Weights order the references of one table: 1 to 1,000 in the bundled one, a sum of votes in an imported one.
    """

    __slots__ = ("end", "reason", "start", "weight")

    def __init__(self, start: int, end: int, weight: int, reason: str) -> None:
        self.start = start
        self.end = end
        self.weight = weight
        self.reason = reason

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CrossRef) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[int, int, int, str]:
        return self.start, self.end, self.weight, self.reason

    def __repr__(self) -> str:
        return f"CrossRef({self.start}, {self.end}, {self.weight}, {self.reason!r})"


def of(start: int, end: int, *, limit: int = 20, path: str | os.PathLike[str] | None = None) -> list[CrossRef]:
    """Return the passages linked with a passage, the strongest first.

    A passage that several verses are linked with counts for each of them. `path` is an imported table; without it the
    bundled one is asked. What overlaps the passage itself is left out, and so is what voters have voted down.

    Raises:
        InvalidInput: the passage ends before it starts.
        NotFound: there is no table at `path`.
    """
    if end < start:
        raise InvalidInput(f"the passage ends ({end}) before it starts ({start})")
    table = open_table(BUNDLED if path is None else path)
    # The other passage as one number (start, then how far its end is from it) -> its weights added up. Where several
    # weights are added, the largest names the reason: `reasons` has (largest, number of its reason) for all of them.
    totals: dict[int, int] = {}
    reasons: dict[int, tuple[int, int]] = {}
    for other, other_end, weight, reason in table.rows(start, end):
        if other > end or other_end < start:
            place = other * _SPAN + other_end - other
            if place in totals:
                totals[place] += weight
                reasons[place] = max(reasons[place], (weight, reason))
            else:
                totals[place] = weight
                reasons[place] = (weight, reason)
    best = sorted([(-total, place) for place, total in totals.items() if total > 0])[:limit]
    return [
        CrossRef(place // _SPAN, place // _SPAN + place % _SPAN, -total, table.reasons[reasons[place][1]])
        for total, place in best
    ]


def open_table(path: str | os.PathLike[str]) -> PassageTable:
    """Return the table in a file, kept open for the next question.

    Raises:
        NotFound: there is no such file.
        Damaged: the file is not a whole table.
    """
    name = os.fspath(path)
    try:
        stat = os.stat(name)
    except OSError as e:
        raise NotFound(
            f"there is no table of cross references at {name}", hint="scribes bible import-crossrefs FILE makes one"
        ) from e
    # By time and size too: a table that was imported again is read again.
    key = (name, stat.st_mtime_ns, stat.st_size)
    table = _OPEN.get(key)
    if table is None:
        from scribes.scripture import passage_table

        table = passage_table.load(name)
        if len(_OPEN) >= _MAX_OPEN:
            _OPEN.clear()
        _OPEN[key] = table
    return table
