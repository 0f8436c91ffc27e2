from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain.dates import from_us, parse_moment, parse_period, to_us
from scribes.domain.labels import clean_tags, hashtags
from scribes.domain.notes import split_text
from scribes.errors import InvalidInput

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_hashtags_stand_at_the_start_of_a_word_and_begin_with_a_letter() -> None:
    text = "#Hope and (#grace), #1 #a-b_c. # no https://x.org/#part C# ##twice #ελπίς"

    assert hashtags(text) == {"hope", "grace", "a-b_c", "ελπίς"}


def test_tags_are_lower_case_joined_sorted_and_each_once() -> None:
    assert clean_tags(["Holy Spirit", "#grace", "GRACE"]) == ("grace", "holy-spirit")


@pytest.mark.parametrize("tag", ["", "#", "  ", "a\x00b", "x" * 101, "-"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(InvalidInput):
        clean_tags([tag])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22", (2026, 11, 22, 0, 0)),
        ("2026-11-22 10:30", (2026, 11, 22, 10, 30)),
        ("today", (2026, 11, 23, 0, 0)),
        ("yesterday 9:15", (2026, 11, 22, 9, 15)),
        ("sunday", (2026, 11, 22, 0, 0)),
        ("mon 8", (2026, 11, 23, 8, 0)),
    ],
)
def test_moments_as_people_type_them(text: str, expected: tuple[int, ...]) -> None:
    moment = parse_moment(text, NOW)

    assert (moment.year, moment.month, moment.day, moment.hour, moment.minute) == expected
    assert moment.tzinfo is not None


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-30", "yesterday 25:00", "99999-01-01"])
def test_what_is_no_date_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_moment(text, NOW)

    assert caught.value.hint


def test_periods_are_years_months_and_days() -> None:
    assert parse_period("2024", NOW.date()) == (date(2024, 1, 1), date(2024, 12, 31))
    assert parse_period("2024-02", NOW.date()) == (date(2024, 2, 1), date(2024, 2, 29))
    assert parse_period("2024-12", NOW.date()) == (date(2024, 12, 1), date(2024, 12, 31))
    assert parse_period("yesterday", NOW.date()) == (date(2026, 11, 22), date(2026, 11, 22))


@given(st.integers(-60_000_000_000_000_000, 250_000_000_000_000_000))
def test_microseconds_and_datetimes_are_the_same_instant(at_us: int) -> None:
    assert to_us(from_us(at_us)) == at_us


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One line", ("One line", "")),
        ("# Heading\n\nbody", ("Heading", "body")),
        ("Title\nbody", ("Title", "body")),
        ("> quoted\nbody", ("", "> quoted\nbody")),
        ("x" * 101, ("", "x" * 101)),
    ],
)
def test_a_short_first_line_is_the_title(text: str, expected: tuple[str, str]) -> None:
    assert split_text(text) == expected


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00+23:59:59", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"]
)
def test_a_moment_that_could_not_be_shown_again_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_moment(text, NOW)
