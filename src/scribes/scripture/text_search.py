"""Search over the verses of a text: which fit the words, and in what order."""

from __future__ import annotations

import re
from math import log

from scribes.scripture.word_index import fold, slots_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scribes.scripture.text_file import TextFile
    from scribes.scripture.word_index import WordIndex

# Verses read to see whether the words stand side by side; each may cost unpacking a chapter (about 20 us).
_PHRASE_CHECKS = 50
_QUOTED_CHECKS = 400
_MOST_WEIGHED = 3_000
_MAX_WORDS = 12

_QUOTED = re.compile(r'["“”]([^"“”]+)["“”]')


class _Query:
    """A search as it was typed: its words, and those of them that must stand side by side."""

    __slots__ = ("phrases", "typed", "words")

    def __init__(self, typed: str) -> None:
        self.phrases = [words for quoted in _QUOTED.findall(typed) if len(words := fold(quoted)) > 1]
        self.typed = fold(typed)[:_MAX_WORDS]
        self.words = list(dict.fromkeys(self.typed))


def search(
    text: TextFile, index: WordIndex, typed: str, *, limit: int, within: tuple[int, int] | None = None
) -> list[int]:
    """Return the ordinals of the verses that fit best, best first.

    All words first: side by side, then short verses first; then the same words with other endings (love: loved, loves);
    when no verse has them all, verses that have the rarest of them. Words in double quotes have to stand side by side.
    """
    query = _Query(typed)
    if not query.words or limit < 1:
        return []
    frame = _frame(text, within)
    exact = [index.bits([word]) for word in query.words]
    slots = _ranked(text, index, query, _all(exact) & frame, limit)
    if len(slots) < limit and not query.phrases:
        wider = [bits | index.bits(index.endings(word)) for word, bits in zip(query.words, exact, strict=True)]
        found = set(slots)
        slots += [slot for slot in _by_length(index, _all(wider) & frame) if slot not in found]
        if not slots:
            slots = _some(index, [bits & frame for bits in wider], limit)
    return [text.ordinal(slot) for slot in slots[:limit]]


def weighed(
    text: TextFile, index: WordIndex, typed: str, *, limit: int, within: tuple[int, int] | None = None
) -> tuple[dict[int, float], set[int]]:
    """Return the verses that have any of the words, by ordinal with their bm25, and those of them that have all words.

    A word counts with its endings (love: loved, loves). Words of more verses than can be ranked weigh nothing.
    """
    totals: dict[int, float] = {}
    average = sum(index.lengths) / index.slots
    frame = _frame(text, within)
    each = [index.bits([word, *index.endings(word)]) & frame for word in _Query(typed).words]
    for bits in each:
        number = bits.bit_count()
        if not 0 < number <= _MOST_WEIGHED:
            continue
        rarity = log((index.slots - number + 0.5) / (number + 0.5) + 1)
        for slot in slots_of(bits):
            # A word seldom stands in a verse twice: that it does adds nothing here.
            weight = rarity * 2.2 / (1 + 1.2 * (0.25 + 0.75 * index.lengths[slot] / average))
            totals[slot] = totals.get(slot, 0.0) + weight
    having_all = _by_length(index, _all(each))[:limit] if each else []
    best = sorted(totals, key=lambda slot: (-totals[slot], slot))[:limit]
    weights = {text.ordinal(slot): totals.get(slot, 0.0) for slot in dict.fromkeys(best + having_all)}
    return weights, {text.ordinal(slot) for slot in having_all}


def _frame(text: TextFile, within: tuple[int, int] | None) -> int:
    if within is None:
        return (1 << text.slots) - 1
    return ((1 << text.slot(within[1] + 1)) - 1) & ~((1 << text.slot(within[0])) - 1)


def _all(each: list[int]) -> int:
    bits = each[0]
    for other in each[1:]:
        bits &= other
    return bits


def _by_length(index: WordIndex, bits: int) -> list[int]:
    return sorted(slots_of(bits), key=index.lengths.__getitem__)


def _ranked(text: TextFile, index: WordIndex, query: _Query, bits: int, limit: int) -> list[int]:
    slots = _by_length(index, bits)
    if query.phrases:
        return _with_phrases(text, slots, query.phrases, limit)
    if len(query.words) < 2:
        return slots
    together = [slot for slot in slots[:_PHRASE_CHECKS] if _side_by_side(text, slot, query.typed)]
    first = set(together)
    return together + [slot for slot in slots if slot not in first]


def _with_phrases(text: TextFile, slots: list[int], phrases: list[list[str]], limit: int) -> list[int]:
    found: list[int] = []
    for slot in slots[:_QUOTED_CHECKS]:
        if all(_side_by_side(text, slot, phrase) for phrase in phrases):
            found.append(slot)
            if len(found) == limit:
                break
    return found


def _side_by_side(text: TextFile, slot: int, words: list[str]) -> bool:
    key, verse = divmod(text.ordinal(slot), 1000)
    return f" {' '.join(words)} " in f" {' '.join(fold(text.chapter(key)[verse]))} "


def _some(index: WordIndex, each: list[int], limit: int) -> list[int]:
    """Return slots that have some of the words: the common words are let go one by one, the rarest is kept."""
    known = [bits for _, bits in sorted((bits.bit_count(), bits) for bits in each if bits)]
    found: dict[int, None] = {}
    for count in range(len(known), 0, -1):
        found.update(dict.fromkeys(_by_length(index, _all(known[:count]))))
        if len(found) >= limit:
            break
    return list(found)
