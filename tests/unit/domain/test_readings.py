"""Reading plans: every chapter exactly once in a period, in even portions, in words that `scribes read` takes."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.errors import InvalidInput
from scribes.scripture import canon, parse
from scribes.services import readings

YEARS = st.integers(1, 9998)


def days(first: date, number: int) -> Iterator[date]:
    return (first + timedelta(days=one) for one in range(number))


def chapters(plan: str, first: date, number: int) -> list[tuple[int, int]]:
    return [one for day in days(first, number) for one in readings.portion(plan, day)]


def of_books(first: int, last: int) -> list[tuple[int, int]]:
    return [(book, one) for book in range(first, last + 1) for one in range(1, canon.chapters(book) + 1)]


def length_of(year: int) -> int:
    return date(year, 12, 31).timetuple().tm_yday


@pytest.mark.parametrize("year", [2023, 2024, 2026, 1900, 2000, 9999])
def test_the_bible_is_read_once_in_a_year_with_something_every_day(year: int) -> None:
    portions = [readings.portion("bible", day) for day in days(date(year, 1, 1), length_of(year) - 1)]
    portions.append(readings.portion("bible", date(year, 12, 31)))
    verses = [sum(canon.VERSES[book][chapter] for book, chapter in one) for one in portions]

    assert [one for portion in portions for one in portion] == of_books(1, 66)
    assert min(map(len, portions)) >= 1
    # 31,103 verses in 366 days are 85 a day; the longest psalm stands alone.
    assert max(verses) <= 176
    assert sum(50 <= number <= 120 for number in verses) >= 0.95 * len(verses)


@given(YEARS)
def test_the_new_testament_is_read_once_in_a_year_and_never_at_weekends(year: int) -> None:
    read = chapters("nt", date(year, 1, 1), length_of(year))

    assert read == of_books(40, 66)
    assert all(not readings.portion("nt", day) for day in days(date(year, 1, 1), 14) if day.weekday() >= 5)


@given(YEARS, st.integers(1, 12), st.sampled_from([("psalms", canon.PSALMS), ("proverbs", 20)]))
def test_psalms_and_proverbs_are_read_once_in_every_month(year: int, month: int, plan: tuple[str, int]) -> None:
    portions = [readings.portion(plan[0], day) for day in days(date(year, month, 1), monthrange(year, month)[1])]

    assert [one for portion in portions for one in portion] == of_books(plan[1], plan[1])
    assert all(portions)


@given(st.integers(-200, 200))
def test_the_gospels_are_read_once_in_ninety_days_again_and_again(number: int) -> None:
    first = readings.FIRST_ROUND + timedelta(days=90 * number)

    assert chapters("gospels", first, 90) == of_books(40, 43)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=60), st.data())
def test_portions_are_in_order_none_empty_and_near_the_even_share(lengths: list[int], data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(lengths)))

    begins = readings.evenly(lengths, number)

    assert begins[0] == 0
    assert begins[-1] == len(lengths)
    assert all(one < other for one, other in pairwise(begins))


@given(st.dates(), st.sampled_from(readings.PLANS))
def test_a_reading_is_what_scribes_read_takes(day: date, plan: str) -> None:
    for reading in readings.of_day(plan, day):
        spans = [parse(text) for text in reading.passages]
        verses = [one for span in spans for one in canon.expand(*span.passage)]

        assert [span.osis for span in spans] == list(reading.osis)
        assert sum(canon.VERSES[book][chapter] for book, chapter in readings.portion(plan, day)) == len(verses)


def test_the_setting_names_plans() -> None:
    assert readings.plans_of("bible") == ("bible",)
    assert readings.plans_of("Psalms, proverbs psalms") == ("psalms", "proverbs")
    assert readings.plans_of("off") == readings.plans_of("") == ()
    for wrong in ("torah", "off, nt"):
        with pytest.raises(InvalidInput):
            readings.plans_of(wrong)


def test_the_last_day_of_a_short_month_has_the_rest_of_the_proverbs() -> None:
    assert readings.of_day("proverbs", date(2026, 2, 28))[0].passages == ("Proverbs 28–31",)
    assert readings.of_day("proverbs", date(2024, 2, 29))[0].passages == ("Proverbs 29–31",)
    assert readings.of_day("proverbs", date(2026, 1, 31))[0].passages == ("Proverbs 31",)
