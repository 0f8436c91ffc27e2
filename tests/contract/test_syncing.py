"""Devices and people at one remote: what they do, and what they see. Over a folder and over another vault alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from scribes import NewPrayer, NewReminder, NotePatch
from scribes.errors import Conflict, Forbidden, InvalidInput, NotFound
from scribes.models.prayers import PrayerPatch

from .people import KINDS, People


@pytest.fixture(params=KINDS)
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    with_remote = People(tmp_path / "people", request.param)
    yield with_remote
    with_remote.close()


def test_a_second_device_gets_everything_and_both_write_on(people: People) -> None:
    first = people.founder("laptop")
    note = first.notes.add("Grace", "John 1:16. Grace upon grace. #grace", speaker="Keller")
    first.prayers.add(NewPrayer("Healing for @Ruth"))
    first.reminders.add(NewReminder("call Ruth", datetime(2040, 5, 6, 18), "Europe/Berlin"))
    first.reviews.add_passage("John 1:16")
    first.sync.run()
    second = people.device("laptop", "phone")
    second.notes.add("From the phone", "abide")
    people.settle("phone", "laptop")

    assert second.notes.get(note.id) == first.notes.get(note.id)
    assert [one.title for one in first.notes.recent()] == [one.title for one in second.notes.recent()]
    assert [one.text for one in second.reminders.recent()] == ["call Ruth"]
    assert [one.people for one in second.prayers.recent()] == [("Ruth",)]
    assert [one.source for one in second.reviews.recent()] == ["John.1.16"]
    assert [one.name for one in first.devices.each()] == ["laptop", "phone"]
    assert second.search.find("fulness OR grace", by="words")
    assert [space.unsent for space in first.sync.status()] == [0]


def test_notes_that_were_on_a_new_device_before_come_along(people: People) -> None:
    first = people.founder("laptop")
    before = people.open("phone").notes.add("From before")
    people.device("laptop", "phone")
    first.sync.run()

    assert first.notes.get(before.id).title == "From before"


def test_two_edits_of_one_note_are_both_in_it(people: People) -> None:
    first, second, note = _pair_with_note(people, "Grace upon grace.\n\nAbide in the vine.")
    first.notes.change(note, NotePatch(body="Grace upon free grace.\n\nAbide in the vine."))
    second.notes.change(note, NotePatch(body="Grace upon grace.\n\nAbide in the true vine.", speaker="Stott"))
    second.notes.tag(note, add=["vine"])
    people.settle()

    assert first.notes.get(note) == second.notes.get(note)
    assert first.notes.get(note).body == "Grace upon free grace.\n\nAbide in the true vine."
    assert (first.notes.get(note).speaker, first.notes.get(note).tags) == ("Stott", ("vine",))
    assert first.clashes.waiting() == []
    assert {one.device for one in first.history.of(note)} == {"laptop", "phone"}
    assert [one.current for one in first.history.of(note)].count(True) == 2


def test_where_both_wrote_in_one_place_both_stand_and_one_is_chosen_for_all(people: People) -> None:
    first, second, note = _pair_with_note(people, "By grace we are saved.")
    first.notes.change(note, NotePatch(body="By mercy we are saved."))
    second.notes.change(note, NotePatch(body="By favor we are saved."))
    people.settle()
    clash = first.clashes.waiting()[0]

    assert second.clashes.waiting()[0].id == clash.id
    assert {"mercy", "favor"} <= set(first.notes.get(note).body.replace(".", "").split())
    assert {clash.ours_by, clash.theirs_by} == {"laptop", "phone"}
    # Ours is what this very device wrote.
    second.clashes.choose(clash.id, "ours")
    people.settle()
    assert first.notes.get(note).body == second.notes.get(note).body == "By favor we are saved."
    assert first.clashes.waiting() == second.clashes.waiting() == []
    assert any("mercy" in first.history.at(note, one.id).body for one in first.history.of(note))


def test_keeping_both_settles_a_clash_everywhere(people: People) -> None:
    first, second, note = _pair_with_note(people, "By grace we are saved.")
    first.notes.change(note, NotePatch(body="By mercy we are saved."))
    second.notes.change(note, NotePatch(body="By favor we are saved."))
    people.settle()
    body = first.notes.get(note).body
    first.clashes.choose(first.clashes.waiting()[0].id, "both")
    people.settle()

    assert first.clashes.waiting() == second.clashes.waiting() == []
    assert first.notes.get(note).body == second.notes.get(note).body == body


def test_a_title_that_two_changed_keeps_the_later_and_lists_the_other(people: People) -> None:
    first, second, note = _pair_with_note(people, "text")
    first.notes.change(note, NotePatch(title="Earlier"))
    second.notes.change(note, NotePatch(title="Later"))
    people.settle()
    clash = first.clashes.waiting()[0]

    assert (first.notes.get(note).title, clash.field) == ("Later", "title")
    first.clashes.choose(clash.id, "ours")
    people.settle()
    assert second.notes.get(note).title == "Earlier"


def test_what_one_deletes_while_another_writes_on_stays(people: People) -> None:
    first, second, note = _pair_with_note(people, "text")
    first.notes.remove([note])
    second.notes.change(note, NotePatch(body="text and more"))
    people.settle()

    assert first.notes.get(note).deleted_at is None
    assert first.notes.get(note).body == "text and more"
    assert [one.field for one in first.clashes.waiting()] == ["deleted"]


def test_what_both_have_seen_and_one_deletes_is_gone_for_both(people: People) -> None:
    first, second, note = _pair_with_note(people, "text")
    first.notes.remove([note])
    people.settle()

    assert [one.id for one in second.notes.trash()] == [note]
    second.notes.restore([note])
    people.settle()
    assert first.notes.get(note).deleted_at is None


def test_what_was_purged_here_does_not_come_back(people: People) -> None:
    first, second, note = _pair_with_note(people, "text")
    first.notes.remove([note])
    people.settle()
    first.notes.purge(older_than_days=0)
    second.notes.add("another")
    people.settle()
    first.sync.compact()
    people.settle()

    with pytest.raises(NotFound):
        first.notes.get(note)


def test_a_prayer_in_a_circle_is_one_for_all_and_sentences_are_merged(people: People) -> None:
    anna = people.founder("anna")
    (ben,) = people.circle("anna", "ben")
    prayer = anna.prayers.add(NewPrayer("Ruth", "Pray for Ruth and her mother."))
    shared = anna.sharing.share(prayer.id, "Bethel")
    people.settle()
    anna.prayers.change(shared, PrayerPatch(body="Pray daily for Ruth and her mother."))
    ben.prayers.change(shared, PrayerPatch(body="Pray for Ruth and her dear mother."))
    people.settle()

    assert anna.prayers.get(shared).body == ben.prayers.get(shared).body == "Pray daily for Ruth and her dear mother."
    ben.prayers.prayed([shared])
    people.settle()
    assert (ben.prayers.get(shared).times, anna.prayers.get(shared).times) == (1, 0)


def test_a_shared_note_is_one_note_that_all_edit_and_comment_on(people: People) -> None:
    anna = people.founder("anna")
    private = anna.notes.add("Draft", "first thoughts")
    anna.notes.change(private.id, NotePatch(title="Grace", body="Grace upon grace"))
    reminder = anna.reminders.add(NewReminder("", datetime(2040, 5, 6, 18), "Europe/Berlin", about=private.id))
    (ben,) = people.circle("anna", "ben")
    shared = anna.sharing.share(private.id, "Bethel")
    people.settle()
    ben.notes.change(shared, NotePatch(body="Grace upon free grace"))
    ben.sharing.comment(shared, "Amen")
    people.settle()

    assert anna.notes.get(shared).body == "Grace upon free grace"
    assert [one.id for one in anna.notes.recent()] == [shared]
    assert [(one.author, one.text) for one in anna.sharing.comments(shared)] == [("ben", "Amen")]
    assert [(one.author, one.summary) for one in ben.history.of(shared)] == [("anna", "written"), ("ben", "text +1")]
    assert anna.reminders.get(reminder.id).about == shared
    assert "first thoughts" not in str([ben.history.at(shared, one.id) for one in ben.history.of(shared)])
    anna.sharing.unshare(shared)
    people.settle()
    assert [one.body for one in anna.notes.recent()] == ["Grace upon free grace"]
    assert ben.notes.recent() == []


def test_undoing_a_share_takes_it_back_for_all(people: People) -> None:
    anna = people.founder("anna")
    note = anna.notes.add("Grace", "text")
    (ben,) = people.circle("anna", "ben")
    anna.sharing.share(note.id, "Bethel")
    people.settle()
    anna.history.undo()
    people.settle()

    assert [one.id for one in anna.notes.recent()] == [note.id]
    assert ben.notes.recent() == []


def test_who_is_removed_keeps_what_they_read_and_gets_nothing_new(people: People) -> None:
    anna = people.founder("anna")
    ben, cleo = people.circle("anna", "ben", "cleo")
    shared = anna.sharing.share(anna.notes.add("Grace", "what all have read").id, "Bethel")
    people.settle()
    ben.notes.change(shared, NotePatch(body="what ben wrote too late"))
    anna.circles.remove("Bethel", "ben")
    anna.notes.change(shared, NotePatch(body="what ben must not read"))
    for vault in (anna, cleo, ben, anna, cleo):
        vault.sync.run()

    assert ben.notes.get(shared).body == "what ben wrote too late"
    assert anna.notes.get(shared).body == cleo.notes.get(shared).body == "what ben must not read"
    assert [circle.role for circle in ben.circles.each()] == [""]
    with pytest.raises(Forbidden):
        ben.notes.change(shared, NotePatch(body="no more"))
    assert [one.name for one in cleo.circles.members("Bethel")] == ["anna", "cleo"]
    link = anna.circles.invite("Bethel").link
    ben.circles.join(link)
    people.settle()
    assert ben.notes.get(shared).body == anna.notes.get(shared).body == cleo.notes.get(shared).body


def test_roles_say_who_may_what(people: People) -> None:
    anna = people.founder("anna")
    ben, cleo = people.circle("anna", "ben", "cleo")
    shared = anna.sharing.share(anna.notes.add("Grace", "text").id, "Bethel")
    people.settle()
    anna.circles.set_role("Bethel", "ben", "reader")
    people.settle()

    with pytest.raises(Forbidden):
        ben.notes.change(shared, NotePatch(body="more"))
    with pytest.raises(Forbidden):
        cleo.circles.invite("Bethel")
    with pytest.raises(Forbidden):
        anna.circles.leave("Bethel")
    anna.circles.set_role("Bethel", "ben", "member")
    people.settle()
    ben.notes.change(shared, NotePatch(body="more"))
    anna.circles.hand_over("Bethel", "cleo")
    people.settle()
    assert anna.notes.get(shared).body == "more"
    assert {one.name: one.role for one in ben.circles.members("Bethel")} == {
        "cleo": "owner", "anna": "admin", "ben": "member",
    }  # fmt: skip
    anna.circles.leave("Bethel")
    people.settle()
    assert [one.name for one in ben.circles.members("Bethel")] == ["cleo", "ben"]


def test_an_invitation_is_used_once_and_can_be_taken_back(people: People) -> None:
    anna = people.founder("anna")
    anna.circles.create("Bethel")
    link = anna.circles.invite("Bethel").link
    people.founder("ben").circles.join(link)
    with pytest.raises(Forbidden):
        people.founder("cleo").circles.join(link)
    link = anna.circles.invite("Bethel").link
    assert anna.circles.uninvite("Bethel") == 1

    with pytest.raises(Forbidden):
        people.open("cleo").circles.join(link)
    with pytest.raises(InvalidInput):
        people.open("cleo").circles.join(link[:-3])


def test_all_devices_of_a_person_are_in_their_circles(people: People) -> None:
    anna = people.founder("anna")
    phone = people.device("anna", "anna's phone")
    (ben,) = people.circle("anna", "ben")
    shared = ben.sharing.share(ben.notes.add("From Ben").id, "Bethel")
    people.settle()
    tablet = people.device("anna", "anna's tablet")
    people.settle()

    for vault in (anna, phone, tablet):
        assert vault.notes.get(shared).title == "From Ben"
    assert [(one.name, one.devices) for one in ben.circles.members("Bethel")] == [("anna", 3), ("ben", 1)]


def test_a_revoked_device_is_shut_out_of_everything_new(people: People) -> None:
    anna = people.founder("anna")
    lost = people.device("anna", "lost phone")
    (ben,) = people.circle("anna", "ben")
    people.settle()
    anna.devices.revoke("lost phone")
    note = anna.notes.add("After the loss")
    shared = ben.sharing.share(ben.notes.add("To all but the finder").id, "Bethel")
    people.settle()
    lost.notes.add("From the finder")
    lost.sync.run()
    people.settle("anna", "ben")

    for id in (note.id, shared):
        with pytest.raises(NotFound):
            lost.notes.get(id)
    assert anna.notes.get(shared).title == "To all but the finder"
    assert "From the finder" not in [one.title for one in anna.notes.recent()]
    assert [one.is_active for one in anna.devices.each()] == [True, False]


def test_a_sync_that_would_remove_much_stops_and_asks(people: People) -> None:
    first = people.founder("laptop")
    made = [first.notes.add(f"note {number}") for number in range(20)]
    first.sync.run()
    second = people.device("laptop", "phone")
    first.notes.remove([note.id for note in made[:5]])
    first.sync.run()

    with pytest.raises(Conflict, match="5 or more of 20 notes"):
        second.sync.run()
    assert second.notes.count() == 20
    second.sync.run(may_remove=True)
    assert second.notes.count() == 15


def test_sharing_many_notes_is_no_removal(people: People) -> None:
    first = people.founder("laptop")
    made = [first.notes.add(f"note {number}") for number in range(8)]
    first.sync.run()
    second = people.device("laptop", "phone")
    first.circles.create("Bethel")
    for note in made[:4]:
        first.sharing.share(note.id, "Bethel")
    people.settle()

    assert second.notes.count() == 8


def test_a_folder_or_vault_that_lost_everything_is_an_error_and_can_be_filled_again(people: People) -> None:
    people.keep_remote()
    first = people.founder("laptop")
    note = first.notes.add("kept")
    first.sync.run()
    people.restore_remote()

    with pytest.raises(Conflict, match="lost the log"):
        first.sync.run()
    assert first.notes.get(note.id).title == "kept"
    first.sync.run(may_refill=True)
    second = people.device("laptop", "phone")
    assert second.notes.get(note.id).title == "kept"


def test_compacting_keeps_every_revision_and_a_device_that_was_away_goes_on(people: People) -> None:
    first, second, note = _pair_with_note(people, "one")
    for word in ("two", "three", "four", "five", "six", "seven"):
        first.notes.append(note, word)
        first.sync.run()
    second.notes.append(note, "written while away")
    done = next(one for one in first.sync.compact() if one.name == "personal")
    people.settle()
    third = people.device("laptop", "tablet")

    assert done.after_bytes < done.before_bytes
    assert first.notes.get(note).body == second.notes.get(note).body == third.notes.get(note).body
    assert "written while away" in first.notes.get(note).body
    assert len(third.history.of(note)) == 8
    for one in first.sync.verify():
        assert (one.missing, one.problems) == (0, ())


def test_verify_tells_what_lies_there(people: People) -> None:
    first, _, _ = _pair_with_note(people, "Grace upon grace " * 40)
    first.notes.add("not sent yet")
    found = first.sync.verify()[0]

    assert found.missing == 1
    assert found.problems == ()
    assert 0 < found.size_bytes < 20_000


def test_nothing_to_say_costs_one_question(people: People) -> None:
    first, _, _ = _pair_with_note(people, "text")
    first.sync.run()
    asked: list[str] = []
    fetch = people.good.fetch
    people.good.fetch = lambda *given, **named: (asked.append("fetch"), fetch(*given, **named))[1]  # type: ignore[method-assign]
    people.good.append = lambda *given: asked.append("append")  # type: ignore[method-assign]
    first.sync.run()

    assert asked == ["fetch"]


def _pair_with_note(people: People, body: str):  # type: ignore[no-untyped-def]
    first = people.founder("laptop")
    note = first.notes.add("A note", body)
    first.sync.run()
    second = people.device("laptop", "phone")
    people.settle()
    return first, second, note.id


def test_who_comes_after_a_compaction_may_end_the_writing_of_those_before(people: People) -> None:
    anna = people.founder("anna")
    (ben,) = people.circle("anna", "ben")
    for title in ("one", "two", "three"):
        ben.sharing.share(ben.notes.add(title).id, "Bethel")
        ben.sync.run()
    # What ben's device wrote last is no bundle: it let another one in.
    people.device("ben", "phone")
    people.settle()
    anna.sync.compact()
    cleo = people.joins("anna", "cleo", role="admin")
    people.settle()

    assert sorted(note.title for note in cleo.notes.recent()) == ["one", "three", "two"]
    assert [one.alerts for one in cleo.sync.run()] == [(), ()]
    cleo.circles.remove("Bethel", "ben")
    assert [one.alerts for one in anna.sync.run()] == [(), ()]
    ben.sync.run()
    with pytest.raises(Forbidden):
        ben.notes.append(cleo.notes.recent()[0].id, "Amen")


def test_a_change_of_members_that_log_and_writer_both_lost_is_for_a_person_to_decide(people: People) -> None:
    people.founder("anna")
    _, cleo = people.circle("anna", "ben", "cleo")
    people.settle()
    people.keep_remote()
    people.shut("anna")
    people.copy("anna", "anna from a backup")
    people.open("anna").circles.remove("Bethel", "ben")
    cleo.sync.run()
    people.shut("anna")
    people.restore_remote()
    anna = people.open("anna from a backup")
    anna.sharing.share(anna.notes.add("Grace").id, "Bethel")
    anna.sync.run()
    cleo.sharing.share(cleo.notes.add("Hope").id, "Bethel")

    with pytest.raises(Conflict, match="said in two ways") as caught:
        cleo.sync.run()
    assert "--take-members" in str(caught.value.hint)
    assert "Hope" in [one.title for one in cleo.notes.recent()]
    assert cleo.sync.take_members() == ["Bethel"]
    cleo.sync.run()
    anna.sync.run()
    titles = [sorted(note.title for note in vault.notes.recent()) for vault in (anna, cleo)]
    assert titles == [["Grace", "Hope"]] * 2
    assert [member.name for member in anna.circles.members("Bethel")] == [
        member.name for member in cleo.circles.members("Bethel")
    ]


def test_what_a_restored_device_wrote_in_the_place_of_what_others_have_comes_to_them(people: People) -> None:
    people.founder("laptop")
    phone = people.device("laptop", "phone")
    people.settle()
    people.keep_remote()
    people.shut("laptop")
    people.copy("laptop", "laptop from a backup")
    people.open("laptop").notes.add("before the crash")
    people.settle("laptop", "phone", rounds=1)
    people.shut("laptop")
    people.restore_remote()
    laptop = people.open("laptop from a backup")
    for title in ("after it", "and later"):
        laptop.notes.add(title)
        laptop.sync.run()
    people.settle("phone", "laptop from a backup", rounds=2)

    for vault in (phone, laptop):
        assert sorted(note.title for note in vault.notes.recent()) == ["after it", "and later", "before the crash"]


def test_who_came_in_after_the_backup_of_the_circle_joins_again(people: People) -> None:
    anna = people.founder("anna")
    anna.circles.create("Bethel")
    people.keep_remote()
    ben = people.joins("anna", "ben")
    ben.sharing.share(ben.notes.add("Grace").id, "Bethel")
    ben.sync.run()
    people.restore_remote()
    # Anna has not seen that he came, and changes who is in.
    anna.sync.run()
    link = anna.circles.invite("Bethel").link
    with pytest.raises(Conflict, match="said in two ways"):
        ben.sync.run(may_refill=True)
    ben.sync.take_members()
    said = [alert for one in ben.sync.run(may_refill=True) for alert in one.alerts]

    assert any("ask for a new invitation" in alert for alert in said), said
    assert "Grace" in [note.title for note in ben.notes.recent()]
    ben.circles.join(link)
    people.settle()
    assert [note.title for note in anna.notes.recent()] == ["Grace"]
    assert sorted(member.name for member in anna.circles.members("Bethel")) == ["anna", "ben"]
