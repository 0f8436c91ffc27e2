from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

import scribes
from scribes import NewNote, NotePatch
from scribes.config import Settings
from scribes.domain import passages as rules
from scribes.errors import InvalidInput, NotFound
from scribes.models.passages import Reference
from scribes.scripture import canon, format

pytestmark = pytest.mark.every_engine

FIXTURES = Path(__file__).parents[1] / "fixtures"
HEARD = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
ROMANS_8 = canon.whole_chapter(45, 8)
# A few books, so that much overlaps: Ruth, Jonah, Philippians, Titus, Philemon, Jude.
BOOKS = (8, 32, 50, 56, 57, 65)


@st.composite
def verses(draw: st.DrawFn) -> int:
    book = draw(st.sampled_from(BOOKS))
    chapter = draw(st.integers(1, canon.chapters(book)))
    return canon.ordinal(book, chapter, draw(st.integers(1, canon.last_verse(book, chapter))))


@st.composite
def ranges(draw: st.DrawFn) -> tuple[int, int]:
    start = draw(verses())
    book, chapter, _ = canon.split(start)
    kind = draw(st.sampled_from(["verse", "few", "chapter", "chapters", "book", "any"]))
    if kind == "verse":
        return start, start
    if kind == "few":
        return start, min(start + draw(st.integers(1, 20)), canon.whole_chapter(book, chapter)[1])
    if kind == "chapter":
        return canon.whole_chapter(book, chapter)
    if kind == "chapters":
        return start, canon.whole_chapter(book, draw(st.integers(chapter, canon.chapters(book))))[1]
    if kind == "book":
        return canon.whole_book(book)
    first, last = sorted([start, draw(verses())])
    return first, last


def osis(found: list[Reference]) -> list[str]:
    return [reference.osis for reference in found]


def titles(vault: scribes.Scribes, passage: str) -> list[str]:
    return [hit.note.title for hit in vault.passages.on(passage)]


def test_a_note_knows_the_passages_of_its_title_and_text(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Romans 8", "On v. 28; compare John 3:16-17.")

    found = vault.passages.of(note.id)

    assert osis(found) == ["Rom.8", "Rom.8.28", "John.3.16-John.3.17"]
    assert [one.how for one in found] == ["explicit", "context", "explicit"]
    assert [(one.begin, one.stop) for one in found] == [(-1, -1), (3, 8), (18, 30)]


@pytest.mark.parametrize("text", ["Psalm twenty-three", "John chapter three verse sixteen", "約 ３:１６ John 3:16"])
def test_numbers_in_words_and_other_digits_are_looked_at(vault: scribes.Scribes, text: str) -> None:
    assert vault.passages.of(vault.notes.add("x", text).id) != []


@given(st.text() | st.text(alphabet="chapter versipalmtwo three III 0123٣３.:-"))
def test_a_text_that_is_passed_over_holds_no_reference_with_a_digit(text: str) -> None:
    from scribes.scripture import find

    found = [span for span in find(text) if any(map(str.isdecimal, span.text))]

    assert rules.may_name_a_passage(text) or not found


def test_the_nearest_notes_come_first_and_of_those_the_newest(vault: scribes.Scribes) -> None:
    bodies = ["Rom 5-9", "Romans 8", "Rom 8:28-30", "Rom 8:28", "Rom 8:1-39", "Rom 8:28", "Rom 8:1-20", "Gal 3:1"]
    vault.notes.add_many(
        NewNote(f"note {number}", body, HEARD + timedelta(days=number)) for number, body in enumerate(bodies)
    )

    assert titles(vault, "Rom 8:28") == ["note 5", "note 3", "note 2", "note 4", "note 1", "note 0"]
    assert titles(vault, "Romans 8") == ["note 5", "note 3", "note 2", "note 6", "note 4", "note 1", "note 0"]
    assert titles(vault, "Galatians") == ["note 7"]
    assert titles(vault, "Mark 1") == []


def test_the_notes_on_a_passage_are_those_that_overlap_it(vault: scribes.Scribes) -> None:
    @given(st.lists(st.lists(ranges(), max_size=4), max_size=12), ranges())
    def check(written: list[list[tuple[int, int]]], asked: tuple[int, int]) -> None:
        with vault._context.engine.write() as tx:
            tx.run("DELETE FROM note_ref")
            tx.run("INSERT INTO note_text (note_text) VALUES ('delete-all')")
            tx.run("DELETE FROM note")
        bodies = ["; ".join(format(*one) for one in places) or "nothing" for places in written]
        vault.notes.add_many(NewNote(f"note {at}", body, HEARD + timedelta(days=at)) for at, body in enumerate(bodies))
        notes = list(vault.notes.each())
        start, end = asked
        expected = []
        for note in notes:
            near = [
                rules.nearness(one, start, end)
                for one in vault.passages.of(note.id)
                if one.start <= end and start <= one.end
            ]
            if near:
                expected.append((min(near), -note.occurred_at.timestamp(), note.id))

        found = vault.passages.on(asked, limit=100)

        assert [hit.note.id for hit in found] == [id for _, _, id in sorted(expected)]
        assert [hit.note.id for hit in vault.passages.on(asked, limit=3)] == [id for _, _, id in sorted(expected)][:3]
        for hit in found:
            assert all(one.start <= end and start <= one.end for one in hit.references)

    check()


@given(ranges(), ranges())
def test_a_class_reaches_no_further_back_than_its_floor(one: tuple[int, int], asked: tuple[int, int]) -> None:
    kind = rules.length_class(*one)

    if one[0] <= asked[1] and asked[0] <= one[1]:
        assert rules.floor(kind, asked[0]) <= one[0]


def test_choices_survive_edits_and_restores_and_are_taken_back_by_undo(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Suffering", "Job 3 was read, and v. 5 again; then John 3:16.")
    vault.passages.pin(note.id, "Romans 8")
    vault.passages.correct(note.id, "v.  5", "Job 5:5")
    vault.passages.dismiss(note.id, "john 3:16")
    assert osis(vault.passages.of(note.id)) == ["Rom.8", "Job.3", "Job.5.5"]

    vault.notes.change(note.id, NotePatch(body="New words. v. 5 again; then John 3:16. Mark 1:1"))
    assert osis(vault.passages.of(note.id)) == ["Rom.8", "Job.5.5", "Mark.1.1"]
    vault.history.undo()
    assert osis(vault.passages.of(note.id)) == ["Rom.8", "Job.3", "Job.5.5"]
    vault.history.undo()
    assert osis(vault.passages.of(note.id)) == ["Rom.8", "Job.3", "Job.5.5", "John.3.16"]
    vault.history.restore(note.id, "1")
    assert osis(vault.passages.of(note.id)) == ["Job.3", "Job.3.5", "John.3.16"]
    vault.history.undo()
    assert osis(vault.passages.reset(note.id)) == ["Job.3", "Job.3.5", "John.3.16"]


def test_what_is_pinned_is_found_and_means_the_verses_of_the_text(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Sermon", "On v. 28 alone.")
    assert vault.passages.of(note.id) == []

    assert osis(vault.passages.pin(note.id, "Romans 8")) == ["Rom.8", "Rom.8.28"]
    assert titles(vault, "Rom 8:28") == ["Sermon"]
    assert osis(vault.passages.pin(note.id, "Romans 8")) == ["Rom.8", "Rom.8.28"]
    assert vault.passages.dismiss(note.id, "Rom 8") == []


def test_a_choice_about_what_the_note_does_not_say_is_refused(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Sermon", "John 3:16")

    with pytest.raises(NotFound):
        vault.passages.dismiss(note.id, "Mark 1")
    with pytest.raises(NotFound):
        vault.passages.correct(note.id, "Mark 1", "Mark 2")
    with pytest.raises(InvalidInput):
        vault.passages.pin(note.id, "Mark 99")
    with pytest.raises(InvalidInput):
        vault.passages.pin(note.id, (1, 2))
    assert len(vault.history.of(note.id)) == 1


def test_a_choice_about_an_earlier_choice_takes_its_place(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Sermon", "John 3:16")
    vault.passages.dismiss(note.id, "John 3:16")
    assert vault.passages.of(note.id) == []

    assert osis(vault.passages.correct(note.id, "John 3:16", "1 John 3:16")) == ["1John.3.16"]
    assert [choice[0] for choice in _refs(vault)] == ["correct"]


def test_a_note_in_the_trash_is_not_answered_and_comes_back_with_its_passages(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Sermon", "Rom 8:28")
    vault.notes.remove([note.id])
    assert titles(vault, "Romans 8") == []
    assert osis(vault.passages.of(note.id)) == ["Rom.8.28"]

    vault.notes.restore([note.id])
    assert titles(vault, "Romans 8") == ["Sermon"]
    vault.notes.remove([note.id])
    vault.notes.purge(older_than_days=0)
    assert _rows(vault) == 0


def test_a_new_date_changes_the_order(vault: scribes.Scribes) -> None:
    first = vault.notes.add("first", "Rom 8:28", occurred_at=HEARD)
    vault.notes.add("second", "Rom 8:28", occurred_at=HEARD + timedelta(days=1))

    vault.notes.change(first.id, NotePatch(occurred_at=HEARD + timedelta(days=2)))

    assert titles(vault, "Rom 8:28") == ["first", "second"]


def test_an_import_finds_references_too(vault: scribes.Scribes, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Sermon\n\nRom 8:28\n")
    vault.imports.markdown(str(tmp_path))
    assert titles(vault, "Romans 8") == ["Sermon"]

    (tmp_path / "a.md").write_text("# Sermon\n\nRom 9:1\n")
    vault.imports.markdown(str(tmp_path))
    assert titles(vault, "Romans 8") == []
    vault.history.undo()
    assert titles(vault, "Romans 8") == ["Sermon"]


def test_a_vault_of_the_first_format_has_its_notes_read_at_the_first_question(settings: Settings) -> None:
    _lay_out("format-1", settings)

    with scribes.open(settings=settings, passphrase="the heavens declare") as s:
        assert {check.name: check.state for check in s.checks.run()}["references"] == "warning"
        assert titles(s, "John 1") == ["Grace upon grace"]
        states = {check.name: check.state for check in s.checks.run()}
        assert (states["references"], states["history"]) == ("ok", "ok")
        assert s.passages.catch_up() == 0


def test_a_vault_of_the_second_format_keeps_its_choices(settings: Settings) -> None:
    _lay_out("format-2", settings)

    with scribes.open(settings=settings, passphrase="the heavens declare") as s:
        note = next(s.notes.each())
        assert osis(s.passages.of(note.id)) == ["Col.2.9-Col.2.10", "John.1.16", "Col.2.17", "Rom.5.15-Rom.5.21"]
        assert {check.name: check.state for check in s.checks.run()}["references"] == "ok"
        assert osis(s.passages.reset(note.id)) == ["John.1.16", "Rom.5.15-Rom.5.21"]


def test_reading_the_notes_goes_on_where_it_was_interrupted(
    vault: scribes.Scribes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scribes.services import passages

    monkeypatch.setattr(passages, "BATCH", 2)
    vault.notes.add_many(NewNote(f"note {number}", f"Rom 8:{number + 1}") for number in range(7))
    with vault._context.engine.write() as tx:
        passages.stored_passages.clear(tx)

    def interrupted(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vault.passages.catch_up(interrupted)
    assert vault.passages.catch_up() == 3
    assert len(vault.passages.on("Romans 8")) == 7


def test_new_rules_read_all_notes_again(vault: scribes.Scribes, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.notes.add("Sermon", "Rom 8:28")
    monkeypatch.setattr(rules, "RULES", rules.RULES + 1)

    assert vault.passages.catch_up() == 1
    assert titles(vault, "Romans 8") == ["Sermon"]


@pytest.mark.not_on("sqlite", "postgres")
@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM note_ref",
        "UPDATE note_ref SET start = 1001001, length_class = 4",
        "UPDATE note_ref SET length_class = 5",
        "UPDATE note_ref SET occurred_us = occurred_us + 1",
    ],
)
def test_doctor_compares_the_references_and_mends_them(vault: scribes.Scribes, damage: str) -> None:
    vault.notes.add("Sermon", "Rom 8:28")
    with vault._context.engine.write() as tx:
        tx.run(damage)

    assert {check.name: check.state for check in vault.checks.run()}["references"] == "damaged"
    assert {check.name: check.state for check in vault.checks.run(fix=True)}["references"] == "mended"
    assert {check.name: check.state for check in vault.checks.run()}["references"] == "ok"
    assert titles(vault, "Romans 8") == ["Sermon"]


@pytest.mark.not_on("sqlite", "postgres")
def test_doctor_rebuilds_choices_from_the_history(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Sermon", "John 3:16")
    vault.passages.pin(note.id, "Romans 8")
    with vault._context.engine.write() as tx:
        tx.run("UPDATE note SET refs = ''")

    assert {check.name: check.state for check in vault.checks.run()}["history"] == "damaged"
    list(vault.checks.run(fix=True))
    assert osis(vault.passages.of(note.id)) == ["Rom.8", "John.3.16"]


@pytest.mark.not_on("postgres")
def test_what_overlaps_a_passage_is_asked_of_the_index_alone(vault: scribes.Scribes) -> None:
    from scribes.storage.passages import _questions

    with vault._context.engine.read() as tx:
        plans = [
            str(row[3])
            for question, values in _questions(*ROMANS_8)
            for row in tx.rows(f"EXPLAIN QUERY PLAN {question} LIMIT 20", values)
        ]

    searches = [plan for plan in plans if plan.startswith(("SEARCH", "SCAN")) and "note_ref" in plan]
    assert len(searches) == 6
    assert all("USING COVERING INDEX note_ref_place" in plan for plan in searches)
    assert all("length_class=? AND start>? AND start<?" in plan for plan in searches)


choices = st.lists(
    st.tuples(
        st.sampled_from(["pin", "correct", "dismiss", "later"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n")),
        st.integers(0, 90_000_000),
        st.integers(0, 90_000_000),
    ),
    max_size=5,
).map(tuple)


@given(choices)
def test_choices_come_back_from_a_row_and_from_a_change_as_they_were(given_choices: rules.Choices) -> None:
    assert rules.heard(rules.said(given_choices)) == given_choices
    assert rules.checked([list(choice) for choice in given_choices]) == given_choices


@pytest.mark.parametrize("refs", [[["pin"]], [["pin", "a\nb", 1, 2]], [["pin", "", "1", 2]], 5, [5]])
def test_malformed_choices_in_a_change_count_as_not_made(refs: object) -> None:
    from scribes.domain.changes import State
    from scribes.domain.notes import content_at

    assert content_at(State({"occurred": [0, 0], "refs": refs}, "", b"", 0, 0)).refs == ()


def test_the_texts_are_there_without_a_vault_being_asked(vault: scribes.Scribes) -> None:
    reading = vault.scripture.read("Rom 8:28-30", translation="kjv")

    assert [verse.osis for verse in reading.verses] == ["Rom.8.28", "Rom.8.29", "Rom.8.30"]
    assert reading.name == "King James Version"
    assert vault.scripture.crossrefs("John 3:16", limit=3, translation="web")[0].text
    assert vault.scripture.topics("faith")[0].name == "Faith"
    assert vault.scripture.topic("Faith")[0].passages[0].osis == "2Sam.22.31"
    assert vault.scripture.parse("jn 3 16").osis == "John.3.16"
    assert [span.osis for span in vault.scripture.find("Rom 8")] == ["Rom.8"]
    with pytest.raises(NotFound, match="BSB"):
        vault.scripture.read("Rom 8", translation="BSB")


@pytest.mark.parametrize("typed", ["Juan 3:16", "Johannes 3,16", "Jean 3.16", "约翰福音3章16节", "요한복음 3:16"])
def test_a_passage_may_be_typed_in_any_known_language(vault: scribes.Scribes, typed: str) -> None:
    assert vault.scripture.parse(typed).osis == "John.3.16"


@pytest.mark.parametrize("typed", ["Genesis 1; Exodus 2", "Mark 99", "hello", ""])
def test_what_is_no_one_passage_is_refused(vault: scribes.Scribes, typed: str) -> None:
    with pytest.raises(InvalidInput):
        vault.passages.on(typed)


def test_an_added_text_and_an_imported_table_lie_in_the_data_folder(
    vault: scribes.Scribes, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "mine.tsv").write_text("John.3.16\tGod loved.\n")
    (tmp_path / "votes.txt").write_text("From Verse\tTo Verse\tVotes\nJohn.3.16\tRom.5.8\t500\n")

    vault.scripture.add(str(tmp_path / "mine.tsv"), name="Mine")
    vault.scripture.import_crossrefs(str(tmp_path / "votes.txt"))

    assert vault.scripture.read("John 3:16", translation="mine").verses[0].text == "God loved."
    assert [one.osis for one in vault.scripture.crossrefs("John 3:16")] == ["Rom.5.8"]
    folder = Path(settings.data_folder) / "texts"
    assert sorted(path.name for path in folder.iterdir()) == ["mine.scripture", "mine.words", "openbible.links"]


def _lay_out(fixture: str, settings: Settings) -> None:
    Path(settings.vault).parent.mkdir(parents=True)
    for suffix in ("", ".keys.json"):
        shutil.copyfile(FIXTURES / fixture / f"vault.scribes{suffix}", settings.vault + suffix)


def _refs(vault: scribes.Scribes) -> rules.Choices:
    with vault._context.engine.read() as tx:
        return rules.heard(tx.value("SELECT refs FROM note"))


def _rows(vault: scribes.Scribes) -> int:
    with vault._context.engine.read() as tx:
        return int(tx.value("SELECT count(*) FROM note_ref"))


OPERATIONS = ["add", "edit", "pin", "correct", "dismiss", "reset", "remove", "restore", "undo", "date"]
TEXTS = ["Rom 8:28", "v. 5", "John 3:16 and Rom 8", "no reference", "Psalm 23; Job 3", ""]


@pytest.mark.not_on("sqlite", "postgres")
def test_whatever_is_done_the_references_are_what_the_notes_say(vault: scribes.Scribes) -> None:
    @settings_of_hypothesis(max_examples=25)
    @given(st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 5), st.sampled_from(TEXTS)), max_size=12))
    def check(operations: list[tuple[str, int, str]]) -> None:
        first = vault.notes.add("Romans 8", "On v. 28 and John 3:16")
        for name, number, text in operations:
            try:
                _do(vault, first.id, name, number, text)
            except scribes.ScribesError:
                continue

        states = {check.name: check.state for check in vault.checks.run()}
        assert (states["references"], states["history"]) == ("ok", "ok")

    check()


def _do(vault: scribes.Scribes, first: str, name: str, number: int, text: str) -> None:
    ids = [first, *(note.id for note in vault.notes.recent(limit=5))]
    ref = ids[number % len(ids)]
    actions = {
        "add": lambda: vault.notes.add(text, text),
        "edit": lambda: vault.notes.change(ref, NotePatch(title=text, body=text)),
        "date": lambda: vault.notes.change(ref, NotePatch(occurred_at=HEARD + timedelta(days=number))),
        "pin": lambda: vault.passages.pin(ref, "Mark 1"),
        "correct": lambda: vault.passages.correct(ref, text, "Mark 2"),
        "dismiss": lambda: vault.passages.dismiss(ref, text),
        "reset": lambda: vault.passages.reset(ref),
        "remove": lambda: vault.notes.remove([ref]),
        "restore": lambda: vault.notes.restore([ref]),
        "undo": vault.history.undo,
    }
    actions[name]()
