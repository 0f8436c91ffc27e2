"""Prayer points in a vault: written, prayed for in turn, answered; with their log, history and undo."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

import scribes
from scribes.domain.dates import to_us
from scribes.domain.prayers import PRAYED, PRAYER, PrayedContent, PrayerContent
from scribes.errors import InvalidInput, NotFound
from scribes.models.prayers import NewPrayer, Prayer, PrayerPatch
from scribes.services import items
from scribes.services.items import add_in
from scribes.storage import operations

pytestmark = pytest.mark.every_engine

# Noon where the tests run, so that the day is the same in every zone.
MONDAY = datetime(2026, 11, 23, 12).astimezone()


class Desk:
    """A vault whose clock the test sets."""

    def __init__(self, vault: scribes.Scribes) -> None:
        self.vault, self.prayers, self.now = vault, vault.prayers, MONDAY
        vault._context.engine._clock = lambda: to_us(self.now)  # type: ignore[attr-defined]

    def add(self, title: str, rhythm: str = "") -> Prayer:
        self.now += timedelta(seconds=1)
        return self.prayers.add(NewPrayer(title, rhythm=rhythm))

    def today(self) -> list[tuple[str, bool]]:
        return [(one.prayer.title, one.done) for one in self.prayers.today()]

    def sleep(self, days: int = 1) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def desk(vault: scribes.Scribes) -> Desk:
    return Desk(vault)


def titles(found: list[Prayer]) -> list[str]:
    return [one.title for one in found]


# Written down


def test_a_prayer_taken_from_a_note_is_called_like_it_and_linked(desk: Desk) -> None:
    note = desk.vault.notes.add("Visit", "Ruth is weak.")

    taken = desk.prayers.add(NewPrayer(note=note.handle))
    named = desk.prayers.add(NewPrayer("Ruth", note=note.id))

    assert (taken.title, taken.note) == ("Visit", note.id)
    assert (named.title, named.note) == ("Ruth", note.id)


def test_a_prayer_from_no_note_is_not_kept(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.prayers.add(NewPrayer("Ruth", note="ffff"))

    assert desk.prayers.recent(state="") == []


def test_a_rhythm_that_cannot_be_understood_is_not_kept(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        desk.prayers.add(NewPrayer("Ruth", rhythm="every blue moon"))

    assert desk.prayers.recent(state="") == []


def test_prayers_are_found_by_person_and_tag(desk: Desk) -> None:
    desk.prayers.add(NewPrayer("One", people=("Ruth",), tags=("health",)))
    desk.prayers.add(NewPrayer("Two for @Ruth"))
    desk.prayers.add(NewPrayer("Three #health"))

    assert titles(desk.prayers.recent(person="@ruth")) == ["Two for @Ruth", "One"]
    assert titles(desk.prayers.recent(tag="#Health")) == ["Three #health", "One"]
    assert titles(desk.prayers.recent(person="Ruth", tag="health")) == ["One"]
    assert titles(desk.prayers.recent(person="Ruth", limit=1)) == ["Two for @Ruth"]


def test_an_edit_is_a_change_that_undo_takes_back(desk: Desk) -> None:
    one = desk.prayers.add(NewPrayer("Ruth", "weak", people=("Ruth",)))

    changed = desk.prayers.change(one.id, PrayerPatch(body="well #thanks", rhythm="mondays"))
    undone = desk.vault.history.undo()
    back = desk.prayers.get(one.id)

    assert (changed.body, changed.tags, changed.rhythm) == ("well #thanks", ("thanks",), "mondays")
    assert undone.others == 1
    assert (back.body, back.tags, back.rhythm) == ("weak", (), "")


# Prayed for


def test_what_is_prayed_for_is_counted_and_stays_on_the_list_done(desk: Desk) -> None:
    one, _ = desk.add("One"), desk.add("Two")

    desk.prayers.prayed([one.id], words=" Thy will ")
    desk.now += timedelta(hours=1)
    (again,) = desk.prayers.prayed([one.handle, one.id])

    assert desk.today() == [("One", True), ("Two", False)]
    assert (again.times, again.prayed_at) == (2, desk.now)
    assert [(entry.words, entry.day) for entry in desk.prayers.log(one.id)] == [
        ("", date(2026, 11, 23)),
        ("Thy will", date(2026, 11, 23)),
    ]


@pytest.mark.parametrize("words", ["a\x00b", "\udcff", "x" * 1_001])
def test_words_that_cannot_be_kept_are_refused(desk: Desk, words: str) -> None:
    one = desk.add("One")

    for refused in (lambda: desk.prayers.prayed([one.id], words=words), lambda: desk.prayers.add(NewPrayer(words))):
        with pytest.raises(InvalidInput):
            refused()
    assert desk.prayers.log(one.id) == []


def test_undo_takes_a_prayer_out_of_the_log_and_the_count(desk: Desk) -> None:
    one, two = desk.add("One"), desk.add("Two")
    desk.prayers.prayed([one.id])
    first = desk.prayers.get(one.id).prayed_at
    desk.now += timedelta(hours=1)
    desk.prayers.prayed([one.id, two.id])

    desk.vault.history.undo()

    assert (desk.prayers.get(one.id).times, desk.prayers.get(one.id).prayed_at) == (1, first)
    assert (desk.prayers.get(two.id).times, desk.prayers.get(two.id).prayed_at) == (0, None)
    assert desk.today() == [("One", True), ("Two", False)]


def test_one_wrong_number_enters_none(desk: Desk) -> None:
    one = desk.add("One")

    with pytest.raises(NotFound):
        desk.prayers.prayed([one.id, "ffff"])

    assert desk.prayers.log(one.id) == []


def test_turns_go_round(desk: Desk) -> None:
    for number in range(5):
        desk.add(f"P{number}")
    rounds = []
    for _ in range(5):
        desk.sleep()
        listed = desk.prayers.today()
        rounds.append("".join(one.prayer.title[1] for one in listed))
        desk.prayers.prayed([one.prayer.id for one in listed])

    assert rounds == ["012", "340", "123", "401", "234"]


def test_a_rhythm_comes_on_its_day_and_a_missed_one_stays(desk: Desk) -> None:
    desk.add("Weekly", "mondays")
    daily = desk.add("Daily", "daily")
    seen = {}
    for _ in range(3):
        seen[desk.now.strftime("%a")] = [title for title, _ in desk.today()]
        desk.prayers.prayed([daily.id])
        desk.sleep()
    desk.prayers.prayed([one.prayer.id for one in desk.prayers.today()])
    desk.sleep()
    seen["Fri"] = [title for title, _ in desk.today()]

    assert seen["Mon"] == ["Weekly", "Daily"]
    assert sorted(seen["Tue"]) == sorted(seen["Wed"]) == ["Daily", "Weekly"]
    assert seen["Fri"] == ["Daily"]


def test_the_day_is_that_of_the_person(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        desk.now = datetime(2026, 11, 23, 13, tzinfo=UTC)
        one = desk.add("One", "tuesdays")
        listed = desk.today()
        desk.prayers.prayed([one.id])

        assert listed == [("One", False)]
        assert desk.prayers.log(one.id)[0].day == date(2026, 11, 24)
    finally:
        monkeypatch.undo()
        time.tzset()


# Answered, put away, thrown away


def test_an_answer_has_its_day_and_thanks_and_says_how_long_it_took(desk: Desk) -> None:
    one = desk.add("One")
    desk.sleep(10)

    answered = desk.prayers.answer(one.id, " She is well. ")
    earlier = desk.prayers.answer(one.id, on=date(2026, 11, 30))

    assert (answered.state, answered.answered_on, answered.waited_days) == ("answered", date(2026, 12, 3), 10)
    assert (earlier.answered_on, earlier.thanks, earlier.waited_days) == (date(2026, 11, 30), "She is well.", 7)
    assert desk.today() == []
    assert titles(desk.prayers.recent(state="answered")) == ["One"]


def test_more_thanks_leave_the_day_of_the_answer(desk: Desk) -> None:
    one = desk.add("One")
    desk.prayers.answer(one.id, "Well.", on=date(2026, 11, 23))
    desk.sleep(10)

    changed = desk.prayers.answer(one.id, "Well, and home.")

    assert (changed.answered_on, changed.thanks) == (date(2026, 11, 23), "Well, and home.")


def test_an_answer_outlives_the_trash_and_the_archive(desk: Desk) -> None:
    one = desk.prayers.answer(desk.add("One").id, "Well.", on=date(2026, 11, 23))

    def kept(found: list[Prayer]) -> list[object]:
        return [(one.state, one.answered_on, one.thanks, one.deleted_at) for one in found]

    answered = ("answered", date(2026, 11, 23), "Well.", None)
    desk.prayers.remove([one.id])
    assert desk.prayers.answers() == []
    assert kept(desk.prayers.reopen([one.id])) == [answered]
    desk.prayers.archive([one.id])
    assert kept(desk.prayers.answers()) == [("archived", *answered[1:])]
    assert desk.vault.statistics.summary().answered_after_days == 0
    assert kept(desk.prayers.reopen([one.id])) == kept(desk.prayers.answers()) == [answered]
    assert kept(desk.prayers.reopen([one.id])) == [("open", None, "", None)]
    assert desk.prayers.answers() == []


def test_answers_are_found_by_person_and_tag_the_last_first(desk: Desk) -> None:
    for number, title in enumerate(("One for @Ruth", "Two for @Ruth #health", "Three")):
        desk.prayers.answer(desk.add(title).id, on=date(2026, 11, 1 + number))

    assert titles(desk.prayers.answers(limit=2)) == ["Three", "Two for @Ruth #health"]
    assert titles(desk.prayers.answers(person="ruth")) == ["Two for @Ruth #health", "One for @Ruth"]
    assert titles(desk.prayers.answers(tag="health")) == ["Two for @Ruth #health"]


def test_an_answer_cannot_come_from_the_future(desk: Desk) -> None:
    one = desk.add("One")

    with pytest.raises(InvalidInput):
        desk.prayers.answer(one.id, on=date(2026, 11, 24))

    assert desk.prayers.get(one.id).state == "open"


def test_archived_ones_are_on_no_list_until_they_are_open_again(desk: Desk) -> None:
    one, two = desk.add("One"), desk.add("Two")

    desk.prayers.archive([one.id, two.id])
    listed, archived = desk.today(), titles(desk.prayers.recent(state="archived"))
    desk.prayers.reopen([one.id])

    assert (listed, archived) == ([], ["Two", "One"])
    assert desk.today() == [("One", False)]


def test_what_is_in_the_trash_is_nowhere_and_comes_back(desk: Desk) -> None:
    one = desk.add("One")
    desk.prayers.remove([one.id])

    assert (desk.today(), desk.prayers.recent(state="")) == ([], [])
    for refused in (desk.prayers.prayed, desk.prayers.archive, desk.prayers.remove):
        with pytest.raises(InvalidInput):
            refused([one.id])
    desk.vault.history.undo()
    assert desk.today() == [("One", False)]


def test_a_state_that_there_is_not_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        desk.prayers.recent(state="lost")


# The same, however it came about


def test_made_anew_from_the_history_all_is_as_it_was(desk: Desk) -> None:
    one, two, three = desk.add("One", "daily"), desk.add("Two"), desk.add("Three")
    desk.prayers.prayed([one.id, two.id], words="Amen")
    desk.sleep()
    desk.prayers.prayed([one.id])
    desk.vault.history.undo()
    desk.prayers.answer(two.id, "Yes")
    desk.prayers.remove([three.id])
    context = desk.vault._context

    def state() -> list[object]:
        ids = (one.id, two.id, three.id)
        return [*map(desk.prayers.get, ids), *(desk.prayers.log(id) for id in ids), desk.prayers.today()]

    before = state()
    with context.engine.write() as tx:
        items.rebuild(tx, context, PRAYER)
        items.rebuild(tx, context, PRAYED)

    assert state() == before


def test_a_rhythm_in_words_of_a_newer_scribes_takes_its_turn(desk: Desk) -> None:
    one = desk.add("One")
    with desk.vault._context.engine.write() as tx:
        tx.run("UPDATE prayer SET rhythm = 'when the moon is blue'")

    assert desk.today() == [("One", False)]
    assert desk.prayers.get(one.id).rhythm == "when the moon is blue"


def test_a_record_that_names_no_prayer_and_no_day_harms_nothing(desk: Desk) -> None:
    context, one = desk.vault._context, desk.add("One")
    with context.engine.write() as tx:
        operation = operations.begin(tx, context.command)
        for prayer, day in (("no id", "2026-11-23"), (one.id, "2026-11-2"), (one.id, "")):
            add_in(tx, context, PRAYED, PrayedContent(prayer, tx.now_us, day, ""), operation)
        add_in(tx, context, PRAYER, PrayerContent("Two", state="answered", answered_on="soon"), operation)
        items.rebuild(tx, context, PRAYED)

    assert desk.today() == [("One", False)]
    assert (desk.prayers.get(one.id).times, len(desk.prayers.log(one.id))) == (2, 2)
    assert [(two.title, two.answered_on) for two in desk.prayers.answers()] == [("Two", None)]
    assert desk.vault.statistics.summary().answered_after_days is None


def test_how_many_are_left_is_what_the_list_says(desk: Desk) -> None:
    ids = [desk.add(f"P{number}", "daily" if number % 2 else "").id for number in range(9)]
    desk.prayers.prayed(ids[:4])

    left = sum(not one.done for one in desk.prayers.today())

    assert desk.prayers.left_today() == left == 3
