"""Conflicts as a person has them: from where they stand, chosen in, taken back; and that devices' names make none."""

from __future__ import annotations

from pathlib import Path

import pytest

import scribes
from scribes import NotePatch
from scribes.config import load
from scribes.errors import InvalidInput
from scribes.models.prayers import NewPrayer, PrayerPatch

from .people import People

pytestmark = pytest.mark.every_engine

STILL = "He led me to the {} water, and I sat down."


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path, "scribes")


def met(people: People) -> tuple[scribes.Scribes, scribes.Scribes, str]:
    """Two devices of one person that changed the same word, after both have heard of it; and the note."""
    desk = people.founder("desk")
    id = desk.notes.add("River", STILL.format("still")).id
    desk.sync.run()
    phone = people.device("desk", "phone")
    desk.notes.change(id, NotePatch(body=STILL.format("deep")))
    phone.notes.change(id, NotePatch(body=STILL.format("quiet")))
    for vault in (desk, phone, desk):
        vault.sync.run()
    return desk, phone, id


def test_ours_is_what_this_device_wrote(people: People) -> None:
    desk, phone, _ = met(people)
    here, there = desk.clashes.waiting()[0], phone.clashes.waiting()[0]

    assert here.id == there.id
    assert (here.ours, here.ours_by, here.theirs, here.theirs_by) == ("deep", "desk", "quiet", "phone")
    assert (there.ours, there.ours_by, there.theirs, there.theirs_by) == ("quiet", "phone", "deep", "desk")
    assert (here.before, here.after) == ("He led me to the ", " water, and I sat down.")


@pytest.mark.parametrize(("choice", "word"), [("ours", "quiet"), ("theirs", "deep")])
def test_what_is_chosen_where_one_stands_is_what_all_have(people: People, choice: str, word: str) -> None:
    desk, phone, id = met(people)
    phone.clashes.choose(phone.clashes.waiting()[0].id, choice)
    for vault in (phone, desk):
        vault.sync.run()

    assert [vault.notes.get(id).body for vault in (desk, phone)] == [STILL.format(word)] * 2
    assert desk.clashes.waiting() == phone.clashes.waiting() == []


def test_undo_of_an_edit_that_brought_versions_together_takes_the_edit_back_and_not_the_note(people: People) -> None:
    desk, _, id = met(people)
    before = desk.notes.get(id)
    desk.notes.append(id, "More.")
    desk.history.undo()

    after = desk.notes.get(id)
    assert (after.body, after.deleted_at) == (before.body, None)


def test_undo_of_a_choice_brings_both_back_into_the_note(people: People) -> None:
    desk, _, id = met(people)
    before = desk.notes.get(id)
    desk.clashes.choose(desk.clashes.waiting()[0].id, "theirs")
    desk.history.undo()

    after = desk.notes.get(id)
    assert (after.body, after.deleted_at) == (before.body, None)


def test_undo_of_an_edit_of_a_prayer_that_brought_versions_together_keeps_the_prayer(people: People) -> None:
    desk, phone, _ = met(people)
    id = desk.prayers.add(NewPrayer("Ruth")).id
    for vault in (desk, phone):
        vault.sync.run()
    desk.prayers.change(id, PrayerPatch(title="Ruth's mother"))
    phone.prayers.change(id, PrayerPatch(title="Ruth and all"))
    for vault in (desk, phone, desk):
        vault.sync.run()
    stood = desk.prayers.get(id).title
    desk.prayers.change(id, PrayerPatch(rhythm="daily"))
    desk.history.undo()

    assert (desk.prayers.get(id).title, desk.prayers.get(id).deleted_at) == (stood, None)


def test_the_first_rename_of_a_new_device_is_no_conflict(people: People) -> None:
    desk = people.founder("desk")
    phone = people.device("desk", "phone")
    phone.devices.rename("phone", "old phone")
    for vault in (phone, desk):
        vault.sync.run()

    assert desk.clashes.waiting() == phone.clashes.waiting() == []
    assert [one.name for one in desk.devices.each()] == ["desk", "old phone"]


def test_nobody_is_asked_about_a_note_that_was_moved_into_a_circle(people: People) -> None:
    desk, _, id = met(people)
    desk.circles.create("Bethel")
    desk.sharing.share(id, "Bethel")

    assert desk.clashes.waiting() == []


def test_a_shared_note_names_its_circle_wherever_it_is_shown(people: People) -> None:
    desk = people.founder("desk")
    id = desk.notes.add("River", STILL.format("still")).id
    prayer = desk.prayers.add(NewPrayer("Ruth")).id
    desk.circles.create("Bethel")
    shared, prayed = desk.sharing.share(id, "Bethel"), desk.sharing.share(prayer, "Bethel")
    desk.notes.add("Mine")

    assert desk.notes.get(shared).circle == desk.prayers.get(prayed).circle == "Bethel"
    assert {note.title: note.circle for note in desk.notes.recent()} == {"River": "Bethel", "Mine": ""}
    assert [hit.note.circle for hit in desk.search.find("water")] == ["Bethel"]


def test_a_circle_in_a_folder_that_a_device_does_not_know_is_counted(people: People, tmp_path: Path) -> None:
    from scribes.adapters.remote_folder import FolderRemote

    desk, phone = people.founder("desk"), people.device("desk", "phone")
    other = FolderRemote(str(tmp_path / "other"))
    other.found()
    desk.circles.create("Bethel", place=desk.sync.know(other, kind="folder", place=other.name))
    for vault in (desk, phone):
        vault.sync.run()

    assert (desk.sync.count_elsewhere(), phone.sync.count_elsewhere()) == (0, 1)
    phone.sync.know(other, kind="folder", place=other.name)
    phone.sync.run()
    assert phone.sync.count_elsewhere() == 0


def test_who_only_knows_a_folder_for_a_circle_keeps_their_own_notes_at_home(people: People) -> None:
    people.founder("anna")
    people.open("anna").circles.create("Bethel")
    link = people.open("anna").circles.invite("Bethel").link
    carl = people.open("carl")
    carl.notes.add("Mine")
    carl.circles.join(link, place=carl.sync.know(people.remote, kind=people.kind, place=people.remote.name))
    carl.sync.run()

    assert {one.name: one.synced_at is not None for one in carl.sync.status()} == {"personal": False, "Bethel": True}


@pytest.mark.parametrize(("given", "is_taken"), [("0", True), ("7", True), ("-1", False), ("x", False)])
def test_minutes_between_syncs_may_be_none(given: str, *, is_taken: bool) -> None:
    environment = {"HOME": "/nowhere", "SCRIBES_SYNC_MINUTES": given}
    if is_taken:
        assert load(environment).sync_minutes == int(given)
    else:
        with pytest.raises(InvalidInput):
            load(environment)
