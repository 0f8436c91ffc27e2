"""Verses that say the same in the same words: parallel accounts, and quotations, found in the text itself."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = 4
# A run of words in more verses than this is a manner of speaking ("and the word of the Lord came unto").
_MOST_VERSES = 8
_LEAST_RUNS = 3
_LEAST_SHARE = 0.24
_NEAR = 3


def pairs(verses: Mapping[int, list[str]]) -> dict[tuple[int, int], float]:
    """Return {(verse, later verse): share of the shorter one's runs of words that both have} for verses alike."""
    where: dict[tuple[str, ...], list[int]] = {}
    runs: dict[int, int] = {}
    for ordinal, words in verses.items():
        own = {tuple(words[n : n + _WORDS]) for n in range(len(words) - _WORDS + 1)}
        runs[ordinal] = len(own)
        for run in own:
            where.setdefault(run, []).append(ordinal)
    shared: dict[tuple[int, int], int] = {}
    for places in where.values():
        if 1 < len(places) <= _MOST_VERSES:
            for pair in combinations(sorted(places), 2):
                shared[pair] = shared.get(pair, 0) + 1
    alike: dict[tuple[int, int], float] = {}
    for (verse, other), count in shared.items():
        share = count / max(min(runs[verse], runs[other]), 6)
        if count >= _LEAST_RUNS and share >= _LEAST_SHARE and other - verse > _NEAR:
            alike[verse, other] = min(share, 1.0)
    return alike


_COMMON_WORDS = 150
_REACH = 2
_ROUNDS = 3
_LEAST_SHARED = 3
_LEAST_OVERLAP = 0.34


def grow(verses: Mapping[int, list[str]], anchors: Mapping[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """Return pairs of verses beside `anchors` that tell the same in other words, in another book.

    Where two books run parallel, the verse after a pair alike is mostly alike too, and fewer common words are enough.
    """
    counts: dict[str, int] = {}
    for words in verses.values():
        for word in set(words):
            counts[word] = counts.get(word, 0) + 1
    common = set(sorted(counts, key=counts.__getitem__)[-_COMMON_WORDS:])
    telling = {ordinal: set(words) - common for ordinal, words in verses.items()}
    grown: dict[tuple[int, int], float] = {}
    front = [pair for pair in anchors if pair[0] // 1_000_000 != pair[1] // 1_000_000]
    for _ in range(_ROUNDS):
        fresh: list[tuple[int, int]] = []
        for verse, other in front:
            for pair in _beside(verse, other):
                if pair in anchors or pair in grown or pair[0] not in telling or pair[1] not in telling:
                    continue
                shared = len(telling[pair[0]] & telling[pair[1]])
                overlap = shared / (min(len(telling[pair[0]]), len(telling[pair[1]])) or 1)
                if shared >= _LEAST_SHARED and overlap >= _LEAST_OVERLAP:
                    grown[pair] = overlap
                    fresh.append(pair)
        front = fresh
    return grown


def _beside(verse: int, other: int) -> list[tuple[int, int]]:
    steps = range(-_REACH, _REACH + 1)
    return [(verse + i, other + j) for i in steps for j in steps]
