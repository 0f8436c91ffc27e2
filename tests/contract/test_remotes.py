"""What every remote does: a folder, a relay in a vault, and a server over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scribes.adapters.remote_folder import FolderRemote
from scribes.crypto.envelope import FIRST, SNAPSHOT, Entry
from scribes.errors import (
    AlreadyExists,
    Damaged,
    Forbidden,
    NewerFormat,
    NotFound,
    Outrun,
    ScribesError,
    Unavailable,
)
from scribes.models.sync import Page
from scribes.ports import Remote
from tests.contract.people import KINDS, People, files_below
from tests.fuzz.by_hand import Pen, Space, note, some_bytes

MIB = 1024 * 1024
ROOT = Path(__file__).parents[2]


# Who writes in these tests; a server takes entries of an account's own devices alone.
PENS = ("owner", "carl", "reader", "former", "stranger", "admin", "other")


@pytest.fixture(params=[*KINDS, "server"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Remote]:
    if request.param == "server":
        from tests.server.running import Running

        running = Running(tmp_path / "server", sign_in=False)
        yield running.registered("somebody", map(Pen, PENS))
        running.close()
        return
    people = People(tmp_path, request.param)
    yield people.remote
    people.close()


@pytest.fixture
def folder(tmp_path: Path) -> FolderRemote:
    made = FolderRemote(str(tmp_path / "remote"))
    made.found()
    return made


@pytest.fixture
def owner() -> Pen:
    return Pen("owner")


@pytest.fixture
def space(owner: Pen) -> Space:
    return Space(owner)


def everything(remote: Remote, space: bytes, *, limit_bytes: int = MIB) -> tuple[list[bytes], Page]:
    """All entries of a log, page by page, and the last page."""
    found: list[bytes] = []
    cursor = ""
    for _ in range(1_000):
        page = remote.fetch(space, cursor, limit_bytes=limit_bytes)
        found += page.entries
        if not page.more:
            return found, page
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("a log without an end")


def put(remote: Remote, space: Space, *entries: Entry) -> None:
    remote.append(space.id, [entry.raw for entry in entries or space.log])


def heads(space: Space) -> dict[bytes, tuple[int, bytes]]:
    return {entry.header.device: (entry.header.number, entry.id) for entry in space.log}


def fill(space: Space, pen: Pen, number: int) -> list[Entry]:
    return [space.bundle(pen, note(pen, f"{pen.name} {one}")) for one in range(number)]


def test_a_remote_says_who_it_is_and_stays_it(remote: Remote) -> None:
    assert len(remote.identify()) == 16
    assert remote.identify() == remote.identify()
    assert remote.name


def test_a_log_that_nobody_began_is_empty(remote: Remote) -> None:
    page = remote.fetch(some_bytes("nothing"), "", limit_bytes=MIB)

    assert (page.entries, page.more, page.heads) == ((), False, {})
    assert remote.fetch(some_bytes("nothing"), page.cursor, limit_bytes=MIB).entries == ()


def test_what_was_appended_is_handed_out_with_the_ends_of_the_chains(remote: Remote, space: Space, owner: Pen) -> None:
    fill(space, owner, 3)
    put(remote, space)
    found, page = everything(remote, space.id)

    assert found == space.raws()
    assert page.heads == heads(space)
    assert remote.fetch(space.id, page.cursor, limit_bytes=MIB).entries == ()


def test_behind_a_cursor_comes_what_is_new(remote: Remote, space: Space, owner: Pen) -> None:
    put(remote, space)
    cursor = everything(remote, space.id)[1].cursor
    fresh = fill(space, owner, 2)
    put(remote, space, *fresh)
    page = remote.fetch(space.id, cursor, limit_bytes=MIB)

    assert list(page.entries) == [entry.raw for entry in fresh]
    assert remote.fetch(space.id, page.cursor, limit_bytes=MIB).entries == ()


@pytest.mark.parametrize("limit_bytes", [1, 1_000, 5_000, MIB])
def test_pages_have_at_most_so_many_bytes_and_at_least_one_entry(
    remote: Remote, space: Space, owner: Pen, limit_bytes: int
) -> None:
    carl = space.let_in(owner, Pen("carl"), "member")
    for number in range(12):
        space.bundle(owner if number % 2 else carl, note(owner, f"{number}", "x" * 37 * number))
    put(remote, space)
    found: list[bytes] = []
    cursor, more = "", True
    while more:
        page = remote.fetch(space.id, cursor, limit_bytes=limit_bytes)
        assert len(page.entries) == 1 or sum(map(len, page.entries)) <= limit_bytes
        assert page.heads == heads(space)
        found += page.entries
        cursor, more = page.cursor, page.more

    assert sorted(found) == sorted(space.raws())


def test_a_log_of_many_entries_is_read_whole(remote: Remote, space: Space, owner: Pen) -> None:
    fill(space, owner, 600 if not isinstance(remote, FolderRemote) else 60)
    put(remote, space)

    assert everything(remote, space.id)[0] == space.raws()


def test_each_chain_is_handed_out_in_its_order(remote: Remote, space: Space, owner: Pen) -> None:
    carl = space.let_in(owner, Pen("carl"), "member")
    for _ in range(3):
        fill(space, owner, 2)
        fill(space, carl, 2)
    put(remote, space)
    found = everything(remote, space.id, limit_bytes=900)[0]

    for pen in (owner, carl):
        bundles = [raw for raw in found if raw[20:36] == pen.id and raw[1] == 1]
        assert bundles == [entry.raw for entry in space.log if entry.header.device == pen.id and entry.header.type == 1]


def test_the_same_entries_again_are_fine(remote: Remote, space: Space, owner: Pen) -> None:
    fill(space, owner, 3)
    put(remote, space)
    before = everything(remote, space.id)
    put(remote, space)
    put(remote, space, space.log[2])
    fresh = fill(space, owner, 1)
    put(remote, space, space.log[1], space.log[3], *fresh)

    assert everything(remote, space.id)[0] == [*before[0], fresh[0].raw]


def test_of_several_entries_all_are_taken_or_none(remote: Remote, space: Space, owner: Pen) -> None:
    put(remote, space)
    before = everything(remote, space.id)[0]
    good = fill(space, owner, 2)
    for bad in (
        space.sealed(owner, "{}", number=9),
        space.sealed(Pen("stranger"), "{}"),
        space.sealed(owner, "{}", space=some_bytes("another")),
    ):
        with pytest.raises((Outrun, Forbidden)):
            put(remote, space, *good, bad)
    with pytest.raises((Damaged, NewerFormat)):
        remote.append(space.id, [good[0].raw, b"garbage" * 40])

    assert everything(remote, space.id)[0] == before
    put(remote, space, *good)


def test_a_gap_and_a_fork_are_outrun(remote: Remote, space: Space, owner: Pen) -> None:
    put(remote, space)
    first = fill(space, owner, 3)
    for entries in ([first[1]], [first[0], first[2]]):
        with pytest.raises(Outrun):
            put(remote, space, *entries)
    put(remote, space, *first)
    number, last = first[0].header.number, first[0].header.previous
    for other in (
        space.sealed(owner, "{}", number=number, previous=last),
        space.sealed(owner, "{}", number=number + 3, previous=some_bytes("another", 32)),
    ):
        with pytest.raises(Outrun):
            put(remote, space, other)


def test_who_is_not_in_writes_nothing(remote: Remote, space: Space, owner: Pen) -> None:
    reader = space.let_in(owner, Pen("reader"), "reader")
    former = space.let_in(owner, Pen("former"), "member")
    space.write(owner, space.removes(former, cut=1))
    put(remote, space)

    for pen in (reader, former, Pen("stranger")):
        with pytest.raises(Forbidden):
            put(remote, space, space.sealed(pen, "{}"))
    for entry in (space.control(Pen("stranger"), space.invites("s")), space.control(former, space.leaves(former))):
        with pytest.raises(Forbidden):
            put(remote, space, entry)


def test_a_log_begins_with_who_founded_it(remote: Remote, space: Space, owner: Pen) -> None:
    other = Space(Pen("other"), salt="another")
    for log in (space.log[0].raw, other.log[0].raw):
        target = other.id if log == space.log[0].raw else space.id
        with pytest.raises(Forbidden):
            remote.append(target, [log])
    with pytest.raises((Forbidden, Outrun)):
        put(remote, space, space.sealed(owner, "{}", number=1, previous=FIRST))
    assert everything(remote, space.id)[0] == []


def test_after_a_rotation_bundles_under_the_old_key_are_outrun(remote: Remote, space: Space, owner: Pen) -> None:
    put(remote, space)
    old = space.sealed(owner, "{}")
    put(remote, space, space.write(owner, space.changes_key()))

    number, last = owner.chains[space.id]
    for entry in (old, space.sealed(owner, "{}", epoch=1, number=number + 1, previous=last)):
        with pytest.raises(Outrun):
            put(remote, space, entry)
    put(remote, space, *fill(space, owner, 1))


def test_of_two_control_entries_side_by_side_one_is_taken(remote: Remote, space: Space, owner: Pen) -> None:
    admin = space.let_in(owner, Pen("admin"), "admin")
    put(remote, space)
    one, other = space.control(owner, space.invites("one")), space.control(admin, space.invites("other"))
    put(remote, space, one)
    for _ in range(2):
        with pytest.raises(Outrun):
            put(remote, space, other)

    assert other.raw not in everything(remote, space.id)[0]


def test_two_spaces_at_one_remote_do_not_meet(remote: Remote, owner: Pen) -> None:
    first, second = Space(owner, salt="one"), Space(owner, salt="two")
    fill(first, owner, 2)
    put(remote, first)
    put(remote, second)
    with pytest.raises(Forbidden):
        remote.append(second.id, [first.log[0].raw])

    assert everything(remote, first.id)[0] == first.raws()
    assert everything(remote, second.id)[0] == second.raws()


def test_another_reader_of_the_same_remote_sees_the_same(tmp_path: Path, space: Space, owner: Pen) -> None:
    people = People(tmp_path, "scribes")
    fill(space, owner, 2)
    put(people.remote, space)
    assert people.relay
    again = people.relay.as_remote()

    assert everything(again, space.id)[0] == space.raws()
    put(again, space, *fill(space, owner, 1))
    put(people.remote, space, *fill(space, owner, 1))
    people.close()


# Snapshots


def snapshot(space: Space, owner: Pen) -> dict[bytes, int]:
    covers = {device: number for device, (number, _) in heads(space).items()}
    space.bundle(owner, flags=SNAPSHOT)
    return covers


def test_what_a_snapshot_stands_for_is_let_go_and_the_chains_go_on(remote: Remote, space: Space, owner: Pen) -> None:
    carl = space.let_in(owner, Pen("carl"), "member")
    fill(space, owner, 3)
    fill(space, carl, 2)
    put(remote, space)
    before = everything(remote, space.id)[1]
    covers = snapshot(space, owner)
    put(remote, space, space.log[-1])
    remote.fold(space.id, covers)
    found, page = everything(remote, space.id)

    assert sorted(found) == sorted(entry.raw for entry in space.log if entry.header.type == 2 or entry.header.flags)
    assert page.generation != before.generation
    assert page.heads == heads(space)
    for pen in (owner, carl):
        put(remote, space, *fill(space, pen, 2))
    # Of what was let go, a folder remembers the last of each chain.
    put(remote, space, space.log[5], space.log[-1])
    assert everything(remote, space.id)[1].heads == heads(space)


def test_an_entry_that_was_let_go_is_not_taken_in_another_form(remote: Remote, space: Space, owner: Pen) -> None:
    fill(space, owner, 3)
    put(remote, space)
    covers = snapshot(space, owner)
    put(remote, space, space.log[-1])
    remote.fold(space.id, covers)
    end = space.log[3].header

    with pytest.raises(Outrun):
        put(remote, space, space.sealed(owner, "{}", number=end.number, previous=end.previous))


def test_folding_again_and_in_parts_is_fine(remote: Remote, space: Space, owner: Pen) -> None:
    fill(space, owner, 4)
    put(remote, space)
    remote.fold(space.id, {owner.id: 3})
    remote.fold(space.id, {owner.id: 2})
    remote.fold(space.id, {owner.id: 4, some_bytes("nobody"): 7})
    found, page = everything(remote, space.id)

    assert found == [space.log[0].raw, space.log[4].raw]
    assert page.heads == heads(space)
    remote.fold(space.id, {owner.id: 5})
    assert everything(remote, space.id)[1].heads == heads(space)
    put(remote, space, *fill(space, owner, 1))


def test_a_cursor_from_before_a_snapshot_passes_nothing_over(remote: Remote, space: Space, owner: Pen) -> None:
    put(remote, space)
    cursor = everything(remote, space.id)[1]
    fill(space, owner, 3)
    put(remote, space)
    covers = snapshot(space, owner)
    put(remote, space, space.log[-1])
    remote.fold(space.id, covers)
    page = remote.fetch(space.id, cursor.cursor, limit_bytes=MIB)

    # Either the generation says that all has to be read anew, or what is left comes.
    assert page.generation != cursor.generation
    assert space.log[-1].raw in page.entries


def test_a_chain_goes_on_behind_what_nobody_has_any_more(remote: Remote, space: Space, owner: Pen) -> None:
    """A log that was lost after it was compacted is filled again with what is left."""
    first = fill(space, owner, 3)
    between = space.write(owner, space.invites("secret"))
    last = fill(space, owner, 2)
    put(remote, space, space.log[0])
    remote.bridge(space.id, {owner.id: (last[0].header.number, last[0].id)})
    assert everything(remote, space.id)[1].heads == {owner.id: (last[0].header.number, last[0].id)}
    with pytest.raises(Outrun):
        put(remote, space, first[0])
    put(remote, space, between)
    put(remote, space, between, last[1])
    remote.bridge(space.id, {owner.id: (first[0].header.number, first[0].id)})
    found, page = everything(remote, space.id)

    assert sorted(found) == sorted(entry.raw for entry in (space.log[0], between, last[1]))
    assert page.heads == heads(space)
    put(remote, space, *fill(space, owner, 1))


def test_a_snapshot_that_was_cut_off_while_it_was_put_to_use_stops_nobody(
    folder: FolderRemote, space: Space, owner: Pen
) -> None:
    """A machine that lost its power when the stub was written and some bundles were removed."""
    fill(space, owner, 5)
    put(folder, space)
    covers = snapshot(space, owner)
    put(folder, space, space.log[-1])
    chain = Path(folder.name) / "spaces" / space.id.hex() / owner.id.hex()
    kept = {number: (chain / f"{number:010}.bundle").read_bytes() for number in (5, 6)}
    folder.fold(space.id, covers)
    for number, data in kept.items():
        (chain / f"{number:010}.bundle").write_bytes(data)
    found, page = everything(folder, space.id)

    assert space.log[-1].raw in found
    assert page.heads == heads(space)
    put(folder, space, *fill(space, owner, 2))
    folder.fold(space.id, covers)
    assert not any((chain / f"{number:010}.bundle").exists() for number in kept)


# Letters


def test_a_letter_lies_in_its_slot_until_it_is_taken_out(remote: Remote) -> None:
    one, other = some_bytes("one"), some_bytes("other")
    assert remote.receive(one) is None
    remote.send(one, b"first")
    remote.send(one, b"second")

    assert (remote.receive(one), remote.receive(one), remote.receive(other)) == (b"second", b"second", None)
    remote.discard(one)
    remote.discard(one)
    assert remote.receive(one) is None


@pytest.mark.parametrize(
    "cursor", ["x", "[", "{", "null", "-5", "9" * 30, "9" * 5_000, '{"zz":1}', '{"aa":null}', "[" * 90_000]
)
def test_a_cursor_of_another_remote_is_an_error_of_ours_or_all(remote: Remote, space: Space, cursor: str) -> None:
    put(remote, space)
    try:
        page = remote.fetch(space.id, cursor, limit_bytes=MIB)
    except ScribesError:
        return
    assert page.entries in ((), (space.log[0].raw,))


# A folder


def test_a_folder_is_founded_once(tmp_path: Path) -> None:
    folder = FolderRemote(str(tmp_path / "new" / "remote"))
    id = folder.found()

    assert folder.found() == id == folder.identify() == FolderRemote(folder.name).identify()
    assert json.loads((tmp_path / "new/remote/scribes-remote.json").read_bytes())["id"] == id.hex()


def test_a_folder_that_is_missing_emptied_foreign_or_damaged_says_so(tmp_path: Path, folder: FolderRemote) -> None:
    with pytest.raises(Unavailable, match="no folder"):
        FolderRemote(str(tmp_path / "missing")).identify()
    marker = Path(folder.name) / "scribes-remote.json"
    marker.unlink()
    with pytest.raises(NotFound, match="any more"):
        folder.identify()
    (Path(folder.name) / "photo.jpg").write_bytes(b"x")
    with pytest.raises(AlreadyExists):
        folder.found()
    for data in (
        b"", b"x", b"[]", b"{}", b"null", b"\xff", b"[" * 50_000, b'{"format":"scribes-remote","id":"00","version":1}',
        b'{"format":"other","id":"00000000000000000000000000000000","version":1}',
        b'{"format":"scribes-remote","id":"00000000000000000000000000000000","version":2}',
        b'{"format":"scribes-remote","id":5,"version":1}',
    ):  # fmt: skip
        marker.write_bytes(data)
        with pytest.raises((Damaged, NewerFormat)):
            folder.identify()
        with pytest.raises((Damaged, NewerFormat)):
            folder.found()


@pytest.mark.parametrize("way", ["identify", "fetch", "append", "fold", "send", "receive"])
def test_a_folder_that_is_gone_is_unavailable_and_not_made_anew(folder: FolderRemote, space: Space, way: str) -> None:
    put(folder, space)
    away = Path(folder.name).rename(f"{folder.name}-away")
    doing = {
        "identify": folder.identify,
        "fetch": lambda: folder.fetch(space.id, "", limit_bytes=MIB),
        "append": lambda: put(folder, space),
        "fold": lambda: folder.fold(space.id, {space.log[0].header.device: 1}),
        "send": lambda: folder.send(some_bytes("slot"), b"x"),
        "receive": lambda: folder.receive(some_bytes("slot")),
    }[way]
    with pytest.raises(Unavailable):
        doing()

    assert not os.path.exists(folder.name)
    away.rename(folder.name)
    assert everything(folder, space.id)[0] == space.raws()


def test_what_other_programs_leave_in_a_folder_does_no_harm(folder: FolderRemote, space: Space, owner: Pen) -> None:
    fill(space, owner, 2)
    put(folder, space)
    chain = Path(folder.name) / "spaces" / space.id.hex() / owner.id.hex()
    for name in (
        ".DS_Store", "desktop.ini", "0000000002 (conflicted copy).bundle", "0000000002.bundle.tmp", "x.bundle",
        "0000000009.bundle.123.new", "٠٠٠٠٠٠٠٠٠٩.bundle",
    ):  # fmt: skip
        (chain / name).write_bytes(b"x")
    (chain.parent / "not a device").mkdir()
    (chain.parent / ".stfolder").mkdir()
    (chain.parent / ("A" * 32)).write_bytes(b"x")

    assert everything(folder, space.id)[0] == space.raws()
    put(folder, space, *fill(space, owner, 1))


def test_a_hole_in_a_folder_is_not_passed_over(folder: FolderRemote, space: Space, owner: Pen) -> None:
    """A program that carries files to and fro brings them in any order."""
    fill(space, owner, 6)
    put(folder, space)
    chain = Path(folder.name) / "spaces" / space.id.hex() / owner.id.hex()
    away = {number: (chain / f"{number:010}.bundle").read_bytes() for number in (3, 5)}
    for number in away:
        (chain / f"{number:010}.bundle").unlink()
    found, page = everything(folder, space.id)
    assert found == [entry.raw for entry in space.log if entry.header.number not in away]
    cursor = page.cursor
    for number in (5, 3):
        (chain / f"{number:010}.bundle").write_bytes(away[number])
        page = folder.fetch(space.id, cursor, limit_bytes=MIB)
        assert away[number] in page.entries
        cursor = page.cursor

    assert folder.fetch(space.id, cursor, limit_bytes=MIB).entries == ()


def test_a_chain_that_arrives_from_its_end_is_read_whole(folder: FolderRemote, space: Space, owner: Pen) -> None:
    fill(space, owner, 8)
    put(folder, space)
    chain = Path(folder.name) / "spaces" / space.id.hex() / owner.id.hex()
    files = sorted([*chain.glob("*.bundle"), *chain.glob("*.control")])
    data = {file: file.read_bytes() for file in files}
    for file in files:
        file.unlink()
    seen: set[bytes] = set()
    cursor = ""
    for file in reversed(files):
        file.write_bytes(data[file])
        page = folder.fetch(space.id, cursor, limit_bytes=700)
        while True:
            seen |= set(page.entries)
            cursor = page.cursor
            if not page.more:
                break
            page = folder.fetch(space.id, cursor, limit_bytes=700)

    assert seen == set(space.raws())


def test_an_entry_that_cannot_be_read_stops_nobody_from_reading_the_others(
    folder: FolderRemote, space: Space, owner: Pen
) -> None:
    """Half a file, as a program leaves it that carries it over just now."""
    carl = space.let_in(owner, Pen("carl"), "member")
    fill(space, owner, 2)
    fill(space, carl, 2)
    put(folder, space)
    chain = Path(folder.name) / "spaces" / space.id.hex() / owner.id.hex()
    half = chain / f"{space.log[-3].header.number:010}.bundle"
    whole = half.read_bytes()
    half.write_bytes(whole[:50])
    found = everything(folder, space.id)[0]

    assert set(found) - {whole[:50]} == set(space.raws()) - {whole}
    half.write_bytes(b"")
    assert set(everything(folder, space.id)[0]) - {b""} == set(space.raws()) - {whole}


@pytest.mark.parametrize("names", [("anna", "carl"), ("anna", "anna")])
def test_two_processes_append_to_one_folder_at_once(
    folder: FolderRemote, space: Space, owner: Pen, names: tuple[str, str]
) -> None:
    """Of two devices, and of one device whose machine was copied."""
    for name in dict.fromkeys(names):
        space.let_in(owner, Pen(name), "member")
    put(folder, space)
    number = 30
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.contract.appender", folder.name, name, str(number), str(place)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for place, name in enumerate(names)
    ]  # fmt: skip
    for one in started:
        assert one.stdout
        one.stdout.readline()
    for one in started:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate(timeout=100)[0].split() for one in started]
    found, page = everything(folder, space.id)

    assert said == [[str(number)], [str(number)]]
    assert len(found) == len(set(found)) == len(space.log) + 2 * number
    for name in dict.fromkeys(names):
        assert page.heads[Pen(name).id][0] == 1 + number * names.count(name)


def test_no_file_in_a_folder_is_left_over(folder: FolderRemote, space: Space, owner: Pen) -> None:
    fill(space, owner, 3)
    put(folder, space)
    folder.send(some_bytes("slot"), b"x")
    folder.discard(some_bytes("slot"))

    left = {file.name for file in files_below(folder.name)}
    entries = {"0000000001.control", *(f"{number:010}.bundle" for number in (2, 3, 4))}
    assert left == {"scribes-remote.json", ".scribes.lock", *entries}
