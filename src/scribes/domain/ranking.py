"""How hits by words, meaning and passage become one order. The constants are measured: docs/explanation/quality.md.

The cosine of the best piece is the ground; what the words add is small, so that they part what meaning holds for alike
and cannot pull a good meaning down, as fusing two ranks does.
"""

from __future__ import annotations

from math import log, sqrt

from ..records import record, replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .query import Query

# What a point of bm25 is worth beside a cosine: of notes, and of verses, where single words say less.
WORD_WEIGHT, VERSE_WORD_WEIGHT = 0.02, 0.0025
# What it is worth that all words stand there, divided by their number: names stay first in a large vault.
ALL_WORDS = 0.3
# How much of a verse's cosine is that of the verses beside it.
BESIDE = 0.2
# By meaning alone, what is so far behind the best is not worth a line; nor is what is hardly alike at all.
BEHIND, LEAST = 0.15, 0.18
# How far the cosines of texts that have nothing to do with each other scatter.
SCATTER = 0.055
# A note on the passage that was asked for stands before what is only about the same thing.
ON_PASSAGE, FARTHER = 1.0, 0.05
PUNCTUATION = "?!.,;:'\"()“”‘’"
# Words of questions that say nothing of what is asked.
_EMPTY = (
    "a about am an and any are as at be because been but by can could did do does for from had has have he her him his"
    " how i if in into is it its me my no not of on or our shall she should so some than that the their them then there"
    " these they this those to too us was we were what when where which who whom whose why will with would you your"
)
EMPTY_WORDS = frozenset(_EMPTY.split())


@record
class Evidence:
    """What speaks for a note: bm25 of its words (0: none), whether it has all of them, the cosine of its best piece
    (None: unknown), and how near the passage is that it names (None: it names none of those asked for).
    """

    words: float = 0.0
    has_all: bool = False
    cosine: float | None = None
    nearness: int | None = None


def telling(query: Query) -> Query:
    """The query without words that say nothing, where others are left."""
    groups = tuple(group for group in query.groups if group[0].text.strip(PUNCTUATION).lower() not in EMPTY_WORDS)
    return replaced(query, groups=groups) if groups else query


def chance(size: int) -> float:
    """The cosine that the nearest of so many pieces has by chance alone: what is no nearer is no hit, so that nonsense
    finds nothing. It is the expected maximum of as many draws from a normal distribution, and grows slowly.
    """
    return max(LEAST, SCATTER * sqrt(2 * log(max(size, 2))))


def ordered_verses(
    weights: Mapping[int, float], having_all: Collection[int], cosines: Mapping[int, float], words: int, least: float
) -> list[tuple[int, float]]:
    """Verses with their scores, best first: from the bm25 of their words, whether they have all of so many, and the
    cosines of their meaning. Without cosines (words alone were asked for) the words decide.
    """
    least = max([least, *(cosine - BEHIND for cosine in cosines.values())])
    scores = {
        verse: cosines.get(verse, 0.0)
        + VERSE_WORD_WEIGHT * weights.get(verse, 0.0)
        + (ALL_WORDS / words if verse in having_all else 0.0)
        for verse in {*weights, *cosines}
        if verse in weights or cosines[verse] >= least
    }
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def with_beside(cosines: Mapping[int, float], verse: int) -> float:
    """The cosine of a verse with a share of those of the verses beside it: a story spreads over several."""
    beside = [cosines[other] for other in (verse - 1, verse + 1) if other in cosines]
    return (1 - BESIDE) * cosines[verse] + BESIDE * sum(beside) / len(beside) if beside else cosines[verse]


def ordered(found: Mapping[int, Evidence], words: int, least: float) -> list[tuple[int, float]]:
    """Notes with their scores, best first; of those alike, the one with the higher key, which is the later one.

    So many `words` were asked for. By meaning alone a note counts from the cosine `least` on.
    """
    usual = _usual_cosine(found)
    least = max([least, *(evidence.cosine - BEHIND for evidence in found.values() if evidence.cosine is not None)])
    scored = [(_score(evidence, usual, words), n) for n, evidence in found.items() if _counts(evidence, least)]
    return [(n, score) for score, n in sorted(scored, reverse=True)]


def _counts(evidence: Evidence, least: float) -> bool:
    return bool(evidence.words or evidence.nearness is not None or (evidence.cosine or 0.0) >= least)


def _score(evidence: Evidence, usual: float, words: int) -> float:
    score = (usual if evidence.cosine is None else evidence.cosine) + WORD_WEIGHT * evidence.words
    if evidence.has_all:
        score += ALL_WORDS / max(words, 1)
    if evidence.nearness is not None:
        score += ON_PASSAGE - FARTHER * evidence.nearness
    return score


def _usual_cosine(found: Mapping[int, Evidence]) -> float:
    """What is taken for a note that is not embedded yet: the median of the others, so that it is neither first nor last
    for that alone.
    """
    known = sorted(evidence.cosine for evidence in found.values() if evidence.cosine is not None)
    return known[len(known) // 2] if known else 0.0
