"""When a card comes back: a better answer never sooner, and the same from the same reviews, in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from fsrs import Card, Rating, Scheduler
from fsrs.scheduler import LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain.reviews import (
    AGAIN,
    DAY_US,
    EARLY_US,
    EPOCH,
    GOOD,
    KNOWN,
    NEW,
    RATINGS,
    Answer,
    CardContent,
    CardState,
    Rules,
    after,
    card_id,
    intervals_us,
    schedule,
    spread,
)

DEFAULTS = Rules()
CREATED_US = 1_764_000_000_000_000
CARD = card_id(CardContent("verse", "Rom.8.28", "", "web"))

ids = st.binary(min_size=16, max_size=16)
histories = st.lists(
    st.builds(
        Answer,
        at_us=st.one_of(
            st.integers(CREATED_US, CREATED_US + 20 * DAY_US), st.integers(0, CREATED_US + 100_000 * DAY_US)
        ),
        id=ids,
        rating=st.sampled_from(RATINGS),
    ),
    max_size=12,
    unique_by=lambda answer: answer.id,
)
parameters = st.tuples(
    *(st.floats(low, high) for low, high in zip(LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS, strict=True))
)
rules = st.builds(
    Rules, retention=st.integers(70, 97).map(lambda percent: percent / 100), parameters=st.just(()) | parameters
)


def state_of(answers: list[Answer], rules: Rules = DEFAULTS) -> CardState:
    return schedule(CARD, answers, created_us=CREATED_US, rules=rules)


@given(histories, rules, st.integers(-DAY_US, 400 * DAY_US), ids)
def test_a_better_answer_never_comes_back_sooner(answers: list[Answer], rules: Rules, later: int, card: bytes) -> None:
    state = schedule(card, answers, created_us=CREATED_US, rules=rules)
    at_us = (state.reviewed_us or CREATED_US) + later
    due = [after(card, state, Answer(at_us, b"", rating), rules).due_us for rating in RATINGS]
    intervals = list(intervals_us(card, state, at_us, rules))

    assert due == sorted(due)
    assert intervals == sorted(intervals)
    assert intervals[0] > 0
    assert due[0] > at_us


@given(histories, parameters, st.integers(70, 97), st.integers(70, 97))
def test_who_wants_to_remember_more_never_sees_a_card_later(
    answers: list[Answer], parameters: tuple[float, ...], one: int, other: int
) -> None:
    low, high = sorted((one, other))

    assert (
        state_of(answers, Rules(high / 100, parameters)).due_us
        <= state_of(answers, Rules(low / 100, parameters)).due_us
    )


@given(histories, rules, st.randoms(use_true_random=False), st.integers(0, 12))
def test_reviews_add_up_in_any_order_and_from_any_two_devices(
    answers: list[Answer], rules: Rules, random: object, split: int
) -> None:
    shuffled = list(answers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert state_of(shuffled[split:] + shuffled[:split], rules) == state_of(answers, rules)


@given(histories, rules)
def test_one_answer_after_another_gives_what_a_replay_gives(answers: list[Answer], rules: Rules) -> None:
    ordered = sorted(answers, key=lambda answer: (answer.at_us, answer.id))
    state = state_of([], rules)
    for number, answer in enumerate(ordered, 1):
        state = after(CARD, state, answer, rules)

        assert state == state_of(ordered[:number], rules)


def test_a_card_without_reviews_is_due_from_its_beginning() -> None:
    assert state_of([]) == CardState(CREATED_US, phase=NEW, reviews=0)


def test_an_answer_at_a_clock_that_was_set_back_counts_as_one_of_the_same_day() -> None:
    first = state_of([Answer(CREATED_US, b"1", 4)])
    state = after(CARD, first, Answer(CREATED_US - 50 * DAY_US, b"2", GOOD), Rules())
    same_day = after(CARD, first, Answer(CREATED_US, b"2", GOOD), Rules())

    assert state.stability == same_day.stability


def test_the_memory_is_that_of_fsrs() -> None:
    scheduler, now = Scheduler(enable_fuzzing=False), datetime(2026, 1, 1, tzinfo=UTC)
    card, state = Card(card_id=1), state_of([])
    for days, rating in ((0, 3), (0, 3), (2, 3), (9, 3), (30, 1), (0, 3), (3, 2), (12, 4)):
        now += timedelta(days=days)
        card, _ = scheduler.review_card(card, Rating(rating), now)
        at_us = (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        state = after(CARD, state, Answer(at_us, b"", rating), Rules())

        assert (state.stability, state.difficulty, state.phase) == (card.stability, card.difficulty, int(card.state))
        planned = (card.due - now).days
        assert abs((state.due_us + EARLY_US - at_us) / DAY_US - planned) <= 1 + planned / 20 or planned == 0
    assert (state.reviews, state.lapses) == (8, 1)


def test_a_card_comes_up_some_hours_before_its_days_are_full_and_they_count_as_full() -> None:
    known = state_of([Answer(CREATED_US, b"1", 4)])
    days = (known.due_us + EARLY_US - CREATED_US) // DAY_US
    on_time = after(CARD, known, Answer(CREATED_US + days * DAY_US, b"2", GOOD), Rules())

    assert known.phase == KNOWN
    assert known.due_us == CREATED_US + days * DAY_US - EARLY_US
    assert after(CARD, known, Answer(known.due_us, b"2", GOOD), Rules()).stability == on_time.stability


def test_forgetting_what_was_known_is_a_lapse_and_forgetting_what_is_new_is_none() -> None:
    known = Answer(CREATED_US, b"1", 4)

    assert state_of([Answer(CREATED_US, b"1", AGAIN)]).lapses == 0
    assert state_of([known, Answer(CREATED_US + 8 * DAY_US, b"2", AGAIN)]).lapses == 1


@given(st.integers(0, 36_500), st.integers(0, 36_500), ids, st.integers(0, 1000))
def test_the_spread_is_small_keeps_the_order_and_never_makes_a_card_due_at_once(
    one: int, other: int, card: bytes, reviews: int
) -> None:
    low, high = sorted((one, other))

    assert spread(low, card, reviews) <= spread(high, card, reviews)
    assert abs(spread(low, card, reviews) - low) <= 1 + low / 20
    assert spread(low, card, reviews) >= min(low, 2)


def test_cards_that_were_added_together_part() -> None:
    cards = [card_id(CardContent("verse", f"Ps.119.{verse}", "", "web")) for verse in range(1, 177)]

    assert len({spread(30, card, 5) for card in cards}) == 5


def test_the_id_of_a_card_follows_from_what_it_is_about_alone() -> None:
    card = CardContent("verse", "Rom.8.28", "", "web")
    others = [
        CardContent("verse", "Rom.8.28", "", "kjv"),
        CardContent("verse", "Rom.8.29", "", "web"),
        CardContent("note", "Rom.8.28", "", "web"),
        CardContent("verse", "Rom.8.28", "web", ""),
    ]

    assert card_id(CardContent("verse", "Rom.8.28", "", "web", suspended=1, deleted_us=5)) == card_id(card)
    assert len({card_id(card), *map(card_id, others)}) == 5
    assert UUID(bytes=card_id(card)).version == 8


@given(histories, st.sampled_from(RATINGS), st.integers(-20 * DAY_US, 20 * DAY_US), rules)
def test_an_answer_behind_one_of_the_future_counts_from_when_it_was_written(
    answers: list[Answer], rating: int, late_us: int, rules: Rules
) -> None:
    now_us = CREATED_US + late_us
    at_us = max([now_us, *(answer.at_us + 1 for answer in answers)])
    before = state_of(answers, rules)
    interval_us = intervals_us(CARD, before, now_us, rules)[rating - 1]
    state = state_of([*answers, Answer(at_us, b"new", rating, now_us)], rules)

    assert now_us + interval_us - EARLY_US <= state.due_us <= now_us + interval_us
    assert state.reviewed_us == now_us


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(RATINGS), rules)
def test_no_moment_that_a_review_may_have_is_too_much(at_us: int, rating: int, rules: Rules) -> None:
    state = state_of([Answer(at_us, b"1", rating), Answer(at_us, b"2", 4)], rules)

    assert -EARLY_US < state.due_us < 2**62
    assert (EPOCH + timedelta(microseconds=state.due_us)).year < 9999
