"""Finding among many people's notes: one's own are picked out first, and of the others nothing is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scribes.hosting import Host, Hosted, open_host
from scribes.models.notes import NewNote

MANY = 1_200


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    opened = open_host(str(tmp_path / "server"), "", "")
    yield opened
    opened.close()


def person(host: Host, name: str) -> Hosted:
    return host.of(host.found(name, personal=True))


def titles(person: Hosted, query: str, **how: object) -> list[str]:
    return sorted(hit.note.title for hit in person.search.find(query, **how))  # type: ignore[arg-type]


def test_few_notes_are_found_behind_many_newer_ones_of_others(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    for number in range(10):
        anna.notes.add(f"Anna {number}", f"Grace abounds on Mount Zion, John 3:16 and day {number}")
    ben.notes.add_many(NewNote(f"Ben {number}", "Grace and Zion, grace and Zion: John 3:16") for number in range(MANY))
    wanted = [f"Anna {number}" for number in range(10)]

    assert titles(anna, "grace", by="words", limit=10) == wanted
    assert titles(anna, "grace zion", by="words", limit=10) == wanted
    assert titles(anna, '"mount zion"', limit=10) == wanted
    assert titles(anna, "grac*", limit=10) == wanted
    assert titles(anna, "passage:John3:16 grace", limit=10) == wanted
    assert titles(anna, "John 3:16", limit=10) == wanted
    assert sorted(hit.note.title for hit in anna.passages.on("John 3:16", limit=10)) == wanted


def test_few_notes_are_found_by_meaning_behind_many_of_others(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    for number in range(10):
        anna.notes.add(f"Anna {number}", f"We did nothing to earn God's love {number}; it is a free gift.")
    ben.notes.add_many(
        NewNote(f"Ben {number}", f"Unearned kindness of God, number {number}, undeserved.") for number in range(300)
    )
    anna.meaning.run()

    assert titles(anna, "unearned kindness", by="meaning", limit=10) == [f"Anna {number}" for number in range(10)]
    assert titles(anna, "unearned kindness", limit=10) == [f"Anna {number}" for number in range(10)]
    assert len(titles(ben, "unearned kindness", by="meaning", limit=50)) == 50


def test_the_same_words_of_two_people_have_one_vector_and_each_sees_their_own_note(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    for one in (anna, ben):
        one.notes.add("Grace", "We have done nothing to earn God's love; it is a free gift.", tags=["grace"])
    anna.meaning.run()

    for query in ("unearned kindness", "unearned kindness tag:grace", "unearned kindness -law"):
        for one in (anna, ben):
            assert [hit.note.id for hit in one.search.find(query)] == [note.id for note in one.notes.recent()]


def test_words_of_others_are_never_suggested(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    ben.notes.add("Spurgeon", "on sanctification")
    anna.notes.add("Justification", "by faith")

    assert ben.search.suggest("spurgeno") == "spurgeon"
    assert anna.search.suggest("spurgeno") is None
    assert anna.search.suggest("sanctificaton") is None
    assert anna.search.suggest("justificatoin") == "justification"


def test_labels_of_others_are_not_counted(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    anna.notes.add("One", "a", tags=["hope"], topics=["Grace"])
    ben.notes.add("Two", "b", tags=["hope", "secret"], topics=["Grace", "Secret"])

    assert [(one.tag, one.notes) for one in anna.notes.tags()] == [("hope", 1)]
    assert [(one.topic, one.notes) for one in anna.notes.topics()] == [("grace", 1)]


def test_the_trash_is_searched_by_its_owner_alone(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    for one in (anna, ben):
        one.notes.remove([one.notes.add("Gone", "grace").id])

    assert [hit.note.id for hit in anna.search.find("grace", trash=True)] == [one.id for one in anna.notes.trash()]
