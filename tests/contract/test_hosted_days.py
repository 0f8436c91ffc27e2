"""Many people over one database: reviews, prayers, reminders and numbers of one tell nothing of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from scribes.domain.dates import to_us
from scribes.domain.reviews import REVIEW, VERSE, CardContent, ReviewContent, card_id
from scribes.domain.zones import begin_us, day_of
from scribes.errors import Forbidden, InvalidInput, NotFound
from scribes.hosting import Host, Hosted, open_host
from scribes.ids import to_text
from scribes.models.notes import NotePatch
from scribes.models.prayers import NewPrayer
from scribes.models.preferences import PreferencesPatch
from scribes.models.reminders import NewReminder
from scribes.records import replaced
from scribes.services.items import add_in
from scribes.services.own_spaces import own_id
from scribes.storage import cards
from scribes.storage.visible import beside

from . import engines

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(params=[engines.SQLITE, engines.POSTGRES])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    if request.param == engines.SQLITE:
        opened = open_host(str(tmp_path / "server"), "", "")
        yield opened
        opened.close()
        return
    with request.getfixturevalue("postgres").database("template1") as url:
        opened = open_host(str(tmp_path / "server"), url, "")
        yield opened
        opened.close()


@pytest.fixture
def at(host: Host) -> Callable[[datetime], None]:
    """Set the clock of the database."""

    def set_to(moment: datetime) -> None:
        host.engine._clock = lambda: to_us(moment)

    set_to(NOW)
    return set_to


def person(host: Host, name: str) -> Hosted:
    return host.of(host.found(name, personal=True))


def circle_of(host: Host, anna: Hosted, ben: Hosted) -> tuple[Hosted, Hosted]:
    anna.circles.create("Bethel", mode="open")
    ben.circles.join(anna.circles.invite("Bethel").link)
    return host.of(anna.key), host.of(ben.key)


def test_two_people_learn_the_same_verse_each_by_themselves(host: Host, at: Callable[[datetime], None]) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    one, other = (who.reviews.add_passage("John 3:16") for who in (anna, ben))
    anna.reviews.answer(one.id, 3)
    at(NOW + timedelta(minutes=20))
    anna.reviews.answer(one.id, 3)

    assert one.id != other.id
    with pytest.raises(NotFound):
        ben.reviews.answer(one.id, 1)
    with pytest.raises(NotFound):
        ben.reviews.suspend([one.id])
    with pytest.raises(NotFound):
        ben.reviews.undo()
    mine, theirs = anna.reviews.status(), ben.reviews.status()
    assert (mine.cards, mine.learned, mine.due, mine.new, mine.reviewed_today, mine.streak_days) == (1, 1, 0, 0, 2, 1)
    assert (theirs.cards, theirs.learned, theirs.new, theirs.reviewed_today, theirs.streak_days) == (1, 0, 1, 0, 0)
    assert [one.card.id for one in ben.reviews.due()] == [other.id]
    assert anna.reviews.due() == []
    at(NOW + timedelta(days=9))
    anna.reviews.answer(one.id, 3)
    assert anna.reviews.status().retention == 1.0
    assert ben.reviews.status().retention is None
    assert sum(day.due for day in ben.reviews.forecast()) == 0
    assert sum(day.due for day in anna.reviews.forecast(days=365)) == 1
    assert [(who.statistics.summary().reviews, who.statistics.summary().weeks[-1].answers) for who in (anna, ben)] == [
        (3, 1),
        (0, 0),
    ]


def test_new_cards_a_day_are_counted_for_each(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    for who in (anna, ben):
        who.preferences.change(PreferencesPatch(review_new=1))
    anna, ben = host.of(anna.key), host.of(ben.key)
    for who in (anna, ben):
        for verse in (1, 2):
            who.reviews.add_passage(f"Ps 1:{verse}")
    anna.reviews.answer(anna.reviews.due()[0].card.id, 3)

    assert [who.reviews.status().new for who in (anna, ben)] == [0, 1]


def test_how_much_somebody_wants_to_remember_leaves_the_cards_of_others(
    host: Host, at: Callable[[datetime], None]
) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    learned = {}
    for who in (anna, ben):
        learned[who.key] = who.reviews.add_passage("John 3:16").id
        who.reviews.answer(learned[who.key], 4)
    before = ben.reviews.card(learned[ben.key]).card.due_at
    was = anna.reviews.card(learned[anna.key]).card.due_at
    anna.preferences.change(PreferencesPatch(review_retention=75))
    anna, ben = host.of(anna.key), host.of(ben.key)

    assert anna.reviews.recent()[0].due_at > was  # type: ignore[operator]
    assert ben.reviews.recent()[0].due_at == before
    assert ben.preferences.get().review_retention == 90
    with host.engine.read() as tx:
        assert [cards.rules(tx, who.key).retention for who in (anna, ben)] == [0.75, 0.9]


def test_a_review_that_names_a_card_of_somebody_else_counts_for_nothing(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    card = anna.reviews.add_passage("John 3:16")
    with host.engine.write() as tx:
        content = ReviewContent(card.id, tx.now_us - 1, "2026-11-24", 1, 0, "read")
        add_in(tx, ben._context, REVIEW, content, None)
    assert anna.reviews.card(card.id).card.reviews == 0
    anna.reviews.answer(card.id, 4)

    found = anna.reviews.card(card.id).card
    assert (found.reviews, found.lapses, found.state) == (1, 0, "known")


def test_a_card_and_a_reminder_of_a_note_in_a_circle_that_was_left_neither_break_nor_leak(host: Host) -> None:
    anna, ben = circle_of(host, person(host, "Anna"), person(host, "Ben"))
    shared = anna.sharing.share(anna.notes.add("Romans 8", "All ==things==").id, "Bethel")
    ben.reviews.add_note(shared)
    ben.reviews.add_highlights(shared)
    ben.reminders.add(NewReminder("", about_kind="note", about=shared, when="tomorrow 8am", zone="Europe/Berlin"))
    assert ben.reviews.status().new == 2
    ben.circles.leave("Bethel")
    ben = host.of(ben.key)
    anna.notes.change(shared, NotePatch(title="A secret", body="Only for ==us=="))

    assert ben.reviews.due() == []
    assert (ben.reviews.status().new, ben.reviews.status().due, ben.reviews.to_do()[0]) == (0, 0, 0)
    assert [one.is_passed_over for one in ben.reviews.recent()] == [True, True]
    assert "secret" not in repr(ben.reviews.recent()) + repr(ben.reminders.recent())
    assert [one.text for one in ben.reminders.recent()] == ["Romans 8"]
    with pytest.raises(NotFound):
        ben.reviews.add_note(shared)
    with pytest.raises(NotFound):
        ben.reminders.add(NewReminder("", about_kind="note", about=shared, when="tomorrow", zone="UTC"))


def test_everybody_prays_for_themselves_also_for_the_prayer_of_a_circle(host: Host) -> None:
    anna, ben = circle_of(host, person(host, "Anna"), person(host, "Ben"))
    shared = anna.sharing.share(anna.prayers.add(NewPrayer("Healing for Ruth")).id, "Bethel")
    own = anna.prayers.add(NewPrayer("Patience"))
    anna.prayers.prayed([shared, own.id], words="Lord")

    with pytest.raises(NotFound):
        ben.prayers.prayed([own.id])
    assert (anna.prayers.get(shared).times, ben.prayers.get(shared).times) == (1, 0)
    assert ben.prayers.get(shared).prayed_at is None
    assert (len(anna.prayers.log(shared)), ben.prayers.log(shared)) == (1, [])
    assert [(one.prayer.heading, one.done) for one in ben.prayers.today()] == [("Healing for Ruth", False)]
    mine, theirs = anna.statistics.summary(), ben.statistics.summary()
    assert (mine.times_prayed, mine.prayer_streak_days, mine.open_prayers) == (2, 1, 2)
    assert (theirs.times_prayed, theirs.prayer_streak_days, theirs.open_prayers) == (0, 0, 1)


def test_numbers_are_of_ones_own_notes(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    for _ in range(3):
        ben.notes.add("Romans", "Rom 8:28")
    anna.notes.add("Romans", "Rom 8:28")

    found = {one.book: one.notes for one in anna.statistics.summary().books}
    assert (anna.statistics.summary().notes, found["Rom"], found["Gen"]) == (1, 1, 0)
    assert {one.book: one.notes for one in ben.statistics.summary().books}["Rom"] == 3


def test_nobody_throws_away_for_good_what_others_have_too(host: Host) -> None:
    anna, ben = circle_of(host, person(host, "Anna"), person(host, "Ben"))
    shared = anna.sharing.share(anna.notes.add("Romans 8", "All things").id, "Bethel")
    ben.reviews.add_note(shared)
    anna.notes.remove([shared])

    with pytest.raises(Forbidden):
        anna.notes.purge(older_than_days=0)
    assert len(ben.reviews.recent()) == 1
    assert ben.notes.get(shared).deleted_at is not None


def test_days_are_counted_by_the_zone_of_the_person(host: Host, at: Callable[[datetime], None]) -> None:
    anna = person(host, "Anna")
    at(datetime(2026, 11, 24, 22, 30, tzinfo=UTC))
    far = anna.in_zone("Pacific/Auckland")
    card, prayer = far.reviews.add_passage("John 3:16"), far.prayers.add(NewPrayer("Patience"))
    far.reviews.answer(card.id, 4)
    far.prayers.prayed([prayer.id])

    assert (far.days.today().day, anna.days.today().day) == (date(2026, 11, 25), date(2026, 11, 24))
    assert (far.reviews.status().reviewed_today, anna.reviews.status().reviewed_today) == (1, 0)
    assert far.prayers.log(prayer.id)[0].day == date(2026, 11, 25)
    assert far.prayers.answer(prayer.id).answered_on == date(2026, 11, 25)
    with pytest.raises(InvalidInput):
        anna.in_zone("../../etc/passwd")


def test_what_somebody_chose_is_theirs_alone(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    anna.preferences.change(PreferencesPatch(time_zone="europe/berlin", readings="psalms"))
    anna.preferences.change(PreferencesPatch(prayer_days=3))

    found = host.of(anna.key)
    assert (found.preferences.get().time_zone, found.preferences.get().prayer_days) == ("Europe/Berlin", 3)
    assert [one.plan for one in found.days.today().readings] == ["psalms"]
    assert host.of(ben.key).preferences.get().time_zone == "UTC"
    for wrong in (
        PreferencesPatch(readings="koran"),
        PreferencesPatch(review_retention=100),
        PreferencesPatch(time_zone="Mars/Olympus"),
        PreferencesPatch(translation="x" * 100),
    ):
        with pytest.raises(InvalidInput):
            anna.preferences.change(wrong)


def test_a_day_begins_where_the_person_is_also_where_there_is_no_midnight() -> None:
    assert day_of(to_us(NOW), "Pacific/Auckland") == date(2026, 11, 25)
    # In Cairo clocks went from 0:00 to 1:00 on that day.
    assert begin_us(date(2024, 4, 26), "Africa/Cairo") == to_us(datetime(2024, 4, 25, 22, tzinfo=UTC))
    assert day_of(-(2**62), "Asia/Tokyo") == date(2, 1, 1)


def test_all_devices_of_a_person_make_the_same_card_and_those_of_others_another(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    content = CardContent(VERSE, "John.3.16", "", "web")
    # As on a device of hers, which writes in the same open space.
    device = replaced(anna._context, hosted=0, me=replaced(anna._context.me, device_id=b"d" * 16))
    with host.engine.read() as tx:
        there = to_text(own_id(tx, device, card_id(content)))

    assert anna.reviews.add_passage("John 3:16", translation="web").id == there
    assert ben.reviews.add_passage("John 3:16", translation="web").id != there


def test_what_one_has_to_do_is_read_from_ones_own_part_of_an_index(tmp_path: Path) -> None:
    host = open_host(str(tmp_path / "server"), "", "")
    questions = {
        "card_own_seen": f"SELECT n FROM card WHERE {cards.SEEN} AND space_id = 7",
        "card_own_new": f"SELECT n FROM card WHERE {cards.UNSEEN} AND space_id = 7",
        "card_own ": "SELECT count(*) FROM card WHERE deleted_us IS NULL AND space_id = 7",
        "reminder_own_open": "SELECT n FROM reminder WHERE open_us IS NOT NULL AND space_id = 7",
        "reminder_own_next": "SELECT n FROM reminder WHERE next_us <= ?1 AND space_id = 7",
        "prayer_own": "SELECT n FROM prayer WHERE state = 'open' AND deleted_us IS NULL AND space_id = 7",
        "review_own": "SELECT 1 FROM review WHERE day = ?1 AND space_id = 7",
        "review_card": f"SELECT 1 FROM review WHERE card = ?1 AND {beside((7,), table='review')}",
        "prayed_prayer": f"SELECT 1 FROM prayed WHERE prayer = ?1 AND {beside((7,), table='prayed')}",
    }
    with host.engine.read() as tx:
        for index, sql in questions.items():
            plan = tx.rows(f"EXPLAIN QUERY PLAN {sql}", (1,) if "?1" in sql else ())
            assert f"INDEX {index}" in f"{plan[0][3]} ", (index, plan)
    host.close()
