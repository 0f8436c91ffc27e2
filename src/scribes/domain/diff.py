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

# Above this many words on either side a replaced stretch is kept whole: difflib is quadratic in unrelated texts.
MAX_WORDS = 2_000
MAX_LINES = 5_000


def diff(old: str, new: str) -> list[Edit]:
    """The edits that turn `old` into `new`: whole lines first, then words inside replaced lines."""
    if old == new:
        return []
    if not old:
        return [(0, 0, new)]
    edits: list[Edit] = []
    lines_old, lines_new = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for start, removed, inserted in _align(lines_old, lines_new, limit=MAX_LINES):
        words_old, words_new = _words(removed), _words(inserted)
        edits += [(start + at, len(gone), came) for at, gone, came in _align(words_old, words_new, limit=MAX_WORDS)]
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


def _align(old: list[str], new: list[str], *, limit: int) -> list[tuple[int, str, str]]:
    """The replaced stretches of two token lists: (offset in the old text, what went, what came)."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    offset = sum(map(len, old[:head]))
    if not middle_old and not middle_new:
        return []
    if not middle_old or not middle_new or max(len(middle_old), len(middle_new)) > limit:
        return [(offset, "".join(middle_old), "".join(middle_new))]
    return _stretches(middle_old, middle_new, offset)


def _stretches(old: list[str], new: list[str], offset: int) -> list[tuple[int, str, str]]:
    from difflib import SequenceMatcher

    starts = [offset]
    for token in old:
        starts.append(starts[-1] + len(token))
    return [
        (starts[i1], "".join(old[i1:i2]), "".join(new[j1:j2]))
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]


def _words(text: str) -> list[str]:
    """Runs of white space, runs of word characters, and single other characters."""
    import re

    return re.findall(r"\s+|\w+|[^\w\s]", text)
