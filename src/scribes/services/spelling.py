"""The likeliest words for those that stand in no note: "propitation" is probably "propitiation"."""

from __future__ import annotations

from ..storage import search

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ports import Tx
    from ..storage.visible import Spaces

LAST = "\U0010ffff"
LEAST_LETTERS, LONG, LIKENESS, TRIED, TRIED_AMONG_OTHERS = 4, 10, 0.75, 8, 200


def corrected(tx: Tx, text: str, unknown: Sequence[str], *, among: Spaces | None = None) -> str | None:
    """A query with each unknown word replaced by the likeliest one of the notes; None where one has none.

    `among`: beside the notes of these spaces lie those of other people, whose words are not told.
    """
    for word in unknown:
        better = _likeliest(tx, word.strip("?!.,;:'").lower(), among)
        if better is None:
            return None
        # Only where it stands by itself: not in the value of a filter, nor in a longer word.
        changed = " ".join(better if token == word else token for token in text.split(" "))
        if changed == text:
            return None
        text = changed
    return text


def _likeliest(tx: Tx, word: str, among: Spaces | None) -> str | None:
    """The word of the Bible or of the notes that is written most alike, if a note has it."""
    if len(word) < LEAST_LETTERS or not word[0].isalpha():
        return None
    from bisect import bisect_left
    from difflib import get_close_matches

    from ..scripture import texts

    bible_words = texts.vocabulary()
    near = range(len(word) - 2, len(word) + 3)
    # The first letter is seldom the wrong one, and to compare with all words would cost more than the search.
    alike_begun = bible_words[bisect_left(bible_words, word[0]) : bisect_left(bible_words, word[0] + LAST)]
    candidates = (other for other in {*alike_begun, *search.stems(tx, word[0])} if len(other) in near and other != word)
    # The stems are those of all notes there are: what only others wrote falls away below.
    tried = TRIED if among is None else TRIED_AMONG_OTHERS
    alike = get_close_matches(word, sorted(candidates), n=tried, cutoff=LIKENESS)
    # Most words that no note has are right, and only not written there: one slip is a slip, two are another word.
    most = 1 if len(word) < LONG else 2
    slips = {other: mistakes(word, other) for other in alike}
    known = search.known_words(tx, [other for other, number in slips.items() if number <= most], among=among)
    # Of two that are as much alike, one may be the stem of the other.
    best = min(known, key=lambda other: (slips[other], -len(other)), default=None)
    return best if best is None or best in alike_begun else search.as_written(tx, best, among=among)


def mistakes(word: str, other: str) -> int:
    """How many letters too many, too few, wrong or swapped with the next make one word of the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        older, before = before, row
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
