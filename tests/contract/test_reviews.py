"""Spaced review on a real vault: what comes up and when, that answers add up, and that undo takes them back exactly."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import scribes
from scribes import NotePatch
from scribes.config import Settings
from scribes.domain import highlights
from scribes.domain.dates import from_us, to_us
from scribes.domain.reviews import CARD, REVIEW, CardContent, CardState, ReviewContent, schedule
from scribes.errors import InvalidInput, NotFound
from scribes.ids import from_text
from scribes.models.reviews import Card
from scribes.records import replaced
from scribes.services import items as item_service
from scribes.services.reviews import Reviews
from scribes.storage import cards, items, operations

pytestmark = pytest.mark.every_engine

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Desk:
    """A vault with a clock of its own."""

    def __init__(self, vault: scribes.Scribes) -> None:
        self.vault = vault
        self.now = NOW
        vault._context.engine._clock = lambda: to_us(self.now)  # type: ignore[attr-defined]

    @property
    def reviews(self) -> Reviews:
        return self.vault.reviews

    def pass_time(self, **time: int) -> None:
        self.now += timedelta(**time)

    def titles(self, limit: int = 20) -> list[str]:
        return [one.card.title for one in self.reviews.due(limit=limit)]

    def derived(self) -> dict[str, CardState]:
        """What is derived of each card, with whether it comes."""
        with self.vault._context.engine.read() as tx:
            rows = tx.rows("SELECT n, id FROM card")
            return {id.hex(): cards.state(tx, n) for n, id in rows}

    def replayed(self) -> dict[str, CardState]:
        """What should be."""
        with self.vault._context.engine.read() as tx:
            return {
                id.hex(): schedule(
                    id,
                    cards.answers(tx, scribes.ids.to_text(id), space=space),
                    created_us=created,
                    rules=cards.rules(tx, 0),
                )
                for id, space, created in tx.rows("SELECT id, space_id, created_us FROM card")
            }


@pytest.fixture
def desk(vault: scribes.Scribes) -> Desk:
    return Desk(vault)


@pytest.fixture
def second(tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    with scribes.open(tmp_path / "second.scribes", settings=settings) as vault:
        yield Desk(vault)


def note(desk: Desk, title: str, body: str = "Its text.") -> str:
    return desk.vault.notes.add(title, body).id


def verses(desk: Desk, number: int) -> list[Card]:
    return [desk.reviews.add_passage(f"Ps 119:{verse}") for verse in range(1, number + 1)]


def changed_settings(desk: Desk, **changes: int) -> None:
    desk.vault.settings = replaced(desk.vault.settings, **changes)


def test_a_note_a_highlight_and_a_passage_become_cards(desk: Desk) -> None:
    id = note(desk, "Grace", "It is ==not earned==.\n\nIt is ==given==.")
    desk.reviews.add_note(id)
    desk.reviews.add_highlights(id)
    desk.reviews.add_passage("Psalm 117", translation="KJV")

    assert [(one.front, one.back) for one in desk.reviews.due()] == [
        ("Grace", "It is ==not earned==.\n\nIt is ==given==."),
        ("It is […].", "It is not earned."),
        ("It is […].", "It is given."),
        (
            "Psalm 117\nKing James Version",
            "O praise the LORD, all ye nations: praise him, all ye people.\n"
            "For his merciful kindness is great toward us: and the truth of the LORD endureth for ever."
            " Praise ye the LORD.",
        ),
    ]


def test_what_cannot_be_a_card_is_said_clearly(desk: Desk) -> None:
    id = note(desk, "Bare", "Nothing is marked.")
    with pytest.raises(InvalidInput, match="nothing is marked"):
        desk.reviews.add_highlights(id)
    with pytest.raises(InvalidInput, match="not on this machine"):
        desk.reviews.add_passage("Rom 8:28", translation="esv")
    with pytest.raises(InvalidInput, match="1533 verses"):
        desk.reviews.add_passage("Genesis")
    desk.vault.notes.remove([id])
    with pytest.raises(InvalidInput, match="in the trash"):
        desk.reviews.add_note(id)

    assert desk.reviews.recent() == []


def test_two_devices_that_add_the_same_have_one_card(desk: Desk, second: Desk) -> None:
    second.pass_time(days=3)

    assert desk.reviews.add_passage("Romans 8:28").id == second.reviews.add_passage("rom 8.28").id
    assert desk.reviews.add_passage("Rom 8:28").id != desk.reviews.add_passage("Rom 8:28", translation="kjv").id


def test_a_card_added_twice_keeps_its_schedule(desk: Desk) -> None:
    (card,) = verses(desk, 1)
    desk.reviews.answer(card.id, 4)

    assert desk.reviews.add_passage("Ps 119:1").reviews == 1
    assert desk.reviews.due() == []


def test_an_answered_card_comes_back_when_it_was_said(desk: Desk) -> None:
    (card,) = verses(desk, 1)
    (shown,) = desk.reviews.due()
    answered = desk.reviews.answer(card.id, 3)
    assert answered.interval_s == shown.intervals_s[2] == 600
    desk.pass_time(seconds=599)
    assert desk.reviews.due() == []
    desk.pass_time(seconds=1)

    assert desk.titles() == ["Psalm 119:1 (web)"]
    days = desk.reviews.answer(card.id, 3).interval_s // 86_400
    assert days >= 1
    desk.pass_time(days=days, hours=-9)
    assert desk.reviews.due() == []
    desk.pass_time(hours=1)
    assert [one.card.id for one in desk.reviews.due()] == [card.id]


def test_what_is_being_learned_comes_before_what_is_overdue_and_that_before_what_is_new(desk: Desk) -> None:
    old, learning, *new = verses(desk, 4)
    desk.reviews.answer(old.id, 4)
    desk.pass_time(days=60)
    desk.reviews.answer(learning.id, 1)
    desk.pass_time(minutes=2)

    assert [one.card.id for one in desk.reviews.due()] == [learning.id, old.id, *(card.id for card in new)]
    assert [one.card.id for one in desk.reviews.due(limit=1, skip=[learning.id])] == [old.id]


def test_only_so_many_new_cards_come_a_day(desk: Desk) -> None:
    changed_settings(desk, review_new=3)
    verses(desk, 8)
    assert len(desk.reviews.due()) == 3
    for one in desk.reviews.due()[:2]:
        desk.reviews.answer(one.card.id, 4)

    assert len(desk.reviews.due()) == 1
    assert desk.reviews.status().new == 1
    desk.pass_time(days=1)
    assert len(desk.reviews.due()) == 3


def test_undo_puts_the_card_back_exactly(desk: Desk) -> None:
    (card,) = verses(desk, 1)
    for rating in (3, 3, 1):
        before = desk.derived()
        desk.reviews.answer(card.id, rating)
        assert desk.derived() != before
        assert desk.reviews.undo().id == card.id
        assert desk.derived() == before
        desk.reviews.answer(card.id, rating)
        desk.pass_time(days=3)

    assert desk.derived() == desk.replayed()
    desk.vault.history.undo()
    assert desk.derived()[from_text(card.id).hex()].reviews == 2


def test_an_answer_is_taken_back_also_when_the_note_or_the_card_is_gone(desk: Desk) -> None:
    id = note(desk, "Grace")
    card = desk.reviews.add_note(id)
    before = desk.derived()
    desk.reviews.answer(card.id, 4)
    desk.vault.notes.remove([id])
    desk.reviews.remove([card.id])

    assert desk.reviews.undo().is_passed_over
    desk.vault.notes.restore([id])
    desk.reviews.add_note(id)
    assert desk.derived() == before


def test_with_no_answer_there_is_nothing_to_take_back(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no answer"):
        desk.reviews.undo()


def test_reviews_on_two_devices_add_up_in_whatever_order_they_arrive(desk: Desk, second: Desk) -> None:
    chance = random.Random(5)
    for one in (desk, second):
        for card in verses(one, 4):
            for _ in range(6):
                one.pass_time(hours=chance.randrange(60))
                one.reviews.answer(card.id, chance.randrange(1, 5))
        one.now = NOW
    with desk.vault._context.engine.read() as tx:
        mine = items.select(tx, REVIEW, "true", visible_to=(1,), order="n", limit=100)
    with second.vault._context.engine.read() as tx:
        theirs = items.select(tx, REVIEW, "true", visible_to=(1,), order="n", limit=100)
    for one, arriving in ((desk, theirs), (second, mine)):
        chance.shuffle(arriving)
        for review in arriving:
            one.now = from_us(review.created_us)
            with one.vault._context.engine.write() as tx:
                operation = operations.begin(tx, "arrival")
                item_service.add_in(tx, one.vault._context, REVIEW, review.content, operation, id=review.id)

    assert desk.derived() == second.derived() == desk.replayed()
    assert {state.reviews for state in desk.derived().values()} == {12}


def test_a_clock_that_was_set_back_breaks_nothing(desk: Desk) -> None:
    (card,) = verses(desk, 1)
    desk.reviews.answer(card.id, 4)
    desk.pass_time(days=-400)
    desk.reviews.answer(card.id, 3)
    desk.reviews.due()
    desk.reviews.status()

    assert desk.derived() == desk.replayed()


def test_a_card_that_was_answered_by_a_clock_ahead_comes_back_in_time_once_it_is_answered_again(desk: Desk) -> None:
    (card,) = verses(desk, 1)
    desk.pass_time(days=400)
    desk.reviews.answer(card.id, 4)
    desk.now = NOW
    before = desk.derived()
    answered = desk.reviews.answer(card.id, 3)
    assert desk.derived() == desk.replayed()
    due_at = desk.reviews.card(card.id).card.due_at

    assert due_at is not None
    assert due_at <= NOW + timedelta(seconds=answered.interval_s)
    with desk.vault._context.engine.read() as tx:
        assert [row[1] for row in cards.log(tx, visible_to=desk.vault._context.visible_to)] == [
            to_us(NOW + timedelta(days=400)),
            to_us(NOW),
        ]
    desk.pass_time(seconds=answered.interval_s)
    assert len(desk.reviews.due()) == 1
    assert desk.reviews.answer(card.id, 3).interval_s > answered.interval_s
    desk.reviews.undo()
    desk.reviews.undo()
    assert desk.derived() == before


@pytest.mark.parametrize("moved", [{"days": -400}, {"hours": -11}, {"minutes": -1}])
def test_the_last_answer_is_the_one_given_last_wherever_the_clock_stands(desk: Desk, moved: dict[str, int]) -> None:
    first, second = verses(desk, 2)
    desk.reviews.answer(first.id, 3)
    desk.pass_time(**moved)
    desk.reviews.answer(second.id, 3)

    assert desk.reviews.undo().id == second.id
    assert desk.reviews.undo().id == first.id


@pytest.mark.parametrize("card", ["", "no id", "é" * 36, "0" * 31, "\x00", "ffffffff-ffff-ffff-ffff-ffffffffffff"])
def test_a_review_from_elsewhere_may_name_anything_as_its_card(desk: Desk, card: str) -> None:
    with desk.vault._context.engine.write() as tx:
        operation = operations.begin(tx, "arrival")
        for kind, content in (
            (REVIEW, ReviewContent(card, -1, "no day", 3)),
            (REVIEW, ReviewContent(card, 2**62, "", 99)),
            (CARD, CardContent("highlight", card, card, card)),
            (CARD, CardContent("verse", card, card, card)),
            (CARD, CardContent(card, card, card, card)),
        ):
            item_service.add_in(tx, desk.vault._context, kind, content, operation)
    desk.reviews.status()
    desk.reviews.forecast()

    assert desk.titles() == []
    assert desk.reviews.to_do()[0] == 0
    assert {one.is_passed_over for one in desk.reviews.recent()} == {True}


def test_an_answer_from_elsewhere_may_have_any_moment(desk: Desk) -> None:
    (card,) = verses(desk, 1)
    with desk.vault._context.engine.write() as tx:
        operation = operations.begin(tx, "arrival")
        for at_us in (2**63 - 1, -(2**63), 2**62):
            content = ReviewContent(card.id, at_us, "no day", 3)
            item_service.add_in(tx, desk.vault._context, REVIEW, content, operation)

    assert desk.derived() == desk.replayed()
    desk.reviews.answer(card.id, 3)
    desk.reviews.recent()


def test_more_marked_places_than_anybody_learns_are_refused(desk: Desk) -> None:
    id = note(desk, "Much", " ".join(f"==word {number}==" for number in range(2_000)))
    with pytest.raises(InvalidInput, match="more than 500 places are marked"):
        desk.reviews.add_highlights(id)

    assert desk.reviews.recent() == []


def test_a_note_is_parsed_once_for_all_its_highlights(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = 0
    marks = highlights._marks

    def counted(texts: tuple[str, ...]) -> Any:
        nonlocal parsed
        parsed += 1
        return marks(texts)

    monkeypatch.setattr(highlights, "_marks", counted)
    id = note(desk, "Much", " ".join(f"==word {number}==" for number in range(400)))
    added = desk.reviews.add_highlights(id)

    assert len({card.id for card in added}) == 400
    assert added[0].title.startswith("[…] word 1 word 2")
    assert parsed == 1


def test_what_is_marked_in_the_title_is_a_highlight_and_no_card_shows_the_marks(desk: Desk) -> None:
    id = note(desk, "Grace is ==not earned==", "It is ==given==.")
    cards_of_note = [desk.reviews.add_note(id), *desk.reviews.add_highlights(id)]

    assert [card.title for card in cards_of_note] == ["Grace is not earned", "Grace is […]", "It is […]."]
    assert [(one.front, one.back) for one in desk.reviews.due()] == [
        ("Grace is not earned", "It is ==given==."),
        ("Grace is […]", "Grace is not earned"),
        ("It is […].", "It is given."),
    ]


def test_marked_words_that_do_not_fit_into_a_heading_show_no_marks(desk: Desk) -> None:
    card = desk.reviews.add_note(note(desk, "", f"{'Long ' * 10}==words that are cut off in the heading=="))

    assert card.title == f"{'Long ' * 10}words…"


def test_a_card_whose_note_is_in_the_trash_is_passed_over_and_not_lost(desk: Desk) -> None:
    gone, kept = note(desk, "Gone"), note(desk, "Kept")
    for id in (gone, kept):
        desk.reviews.add_note(id)
    desk.vault.notes.remove([gone])
    assert desk.titles() == ["Kept"]
    assert [(one.kind, one.is_passed_over) for one in desk.reviews.recent()] == [("note", True), ("note", False)]
    desk.vault.notes.restore([gone])

    assert desk.titles() == ["Gone", "Kept"]


def test_a_highlight_that_left_its_note_is_passed_over_until_it_is_back(desk: Desk) -> None:
    id = note(desk, "Grace", "It is ==given==.")
    desk.reviews.add_highlights(id)
    desk.vault.notes.change(id, NotePatch(body="It is given."))
    assert desk.titles() == []
    desk.vault.notes.change(id, NotePatch(body="And it is ==given== freely."))

    assert desk.titles() == ["And it is […] freely."]


def test_what_cannot_be_shown_is_not_counted_as_due(desk: Desk) -> None:
    kept, gone = note(desk, "Kept", "A ==word== and ==more==, ==over\na line=="), note(desk, "Gone", "A ==word==")
    for id in (kept, gone):
        desk.reviews.add_note(id)
        desk.reviews.add_highlights(id)
    assert desk.reviews.to_do()[0] == 6
    desk.pass_time(minutes=1)
    desk.vault.notes.remove([gone])
    desk.vault.notes.change(kept, NotePatch(body="A ==word== and less, ==over\na line=="))
    assert desk.reviews.to_do()[0] == len(desk.reviews.due()) == 3
    assert desk.reviews.status().new == desk.reviews.forecast()[0].new == 3
    for one in desk.reviews.due():
        desk.reviews.answer(one.card.id, 4)
    desk.pass_time(days=300)
    desk.vault.notes.change(kept, NotePatch(body="Nothing."))

    assert desk.reviews.to_do()[0] == len(desk.reviews.due()) == desk.reviews.status().due == 1
    desk.vault.notes.restore([gone])
    assert desk.reviews.to_do()[0] == len(desk.reviews.due()) == 3


def test_a_verse_whose_text_is_no_longer_here_is_not_counted_as_due(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "own.tsv"
    file.write_text("Rom.8.28\tAll things work together.\n", encoding="utf-8")
    desk.vault.scripture.add(str(file), code="own", name="Own", language="en", licence="mine")
    desk.reviews.add_passage("Rom 8:28", translation="own")
    desk.reviews.add_passage("Rom 8:28")
    assert desk.reviews.to_do()[0] == 2
    for own in Path(desk.vault.scripture.folder).glob("own*"):
        own.unlink()

    assert desk.reviews.to_do()[0] == len(desk.reviews.due()) == 1


def test_a_suspended_card_does_not_come_and_a_resumed_one_comes_as_it_would_have(desk: Desk) -> None:
    (card,) = verses(desk, 1)
    desk.reviews.answer(card.id, 4)
    before = desk.derived()
    assert desk.reviews.suspend([card.id])[0].state == "suspended"
    desk.pass_time(days=30)
    assert desk.reviews.due() == []
    with pytest.raises(InvalidInput, match="suspended"):
        desk.reviews.answer(card.id, 3)
    desk.reviews.resume([card.id])

    assert desk.derived() == before
    assert len(desk.reviews.due()) == 1


def test_a_removed_card_added_again_goes_on_where_it_was(desk: Desk) -> None:
    (card,) = verses(desk, 1)
    desk.reviews.answer(card.id, 4)
    before = desk.derived()
    desk.reviews.remove([card.id])
    assert desk.reviews.recent() == []
    with pytest.raises(NotFound, match="removed"):
        desk.reviews.card(card.id)
    desk.reviews.add_passage("Ps 119:1")

    assert desk.derived() == before


def test_who_wants_to_remember_more_sees_the_same_cards_sooner(desk: Desk) -> None:
    all_cards = verses(desk, 5)
    for card in all_cards:
        desk.reviews.answer(card.id, 4)
    usual = {card.id: card.due_at for card in desk.reviews.recent()}
    changed_settings(desk, review_retention=97)
    sooner = {card.id: card.due_at for card in desk.reviews.recent()}
    changed_settings(desk, review_retention=90)

    assert all(sooner[id] < usual[id] for id in usual)  # type: ignore[operator]
    assert {card.id: card.due_at for card in desk.reviews.recent()} == usual
    assert desk.derived() == desk.replayed()


@pytest.mark.parametrize("percent", [69, 98])
def test_a_share_to_remember_out_of_reason_is_refused(desk: Desk, percent: int) -> None:
    changed_settings(desk, review_retention=percent)
    with pytest.raises(InvalidInput, match="review_retention"):
        desk.reviews.due()


def test_rows_made_anew_from_the_history_are_the_same(desk: Desk) -> None:
    chance = random.Random(7)
    for card in verses(desk, 5):
        for _ in range(5):
            desk.pass_time(hours=chance.randrange(30))
            desk.reviews.answer(card.id, chance.randrange(1, 5))
    desk.reviews.undo()
    desk.reviews.suspend([desk.reviews.recent()[0].id])
    before = [replaced(card) for card in desk.reviews.recent()]
    with desk.vault._context.engine.write() as tx:
        for kind in (CARD, REVIEW):
            item_service.rebuild(tx, desk.vault._context, kind)

    assert desk.reviews.recent() == before


def test_status_counts_the_streak_and_what_was_remembered(desk: Desk) -> None:
    first, second, *_ = verses(desk, 3)
    for ratings in ((4,), (3,), (1, 3)):
        for rating in ratings:
            desk.reviews.answer(first.id, rating)
            desk.pass_time(minutes=10)
        desk.pass_time(days=1)
    status = desk.reviews.status()

    assert (status.cards, status.due, status.new, status.streak_days, status.reviewed_today) == (3, 0, 2, 3, 0)
    # The third day counts as forgotten, though it was known again ten minutes later.
    assert status.retention == 0.5
    assert status.next_at == desk.reviews.card(first.id).card.due_at
    desk.reviews.answer(second.id, 4)
    assert desk.reviews.status().streak_days == 4
    assert (desk.reviews.status().reviewed_today, desk.reviews.status().right_today) == (1, 1)
    desk.pass_time(days=2)
    assert desk.reviews.status().streak_days == 0


def test_the_forecast_has_what_is_overdue_today_and_new_cards_as_they_come(desk: Desk) -> None:
    changed_settings(desk, review_new=2)
    first, second, *_ = verses(desk, 6)
    desk.reviews.answer(first.id, 4)
    days = desk.reviews.answer(second.id, 4).interval_s // 86_400
    desk.pass_time(days=days + 1)
    desk.reviews.answer(first.id, 3)
    forecast = desk.reviews.forecast(days=200)

    assert [day.new for day in forecast[:4]] == [2, 2, 0, 0]
    assert forecast[0].due == 1
    assert sum(day.due for day in forecast) == 2
    assert forecast[0].day == (NOW + timedelta(days=days + 1)).date()


@pytest.mark.not_on("postgres")
@pytest.mark.parametrize(
    ("sort", "index"), [(cards.LEARNING, "card_seen"), (cards.SEEN, "card_seen"), (cards.UNSEEN, "card_new")]
)
def test_what_is_due_is_read_from_an_index_in_its_order(desk: Desk, sort: str, index: str) -> None:
    with desk.vault._context.engine.read() as tx:
        plan = tx.rows(f"EXPLAIN QUERY PLAN SELECT n FROM card WHERE {sort} ORDER BY due_us, n LIMIT 1", (tx.now_us,))

    (only,) = plan
    assert f"INDEX {index} (" in only[3]


def test_a_session_opens_without_what_is_heavy(home: Path, settings: Settings) -> None:
    with scribes.open(settings=settings) as vault:
        vault.reviews.add_passage("Rom 8:28")
    program = (
        "import sys; from scribes.cli.main import main; main(sys.argv[1:]);"
        "sys.stderr.write('LOADED ' + ' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "review", "--json"],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "SCRIBES_KEYSTORE": "file", "SCRIBES_INDEXING": "manual"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stderr.partition("LOADED ")[2].split())

    assert "Romans 8:28" in done.stdout
    assert loaded & {"numpy", "rich.console", "markdown_it", "scribes.scripture.patterns", "scribes.fitting"} == set()


@pytest.mark.parametrize("rating", [0, 5, -1])
def test_there_are_four_answers(desk: Desk, rating: int) -> None:
    (card,) = verses(desk, 1)
    with pytest.raises(InvalidInput, match="no answer"):
        desk.reviews.answer(card.id, rating)


def keep_log(desk: Desk, chance: random.Random, *, forgets: float) -> None:
    """Half a year of reviews of 12 cards by somebody who forgets a known card so often."""
    for card in verses(desk, 12):
        desk.now = NOW
        due = desk.now + timedelta(days=chance.randrange(30))
        while due < NOW + timedelta(days=180):
            desk.now = due
            forgotten = chance.random() < forgets
            answered = desk.reviews.answer(card.id, 1 if forgotten else 3)
            due += timedelta(seconds=answered.interval_s)
    desk.now = NOW + timedelta(days=180)


@pytest.mark.not_on("sqlite", "postgres")
def test_a_fit_is_used_where_it_foretells_memory_better_and_all_cards_follow_it(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="0 reviews"):
        desk.reviews.fit()
    keep_log(desk, random.Random(8), forgets=0.35)
    before = desk.derived()
    fitted = desk.reviews.fit()

    assert fitted.is_used
    assert fitted.after < fitted.before
    assert fitted.reviews >= 400
    assert desk.derived() != before
    assert desk.derived() == desk.replayed()
    changed_settings(desk, review_retention=80)
    desk.reviews.due()
    with desk.vault._context.engine.read() as tx:
        assert cards.rules(tx, 0).parameters == fitted.parameters
    again = desk.reviews.fit()
    assert not again.is_used
    assert again.before == again.after
