"""Prayer points: what a text names, and a day's list that is fair, stable and the same everywhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain import prayers as rules
from scribes.domain.prayers import PrayerContent, Turn
from scribes.domain.recurrence import instant, last_until
from scribes.errors import InvalidInput
from scribes.models.prayers import NewPrayer, PrayerPatch
from scribes.records import replaced

START = date(2026, 11, 2)  # a Monday


class Life:
    """Prayers, the days on which each was prayed, and a person who goes on from day to day."""

    def __init__(self, *, days: int = 7, at_most: int = 12) -> None:
        self.days, self.at_most = days, at_most
        self.today = START
        self.made: dict[bytes, date] = {}
        self.rules: dict[bytes, str] = {}
        self.log: dict[bytes, set[date]] = {}

    def add(self, rule: str = "") -> bytes:
        id = len(self.log).to_bytes(2, "big")
        self.made[id], self.rules[id], self.log[id] = self.today, rule, set()
        return id

    def turns(self) -> list[Turn]:
        return [
            Turn(id, (made - START).days, made, self.rules[id], self.before(id, self.today))
            for id, made in self.made.items()
        ]

    def before(self, id: bytes, day: date) -> tuple[date, ...]:
        return tuple(sorted((one for one in self.log[id] if one < day), reverse=True))

    def list(self) -> list[bytes]:
        return rules.of_day(self.turns(), self.today, days=self.days, at_most=self.at_most)

    def pray(self, ids: list[bytes]) -> None:
        for id in ids:
            self.log[id].add(self.today)

    def sleep(self, days: int = 1) -> None:
        self.today += timedelta(days=days)


# What a text names


def test_people_and_tags_in_the_text_count_too() -> None:
    new = NewPrayer("Healing for @Ruth", "and (@Anna-Maria), mail@example.org #Health", people=("@ruth", " Paul  B. "))

    content = rules.content_of_new(new)

    assert content.people == ("Anna-Maria", "Paul B.", "ruth")
    assert content.tags == ("health",)


def test_who_leaves_the_text_leaves_the_prayer() -> None:
    before = rules.content_of_new(NewPrayer("For @Ruth and @Paul", people=("Eve",), tags=("work",)))

    after = rules.patched(before, PrayerPatch(title="For @Ruth #health"))

    assert after.people == ("Eve", "Ruth")
    assert after.tags == ("health", "work")


@pytest.mark.parametrize(
    "new", [NewPrayer(), NewPrayer(" ", " \n "), NewPrayer("x", people=("@",)), NewPrayer("a\x00")]
)
def test_what_is_no_prayer_is_refused(new: NewPrayer) -> None:
    with pytest.raises(InvalidInput):
        rules.content_of_new(new)


def test_a_prayer_cannot_become_empty() -> None:
    with pytest.raises(InvalidInput):
        rules.patched(PrayerContent(title="Ruth"), PrayerPatch(title=""))


def test_a_rhythm_is_kept_in_the_words_of_the_person_and_whenever_is_none() -> None:
    assert rules.clean_rhythm(" every  monday ") == "every monday"
    assert rules.clean_rhythm("Whenever") == ""
    with pytest.raises(InvalidInput):
        rules.clean_rhythm("every blue moon")


@pytest.mark.parametrize("words", ["hourly", "every 2 hours", "every 24h"])
def test_what_is_oftener_than_a_days_list_is_no_rhythm_of_a_prayer(words: str) -> None:
    with pytest.raises(InvalidInput):
        rules.clean_rhythm(words)


def test_what_is_taken_up_again_goes_one_step_back() -> None:
    answered = PrayerContent(title="Ruth", state="answered", answered_on="2026-11-23", thanks="Well.")
    archived = replaced(answered, state="archived")

    for content in (answered, archived, PrayerContent(title="Ruth", state="archived")):
        assert rules.reopened(replaced(content, deleted_us=1)) == content
    assert rules.reopened(archived) == answered
    assert rules.reopened(answered) == PrayerContent(title="Ruth")
    assert rules.reopened(PrayerContent(title="Ruth", state="archived")) == PrayerContent(title="Ruth")


def test_a_day_that_is_none_is_read_as_none() -> None:
    assert rules.read_day("2026-11-23") == date(2026, 11, 23)
    assert rules.read_day("2026-11-31") is rules.read_day("") is rules.read_day("soon") is None


@given(st.text(alphabet="@aB-_ .é#", max_size=20))
def test_people_read_from_a_text_are_names(text: str) -> None:
    found = rules.people_in(text)

    assert set(rules.clean_people(found)) <= found


# Taking turns

PACES = st.tuples(st.integers(1, 40), st.integers(1, 10), st.integers(1, 15))


@given(PACES)
def test_no_two_differ_by_more_than_one_over_any_days(pace: tuple[int, int, int]) -> None:
    number, days, at_most = pace
    life = Life(days=days, at_most=at_most)
    ids = [life.add() for _ in range(number)]
    so_far = [dict.fromkeys(ids, 0)]
    for _ in range(25):
        life.sleep()
        listed = life.list()
        life.pray(listed)
        so_far.append({id: times + (id in listed) for id, times in so_far[-1].items()})

    for first, last in combinations(so_far, 2):
        times = [last[id] - first[id] for id in ids]
        assert max(times) - min(times) <= 1


@given(PACES)
def test_nobody_waits_longer_than_one_round(pace: tuple[int, int, int]) -> None:
    number, days, at_most = pace
    life = Life(days=days, at_most=at_most)
    ids = [life.add() for _ in range(number)]
    round_days = -(-number // rules.a_day(number, days=days, at_most=at_most))
    last = dict.fromkeys(ids, START)
    for _ in range(3 * round_days):
        life.sleep()
        for id in life.list():
            last[id] = life.today
        life.pray(life.list())

        assert all((life.today - seen).days <= round_days + 1 for seen in last.values())


@given(st.integers(1, 200), st.integers(1, 30), st.integers(1, 50))
def test_everybody_comes_up_within_the_days_unless_that_is_too_many_a_day(number: int, days: int, at_most: int) -> None:
    found = rules.a_day(number, days=days, at_most=at_most)

    assert 1 <= found <= at_most
    assert found * days >= number or found == at_most
    assert found >= min(3, number, at_most)


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "pray", "pray all", "answer", "sleep"]), st.integers(0, 30)), max_size=60
)


@given(STEPS)
def test_praying_changes_nothing_on_the_list_of_the_day_in_any_order(steps: list[tuple[str, int]]) -> None:
    life = Life()
    for _ in range(9):
        life.add()
    for what, number in steps:
        before, ids = life.list(), list(life.made)
        if what == "add":
            life.add()
            kept = life.list()
            # Nobody is pushed off, and at most one more comes up.
            assert kept[: len(before)] == before
            assert len(kept) <= len(before) + 1
        elif what == "pray" and before:
            life.pray([before[number % len(before)]])
            assert life.list() == before
        elif what == "pray all":
            life.pray(before)
            assert life.list() == before
        elif what == "answer" and ids:
            gone = ids[number % len(ids)]
            del life.made[gone]
            stays = [id for id in before if id != gone]
            after = life.list()
            # The others keep their order; one comes up in its place, or the list is one shorter.
            assert after[: len(stays)] == stays or after == stays[:-1]
            assert len(after) <= len(before)
        elif what == "sleep":
            life.sleep(1 + number % 3)


@given(STEPS)
def test_two_devices_with_the_same_log_have_the_same_list(steps: list[tuple[str, int]]) -> None:
    life = Life()
    for what, number in steps:
        if what == "add":
            life.add()
        elif what.startswith("pray"):
            life.pray(life.list()[: number + 1])
        elif what == "sleep":
            life.sleep()
    turns = life.turns()
    there = [Turn(one.id, one.created_us, one.created_on, one.rule, one.prayed) for one in reversed(turns)]

    assert rules.of_day(there, life.today, days=7, at_most=12) == life.list()


def test_what_is_not_prayed_keeps_its_place() -> None:
    life = Life()
    ids = [life.add() for _ in range(6)]
    life.sleep()
    first = life.list()
    life.pray(first[:1])
    life.sleep()

    assert first == ids[:3]
    assert life.list() == [*ids[1:4]]


def test_a_new_one_waits_its_turn() -> None:
    life = Life()
    ids = [life.add() for _ in range(6)]
    life.sleep()
    new = life.add()

    assert life.list() == ids[:3]
    for _ in range(2):
        life.pray(life.list())
        life.sleep()
    assert life.list()[0] == new


# Rhythms


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", [0, 1, 2, 3, 4, 7]),
        ("FREQ=WEEKLY;BYDAY=TH", [3]),
        ("FREQ=DAILY;INTERVAL=3", [0, 3, 6]),
        ("FREQ=MONTHLY;BYMONTHDAY=9", [7]),
    ],
)
def test_a_rhythm_comes_on_its_days(rule: str, days: list[int]) -> None:
    life = Life()
    life.add(rule)
    came = []
    for number in range(8):
        if life.list():
            came.append(number)
        life.pray(life.list())
        life.sleep()

    assert came == days


def test_missed_on_its_day_it_stays_once_until_it_is_prayed() -> None:
    life = Life()
    id = life.add("FREQ=WEEKLY;BYDAY=MO")
    life.sleep(2)
    wednesday = life.list()
    life.pray(wednesday)
    done_the_same_day = life.list()
    life.sleep()
    thursday = life.list()
    life.sleep(4)
    monday = life.list()
    life.sleep(21)
    three_weeks_missed = life.list()

    assert wednesday == done_the_same_day == monday == three_weeks_missed == [id]
    assert thursday == []


def test_before_its_first_day_a_rhythm_has_missed_nothing() -> None:
    life = Life()
    life.sleep()
    life.add("FREQ=WEEKLY;BYDAY=MO")

    assert life.list() == []


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.sampled_from(["MO", "WE", "SA,SU"]))
def test_a_rhythm_is_on_the_list_exactly_while_its_last_day_is_unprayed(prays: list[bool], days: str) -> None:
    life = Life()
    id = life.add(f"FREQ=WEEKLY;BYDAY={days}")
    names = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    open_since: date | None = None
    for one in prays:
        if names[life.today.weekday()] in days.split(","):
            open_since = life.today

        assert (life.list() == [id]) == (open_since is not None)
        if one:
            life.pray([id])
            open_since = None
        life.sleep()


RHYTHMS = (
    "daily", "every 3 days", "weekdays", "weekends", "weekly", "mondays", "every other sunday", "every 3 weeks",
    "monday to thursday", "every 2 weeks on monday and friday", "monthly", "every 2 months", "1st and 15th",
    "last day of the month", "first and third sunday", "last friday of the month", "fifth sunday", "yearly",
    "every 24 december", "every first sunday of may", "every 4 years",
)  # fmt: skip


@given(st.sampled_from(RHYTHMS), st.dates(date(1970, 1, 1), date(2090, 1, 1)), st.integers(0, 4_000))
def test_a_rhythms_last_day_is_that_of_its_rule_on_any_calendar(words: str, starts: date, days: int) -> None:
    starts = starts.replace(day=min(starts.day, 28))
    rule, day = rules.rule_of(words), starts + timedelta(days=days)
    midnight = datetime.min.time()

    last_us = last_until(
        datetime.combine(starts, midnight), rule, "UTC", instant(datetime.combine(day, midnight), "UTC")
    )

    expected = None if last_us is None else date(1970, 1, 1) + timedelta(microseconds=last_us)
    assert rules.last_day(rule, starts, day) == expected


@pytest.mark.parametrize(
    ("words", "starts", "days"),
    [
        ("monthly", date(2027, 12, 31), ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]),
        ("monthly on the 31st", date(2027, 2, 1), ["2027-02-28", "2027-03-31"]),
        ("1st and 31st", date(2027, 2, 1), ["2027-02-01", "2027-02-28", "2027-03-01", "2027-03-31"]),
        ("yearly", date(2024, 2, 29), ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("every 29 february", date(2027, 1, 1), ["2027-02-28", "2028-02-29"]),
    ],
)
def test_a_month_too_short_for_a_rhythms_day_has_it_on_its_last(words: str, starts: date, days: list[str]) -> None:
    rule, last = rules.rule_of(words), date.fromisoformat(days[-1])
    every = [starts + timedelta(days=number) for number in range((last - starts).days + 1)]

    assert [str(day) for day in every if rules.last_day(rule, starts, day) == day] == days
