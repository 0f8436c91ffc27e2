"""Many people over one database, and the logs of their open spaces."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import scribes
from scribes.errors import Forbidden, NotFound, Sealed
from scribes.hosting import Host, Hosted, open_host
from scribes.models.notes import NewNote, NotePatch
from scribes.services.gate import Gate


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    opened = open_host(str(tmp_path / "server"), "", "")
    yield opened
    opened.close()


def person(host: Host, name: str) -> Hosted:
    return host.of(host.found(name, personal=True))


def test_people_see_their_own_notes_alone(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    note = anna.notes.add("Romans 8", "All things work together", tags=["hope"])
    ben.notes.add("Psalm 23", "The Lord is my shepherd", tags=["hope"])

    with pytest.raises(NotFound):
        ben.notes.get(note.id)
    with pytest.raises(NotFound):
        ben.notes.change(note.id, NotePatch(title="mine"))
    with pytest.raises(NotFound):
        ben.notes.remove([note.id])
    with pytest.raises(NotFound):
        ben.history.of(note.id)
    assert [one.title for one in anna.notes.recent()] == ["Romans 8"]
    assert [one.notes for one in ben.notes.tags()] == [1]
    assert ben.search.find("things", by="words") == []


def test_what_is_written_reaches_the_log_and_is_read_back_after_a_loss_of_the_rows(host: Host) -> None:
    anna = person(host, "Anna")
    anna.notes.add("Romans 8", "All things")

    assert host.flush() == 1
    assert host.flush() == 0


def test_the_database_opens_again_with_the_secret_it_made(tmp_path: Path) -> None:
    first = open_host(str(tmp_path / "server"), "", "")
    n = first.found("Anna", personal=True)
    first.of(n).notes.add("Romans 8", "All things")
    first.close()
    again = open_host(str(tmp_path / "server"), "", "")

    assert [note.title for note in again.of(n).notes.recent()] == ["Romans 8"]
    assert (tmp_path / "server" / "secret").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "server" / "scribes.db").read_bytes().startswith(b"SQLite")
    again.close()


def test_hosted_people_share_in_an_open_circle_and_removal_ends_it(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    anna.circles.create("Bethel", mode="open")
    link = anna.circles.invite("Bethel").link
    ben.circles.join(link)
    anna, ben = host.of(anna.key), host.of(ben.key)
    note = anna.notes.add("Romans 8", "All things")
    shared = anna.sharing.share(note.id, "Bethel")

    assert ben.notes.get(shared).title == "Romans 8"

    ben.notes.change(shared, NotePatch(body="All things work together"))
    ben.sharing.comment(shared, "Amen")
    host.flush()

    assert anna.notes.get(shared).body == "All things work together"
    assert [(one.author, one.text) for one in anna.sharing.comments(shared)] == [("Ben", "Amen")]
    assert [one.author for one in anna.history.of(shared)] == ["Anna", "Ben"]

    anna.circles.remove("Bethel", "Ben")

    with pytest.raises(NotFound):
        host.of(ben.key).notes.get(shared)


def vault(folder: Path, name: str, host: Host) -> scribes.Scribes:
    folder.mkdir()
    settings = scribes.config.load(
        {"HOME": str(folder), "SCRIBES_KEYSTORE": "file", "SCRIBES_NAME": name, "SCRIBES_INDEXING": "manual"}
    )
    opened = scribes.open(settings=settings)
    opened.attach(host.relay)
    opened.sync.set_up(host.relay, kind="attached", place="server")
    return opened


def let_in(host: Host, here: Hosted, space: bytes) -> None:
    """As a server does, once a registered device of the person has put something into a log."""
    ring = Gate(host.engine).ring(space)
    host.let_in(here.key, ring, by=[id for id in ring.devices if id != here.device.id])


def test_a_device_and_the_server_write_in_one_open_circle(host: Host, tmp_path: Path) -> None:
    anna_here = host.of(host.found("Anna", personal=False))
    ben = person(host, "Ben")
    with vault(tmp_path / "anna", "Anna", host) as anna:
        circle = anna.circles.create("Bethel", mode="open")
        anna.circles.let_server_in("Bethel", anna_here.device)
        space = bytes.fromhex(circle.id)
        let_in(host, anna_here, space)
        host.absorb(space)
        ben.circles.join(anna.circles.invite("Bethel").link)
        note = anna.notes.add("Romans 8", "All things work together")
        shared = anna.sharing.share(note.id, "Bethel")
        anna.sync.run()
        host.absorb(space)
        ben, anna_here = host.of(ben.key), host.of(anna_here.key)
        ben.notes.change(shared, NotePatch(title="Romans 8, 28"))
        anna_here.notes.change(shared, NotePatch(speaker="Paul"))
        anna.notes.append(shared, "for good")
        host.flush()
        anna.sync.run()
        host.absorb(space)

        for one in (anna, ben, anna_here):
            found = one.notes.get(shared)
            assert (found.title, found.speaker) == ("Romans 8, 28", "Paul")
            assert found.body == "All things work together\n\nfor good"
        assert sorted(one.author for one in anna.history.of(shared)) == ["Anna", "Anna", "Anna", "Ben"]

        with pytest.raises(Sealed):
            anna_here.check_personal_space()
        anna.circles.remove("Bethel", "Ben")
        host.absorb(space)

        with pytest.raises(NotFound):
            host.of(ben.key).notes.get(shared)


def test_the_server_is_not_let_into_a_sealed_circle(host: Host, tmp_path: Path) -> None:
    anna_here = host.of(host.found("Anna", personal=False))
    with vault(tmp_path / "anna", "Anna", host) as anna:
        circle = anna.circles.create("Bethel")
        host.absorb(bytes.fromhex(circle.id))

        with pytest.raises(Forbidden):
            anna.circles.let_server_in("Bethel", anna_here.device)
        assert host.of(anna_here.key).circles.each() == []


def test_a_new_note_goes_into_a_circle_where_one_may_write(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    anna.circles.create("Bethel", mode="open")
    ben.circles.join(anna.circles.invite("Bethel", role="reader").link)
    anna, ben = host.of(anna.key), host.of(ben.key)
    note = anna.in_space("Bethel").notes.add_new(NewNote("Psalm 1", "Blessed"))

    assert ben.notes.get(note.id).circle == "Bethel"
    with pytest.raises(Forbidden):
        ben.in_space("Bethel")
    with pytest.raises(Forbidden):
        ben.notes.change(note.id, NotePatch(title="Mine"))


def test_who_listens_hears_of_a_circle_in_whose_log_nothing_is_but_who_is_in_it(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    host.flush()
    told: list[bytes] = []
    host.told = lambda space, _size_bytes: told.append(space)
    circle = bytes.fromhex(anna.circles.create("Bethel", mode="open").id)
    link = anna.circles.invite("Bethel").link
    anna.sent()
    host.flush()

    assert circle in told

    told.clear()
    ben.circles.join(link)
    ben.sent()
    host.flush()

    assert circle in told


def test_many_join_at_once_and_all_come_in(host: Host) -> None:
    anna = person(host, "Anna")
    anna.circles.create("Bethel", mode="open")
    others = [person(host, f"Person {number}") for number in range(5)]
    links = [anna.circles.invite("Bethel").link for _ in others]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda pair: pair[0].circles.join(pair[1]), zip(others, links, strict=True)))

    assert len(host.of(anna.key).circles.members("Bethel")) == 6


def test_what_is_done_to_a_whole_vault_is_refused_on_a_server(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    note = anna.notes.add("Romans 8")
    anna.notes.remove([note.id])

    with pytest.raises(Forbidden):
        ben.history.undo()
    with pytest.raises(Forbidden):
        ben.notes.purge(older_than_days=0)
    assert anna.notes.get(note.id).deleted_at is not None
