"""Rules on the wall clock of a zone: against dateutil and zoneinfo by themselves, in zones whose clocks change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, example, given
from hypothesis import strategies as st

from scribes.domain.dates import DAY_US, from_us, to_us
from scribes.domain.recurrence import (
    MAX_LENGTH,
    check_rule,
    check_zone,
    count_between,
    instant,
    last_until,
    next_after,
    walls,
)
from scribes.errors import InvalidInput

PARTS = (
    "FREQ=DAILY", "FREQ=HOURLY", "FREQ=WEEKLY", "FREQ=YEARLY", "FREQ=MONTHLY", "FREQ=SECONDLY", "INTERVAL=7",
    "INTERVAL=0", "INTERVAL=10000", "BYMONTH=2", "BYMONTHDAY=30", "BYMONTHDAY=29", "BYMONTHDAY=-31", "BYDAY=MO",
    "BYDAY=5SU", "BYDAY=-53FR", "BYDAY=MO,1TU", "BYSETPOS=366", "BYSETPOS=-2", "BYYEARDAY=366", "BYWEEKNO=53",
    "BYHOUR=3", "BYMINUTE=0,1", "BYSECOND=1", "COUNT=10000", "COUNT=0", "UNTIL=20301231", "UNTIL=20301231T000000Z",
    "UNTIL=99991231", "UNTIL=0", "WKST=SU", "X=1", "BYDAY=", "=", ";", "BYEASTER=1",
)  # fmt: skip
NO_ZONES = (
    "", " ", "../etc", "../../etc/passwd", "/etc/localtime", "Europe/../UTC", "Europe", "localtime", "posix/UTC",
    "a" * 500, "\x00", "Zürich", "+01:00",
)  # fmt: skip
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham",
    "Asia/Kathmandu", "Africa/Casablanca", "America/St_Johns", "Antarctica/Troll", "Africa/Cairo",
)  # fmt: skip
SPAN_DAYS = {"HOURLY": 40, "DAILY": 500, "WEEKLY": 1_200, "MONTHLY": 3_000, "YEARLY": 6_000}


@st.composite
def rules(draw: st.DrawFn, *, counted: bool = True, skipping: bool = True) -> str:
    """A rule that `check_rule` lets pass, as it keeps it."""
    frequency = draw(st.sampled_from(list(SPAN_DAYS)))
    parts = {"FREQ": frequency, "INTERVAL": str(draw(st.integers(1, 9)) if skipping else 1)}
    days = draw(st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), max_size=3))
    if days and frequency in ("MONTHLY", "YEARLY") and draw(st.booleans()):
        days = [f"{draw(st.sampled_from([1, 2, 3, 4, 5, -1, -2]))}{day}" for day in days]
    numbers = {
        "BYMONTH": st.integers(1, 12),
        "BYHOUR": st.integers(0, 23),
        "BYMINUTE": st.sampled_from([0, 15, 30, 45]),
    }
    if frequency != "WEEKLY":
        numbers["BYMONTHDAY"] = st.integers(-31, 31).filter(bool)
    if frequency == "YEARLY":
        numbers["BYYEARDAY"] = st.integers(-366, 366).filter(bool)
        numbers["BYWEEKNO"] = st.integers(-53, 53).filter(bool)
    for name in draw(st.sets(st.sampled_from(sorted(numbers)), max_size=2)):
        parts[name] = ",".join(map(str, draw(st.lists(numbers[name], min_size=1, max_size=4))))
    if days:
        parts["BYDAY"] = ",".join(days)
    if draw(st.integers(0, 4)) == 0:
        parts["BYSETPOS"] = str(draw(st.sampled_from([1, 2, -1])))
    if draw(st.booleans()):
        parts["WKST"] = draw(st.sampled_from(["SU", "MO", "WE"]))
    if counted and draw(st.integers(0, 3)) == 0:
        parts["COUNT"] = str(draw(st.integers(1, 30)))
    try:
        return check_rule(";".join(f"{name}={value}" for name, value in parts.items()))
    except InvalidInput:
        assume(False)
        raise


STARTS = st.datetimes(datetime(2006, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))


def span_of(rule: str) -> timedelta:
    return timedelta(days=SPAN_DAYS[rule.removeprefix("FREQ=").split(";")[0]])


def plain_walls(starts: datetime, rule: str) -> Iterator[datetime]:
    """The wall times of a rule as dateutil gives them from its start, for a century at the least.

    Every 400 years have the same days: at the end of the calendar dateutil stops before it takes minutes.
    """
    shift = timedelta(days=146_097) * ((9_890 - starts.year) // 400)
    try:
        yield from (wall - shift for wall in rrulestr(f"RRULE:{rule}", dtstart=starts + shift))
    except (ValueError, OverflowError):
        return  # its hours never meet, or the calendar is over


def by_hand(starts: datetime, rule: str, zone: str, end: datetime) -> list[int]:
    """All instants of a rule up to a wall time, in order, each once."""
    place = ZoneInfo(zone)
    found = takewhile(lambda wall: wall <= end, plain_walls(starts, rule))
    return sorted({to_us(wall.replace(tzinfo=place).astimezone(UTC)) for wall in found})


def chain(starts: datetime, rule: str, zone: str, until_us: int) -> list[int]:
    """What `next_after` gives one after another."""
    found: list[int] = []
    at: int | None = to_us(starts.replace(tzinfo=UTC)) - 3 * DAY_US
    while (at := next_after(starts, rule, zone, at)) is not None and at <= until_us:
        found.append(at)
    return found


@given(STARTS, rules(), st.sampled_from(ZONES))
@example(datetime(2026, 3, 28, 2, 30), "FREQ=DAILY", "Europe/Berlin")
@example(datetime(2026, 3, 28, 1, 0), "FREQ=HOURLY;BYMINUTE=0,15,30,45", "Europe/Berlin")
@example(datetime(2026, 10, 24, 1, 30), "FREQ=HOURLY", "Europe/Berlin")
@example(datetime(2011, 12, 28, 8, 0), "FREQ=DAILY", "Pacific/Apia")
@example(datetime(2011, 12, 29, 8, 0), "FREQ=HOURLY;INTERVAL=5", "Pacific/Apia")
@example(datetime(2024, 2, 29, 8, 0), "FREQ=YEARLY", "UTC")
def test_one_after_another_is_what_dateutil_and_zoneinfo_say(starts: datetime, rule: str, zone: str) -> None:
    end = starts + span_of(rule)
    # Near the end a wall time the clock skips may come after the end: it is left out of both.
    safe_us = to_us(end.replace(tzinfo=UTC)) - 3 * DAY_US
    expected = [at for at in by_hand(starts, rule, zone, end) if at <= safe_us][:60]
    if len(expected) == 60:
        safe_us = expected[-1]

    assert chain(starts, rule, zone, safe_us) == expected


@given(STARTS, rules(), st.sampled_from(ZONES), st.floats(-0.1, 1))
def test_any_instant_lies_between_the_last_and_the_next(starts: datetime, rule: str, zone: str, part: float) -> None:
    end = starts + span_of(rule)
    at = to_us((starts + span_of(rule) * part * 0.9).replace(tzinfo=UTC))
    expected = by_hand(starts, rule, zone, end)
    safe_us = to_us(end.replace(tzinfo=UTC)) - 3 * DAY_US

    following = next_after(starts, rule, zone, at)

    assert last_until(starts, rule, zone, at) == next((one for one in reversed(expected) if one <= at), None)
    if following is None or following <= safe_us:
        assert following == next((one for one in expected if one > at), None)
    else:
        assert not [one for one in expected if at < one <= safe_us]


@given(STARTS, rules(), st.sampled_from(ZONES), st.integers(0, 40))
def test_counting_is_the_length_of_the_chain(starts: datetime, rule: str, zone: str, limit: int) -> None:
    first = instant(starts, zone)
    until = first + DAY_US * span_of(rule).days // 4
    begin = first + DAY_US * span_of(rule).days // 8
    expected = [at for at in by_hand(starts, rule, zone, starts + span_of(rule)) if begin < at <= until]

    assert count_between(starts, rule, zone, begin, until, limit=limit) == min(limit, len(expected))


@given(STARTS, rules(counted=False), st.integers(0, 4_000))
def test_a_start_moved_forward_gives_the_same_as_the_plain_way(starts: datetime, rule: str, later_days: int) -> None:
    begin = starts + timedelta(days=later_days)
    assume(not rule.startswith("FREQ=HOURLY") or later_days < 400)
    expected = next((wall for wall in plain_walls(starts, rule) if wall >= begin), None)

    found = next((wall for wall in walls(starts, rule, begin) if wall >= begin), None)

    if expected is None or expected < begin + timedelta(days=36_000):
        assert found == expected


@given(STARTS, rules(), st.sampled_from(ZONES))
def test_the_clock_shows_the_time_of_the_rule_but_where_it_skips(starts: datetime, rule: str, zone: str) -> None:
    place = ZoneInfo(zone)
    end = to_us(starts.replace(tzinfo=UTC)) + span_of(rule) // timedelta(microseconds=1) // 4
    times = {wall.time() for wall in takewhile(lambda wall: wall < starts + span_of(rule), walls(starts, rule, starts))}

    for at in chain(starts, rule, zone, end)[:50]:
        shown = from_us(at).astimezone(place)
        moved = [gap for gap in (30, 60, 120, 1440) if (shown - timedelta(minutes=gap)).time() in times]

        assert shown.time() in times or moved
        if shown.time() not in times:
            day = timedelta(days=1)
            assert (shown + day).utcoffset() != (shown - day).utcoffset()


@given(rules())
def test_a_rule_is_kept_in_one_form(rule: str) -> None:
    shuffled = "RRULE:" + ";".join(reversed(rule.lower().split(";")))

    assert check_rule(shuffled) == check_rule(rule) == rule


@given(rules(skipping=False))
def test_the_calendar_of_four_centuries_on_is_the_same(rule: str) -> None:
    starts = datetime(2026, 1, 5, 8)
    expected = [wall for wall, _ in zip(rrulestr(f"RRULE:{rule}", dtstart=starts), range(5), strict=False)]

    assert [wall for wall, _ in zip(walls(starts, rule, starts), range(5), strict=False)] == expected


@given(
    st.lists(
        st.sampled_from(PARTS),
        max_size=7,
    ).map(";".join)
    | st.text(max_size=60)
    | st.text("FREQ=DAILY;BY0123456789,-+UNTLZ", max_size=60)
)
def test_a_rule_is_read_or_refused_and_looked_through_in_bounded_time(text: str) -> None:
    began = time.process_time()
    try:
        rule = check_rule(text)
        next_after(datetime(2024, 2, 29, 8), rule, "Europe/Berlin", 0)
        last_until(datetime(2024, 2, 29, 8), rule, "Europe/Berlin", to_us(datetime(2034, 2, 28, tzinfo=UTC)))
        kept = check_rule(rule) == rule
    except InvalidInput as error:
        kept = bool(error.hint)

    assert kept
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=2",
        "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=4",
        "FREQ=HOURLY;BYHOUR=3;BYSETPOS=2",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;BYMONTH=7",
    ],
)
def test_a_rule_that_never_comes_true_is_refused_at_once(rule: str) -> None:
    began = time.process_time()
    with pytest.raises(InvalidInput, match="never comes true"):
        check_rule(rule)

    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("", "is not a part of a rule"),
        ("daily", "is not a part of a rule"),
        ("BYDAY=MO", "has no FREQ"),
        ("FREQ=MINUTELY", "is not known"),
        ("FREQ=DAILY;BYSECOND=1", "has no part"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ twice"),
        ("FREQ=DAILY;COUNT=0", "COUNT='0' is not possible"),
        ("FREQ=DAILY;COUNT=99999999999", "is not possible"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL='-1' is not possible"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "exclude each other"),
        ("FREQ=DAILY;UNTIL=20270230", "is not a date"),
        ("FREQ=DAILY;UNTIL=2027-01-01", "is not a date"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS needs another BY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY=0 is not possible"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY='32' is not possible"),
        ("FREQ=MONTHLY;BYDAY=6SU", "at most 5 of each weekday"),
        ("FREQ=WEEKLY;BYDAY=1SU", "a numbered BYDAY"),
        ("FREQ=WEEKLY;BYDAY=XX", "is not a weekday"),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "mixes"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO needs BYDAY"),
        ("FREQ=DAILY;" + "BYHOUR=1" * MAX_LENGTH, "too long"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(rule: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_rule(rule)

    assert message in caught.value.message
    assert caught.value.hint
    assert len(caught.value.message) < 200


def at(zone: str, *wall: int, fold: int = 0) -> int:
    return to_us(datetime(*wall, tzinfo=ZoneInfo(zone), fold=fold))  # type: ignore[arg-type]


def test_a_time_that_the_clock_skips_is_moved_forward_and_fires_once() -> None:
    fired = chain(datetime(2026, 3, 28, 2, 30), "FREQ=DAILY", "Europe/Berlin", at("Europe/Berlin", 2026, 3, 31))

    assert fired == [at("Europe/Berlin", 2026, 3, day, 2 + (day == 29), 30) for day in (28, 29, 30)]


def test_a_time_that_comes_twice_fires_the_first_time_only() -> None:
    fired = chain(datetime(2026, 10, 24, 2, 30), "FREQ=DAILY", "Europe/Berlin", at("Europe/Berlin", 2026, 10, 27))

    assert fired == [at("Europe/Berlin", 2026, 10, day, 2, 30, fold=0) for day in (24, 25, 26)]


def test_a_day_that_a_zone_leaves_out_does_not_fire_twice() -> None:
    fired = chain(datetime(2011, 12, 28, 8), "FREQ=DAILY", "Pacific/Apia", at("Pacific/Apia", 2012, 1, 2))

    assert fired == [
        at("Pacific/Apia", *day, 8) for day in [(2011, 12, 28), (2011, 12, 29), (2011, 12, 31), (2012, 1, 1)]
    ]


def test_the_leap_day_comes_in_leap_years_only() -> None:
    fired = chain(datetime(2024, 2, 29, 8), "FREQ=YEARLY", "UTC", at("UTC", 2040, 1, 1))

    assert [from_us(one).year for one in fired] == [2024, 2028, 2032, 2036]


@pytest.mark.parametrize(
    ("until", "last_day"),
    [
        ("20270110", 10),
        ("20270110T080000", 10),
        ("20270110T075900", 9),
        ("20270110T070000Z", 10),
        ("20270110T065959Z", 9),
    ],
)
def test_until_is_a_day_to_its_end_a_wall_time_or_an_instant(until: str, last_day: int) -> None:
    fired = chain(datetime(2027, 1, 1, 8), f"FREQ=DAILY;UNTIL={until}", "Europe/Berlin", at("UTC", 2028, 1, 1))

    assert fired[-1] == at("Europe/Berlin", 2027, 1, last_day, 8)
    assert (
        last_until(datetime(2027, 1, 1, 8), f"FREQ=DAILY;UNTIL={until}", "Europe/Berlin", at("UTC", 2099, 1, 1))
        == fired[-1]
    )


def test_once_is_a_rule_too() -> None:
    starts, when = datetime(2027, 1, 1, 8), at("Europe/Berlin", 2027, 1, 1, 8)

    assert next_after(starts, "", "Europe/Berlin", when - 1) == when == last_until(starts, "", "Europe/Berlin", when)
    assert next_after(starts, "", "Europe/Berlin", when) is None
    assert last_until(starts, "", "Europe/Berlin", when - 1) is None
    assert count_between(starts, "", "Europe/Berlin", when - 1, when) == 1


@pytest.mark.parametrize("moment_us", [-(10**30), 10**30])
def test_instants_beyond_any_calendar_are_no_trouble(moment_us: int) -> None:
    starts = datetime(2027, 1, 1, 8)

    assert (next_after(starts, "FREQ=DAILY", "Asia/Tokyo", moment_us) is None) == (moment_us > 0)
    assert (last_until(starts, "FREQ=DAILY", "Asia/Tokyo", moment_us) is None) == (moment_us < 0)


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY", "FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=SU", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY"]
)
def test_an_old_start_costs_no_more_than_a_new_one(rule: str) -> None:
    starts, now_us, took = datetime(2016, 11, 20, 8), at("UTC", 2026, 11, 24), []
    for _ in range(20):
        began = time.perf_counter()
        next_after(starts, rule, "Europe/Berlin", now_us)
        took.append(time.perf_counter() - began)

    assert min(took) < 0.001


@pytest.mark.parametrize(
    "starts_rule",
    [
        (datetime(2017, 11, 21, 8), "FREQ=DAILY;INTERVAL=7;BYDAY=MO"),
        (datetime(2017, 11, 21, 8), "FREQ=HOURLY;INTERVAL=24;BYHOUR=5"),
        (datetime(2017, 11, 21, 8), "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29"),
    ],
)
def test_a_rule_that_its_start_makes_impossible_ends(starts_rule: tuple[datetime, str]) -> None:
    starts, rule = starts_rule

    assert next_after(starts, check_rule(rule), "Europe/Berlin", 0) is None
    assert last_until(starts, rule, "Europe/Berlin", at("UTC", 2026, 11, 24)) is None


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("America/New York", "America/New_York"),
    ],
)
def test_a_zone_is_spelt_as_it_should_be(typed: str, name: str) -> None:
    assert check_zone(typed) == name


@pytest.mark.parametrize(
    ("typed", "near"), [("Europe/Berln", "Europe/Berlin"), ("berlin", "Europe/Berlin"), ("Tokio", "Asia/Tokyo")]
)
def test_an_unknown_zone_is_refused_with_one_that_is_near(typed: str, near: str) -> None:
    with pytest.raises(InvalidInput, match="unknown zone") as caught:
        check_zone(typed)

    assert near in str(caught.value.hint)


@pytest.mark.parametrize("typed", NO_ZONES)
def test_what_is_no_zone_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="unknown zone"):
        check_zone(typed)


@given(st.text(max_size=40))
def test_any_text_is_a_zone_or_refused(text: str) -> None:
    try:
        found = check_zone(text)
    except InvalidInput:
        return

    assert ZoneInfo(found).key == found
