"""How good an order of answers is: hit@10, nDCG@10 and the mean of the reciprocal rank of the first answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .material import Question

Found = Sequence[int] | Sequence[str]
SHOWN = 10
RRF_CONSTANT = 60


@dataclass(frozen=True)
class Score:
    """Of one question, or the mean of many."""

    hit: float
    ndcg: float
    mrr: float

    def __str__(self) -> str:
        return f"{self.hit:.3f} {self.ndcg:.3f} {self.mrr:.3f}"


def score(question: Question, found: Found) -> Score:
    """The score of an order. Every answer counts once: a second verse of the same passage gains nothing."""
    rank, gained, seen = 0, 0.0, set[int]()
    for position, one in enumerate(found, 1):
        answers = {at for at, answer in enumerate(question.answers) if _is(one, answer)}
        if answers and not rank:
            rank = position
        if position <= SHOWN and answers - seen:
            gained += 1 / math.log2(position + 1)
            seen |= answers
    best = sum(1 / math.log2(position + 1) for position in range(1, min(SHOWN, len(question.answers)) + 1))
    return Score(float(0 < rank <= SHOWN), gained / best, 1 / rank if rank else 0.0)


def mean(scores: Sequence[Score]) -> Score:
    """The mean of some scores."""
    count = max(1, len(scores))
    return Score(
        sum(one.hit for one in scores) / count,
        sum(one.ndcg for one in scores) / count,
        sum(one.mrr for one in scores) / count,
    )


def by_rank(*orders: Found) -> list[int | str]:
    """Plain rank fusion, to compare with: the sum of 1 / (60 + rank)."""
    sums: dict[int | str, float] = {}
    for order in orders:
        for rank, one in enumerate(order, 1):
            sums[one] = sums.get(one, 0.0) + 1 / (RRF_CONSTANT + rank)
    return sorted(sums, key=lambda one: -sums[one])


def _is(found: int | str, answer: str | tuple[int, int]) -> bool:
    if isinstance(answer, tuple):
        return isinstance(found, int) and answer[0] <= found <= answer[1]
    return found == answer
