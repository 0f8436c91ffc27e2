"""When a failing channel is left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scribes.domain.breaker import FAILURES_TO_OPEN, FIRST_US, LONGEST_US, Breaker, failed, may_try, succeeded

YEAR_US = 366 * 24 * 60 * 60 * 1_000_000
NOW_US = 1_795_000_000_000_000
INSTANTS = st.integers(NOW_US - YEAR_US, NOW_US + YEAR_US)
FAILURES = st.integers(1, 60)


def after(failures: int, now_us: int = NOW_US) -> Breaker:
    breaker = Breaker()
    for _ in range(failures):
        breaker = failed(breaker, now_us)
    return breaker


def test_four_failures_in_a_row_do_not_open_it() -> None:
    assert may_try(after(FAILURES_TO_OPEN - 1), NOW_US)


def test_the_fifth_failure_opens_it_for_five_minutes() -> None:
    breaker = after(FAILURES_TO_OPEN)

    assert not may_try(breaker, NOW_US)
    assert not may_try(breaker, NOW_US + FIRST_US - 1)
    assert may_try(breaker, NOW_US + FIRST_US)


def test_a_success_in_between_begins_the_count_anew() -> None:
    breaker = after(FAILURES_TO_OPEN - 1)

    assert may_try(failed(succeeded(breaker), NOW_US), NOW_US)
    assert succeeded(after(20)) == Breaker()


def test_each_failure_of_the_one_try_doubles_the_wait_up_to_six_hours() -> None:
    waits_us, now_us, breaker = [], NOW_US, after(FAILURES_TO_OPEN - 1)
    for _ in range(10):
        breaker = failed(breaker, now_us)
        waits_us.append(breaker.open_until_us - now_us)
        now_us = breaker.open_until_us

    minutes = [wait_us // 60_000_000 for wait_us in waits_us]
    assert minutes == [5, 10, 20, 40, 80, 160, 320, 360, 360, 360]


@given(FAILURES, INSTANTS, INSTANTS)
def test_whatever_the_clock_does_it_is_shut_for_the_longest_wait_at_most(failures: int, then: int, now: int) -> None:
    breaker = after(failures, then)
    shut_us = 0 if may_try(breaker, now) else breaker.open_until_us - now

    assert 0 <= shut_us <= LONGEST_US
    assert may_try(breaker, now + shut_us)


def test_a_clock_that_steps_back_by_a_year_shuts_nothing() -> None:
    assert may_try(after(FAILURES_TO_OPEN), NOW_US - YEAR_US)


@given(FAILURES, INSTANTS, st.integers(0, 3 * LONGEST_US), st.integers(0, 3 * LONGEST_US))
def test_once_it_lets_through_it_does_until_the_next_failure(failures: int, then: int, soon: int, later: int) -> None:
    breaker = after(failures, then)

    assert not may_try(breaker, then + min(soon, later)) or may_try(breaker, then + max(soon, later))
