"""FSRS-6 over whole logs of reviews at once, and the parameters under which a log is likeliest.

Source: the formulas of `fsrs` (its `scheduler` module); here for many cards and many sets of parameters side by side.
They are fitted without torch, which is a hundred times as large as all of Scribes.
"""

from __future__ import annotations

import numpy as np

from .records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    # A card's reviews in their order: days since the last one, the rating 1 to 4, and whether it is held back.
    History = Sequence[tuple[int, int, bool]]

STEPS, RATE = 120, 0.12
SMALL = 1e-4
LEAST_STABILITY, MOST_STABILITY = 0.001, 36_500.0
# A recall is never certain: one surprise must not outweigh a whole log.
SURE = 1e-5


@record
class Log:
    """Reviews packed by their number on the card (rows) and by card (columns), the cards with most reviews first."""

    days: Numbers
    ratings: NDArray[np.int64]
    is_held_back: NDArray[np.bool_]
    cards: tuple[int, ...]
    """How many cards have a review of that number."""


def packed(histories: Sequence[History]) -> Log:
    """Histories as arrays."""
    ordered = sorted((history for history in histories if history), key=len, reverse=True)
    shape = (len(ordered[0]) if ordered else 0, len(ordered))
    days, ratings, held = np.zeros(shape), np.ones(shape, np.int64), np.zeros(shape, np.bool_)
    for column, history in enumerate(ordered):
        for row, (elapsed, rating, is_held_back) in enumerate(history):
            days[row, column], ratings[row, column], held[row, column] = elapsed, rating, is_held_back
    lengths = np.array([len(history) for history in ordered])
    return Log(days, ratings, held, tuple(int((lengths > row).sum()) for row in range(shape[0])))


def recalls(log: Log, parameters: Numbers) -> Iterator[tuple[int, Numbers]]:
    """For each number of a review from the second on: that, and how likely each set of parameters (rows) held it that
    the card would be remembered (columns).
    """
    w = np.asarray(parameters, np.float64)
    w = w[:, :, None]  # so that w[:, i] stands against the cards
    stability = difficulty = np.zeros((len(w), 0))
    for number, cards in enumerate(log.cards):
        days, ratings = log.days[number, :cards], log.ratings[number, :cards]
        if number == 0:
            stability = np.maximum(np.take(w[:, :4, 0], ratings - 1, axis=1), LEAST_STABILITY)
            difficulty = np.clip(_first_difficulty(w, ratings), 1, 10)
            continue
        stability, difficulty = stability[:, :cards], difficulty[:, :cards]
        factor = 0.9 ** (-1 / w[:, 20]) - 1
        recall = (1 + factor * days / stability) ** -w[:, 20]
        yield number, recall
        later = _later_stability(w, difficulty, stability, recall, ratings)
        stability = np.where(days < 1, _stability_same_day(w, stability, ratings), later)
        stability = np.clip(stability, LEAST_STABILITY, MOST_STABILITY)
        difficulty = _next_difficulty(w, difficulty, ratings)


def mean_loss(log: Log, parameters: Sequence[float], *, is_held_back: bool) -> float:
    """How far off recall is foretold where a day and more has passed: mean log loss; lower is better."""
    losses, number = _losses(log, np.array([parameters]), is_held_back=is_held_back)
    return float(losses[0]) / max(number, 1)


def count(log: Log, *, is_held_back: bool) -> int:
    """How many reviews tell how recall was foretold."""
    return int(_are_told(log, slice(1, None), is_held_back=is_held_back).sum())


def fitted(log: Log, usual: Sequence[float], lowest: Sequence[float], highest: Sequence[float]) -> tuple[float, ...]:
    """The parameters under which the reviews that are not held back are likeliest, within bounds.

    The usual parameters are what is believed before: each pulls the result towards itself as much as some reviews
    would, so that few reviews change little. Adam, with differences for the gradient; the same log gives the same.
    """
    middle, low, high = np.array(usual), np.array(lowest), np.array(highest)
    scale = 0.5 * np.abs(middle) + 0.05
    at = first = second = np.zeros(len(middle))
    nudges = np.vstack([np.zeros(len(middle)), np.eye(len(middle)) * SMALL])
    for step in range(1, STEPS + 1):
        losses, number = _losses(log, np.clip(middle + (at + nudges) * scale, low, high), is_held_back=False)
        gradient = ((losses[1:] - losses[0]) / SMALL + at) / max(number, 1)
        first, second = 0.9 * first + 0.1 * gradient, 0.99 * second + 0.01 * gradient**2
        moved = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        at = at - RATE * (1 + np.cos(np.pi * step / STEPS)) / 2 * moved
        at = (np.clip(middle + at * scale, low, high) - middle) / scale
    return tuple(float(number) for number in np.clip(middle + at * scale, low, high))


def _losses(log: Log, parameters: Numbers, *, is_held_back: bool) -> tuple[Numbers, int]:
    """The summed log loss of each set of parameters, and over how many reviews."""
    losses, number = np.zeros(len(parameters)), 0
    for row, recall in recalls(log, parameters):
        cards = recall.shape[1]
        told = _are_told(log, row, is_held_back=is_held_back)[:cards]
        likely = np.clip(recall[:, told], SURE, 1 - SURE)
        remembered = log.ratings[row, :cards][told] > 1
        losses -= np.where(remembered, np.log(likely), np.log1p(-likely)).sum(axis=1)
        number += int(told.sum())
    return losses, number


def _are_told(log: Log, rows: int | slice, *, is_held_back: bool) -> NDArray[np.bool_]:
    told: NDArray[np.bool_] = (log.days[rows] >= 1) & (log.is_held_back[rows] == is_held_back)
    return told


def _first_difficulty(w: Numbers, ratings: NDArray[np.int64] | int) -> Numbers:
    found: Numbers = w[:, 4] - np.exp(w[:, 5] * (ratings - 1)) + 1
    return found


def _next_difficulty(w: Numbers, difficulty: Numbers, ratings: NDArray[np.int64]) -> Numbers:
    moved = difficulty - w[:, 6] * (ratings - 3) * (10 - difficulty) / 9
    return np.clip(w[:, 7] * _first_difficulty(w, 4) + (1 - w[:, 7]) * moved, 1, 10)


def _stability_same_day(w: Numbers, stability: Numbers, ratings: NDArray[np.int64]) -> Numbers:
    growth = np.exp(w[:, 17] * (ratings - 3 + w[:, 18])) * stability ** -w[:, 19]
    grown: Numbers = stability * np.where(ratings > 1, np.maximum(growth, 1), growth)
    return grown


def _later_stability(
    w: Numbers, difficulty: Numbers, stability: Numbers, recall: Numbers, ratings: NDArray[np.int64]
) -> Numbers:
    bonus = np.where(ratings == 2, w[:, 15], np.where(ratings == 4, w[:, 16], 1.0))
    growth = np.exp(w[:, 8]) * (11 - difficulty) * stability ** -w[:, 9] * np.expm1((1 - recall) * w[:, 10])
    remembered = stability * (1 + growth * bonus)
    forgotten = np.minimum(
        w[:, 11] * difficulty ** -w[:, 12] * ((stability + 1) ** w[:, 13] - 1) * np.exp((1 - recall) * w[:, 14]),
        stability / np.exp(w[:, 17] * w[:, 18]),
    )
    return np.where(ratings > 1, remembered, forgotten)
