"""Saying a text by heart: its first letters as a help, and what was typed held against it word by word."""

from __future__ import annotations

import unicodedata

from ..records import record
from .reviews import AGAIN, GOOD, HARD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RIGHT, MISSING, WRONG, EXTRA = KINDS = ("right", "missing", "wrong", "extra")
APOSTROPHES = "'’‘ʼ"
JOINERS = APOSTROPHES + "-‐‑"
# From this share of right words on an answer is hard rather than again; good is one without a fault.
HARD_FROM = 0.9


@record
class Word:
    """A word of the text and what was typed in its place: one of both is empty where it is missing or extra."""

    kind: str
    expected: str
    typed: str


def first_letters(text: str, *, shown: int = 0) -> str:
    """The text with its first words whole and only the first letter of every other; punctuation stays."""
    pieces, end = [], 0
    for number, (start, stop) in enumerate(_words(text)):
        pieces += [text[end:start], text[start:stop] if number < shown else text[start : _after_letter(text, start)]]
        end = stop
    return "".join([*pieces, text[end:]])


def count_words(text: str) -> int:
    """How many words `first_letters` can uncover."""
    return sum(1 for _ in _words(text))


def compare(expected: str, typed: str) -> list[Word]:
    """The words of a text beside those that were typed; case, punctuation and the shape of quotes do not matter."""
    from difflib import SequenceMatcher

    theirs, mine = _said(expected), _said(typed)
    compared: list[Word] = []
    matcher = SequenceMatcher(None, [_plain(word) for word in theirs], [_plain(word) for word in mine], autojunk=False)
    for _, begin, end, first, last in matcher.get_opcodes():
        left, right = theirs[begin:end], mine[first:last]
        paired = min(len(left), len(right))
        compared += [
            Word(RIGHT if _plain(one) == _plain(other) else WRONG, one, other)
            for one, other in zip(left, right, strict=False)
        ]
        compared += [Word(MISSING, word, "") for word in left[paired:]]
        compared += [Word(EXTRA, "", word) for word in right[paired:]]
    return compared


def accuracy(compared: Sequence[Word]) -> float:
    """Which share of the words is right, 0 to 1; words too many count as faults."""
    return sum(word.kind == RIGHT for word in compared) / len(compared) if compared else 1.0


def proposed(compared: Sequence[Word]) -> int:
    """The answer that a recitation deserves: good where it is without fault, hard with a few, else again."""
    share = accuracy(compared)
    return GOOD if share == 1 else HARD if share >= HARD_FROM else AGAIN


def _words(text: str, *, by_sign: bool = False) -> Iterator[tuple[int, int]]:
    """Where words stand: runs of letters and digits with marks on them, also with apostrophes and hyphens within.

    `by_sign`: in scripts without spaces each sign is a word.
    """
    at = 0
    while at < len(text):
        if not text[at].isalnum():
            at += 1
            continue
        start, at = at, _after_letter(text, at)
        while at < len(text) and not (by_sign and _is_sign(text[at - 1])):
            joined = text[at] in JOINERS and at + 1 < len(text) and text[at + 1].isalnum()
            if not (text[at].isalnum() or joined) or (by_sign and _is_sign(text[at])):
                break
            at = _after_letter(text, at)
        yield start, at


def _after_letter(text: str, at: int) -> int:
    """Where a letter ends, with the marks that stand on it."""
    at += 1
    while at < len(text) and unicodedata.category(text[at]).startswith("M"):
        at += 1
    return at


def _is_sign(letter: str) -> bool:
    """Whether a letter is of a script that writes no spaces: Han, and Japanese syllables."""
    return "\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff" or "\U00020000" <= letter <= "\U0003ffff"


def _said(text: str) -> list[str]:
    whole = unicodedata.normalize("NFC", text)
    return [whole[start:stop] for start, stop in _words(whole, by_sign=True)]


def _plain(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter not in APOSTROPHES)
