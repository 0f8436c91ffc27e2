import threading
from datetime import UTC, datetime

import pytest

import scribes
from scribes import NewNote, NotePatch
from scribes.errors import Ambiguous, Conflict, InvalidInput, NotFound

pytestmark = pytest.mark.every_engine

HEARD = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def test_a_note_comes_back_as_it_was_written(vault: scribes.Scribes) -> None:
    note = vault.notes.add(
        "Grace",
        "Text\n\nmore",
        occurred_at=HEARD,
        speaker="Stott",
        venue="Chapel",
        series="John",
        tags=["Hope"],
        topics=["Love"],
    )

    assert vault.notes.get(note.id) == note
    assert vault.notes.get(note.handle) == note
    assert (note.title, note.body, note.occurred_at, note.speaker) == ("Grace", "Text\n\nmore", HEARD, "Stott")
    assert (note.venue, note.series, note.tags, note.topics) == ("Chapel", "John", ("hope",), ("Love",))


def test_the_offset_a_note_was_written_in_is_kept(vault: scribes.Scribes) -> None:
    heard = datetime.fromisoformat("2026-11-22T10:30:00+09:00")

    assert vault.notes.get(vault.notes.add("x", occurred_at=heard).id).occurred_at.isoformat() == heard.isoformat()


@pytest.mark.parametrize(
    "new", [NewNote(), NewNote(body="  \n"), NewNote("a\x00b"), NewNote("a", "\ud800"), NewNote("x" * 1001)]
)
def test_what_is_no_note_is_refused_and_nothing_is_written(vault: scribes.Scribes, new: NewNote) -> None:
    with pytest.raises(InvalidInput):
        vault.notes.add_new(new)

    assert vault.notes.count() == 0


def test_an_edit_at_an_old_revision_is_a_conflict_and_changes_nothing(vault: scribes.Scribes) -> None:
    old = vault.notes.add("a", "first")
    vault.notes.change(old.id, NotePatch(body="second"))

    with pytest.raises(Conflict):
        vault.notes.change(old.id, NotePatch(body="third"), at=old.revision)
    assert vault.notes.get(old.id).body == "second"


def test_hashtags_follow_the_text(vault: scribes.Scribes) -> None:
    note = vault.notes.add("a", "#one #two", tags=["kept"])

    changed = vault.notes.change(note.id, NotePatch(body="#two #three"))

    assert changed.tags == ("kept", "three", "two")


def test_handles_are_unique_starts_and_longer_where_needed(vault: scribes.Scribes) -> None:
    vault.notes.add_many(NewNote(f"note {number}") for number in range(3000))

    notes = list(vault.notes.each())
    assert len({note.handle for note in notes}) == 3000
    assert all(note.id.split("-")[-1].startswith(note.handle) for note in notes)
    for note in notes[:50]:
        assert vault.notes.get(note.handle).id == note.id


def test_a_start_that_fits_several_notes_is_ambiguous(vault: scribes.Scribes) -> None:
    vault.notes.add_many(NewNote(f"note {number}") for number in range(40))

    first = [note.handle[0] for note in vault.notes.each()]
    with pytest.raises(Ambiguous):
        vault.notes.get(max(first, key=first.count))
    with pytest.raises(InvalidInput):
        vault.notes.get("")
    with pytest.raises(NotFound):
        vault.notes.get("zzzz")


@pytest.mark.not_on("postgres")
def test_removed_notes_lie_in_the_trash_and_are_not_found(vault: scribes.Scribes) -> None:
    note = vault.notes.add("grace")

    vault.notes.remove([note.handle])

    assert (vault.notes.recent(), vault.search.find("grace")) == ([], [])
    assert [gone.id for gone in vault.notes.trash()] == [note.id]
    assert [hit.note.id for hit in vault.search.find("grace", trash=True)] == [note.id]
    assert vault.notes.restore([note.handle])[0].deleted_at is None


def test_removing_several_is_all_or_nothing(vault: scribes.Scribes) -> None:
    note = vault.notes.add("grace")

    with pytest.raises(NotFound):
        vault.notes.remove([note.handle, "ffffffffffff"])
    assert vault.notes.count() == 1


@pytest.mark.not_on("sqlite", "postgres")
def test_purging_takes_only_old_trash_and_leaves_no_trace(vault: scribes.Scribes) -> None:
    kept, gone = vault.notes.add("kept"), vault.notes.add("gone")
    vault.notes.remove([gone.id])

    assert vault.notes.purge(older_than_days=1) == 0
    assert vault.notes.purge(older_than_days=0) == 1
    assert [note.id for note in vault.notes.each()] == [kept.id]
    assert all(check.state in ("ok", "warning") for check in vault.checks.run())
    with pytest.raises(NotFound):
        vault.notes.get(gone.id)


def test_undo_walks_back_through_commands(vault: scribes.Scribes) -> None:
    note = vault.notes.add("a", "first")
    vault.notes.change(note.id, NotePatch(body="second", speaker="Stott"))
    vault.notes.remove([note.id])

    vault.history.undo()
    assert vault.notes.get(note.id).deleted_at is None
    vault.history.undo()
    assert (vault.notes.get(note.id).body, vault.notes.get(note.id).speaker) == ("first", "")
    vault.history.undo()
    assert vault.notes.count() == 0
    with pytest.raises(NotFound, match="nothing to undo"):
        vault.history.undo()


def test_one_undo_takes_back_a_whole_import(vault: scribes.Scribes) -> None:
    vault.notes.add("before")
    vault.notes.add_many(NewNote(f"note {number}") for number in range(2500))

    assert len(vault.history.undo().note_ids) == 2500
    assert [note.title for note in vault.notes.each()] == ["before"]


def test_history_tells_what_changed_and_any_revision_comes_back(vault: scribes.Scribes) -> None:
    note = vault.notes.add("a", "one two three")
    vault.notes.change(note.id, NotePatch(body="one four three", title="b"))
    vault.notes.tag(note.id, add=["hope"])

    assert [revision.summary for revision in vault.history.of(note.id)] == [
        "written",
        "title, text +1 -1",
        "tags +hope",
    ]
    back = vault.history.restore(note.id, "1")
    assert (back.title, back.body, back.tags) == ("a", "one two three", ())
    second = vault.history.at(note.id, "2")
    assert (second.title, second.body) == ("b", "one four three")
    assert len(vault.history.of(note.id)) == 4


@pytest.mark.not_on("postgres")
def test_threads_write_and_read_one_vault(vault: scribes.Scribes) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(20):
                vault.notes.add(f"thread {number} step {step}")
                vault.search.find("thread")
                vault.notes.recent()
        except BaseException as e:
            errors.append(e)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert vault.notes.count() == 120


def test_parallel_appends_are_all_in_the_note(vault: scribes.Scribes) -> None:
    note = vault.notes.add("list")
    threads = [threading.Thread(target=vault.notes.append, args=(note.id, f"line {number}")) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(vault.notes.get(note.id).body.split("\n\n")) == sorted(f"line {number}" for number in range(12))
