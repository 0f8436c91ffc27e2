"""What a day holds, and what a vault adds up to: days in the person's zone, leap days, weeks, books, streaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scribes
from scribes.config import load
from scribes.domain.dates import to_us
from scribes.errors import InvalidInput
from scribes.models.prayers import NewPrayer
from scribes.services.days import same_days

pytestmark = pytest.mark.every_engine

# Noon where the tests run, so that the day is the same in every zone.
WEDNESDAY = datetime(2026, 11, 25, 12).astimezone()


def set_clock(vault: scribes.Scribes, now: datetime) -> None:
    vault._context.engine._clock = lambda: to_us(now)  # type: ignore[attr-defined]


@pytest.fixture
def vault() -> Iterator[scribes.Scribes]:
    with scribes.open(settings=load(readings="off")) as opened:
        set_clock(opened, WEDNESDAY)
        yield opened


def remembered(vault: scribes.Scribes, now: datetime) -> list[str]:
    set_clock(vault, now)
    return [note.title for note in vault.days.today().notes]


def days_of(year: int) -> list[date]:
    length = date(year, 12, 31).timetuple().tm_yday
    return [date(year, 1, 1) + timedelta(days=number) for number in range(length)]


# What a day holds


def test_an_empty_day_holds_nothing(vault: scribes.Scribes) -> None:
    day = vault.days.today()

    assert day.day == date(2026, 11, 25)
    assert (day.reminders, day.cards, day.readings, day.prayers, day.notes) == ((), 0, (), (), ())


def test_a_day_holds_its_prayers_and_reviews(vault: scribes.Scribes) -> None:
    vault.prayers.add(NewPrayer("Ruth"))
    vault.reviews.add_passage("John 3:16")

    day = vault.days.today()

    assert [one.prayer.title for one in day.prayers] == ["Ruth"]
    assert day.cards == 1


def test_notes_of_this_day_in_earlier_years_come_the_latest_first_and_are_five(vault: scribes.Scribes) -> None:
    for year in range(2015, 2027):
        vault.notes.add(f"{year}", "x", occurred_at=datetime(year, 11, 25, 9, tzinfo=UTC))
        vault.notes.add("before", "x", occurred_at=datetime(year, 11, 24, 23, 59, tzinfo=UTC))
        vault.notes.add("after", "x", occurred_at=datetime(year, 11, 26, tzinfo=UTC))

    assert remembered(vault, WEDNESDAY) == ["2025", "2024", "2023", "2022", "2021"]


def test_a_note_keeps_its_own_date_wherever_it_was_written(vault: scribes.Scribes) -> None:
    vault.notes.add("far east", "x", occurred_at=datetime.fromisoformat("2020-11-25T03:00+14:00"))
    vault.notes.add("far west", "x", occurred_at=datetime.fromisoformat("2019-11-25T22:00-12:00"))
    vault.notes.add("another day", "x", occurred_at=datetime.fromisoformat("2018-11-26T03:00+14:00"))

    assert remembered(vault, WEDNESDAY) == ["far east", "far west"]


def test_notes_in_the_trash_are_not_remembered(vault: scribes.Scribes) -> None:
    vault.notes.remove([vault.notes.add("gone", "x", occurred_at=datetime(2020, 11, 25, tzinfo=UTC)).id])

    assert remembered(vault, WEDNESDAY) == []


def test_a_leap_day_is_remembered_on_the_28th_in_other_years(vault: scribes.Scribes) -> None:
    vault.notes.add("leap", "x", occurred_at=datetime(2024, 2, 29, 9, tzinfo=UTC))
    vault.notes.add("28th", "x", occurred_at=datetime(2024, 2, 28, 9, tzinfo=UTC))

    assert remembered(vault, datetime(2026, 2, 28, 12).astimezone()) == ["leap", "28th"]
    assert remembered(vault, datetime(2028, 2, 29, 12).astimezone()) == ["leap"]
    assert remembered(vault, datetime(2028, 2, 28, 12).astimezone()) == ["28th"]
    assert remembered(vault, datetime(2027, 3, 1, 12).astimezone()) == []


@given(st.integers(1, 9990), st.integers(1, 9990))
def test_every_day_of_a_year_is_remembered_exactly_once_in_any_other(year: int, earlier: int) -> None:
    spans = [span for day in days_of(year) if (span := same_days(day, earlier))]
    covered = [first + timedelta(days=number) for first, stop in spans for number in range((stop - first).days)]

    assert covered == days_of(earlier)


def test_the_readings_are_those_of_the_setting() -> None:
    with scribes.open(settings=load(readings="proverbs")) as vault:
        set_clock(vault, WEDNESDAY)
        assert [one.passages for one in vault.days.today().readings] == [("Proverbs 25",)]
    with scribes.open(settings=load(readings="gnosis")) as vault, pytest.raises(InvalidInput):
        vault.days.today()


# What it adds up to


def test_an_empty_vault_adds_up_to_nothing(vault: scribes.Scribes) -> None:
    found = vault.statistics.summary()

    assert (found.notes, found.first_note_on, found.answered_after_days) == (0, None, None)
    assert len(found.weeks) == 26
    assert (found.weeks[0].monday, found.weeks[-1].monday) == (date(2026, 6, 1), date(2026, 11, 23))
    assert len(found.books) == 66
    assert sum(book.notes for book in found.books) == 0


def test_notes_are_counted_in_the_weeks_of_the_person(vault: scribes.Scribes) -> None:
    for day, number in ((25, 2), (23, 1), (22, 3), (16, 1), (15, 1)):
        for _ in range(number):
            vault.notes.add("x", "x", occurred_at=datetime(2026, 11, day))

    found = vault.statistics.summary(weeks=3)

    assert [(week.monday.day, week.notes) for week in found.weeks] == [(9, 1), (16, 4), (23, 3)]
    assert (found.notes, found.first_note_on, found.note_streak_weeks) == (8, date(2026, 11, 15), 3)


def test_a_week_without_a_note_ends_the_streak_but_not_this_week(vault: scribes.Scribes) -> None:
    for day in (18, 11, 2):
        vault.notes.add("x", "x", occurred_at=datetime(2026, 11, day, 12, tzinfo=UTC))
    vault.notes.add("x", "x", occurred_at=datetime(2026, 10, 20, 12, tzinfo=UTC))

    assert vault.statistics.summary().note_streak_weeks == 3


def test_a_note_counts_once_for_each_book_it_names(vault: scribes.Scribes) -> None:
    vault.notes.add("One", "Rom 8:28 and Rom 9:1, John 3:16")
    vault.notes.add("Two", "Romans 8; Tobit 4:15")
    vault.notes.remove([vault.notes.add("Gone", "Jude 3").id])

    counted = {book.book: book.notes for book in vault.statistics.summary().books if book.notes}

    assert {name: counted[name] for name in ("Rom", "John")} == {"Rom": 2, "John": 1}
    assert "Jude" not in counted


def test_prayers_and_their_answers_are_counted(vault: scribes.Scribes) -> None:
    ids = [vault.prayers.add(NewPrayer(f"P{number}")).id for number in range(5)]
    for number in range(3):
        set_clock(vault, WEDNESDAY + timedelta(days=number))
        vault.prayers.prayed(ids[:2])
    for id, days in ((ids[0], 3), (ids[1], 10), (ids[2], 40)):
        set_clock(vault, WEDNESDAY + timedelta(days=days))
        vault.prayers.answer(id)
    vault.prayers.archive([ids[3]])
    set_clock(vault, WEDNESDAY + timedelta(days=3))

    found = vault.statistics.summary()

    assert (found.open_prayers, found.answered_prayers, found.archived_prayers) == (1, 3, 1)
    assert (found.times_prayed, found.answered_after_days, found.prayer_streak_days) == (6, 10, 3)


def test_only_first_answers_on_known_cards_say_what_was_remembered(vault: scribes.Scribes) -> None:
    one, two = (vault.reviews.add_passage(text) for text in ("John 3:16", "Rom 8:28"))
    # Learning on Monday says nothing; on Wednesday one was forgotten and learnt again, the other was known.
    answers = ((-2, one, 1), (-2, one, 3), (-2, two, 3), (0, one, 1), (0, one, 3), (0, two, 4))
    for seconds, (days, card, rating) in enumerate(answers):
        set_clock(vault, WEDNESDAY + timedelta(days=days, seconds=seconds))
        vault.reviews.answer(card.id, rating)

    found = vault.statistics.summary(weeks=1)

    assert (found.weeks[0].answers, found.weeks[0].remembered) == (2, 1)
    assert (found.cards, found.reviews, found.review_streak_days) == (2, 6, 1)


def test_so_many_weeks_cannot_be_shown(vault: scribes.Scribes) -> None:
    for weeks in (0, 521):
        with pytest.raises(InvalidInput):
            vault.statistics.summary(weeks=weeks)
