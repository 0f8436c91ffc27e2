"""Texts as differences: the smallest honest list of edits from one text to another, and how to apply it.

An edit is `[start, removed, inserted]`: at code point `start` of the old text, `removed` code points give way to the
string `inserted`. Edits ascend and do not overlap. How a list was found is free; what it means is fixed.
"""

from __future__ import annotations

from ..errors import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Edit = tuple[int, int, str]

# difflib is cubic where many tokens are alike, so it only sees stretches of at most this many pairs.
MAX_PAIRS = 40_000


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
        start, removed, inserted = edit
        if not (isinstance(start, int) and isinstance(removed, int) and isinstance(inserted, str)):
            raise Damaged("an edit in the history is malformed")
        if start < position or removed < 0 or start + removed > len(old):
            raise Damaged("an edit in the history does not fit its text")
        pieces += [old[position:start], inserted]
        position = start + removed
    pieces.append(old[position:])
    return "".join(pieces)


def _align(old: list[str], new: list[str]) -> list[tuple[int, str, str]]:
    """The replaced stretches of two token lists: (offset in the old text, what went, what came).

    Tokens that stand once on either side are anchors (Source: Bram Cohen's patience diff); between them difflib looks.
    """
    offsets = [0]
    for token in old:
        offsets.append(offsets[-1] + len(token))
    stretches: list[tuple[int, str, str]] = []
    begin_old, begin_new = 0, 0
    for end_old, end_new in [*_anchors(old, new), (len(old), len(new))]:
        for first, last, came in _between(old[begin_old:end_old], new[begin_new:end_new]):
            gone = "".join(old[begin_old + first : begin_old + last])
            stretches.append((offsets[begin_old + first], gone, came))
        begin_old, begin_new = end_old + 1, end_new + 1
    return stretches


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
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


def _unique(tokens: list[str]) -> dict[str, int]:
    """The tokens that stand once, and where, in their order."""
    seen: dict[str, int] = {}
    again = set()
    for at, token in enumerate(tokens):
        if token in seen:
            again.add(token)
        seen[token] = at
    return {token: at for token, at in seen.items() if token not in again}


def _between(old: list[str], new: list[str]) -> list[tuple[int, int, str]]:
    """The replaced stretches between two anchors: (first, last) of the old tokens and what came."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    left_old, left_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not left_old and not left_new:
        return []
    if not left_old or not left_new or len(left_old) * len(left_new) > MAX_PAIRS:
        return [(head, len(old) - tail, "".join(left_new))]
    from difflib import SequenceMatcher

    return [
        (head + i1, head + i2, "".join(left_new[j1:j2]))
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, left_old, left_new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]


def _lines(text: str) -> list[str]:
    """Lines, each with the empty ones behind it."""
    import re

    return re.findall(r"[^\n]*\n+|[^\n]+", text)


def _words(text: str) -> list[str]:
    """Words and single other characters, each with the white space behind it."""
    import re

    return re.findall(r"\w+\s*|[^\w\s]\s*|\s+", text)
