"""Dates and rhythms in words: the examples of the documentation, five languages, zones, and any text at all."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain.dates import to_us
from scribes.domain.phrase_words import LANGUAGES, fold, sentences, words_of
from scribes.domain.phrases import When, read_duration, read_rhythm, read_when, rhythm_words
from scribes.domain.recurrence import check_rule, instant, next_after
from scribes.errors import InvalidInput

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "dates.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
LONDON = datetime(2026, 11, 24, 10, tzinfo=ZoneInfo("Europe/London"))
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu")


def rows(section: str) -> list[list[str]]:
    """The rows of the table of a section, without its head."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


ONCE, OFTEN, LANGUAGE_ROWS = rows("Once"), rows("Again and again"), rows("In other languages")
RHYTHMS, LENGTHS = rows("A rhythm without a time"), rows("A length of time")
EXAMPLES = [row[0] for row in ONCE + OFTEN] + [cell for row in LANGUAGE_ROWS for cell in row]


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(("typed", "meant"), ONCE)
def test_an_example_is_once(typed: str, meant: str) -> None:
    assert read_when(typed, LONDON) == When(wall(meant), "")


@pytest.mark.parametrize(("typed", "first", "rule"), OFTEN)
def test_an_example_recurs(typed: str, first: str, rule: str) -> None:
    assert read_when(typed, LONDON) == When(wall(first), rule)


@pytest.mark.parametrize("row", LANGUAGE_ROWS, ids=lambda row: row[0])
def test_a_row_says_the_same_in_every_language(row: list[str]) -> None:
    assert len(row) == len(LANGUAGES)
    assert len({read_when(typed, LONDON) for typed in row}) == 1


@pytest.mark.parametrize("row", LANGUAGE_ROWS, ids=lambda row: row[0])
def test_a_language_is_understood_by_itself(row: list[str]) -> None:
    for language, typed in zip(LANGUAGES, row, strict=True):
        assert read_when(typed, LONDON, languages=(language,)) == read_when(row[0], LONDON)


@pytest.mark.parametrize(("typed", "rule", "words"), RHYTHMS)
def test_an_example_is_a_rhythm(typed: str, rule: str, words: str) -> None:
    assert read_rhythm(typed) == ("" if rule == "none" else rule)
    assert rhythm_words(read_rhythm(typed)) == words


@pytest.mark.parametrize(("typed", "until"), LENGTHS)
def test_an_example_is_a_length(typed: str, until: str) -> None:
    assert read_duration(typed, LONDON) == wall(until).replace(tzinfo=LONDON.tzinfo)


@pytest.mark.parametrize("typed", EXAMPLES)
def test_capitals_accents_and_spaces_do_not_matter(typed: str) -> None:
    expected = read_when(typed, LONDON)

    assert read_when(typed.upper(), LONDON) == expected
    assert read_when(fold(typed), LONDON) == expected
    assert read_when(f"  {typed.replace(' ', '   ')} ", LONDON) == expected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("noon", "2026-11-24 12:00"),
        ("midnight tomorrow", "2026-11-26 00:00"),
        ("tonight", "2026-11-24 20:00"),
        ("tonight at 1", "2026-11-25 01:00"),
        ("this afternoon at 3", "2026-11-24 15:00"),
        ("tomorrow at 8 in the evening", "2026-11-25 20:00"),
        ("tomorrow night at 9pm", "2026-11-25 21:00"),
        ("tomorrow at 12am", "2026-11-25 00:00"),
        ("tomorrow at 12 pm", "2026-11-25 12:00"),
        ("tomorrow, 8 a.m.", "2026-11-25 08:00"),
        ("8:30 a.m. tomorrow", "2026-11-25 08:30"),
        ("8 o'clock tomorrow", "2026-11-25 08:00"),
        ("tue", "2026-12-01 09:00"),
        ("tue 9:00", "2026-12-01 09:00"),
        ("tue 11:00", "2026-11-24 11:00"),
        ("next tuesday 11:00", "2026-12-01 11:00"),
        ("Dec. 24th, 6pm", "2026-12-24 18:00"),
        ("on the 24th", "2026-12-24 09:00"),
        ("24.", "2026-12-24 09:00"),
        ("24 november", "2027-11-24 09:00"),
        ("24 november 12:00", "2026-11-24 12:00"),
        ("29 february", "2028-02-29 09:00"),
        ("31st", "2026-12-31 09:00"),
        ("9.30", "2026-11-25 09:30"),
        ("24.12", "2026-12-24 09:00"),
        ("26/11", "2026-11-26 09:00"),
        ("12/24/2026", "2026-12-24 09:00"),
        ("3 may 2027 at 8", "2027-05-03 08:00"),
        ("+10m", "2026-11-24 10:10"),
        ("in 1h30", "2026-11-24 11:30"),
        ("in 1 hour and 30 minutes", "2026-11-24 11:30"),
        ("in a year", "2027-11-24 09:00"),
        ("mar 9:30", "2026-12-01 09:30"),  # no day in March: the Spanish and French Tuesday
        ("mar 9", "2027-03-09 09:00"),
        ("do 18 Uhr", "2026-11-26 18:00"),
        ("heute um 8 am Abend", "2026-11-24 20:00"),
        ("8 Uhr 30", "2026-11-25 08:30"),
        ("uebermorgen", "2026-11-26 09:00"),
        ("naechsten Montag", "2026-11-30 09:00"),
        ("18 heures", "2026-11-24 18:00"),
        ("dans 2 heures", "2026-11-24 12:00"),
        ("aujourd'hui à midi", "2026-11-24 12:00"),
        ("1er mai", "2027-05-01 09:00"),
        ("1º de maio às 9h", "2027-05-01 09:00"),
        ("mañana a las 8 de la tarde", "2026-11-25 20:00"),
        ("el lunes que viene", "2026-11-30 09:00"),
    ],
)
def test_other_ways_to_say_once(typed: str, meant: str) -> None:
    assert read_when(typed, LONDON) == When(wall(meant), "")


@pytest.mark.parametrize(
    ("typed", "first", "rule"),
    [
        ("every night at 1", "2026-11-25 01:00", "FREQ=DAILY"),
        ("every night at midnight", "2026-11-25 00:00", "FREQ=DAILY"),
        ("at 7 every morning", "2026-11-25 07:00", "FREQ=DAILY"),
        ("mon-fri 7:00", "2026-11-25 07:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("Fr-Mo 7:00", "2026-11-27 07:00", "FREQ=WEEKLY;BYDAY=MO,FR,SA,SU"),
        ("every tuesday at 10:01", "2026-11-24 10:01", "FREQ=WEEKLY;BYDAY=TU"),
        ("every tuesday at 10:00", "2026-12-01 10:00", "FREQ=WEEKLY;BYDAY=TU"),
        ("every second week", "2026-12-01 09:00", "FREQ=WEEKLY;INTERVAL=2"),
        ("every 2 sundays", "2026-11-29 09:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU"),
        ("every first sunday", "2026-12-06 09:00", "FREQ=MONTHLY;BYDAY=1SU"),
        ("every first sunday of the month", "2026-12-06 09:00", "FREQ=MONTHLY;BYDAY=1SU"),
        ("every first sunday of december", "2026-12-06 09:00", "FREQ=YEARLY;BYMONTH=12;BYDAY=1SU"),
        ("fortnightly", "2026-12-01 09:00", "FREQ=WEEKLY;INTERVAL=2"),
        ("tous les matins à 7h", "2026-11-25 07:00", "FREQ=DAILY"),
        ("jeden Morgen um 7", "2026-11-25 07:00", "FREQ=DAILY"),
        ("todas las mañanas a las 7", "2026-11-25 07:00", "FREQ=DAILY"),
        ("toutes les 2 heures", "2026-11-24 11:00", "FREQ=HOURLY;INTERVAL=2"),
        ("jeden 1. des Monats", "2026-12-01 09:00", "FREQ=MONTHLY;BYMONTHDAY=1"),
        ("every 29 february", "2028-02-29 09:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
        ("toda segunda e quarta às 9", "2026-11-25 09:00", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ],
)
def test_other_ways_to_say_again_and_again(typed: str, first: str, rule: str) -> None:
    assert read_when(typed, LONDON) == When(wall(first), rule)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "it is not said when"),
        ("soon", '"soon" is not understood'),
        ("tomorrow eightish", '"eightish" in "tomorrow eightish" is not understood'),
        ("tomorrow 8am!", '"!" in "tomorrow 8am!" is not understood'),
        ("yesterday", "is in the past: 2026-11-23 09:00"),
        ("today", "is in the past: 2026-11-24 09:00"),
        ("today 9:59", "is in the past"),
        ("dec 24 2020", "is in the past: 2020-12-24 09:00"),
        ("2026-11-24 10:00", "is in the past"),
        ("in 0 minutes", "is in the past"),
        ("30 february", 'no such day as in "30 february"'),
        ("feb 29 2027", "no such day"),
        ("2026-02-30", 'no date "2026-02-30"'),
        ("monday 29 november", "is another day of the week"),
        ("at 25", '25 is not an hour in "at 25"'),
        ("18:60", 'no time "18:60"'),
        ("13pm", 'no time "13pm"'),
        ("20 pm", 'no time "20 pm"'),
        ("20 am", "hours 1 to 12"),
        ("tomorrow morning at 3pm", "is not in the morning"),
        ("04/05/2027", "can be two dates"),
        ("9.10", "can be a time or a date"),
        ("every third sunday", "can be every 3 weeks or once a month"),
        ("every sunday at midnight", "the night before or after"),
        ("every 5 minutes", "too quick"),
        ("every 0 days", "INTERVAL"),
        ("every 30 february", "never comes true"),
        ("every", "is not a date or rhythm"),
        ("tomorrow monday", "is not a date or rhythm"),
        ("tomorrow at 8 at 9", "is not a date or rhythm"),
        ("mon tue", "is not a date or rhythm"),
        ("in 99999 years", "is too far away"),
        ("in 12345678 days", "too large a number"),
        ("tomorrow " * 50, "is too long"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_was_typed_and_an_example(typed: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_when(typed, LONDON)

    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("typed", ["daily at 7", "tomorrow", "in 3 days", "every minute", "sometimes", "monday 8am"])
def test_a_rhythm_has_no_time_and_recurs(typed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_rhythm(typed)

    assert caught.value.hint


@pytest.mark.parametrize("typed", ["every day", "mondays", "", "yesterday", "90s", "0m"])
def test_a_length_ends_once_and_later(typed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_duration(typed, LONDON)

    assert caught.value.hint


def test_words_of_a_language_that_is_not_wanted_are_not_understood() -> None:
    with pytest.raises(InvalidInput, match="morgen"):
        read_when("morgen um 8", LONDON, languages=("en",))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_read_as_its_language_means_it(language: str) -> None:
    for phrase, meanings in words_of(language).items():
        assert [list(one) for one in meanings] == list(sentences(phrase, (language,))), phrase


@pytest.mark.parametrize("zone", ZONES)
def test_the_examples_say_the_same_in_every_zone(zone: str) -> None:
    now = datetime(2026, 11, 24, 10, tzinfo=ZoneInfo(zone))

    assert [read_when(typed, now) for typed in EXAMPLES] == [read_when(typed, LONDON) for typed in EXAMPLES]


def test_hours_are_counted_over_a_change_of_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert read_when("in 2 hours", datetime(2026, 3, 29, 1, tzinfo=berlin)).starts == datetime(2026, 3, 29, 4)
    assert read_when("in 2 hours", datetime(2026, 10, 25, 1, tzinfo=berlin)).starts == datetime(2026, 10, 25, 3)
    assert read_when("in 2 days", datetime(2026, 3, 28, 8, tzinfo=berlin)).starts == datetime(2026, 3, 30, 9)


def test_in_an_hour_that_comes_twice_what_is_read_is_still_ahead() -> None:
    now = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)

    assert instant(read_when("in 20 minutes", now).starts, "Europe/Berlin") > to_us(now)
    assert to_us(read_duration("20m", now)) == to_us(now) + 20 * 60_000_000


def test_a_time_that_the_clock_skips_is_kept_as_it_was_typed() -> None:
    now = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))

    assert read_when("tomorrow 2:30", now) == When(datetime(2026, 3, 29, 2, 30), "")
    assert read_when("every day 2:30", now) == When(datetime(2026, 3, 29, 2, 30), "FREQ=DAILY")


PHRASES = sorted({phrase for language in LANGUAGES for phrase in words_of(language)})
NUMBERS = (
    "1",
    "2",
    "8",
    "31",
    "0",
    "8am",
    "18:30",
    "8h",
    "1st",
    "3.",
    "24.12.",
    "2026-12-24",
    "5/6",
    "-",
    "+",
    "&",
    "2027",
)
NOWS = st.datetimes(
    datetime(2010, 1, 1), datetime(2040, 12, 31), timezones=st.sampled_from([ZoneInfo(zone) for zone in ZONES])
)


@given(
    st.text(max_size=60) | st.lists(st.sampled_from(PHRASES) | st.sampled_from(NUMBERS), max_size=7).map(" ".join), NOWS
)
def test_any_text_is_read_as_something_ahead_or_refused(text: str, now: datetime) -> None:
    zone = str(now.tzinfo)
    try:
        found = read_when(text, now)
    except InvalidInput as error:
        assert error.hint  # noqa: PT017
        return

    at = instant(found.starts, zone)
    assert at > to_us(now.astimezone(UTC))
    assert (found.starts.second, found.starts.microsecond, found.starts.tzinfo) == (0, 0, None)
    assert next_after(found.starts, found.rule, zone, at - 1) == at
    assert found.rule == (check_rule(found.rule) if found.rule else "")


@given(
    st.text(max_size=40) | st.lists(st.sampled_from(PHRASES) | st.sampled_from(NUMBERS), max_size=6).map(" ".join), NOWS
)
def test_any_text_is_a_rhythm_and_a_length_or_refused(text: str, now: datetime) -> None:
    for read in (read_rhythm, lambda text: read_duration(text, now)):
        try:
            found = read(text)
        except InvalidInput as error:
            assert error.hint  # noqa: PT017
            continue
        if isinstance(found, str):
            assert rhythm_words(found)
        else:
            assert found.astimezone(UTC) > now.astimezone(UTC)


DAY_NAMES = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
READABLE = st.one_of(
    st.sampled_from(["FREQ=HOURLY", "FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"]),
    st.lists(DAY_NAMES, min_size=1).map(lambda days: f"FREQ=WEEKLY;BYDAY={','.join(days)}"),
    st.lists(st.integers(1, 31) | st.just(-1), min_size=1, max_size=4).map(
        lambda days: f"FREQ=MONTHLY;BYMONTHDAY={','.join(map(str, days))}"
    ),
    st.lists(st.tuples(st.sampled_from([1, 2, 3, 4, 5, -1]), DAY_NAMES), min_size=1, max_size=4).map(
        lambda days: f"FREQ=MONTHLY;BYDAY={','.join(f'{nth}{day}' for nth, day in days)}"
    ),
    st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(
        lambda day: f"FREQ=YEARLY;BYMONTH={day.month};BYMONTHDAY={day.day}"
    ),
    st.tuples(st.integers(1, 12), st.sampled_from([1, 2, 3, 4, 5, -1]), DAY_NAMES).map(
        lambda parts: f"FREQ=YEARLY;BYMONTH={parts[0]};BYDAY={parts[1]}{parts[2]}"
    ),
)


@given(READABLE, st.integers(1, 99))
def test_what_can_be_read_is_said_so_that_it_is_read_again(rule: str, interval: int) -> None:
    kept = check_rule(f"{rule};INTERVAL={interval}")

    assert read_rhythm(rhythm_words(kept)) == kept


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "whenever"),
        ("FREQ=DAILY;COUNT=1", "daily, 1 time"),
        ("FREQ=WEEKLY;BYDAY=SU;UNTIL=20261231", "every Sunday, until 31 December 2026"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "every 2 weeks on Monday and Friday"),
        ("FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0", "daily, at 8:00 and 20:00"),
        ("FREQ=DAILY;BYDAY=MO;BYMONTH=5,6", "daily on Monday, in May and June"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
         "monthly on Monday, Tuesday, Wednesday, Thursday and Friday, only the last"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "monthly on Friday, only if it is day 13 of the month"),
        ("FREQ=MONTHLY;BYDAY=1SU,-1FR", "first Sunday and last Friday of each month"),
        ("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1", "every 2 months on the last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "monthly on the 2nd to last"),
        ("FREQ=YEARLY;BYYEARDAY=100,-1", "yearly, on days 100 and last of the year"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "yearly on Monday, in week 20"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=1SU", "every year on the first Sunday of December"),
    ],
)  # fmt: skip
def test_a_rule_in_plain_english(rule: str, words: str) -> None:
    assert rhythm_words(rule) == words


def test_words_alone_load_neither_dateutil_nor_a_zone() -> None:
    program = (
        "import sys; from datetime import UTC, datetime; from scribes.domain.phrases import read_when;"
        "read_when('tomorrow 8am', datetime(2026, 11, 24, tzinfo=UTC)); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
                            capture_output=True, text=True, check=True).stdout.split()  # fmt: skip

    assert not {"dateutil", "dateutil.rrule", "zoneinfo", "calendar", "difflib"} & set(loaded)


def test_a_phrase_is_read_at_once() -> None:
    import time

    took = []
    for _ in range(20):
        began = time.perf_counter()
        read_when("first sunday of every month 10:00", LONDON)
        took.append(time.perf_counter() - began)

    assert min(took) < 0.002


def test_a_long_sentence_of_words_with_many_meanings_is_over_soon() -> None:
    import time

    began = time.process_time()
    with pytest.raises(InvalidInput):
        read_when("a segunda " * 20, LONDON + timedelta(days=1))

    assert time.process_time() - began < 1
