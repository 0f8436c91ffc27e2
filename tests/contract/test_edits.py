"""Edits on an older version: merged, and no word lost."""

from __future__ import annotations

import pytest

import scribes
from scribes.errors import InvalidInput
from scribes.models.notes import NoteFilter, NotePatch


def test_an_edit_on_the_present_version_is_an_edit(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Romans 8", "All things work together")
    edited = vault.edits.change(note.id, NotePatch(title="Romans 8, 28"), base=note.revision)

    assert (edited.note.title, edited.merged, edited.conflicts) == ("Romans 8, 28", False, ())
    assert len(vault.history.of(note.id)) == 2


def test_edits_on_the_same_version_both_stand(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Romans 8", "One paragraph\n\nAnother paragraph")
    vault.edits.change(note.id, NotePatch(body="One first paragraph\n\nAnother paragraph"), base=note.revision)
    edited = vault.edits.change(
        note.id, NotePatch(body="One paragraph\n\nAnother last paragraph", tags=("hope",)), base=note.revision
    )

    assert edited.merged
    assert edited.note.body == "One first paragraph\n\nAnother last paragraph"
    assert edited.note.tags == ("hope",)
    assert edited.conflicts == ()


def test_edits_of_the_same_word_keep_both_and_say_where(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Ephesians 2", "By grace you have been saved")
    vault.edits.change(note.id, NotePatch(body="By mercy you have been saved"), base=note.revision)
    edited = vault.edits.change(note.id, NotePatch(body="By favor you have been saved"), base=note.revision)

    assert {"mercy", "favor"} <= set(edited.note.body.split())
    assert len(edited.conflicts) == 1


def test_a_third_edit_may_stand_on_two_versions_that_are_older_too(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Romans 8", "One\n\nTwo\n\nThree")
    vault.edits.change(note.id, NotePatch(body="One a\n\nTwo\n\nThree"), base=note.revision)
    both = vault.edits.change(note.id, NotePatch(body="One\n\nTwo b\n\nThree"), base=note.revision).note
    vault.edits.change(note.id, NotePatch(title="Romans"), base=both.revision)
    last = vault.edits.change(note.id, NotePatch(body=both.body.replace("Three", "Three c")), base=both.revision)

    assert last.note.body == "One a\n\nTwo b\n\nThree c"
    assert last.note.title == "Romans"


def test_an_edit_beats_a_deletion_that_had_not_seen_it(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Romans 8", "All things")
    vault.edits.change(note.id, NotePatch(body="All things work"), base=note.revision)
    edited = vault.edits.remove(note.id, base=note.revision)

    assert edited.note.deleted_at is None
    assert edited.note.body == "All things work"


def test_a_base_that_is_not_known_loses_no_word(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Romans 8", "All things work together")
    edited = vault.edits.change(note.id, NotePatch(body="All things for good"), base="ab" * 16)

    assert {"All", "things", "work", "together", "for", "good"} <= set(edited.note.body.split())
    assert edited.note.title == "Romans 8"


@pytest.mark.parametrize("base", ["", "zz", "abcd", "00" * 16 * 65])
def test_what_is_no_revision_is_refused(vault: scribes.Scribes, base: str) -> None:
    note = vault.notes.add("Romans 8", "All things")

    with pytest.raises(InvalidInput):
        vault.edits.change(note.id, NotePatch(title="x"), base=base)
    assert len(vault.history.of(note.id)) == 1


def test_a_listing_in_pages_shows_each_note_once_whatever_comes_meanwhile(vault: scribes.Scribes) -> None:
    for number in range(7):
        vault.notes.add(f"Note {number}", tags=["hope"] if number % 2 else [])
    seen, cursor = [], ""
    while True:
        page = vault.listing.page(order="-created", cursor=cursor, limit=2)
        seen += [note.title for note in page.items]
        if page.next is None:
            break
        cursor = page.next
        vault.notes.add("In between")

    assert seen == [f"Note {number}" for number in reversed(range(7))]
    assert [note.title for note in vault.listing.page(NoteFilter(tag="#Hope"), order="title").items] == [
        "Note 1", "Note 3", "Note 5",
    ]  # fmt: skip


@pytest.mark.parametrize("cursor", ["x", "bm90aGluZw", "W10", "WyItY3JlYXRlZCIsIngiLCIwMCJd"])
def test_a_cursor_of_something_else_is_refused(vault: scribes.Scribes, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        vault.listing.page(order="-created", cursor=cursor)
