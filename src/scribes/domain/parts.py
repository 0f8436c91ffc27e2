"""Texts taken apart into lines or words, and what the sides of a merge changed in them, set side by side."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import Counter

    from .diff import Run

    Span = tuple[int, int]
    Spans = tuple[Span, Span, Span]
    Hunk = tuple[int, int, int, int]
    Trio = tuple["Text", "Text", "Text"]

LINE = r"[^\n]+"
# Vowel points and accents belong to the word they stand on, an apostrophe to the word around it: "don't" is one word.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d"
    "\u20d0-\u20ff\ufe00-\ufe0f"
)
WORD = rf"\w[\w{_MARKS}]*(?:['’]\w[\w{_MARKS}]*)*|[^\w\s][{_MARKS}]*"

SIDES = ("ours", "theirs")
# How much of a line must be left for it to count as altered and not as another; how many of the words that are left
# must stand in such lines; how many pairs of lines are looked at.
ALIKE, STAYED, MAX_PAIRS = 0.5, 0.9, 400


class Text:
    """A text as parts; `gaps[n]` is the white space before part n, the last one that at the end."""

    __slots__ = ("gaps", "parts")

    def __init__(self, parts: list[str], gaps: list[str]) -> None:
        self.parts, self.gaps = parts, gaps

    def said(self, span: Span) -> str:
        """The text from the first part of a span to its last."""
        start, end = span
        pieces = self.parts[start:end] * 2
        pieces[::2], pieces[1::2] = self.parts[start:end], [*self.gaps[start + 1 : end], ""][: end - start]
        return "".join(pieces)


@record
class Place:
    """A place that a side changed: what the three texts say there, what stands there now, and if that is in doubt."""

    base: str
    ours: str
    theirs: str
    merged: str
    flagged: bool


def unbalanced(base: str, ours: str, theirs: str, merged: str) -> tuple[list[str], list[str]]:
    """The words that stand in a merged text more often than the sides account for, and those that stand there less.

    More often: both moved them, or one side moved what the other removed.
    """
    from collections import Counter

    before, mine, other, after = (Counter(words_in(text)) for text in (base, ours, theirs, merged))
    doubled, lost = [], []
    for word, number in after.items():
        changes = mine[word] - before[word], other[word] - before[word]
        if number > before[word] + max(0, changes[0]) + max(0, changes[1]) + min(0, *changes):
            doubled.append(word)
    for word, number in before.items():
        if after[word] < number + min(0, mine[word] - number) + min(0, other[word] - number):
            lost.append(word)
    return doubled, lost


def unbalanced_in(places: list[Place]) -> tuple[list[str], list[str]]:
    """The same of all places that a merge changed. Only where both sides took words away can there be such words."""
    taken = [[place for place in places if place.base and getattr(place, side) != place.base] for side in SIDES]
    if len(places) < 2 or not all(taken):
        return [], []
    said = ["\n".join([getattr(place, name) for place in places]) for name in ("base", *SIDES, "merged")]
    return unbalanced(said[0], said[1], said[2], said[3])


def words_in(text: str) -> list[str]:
    """The words of a text as they are counted: without apostrophes and points, which make no word another."""
    import re

    return re.findall(r"\w+", text)


def hunks_between(runs: list[Run], old: Text, new: Text) -> list[Hunk]:
    """What lies between equal runs: (start, end) in the old parts and in the new ones."""
    hunks = []
    at = at_new = 0
    for start, start_new, length in [*runs, (len(old.parts), len(new.parts), 0)]:
        if start > at or start_new > at_new:
            hunks.append((at, start, at_new, start_new))
        at, at_new = start + length, start_new + length
    return hunks


def read(text: str, pattern: str) -> Text:
    """A text taken apart."""
    import re

    pieces = re.split(f"({pattern})", text)
    return Text(pieces[1::2], pieces[::2])


def are_alike(ours: str, theirs: str) -> bool:
    """Whether two texts have most of their words in common."""
    from collections import Counter

    return _likeness(Counter(words_in(ours)), Counter(words_in(theirs))) >= 0.6


def _likeness(words: Counter[str], others: Counter[str]) -> float:
    """How much of the longer text stands in the other, from 0 to 1."""
    return (words & others).total() / max(words.total(), others.total(), 1)


def paired(hunks: list[Hunk], old: Text, new: Text) -> list[Hunk]:
    """The hunks of lines, those with several lines cut where a line was only altered: it is a hunk by itself.

    So an edit of the one line does not clash with an edit of the next.
    """
    found: list[Hunk] = []
    for low, high, start, end in hunks:
        at, at_new = low, start
        if max(high - low, end - start) > 1 and 0 < (high - low) * (end - start) <= MAX_PAIRS:
            for line, line_new in _altered((low, high, start, end), old, new):
                found += [(at, line, at_new, line_new), (line, line + 1, line_new, line_new + 1)]
                at, at_new = line + 1, line_new + 1
        found.append((at, high, at_new, end))
    return [hunk for hunk in found if hunk[0] < hunk[1] or hunk[2] < hunk[3]]


def _altered(hunk: Hunk, old: Text, new: Text) -> tuple[Span, ...]:
    """The lines of a hunk that became another, in order: those pairs that are together most alike."""
    from collections import Counter

    low, high, start, end = hunk
    lines, others = ([Counter(words_in(line)) for line in part] for part in (old.parts[low:high], new.parts[start:end]))
    best: list[tuple[float, tuple[Span, ...]]] = [(0.0, ())] * (len(others) + 1)
    for number, words in enumerate(lines):
        above = list(best)
        for other, words_new in enumerate(others, 1):
            likeness = _likeness(words, words_new)
            together = (above[other - 1][0] + likeness, (*above[other - 1][1], (number, other - 1)))
            best[other] = max(above[other], best[other - 1], together, key=lambda choice: choice[0])
    pairs = [(n, other) for n, other in best[-1][1] if _likeness(lines[n], others[other]) >= ALIKE]
    # Where words went from line to line, as in a paragraph that is filled anew, only all lines together tell.
    common = (sum(lines, Counter()) & sum(others, Counter())).total()
    if sum((lines[n] & others[other]).total() for n, other in pairs) < STAYED * common:
        return ()
    return tuple((low + n, start + other) for n, other in pairs)


def trimmed(texts: list[str], ends: str) -> tuple[str, str, list[str]]:
    """What all texts begin and end with, but for one line or word, and what is left of each; `ends` end those.

    One is left on either side, so that the white space behind it is seen as a whole.
    """
    first = texts[0]
    start = min(_common_start(first, text) for text in texts[1:])
    start = len(first[: _after_last(first, ends, start)].rstrip(ends))
    start = _after_last(first, ends, start)
    rests = [text[start:] for text in texts]
    same = min(_common_start(rests[0][::-1], text[::-1]) for text in rests[1:])
    tail = rests[0][len(rests[0]) - same :]
    for _ in range(2):
        cuts = [cut for cut in map(tail.find, ends) if cut >= 0]
        tail = tail[min(cuts) :].lstrip(ends) if cuts else ""
    return first[:start], tail, [text[: len(text) - len(tail)] for text in rests]


def _after_last(text: str, ends: str, before: int) -> int:
    return max(text.rfind(end, 0, before) for end in ends) + 1


def _common_start(one: str, other: str) -> int:
    """The length of what two texts begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common(ours: Text, theirs: Text, runs: list[Run]) -> tuple[Trio, list[list[Hunk]]]:
    """What two texts have in common as their base, and what each of them has beside it."""
    parts: list[str] = []
    gaps: list[str] = []
    bases: list[list[Run]] = [[], []]
    for at, at_theirs, length in runs:
        for side, start in ((0, at), (1, at_theirs)):
            bases[side].append((len(parts), start, length))
        parts += ours.parts[at : at + length]
        gaps += ours.gaps[at : at + length]
    base = Text(parts, [*gaps, ours.gaps[-1]])
    return (base, ours, theirs), [hunks_between(bases[n], base, side) for n, side in enumerate((ours, theirs))]


def solid(runs: list[Run], old: Text, new: Text, *, lines: bool = False) -> list[Run]:
    """The runs without those that are small beside what was rewritten around them: a lone "the" joins nothing.

    Nor does a line of a paragraph that was filled anew; a paragraph by itself does.
    """
    from itertools import accumulate

    lengths = [[0, *accumulate(map(len, text.parts))] for text in (old, new)]
    kept = [(0, 0, 0)]

    def rewritten(before: Run, after: Run) -> int:
        pairs = zip(lengths, before[:2], after[:2], strict=True)
        sizes = [sums[to] - sums[start + before[2]] for sums, start, to in pairs]
        return min(sizes) if lines else max(sizes)

    def is_paragraph(run: Run) -> bool:
        places = [(text.gaps[at], text.gaps[at + run[2]]) for text, at in ((old, run[0]), (new, run[1]))]
        return all(gap.count("\n") > 1 for gaps in places for gap in gaps)

    for run in [*runs, (len(old.parts), len(new.parts), 0)]:
        while len(kept) > 1:
            at, _, length = kept[-1]
            least = min(rewritten(kept[-2], kept[-1]), rewritten(kept[-1], run))
            if 2 * (lengths[0][at + length] - lengths[0][at]) > least or (lines and is_paragraph(kept[-1])):
                break
            kept.pop()
        kept.append(run)
    return kept[1:-1]


def clusters(ours: list[Hunk], theirs: list[Hunk], trio: Trio) -> list[Spans]:
    """The stretches that one side changed, or both where they meet, as spans of the three texts."""
    clusters = []
    queues = (ours[::-1], theirs[::-1])
    shifts = [0, 0]
    while queues[0] or queues[1]:
        side = min((queue[-1][:2], n) for n, queue in enumerate(queues) if queue)[1]
        taken: list[list[Hunk]] = [[], []]
        hunk = queues[side].pop()
        taken[side].append(hunk)
        low, high = hunk[:2]
        while side := _meeting(queues, taken, (low, high), trio):
            hunk = queues[side - 1].pop()
            taken[side - 1].append(hunk)
            high = max(high, hunk[1])
        spans = [(low, high)]
        for n in range(2):
            start = low + shifts[n]
            if taken[n]:
                shifts[n] = taken[n][-1][3] - taken[n][-1][1]
            spans.append((start, high + shifts[n]))
        clusters.append((spans[0], spans[1], spans[2]))
    return clusters


def _meeting(queues: tuple[list[Hunk], list[Hunk]], taken: list[list[Hunk]], span: Span, trio: Trio) -> int:
    """The side (1 or 2) whose next hunk meets what was taken, 0 if none does."""
    low, high = span
    for side in (1, 2):
        if not queues[side - 1]:
            continue
        hunk = queues[side - 1][-1]
        if hunk[0] < high or hunk[:2] == (low, high):
            return side
        last = taken[2 - side][-1] if taken[2 - side] else None
        if last and hunk[0] == high == last[1] and _is_echo(trio[side], hunk, trio[3 - side], last):
            return side
    return 0


def _is_echo(text: Text, hunk: Hunk, other: Text, last: Hunk) -> bool:
    """Whether one of two hunks that touch is an insertion of words that the other brings too, at that very place."""
    came, before = text.parts[hunk[2] : hunk[3]], other.parts[last[2] : last[3]]
    if hunk[0] == hunk[1]:
        return len(came) <= len(before) and before[len(before) - len(came) :] == came
    return last[0] == last[1] and len(before) <= len(came) and came[: len(before)] == before
