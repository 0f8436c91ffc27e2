"""Texts as differences: the smallest honest list of edits from one text to another, and how to apply it.

An edit is `[start, removed, inserted]`: at code point `start` of the old text, `removed` code points give way to the
string `inserted`. Edits ascend and do not overlap. How a list was found is free; what it means is fixed.
"""

from __future__ import annotations

from ..errors import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Edit = tuple[int, int, str]
    Run = tuple[int, int, int]
    Stretch = tuple[int, int, int, int, int]

# What a comparison may cost, so that no text makes it quadratic: where these end, a stretch counts as replaced whole.
MAX_DEPTH = 8
MAX_EDITS = 256
STEPS, STEPS_PER_TOKEN = 200_000, 2


def diff(old: str, new: str) -> list[Edit]:
    """The edits that turn `old` into `new`: whole lines first, then words inside replaced lines."""
    if old == new:
        return []
    if not old:
        return [(0, 0, new)]
    edits: list[Edit] = []
    for start, removed, inserted in _align(_lines(old), _lines(new)):
        words = _align(_words(removed), _words(inserted))
        edits += [(start + at, len(gone), came) for at, gone, came in words]
    return edits


def apply(old: str, edits: Sequence[Sequence[int | str]]) -> str:
    """The text that `edits` make of `old`.

    Raises: Damaged, when the edits do not fit the text.
    """
    pieces: list[str] = []
    position = 0
    for edit in edits:
        start, removed, inserted = edit if isinstance(edit, (list, tuple)) and len(edit) == 3 else (None, None, None)
        if not (isinstance(start, int) and isinstance(removed, int) and isinstance(inserted, str)):
            raise Damaged("an edit in the history is malformed")
        if start < position or removed < 0 or start + removed > len(old):
            raise Damaged("an edit in the history does not fit its text")
        pieces += [old[position:start], inserted]
        position = start + removed
    pieces.append(old[position:])
    return "".join(pieces)


def matches(old: Sequence[str], new: Sequence[str]) -> list[Run]:
    """What stands in both token lists in the same order: (start in old, start in new, length), ascending, not touching.

    Tokens that stand once on either side are anchors, again and again between them; what is left is compared by the
    fewest edits. (Sources: Bram Cohen's patience diff; Myers, An O(ND) Difference Algorithm, 1986.)
    """
    runs: list[Run] = []
    steps = STEPS + STEPS_PER_TOKEN * (len(old) + len(new))
    waiting: list[Stretch] = [(0, len(old), 0, len(new), 0)]
    while waiting:
        first, last, begin, end, depth = waiting.pop()
        while first < last and begin < end and old[first] == new[begin]:
            at, at_new = first, begin
            while first < last and begin < end and old[first] == new[begin]:
                first, begin = first + 1, begin + 1
            _add(runs, at, at_new, first - at)
        tail = 0
        while last > first and end > begin and old[last - 1] == new[end - 1]:
            last, end, tail = last - 1, end - 1, tail + 1
        if tail:
            # A stretch that is done: it is found equal when its turn comes.
            waiting.append((last, last + tail, end, end + tail, MAX_DEPTH))
        if first == last or begin == end:
            continue
        anchors = _anchors(old[first:last], new[begin:end]) if depth < MAX_DEPTH else []
        if anchors:
            waiting += _between(anchors, (first, last, begin, end, depth + 1))
            continue
        found, used = _fewest(old[first:last], new[begin:end], steps)
        steps -= used
        for at, at_new, length in found:
            _add(runs, first + at, begin + at_new, length)
    return runs


def _add(runs: list[Run], at: int, at_new: int, length: int) -> None:
    """Append a run, or make the last one longer where it touches."""
    if runs and (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]) == (at, at_new):
        runs[-1] = (runs[-1][0], runs[-1][1], runs[-1][2] + length)
    else:
        runs.append((at, at_new, length))


def _between(anchors: list[tuple[int, int]], stretch: Stretch) -> list[Stretch]:
    """The stretches from anchor to anchor, each with the anchor it begins with; the last one first."""
    first, last, begin, end, depth = stretch
    stretches = []
    for at, at_new in reversed(anchors):
        stretches.append((first + at, last, begin + at_new, end, depth))
        last, end = first + at, begin + at_new
    if first < last or begin < end:
        stretches.append((first, last, begin, end, depth))
    return stretches


def _fewest(old: Sequence[str], new: Sequence[str], steps: int) -> tuple[list[Run], int]:
    """The runs that the fewest edits leave, and the steps this took; none when it would take too many."""
    size, size_new = len(old), len(new)
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    used = 0
    for edits in range(min(size + size_new, MAX_EDITS) + 1):
        trace.append(dict(furthest))
        low, high = -edits + 2 * max(0, edits - size_new), edits - 2 * max(0, edits - size)
        for diagonal in range(low, high + 1, 2):
            start = at = _start(furthest, diagonal)[0]
            while at < size and at - diagonal < size_new and old[at] == new[at - diagonal]:
                at += 1
            furthest[diagonal] = at
            used += at - start
            if at >= size and at - diagonal >= size_new:
                return _runs(trace, size, size_new), used
        used += 3 * edits + 1
        if used > steps:
            break
    return [], used


def _start(furthest: dict[int, int], diagonal: int) -> tuple[int, bool]:
    """Where a diagonal is entered, and whether from above: by an insertion."""
    left, above = furthest.get(diagonal - 1, -1), furthest.get(diagonal + 1, -1)
    return (above, True) if left < above else (left + 1, False)


def _runs(trace: list[dict[int, int]], at: int, at_new: int) -> list[Run]:
    """The equal runs on the way that `_fewest` found, walked back from its end."""
    runs = []
    for furthest in reversed(trace):
        diagonal = at - at_new
        start, down = _start(furthest, diagonal)
        if at > start:
            runs.append((start, start - diagonal, at - start))
        at = start if down else start - 1
        at_new = start - diagonal - down
    return runs[::-1]


def _align(old: list[str], new: list[str]) -> Iterator[tuple[int, str, str]]:
    """The replaced stretches of two token lists: (offset in the old text, what went, what came)."""
    at = at_new = offset = 0
    for start, start_new, length in [*matches(old, new), (len(old), len(new), 0)]:
        gone = "".join(old[at:start])
        if start > at or start_new > at_new:
            yield offset, gone, "".join(new[at_new:start_new])
        offset += len(gone) + sum(map(len, old[start : start + length]))
        at, at_new = start + length, start_new + length


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The longest ascending run of tokens that are unique in both lists, as pairs of positions."""
    from bisect import bisect_left

    places_new = _unique(new)
    pairs = [(at, places_new[token]) for token, at in _unique(old).items() if token in places_new]
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, at_new) in enumerate(pairs):
        place = bisect_left(tails, at_new)
        before.append(ends[place - 1] if place else -1)
        tails[place:], ends[place:] = [at_new, *tails[place + 1 :]], [number, *ends[place + 1 :]]
    run = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(pairs[at])
        at = before[at]
    return run[::-1]


def _unique(tokens: Sequence[str]) -> dict[str, int]:
    """The tokens that stand once, and where, in their order."""
    from collections import Counter

    places = dict(zip(tokens, range(len(tokens)), strict=True))
    return {token: places[token] for token, number in Counter(tokens).items() if number == 1}


def _lines(text: str) -> list[str]:
    """Lines, each with the empty ones behind it."""
    import re

    return re.findall(r"[^\n]*\n+|[^\n]+", text)


def _words(text: str) -> list[str]:
    """Words and single other characters, each with the white space behind it."""
    import re

    return re.findall(r"\w+\s*|[^\w\s]\s*|\s+", text)
