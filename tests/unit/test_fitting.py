"""Fitting FSRS to a log: it reckons as `fsrs` does, and comes nearer to how somebody remembers than the defaults."""

from __future__ import annotations

import random

import numpy as np
import pytest
from fsrs.scheduler import DEFAULT_PARAMETERS, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS
from hypothesis import given
from hypothesis import strategies as st

from scribes import fitting
from scribes.domain.reviews import DAY_US, RATINGS, Answer, CardState, Rules, after, elapsed_days

# Somebody who forgets sooner at first, and whose memory fades otherwise, than the defaults have it.
TRUE = tuple(
    {0: 0.1, 1: 0.5, 2: 1.0, 3: 4.0, 8: 1.3, 11: 0.9, 20: 0.35}.get(number, value)
    for number, value in enumerate(DEFAULT_PARAMETERS)
)
CARD = bytes(16)
Histories = list[list[tuple[int, int, bool]]]

parameters = st.tuples(
    *(st.floats(low, high) for low, high in zip(LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS, strict=True))
)


def recall(state: CardState, days: int, parameters: tuple[float, ...]) -> float:
    assert state.stability is not None
    factor = 0.9 ** (-1 / parameters[20]) - 1
    return float((1 + factor * days / state.stability) ** -parameters[20])


def lived(cards: int, seed: int, parameters: tuple[float, ...] = TRUE) -> Histories:
    """What a person with this memory answers within 200 days, who reviews as the defaults say; 40 are held back."""
    chance, histories = random.Random(seed), []
    for _ in range(cards):
        truth = guess = CardState(0)
        at_us, history = chance.randrange(60) * DAY_US, list[tuple[int, int, bool]]()
        while at_us < 200 * DAY_US:
            days = elapsed_days(truth, at_us)
            if not truth.reviews:
                rating = chance.choices((1, 2, 3, 4), (3, 2, 4, 1))[0]
            elif chance.random() > recall(truth, days, parameters):
                rating = 1
            else:
                rating = chance.choices((2, 3, 4), (1, 7, 2))[0]
            history.append((days, rating, at_us >= 160 * DAY_US))
            truth = after(CARD, truth, Answer(at_us, b"", rating), Rules(parameters=parameters))
            guess = after(CARD, guess, Answer(at_us, b"", rating), Rules())
            at_us = guess.due_us + chance.choice((0, 0, 0, DAY_US))
        histories.append(history)
    return histories


def fitted(histories: Histories) -> tuple[float, ...]:
    return fitting.fitted(
        fitting.packed(histories), DEFAULT_PARAMETERS, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS
    )


def distance(one: tuple[float, ...], other: tuple[float, ...], log: fitting.Log) -> float:
    """How far apart two memories are: the mean difference of what they hold likely."""
    apart = [
        abs(two[0] - two[1])[log.days[row, : two.shape[1]] >= 1]
        for row, two in fitting.recalls(log, np.array([one, other]))
    ]
    return float(np.concatenate(apart).mean())


answers = st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(RATINGS)), min_size=1, max_size=8)


@given(st.lists(answers, max_size=4), parameters)
def test_it_reckons_as_fsrs_does(answered: list[list[tuple[int, int]]], parameters: tuple[float, ...]) -> None:
    log = fitting.packed([[(days, rating, False) for days, rating in history] for history in answered])
    ordered = sorted(answered, key=len, reverse=True)
    for row, found in fitting.recalls(log, np.array([parameters])):
        for column, history in enumerate(ordered[: found.shape[1]]):
            state, at_us = CardState(0), 0
            for days, rating in history[:row]:
                at_us += days * DAY_US
                state = after(CARD, state, Answer(at_us, b"", rating), Rules(parameters=parameters))

            assert found[0, column] == pytest.approx(recall(state, history[row][0], parameters), rel=1e-6, abs=1e-9)


def test_a_fit_comes_nearer_to_the_memory_behind_a_log_than_the_defaults() -> None:
    fresh = fitting.packed(lived(60, seed=99))
    few, many = lived(40, seed=1), lived(150, seed=2)
    usual = distance(TRUE, DEFAULT_PARAMETERS, fresh)

    assert distance(TRUE, fitted(few), fresh) < usual
    assert distance(TRUE, fitted(many), fresh) < usual / 2


def test_a_fit_foretells_what_was_held_back_better() -> None:
    histories = lived(150, seed=3)
    log = fitting.packed(histories)

    assert fitting.mean_loss(log, fitted(histories), is_held_back=True) < fitting.mean_loss(
        log, DEFAULT_PARAMETERS, is_held_back=True
    )


def test_whoever_remembers_as_the_defaults_say_keeps_nearly_these() -> None:
    histories = lived(60, seed=4, parameters=DEFAULT_PARAMETERS)

    assert distance(DEFAULT_PARAMETERS, fitted(histories), fitting.packed(histories)) < 0.05


def test_what_is_held_back_does_not_count_for_the_fit() -> None:
    histories = lived(20, seed=5)
    turned = [[(days, 1 if held else rating, held) for days, rating, held in history] for history in histories]

    assert fitted(histories) == fitted(turned)


def test_a_fit_stays_within_the_bounds_of_fsrs_and_is_the_same_each_time() -> None:
    always_forgotten = [[(0, 1, False), *[(30, 1, False)] * 20]] * 50
    found = fitted(always_forgotten)

    assert all(
        low <= one <= high
        for low, one, high in zip(LOWER_BOUNDS_PARAMETERS, found, UPPER_BOUNDS_PARAMETERS, strict=True)
    )
    assert fitted(always_forgotten) == found
