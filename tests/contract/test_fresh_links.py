"""Links on a server: as a vault has them, among one's own notes alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import scribes
from scribes.errors import NotFound, Unavailable
from scribes.hosting import Host, Hosted, open_host
from scribes.models.notes import NewNote, NotePatch

NOTES = (
    ("Grace", "John 1:16-17. We have done nothing to earn God's love; it is a free gift. See [[Law]]."),
    ("Law", "John 1:17 and Romans 3:20. The law came by Moses, so that we know sin."),
    ("Gift", "Ephesians 2:8-9. Love that nobody earned: a gift that is free, unmerited, from God."),
    ("Faith", "Romans 3:21-28. Justified by faith apart from works of the law."),
    ("Anger", "He spoke about keeping one's temper, and not going to bed furious. Ephesians 4:26"),
    ("Storm", "Mark 4:35-41. The disciples were terrified in the boat, until the waves lay still."),
    ("Boat", "Matthew 8:23-27. A storm on the lake, terrified disciples, and then calm."),
)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    opened = open_host(str(tmp_path / "server"), "", "")
    yield opened
    opened.close()


def person(host: Host, name: str) -> Hosted:
    return host.of(host.found(name, personal=True))


def fill(one: scribes.Scribes) -> dict[str, str]:
    return {title: one.notes.add(title, body).id for title, body in NOTES}


def told(one: scribes.Scribes, ids: dict[str, str]) -> dict[str, list[object]]:
    return {
        title: sorted(
            (link.note.title, link.kind, link.score, link.why, link.way, repr(link.here), repr(link.there))
            for link in one.links.of(id)
        )
        for title, id in ids.items()
    }


def test_a_note_has_the_links_that_it_has_in_a_vault(host: Host, vault: scribes.Scribes) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    fill(ben)
    ids, here = fill(anna), fill(vault)
    anna.meaning.run()
    vault.meaning.run()
    links = told(anna, ids)

    assert links == told(vault, here)
    assert {kind for found in links.values() for _, kind, *_ in found} == {  # type: ignore[misc]
        "same passage", "linked passage", "similar", "by hand"
    }  # fmt: skip


def test_links_are_found_behind_many_notes_of_others(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    ids = fill(anna)
    ben.notes.add_many(NewNote(f"Ben {n}", "John 1:17: terrified in a storm on a lake. [[Law]]") for n in range(300))
    anna.meaning.run()
    found = anna.links.of(ids["Law"])

    assert "Grace" in {link.note.title for link in found if link.kind == "same passage"}
    assert "Boat" in {link.note.title for link in anna.links.of(ids["Storm"]) if link.kind == "similar"}
    assert {link.note.title for id in ids.values() for link in anna.links.of(id)} <= set(ids)
    assert {node.note.title for node in anna.links.around(ids["Law"]).nodes} <= set(ids)


def test_links_by_hand_are_made_dismissed_and_taken_back(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    ids, foreign = fill(anna), fill(ben)
    anna.links.link(ids["Storm"], ids["Anger"], why="both are rough")

    assert [(one.note.title, one.why) for one in anna.links.of(ids["Anger"], kind="by hand")] == [
        ("Storm", "both are rough")
    ]
    with pytest.raises(NotFound):
        anna.links.link(ids["Storm"], foreign["Anger"])

    anna.links.unlink(ids["Storm"], ids["Anger"])
    anna.links.dismiss(ids["Grace"], ids["Law"])

    assert anna.links.of(ids["Anger"], kind="by hand") == []
    assert [one.kind for one in anna.links.of(ids["Law"]) if one.note.title == "Grace"] == ["by hand"]

    anna.links.restore(ids["Law"], ids["Grace"])

    assert "same passage" in [one.kind for one in anna.links.of(ids["Law"]) if one.note.title == "Grace"]


def test_a_name_in_brackets_follows_what_notes_are_called(host: Host) -> None:
    anna = person(host, "Anna")
    ids = fill(anna)
    anna.notes.change(ids["Law"], NotePatch(title="Torah"))

    assert [one.text for one in anna.links.missing(ids["Grace"])] == ["Law"]
    assert anna.links.of(ids["Law"], kind="by hand") == []


def test_what_needs_a_graph_that_is_kept_says_so(host: Host) -> None:
    anna = person(host, "Anna")

    for ask in (anna.links.orphans, anna.links.suggestions, anna.links.rebuild):
        with pytest.raises(Unavailable):
            ask()
