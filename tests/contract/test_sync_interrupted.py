"""A sync that is cut off anywhere: killed, without room, without its folder. Nothing is lost, and the next goes on."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import scribes
from scribes import NotePatch
from scribes.adapters import remote_folder
from scribes.errors import ScribesError, StorageFull, Unavailable
from tests.contract.people import KINDS, People, files_below, is_sound, words

ROOT = Path(__file__).parents[2]
KILLS = 32


@pytest.fixture(params=KINDS)
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    made = People(tmp_path, request.param)
    yield made
    made.close()


def test_nothing_is_lost_by_32_kills_at_random_moments(people: People) -> None:
    """Of pushing, pulling, compacting and removing members; over each kind of remote."""
    source = random.Random(11)
    anna = people.founder("anna")
    anna.notes.add("first")
    people.circle("anna", "carl")
    people.device("anna", "phone")
    people.settle()
    people.close()
    people.vaults.clear()
    started = [_start(people, number) for number in range(2)]
    written: list[str] = []
    acknowledged: list[str] = []
    said: list[str] = []
    for kill in range(KILLS):
        process = started.pop(0)
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
        time.sleep(0.1 + source.random() * 0.5)
        os.kill(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        assert b"Traceback" not in err, err.decode()
        started.append(_start(people, kill + 2))
        for line in out.decode().splitlines():
            verb, _, rest = line.partition(" ")
            said.append(verb)
            if verb == "note":
                written.append(rest)
            elif verb == "synced":
                acknowledged = list(written)
    for process in started:
        process.kill()
        process.communicate()

    assert {"note", "synced", "compacted", "came"} <= set(said)
    again = People(people.folder, people.kind)
    phone = again.open("phone")
    phone.sync.run(may_remove=True)
    titles = [note.title for note in phone.notes.recent(limit=100_000)]
    assert set(acknowledged) <= set(titles), "what the remote acknowledged, another device gets"
    anna, carl = again.open("anna"), again.open("carl")
    for _ in range(3):
        for vault in (anna, phone, carl):
            vault.sync.run(may_remove=True)
    titles = [note.title for note in anna.notes.recent(limit=100_000)]
    assert set(written) <= set(titles)
    assert len(titles) == len(set(titles)), "once each"
    assert words_of(phone) == words_of(anna)
    for vault in (anna, phone, carl):
        assert vault._context.engine.problems() == []
        assert is_sound(vault)
    for verified in anna.sync.verify():
        assert (verified.missing, verified.problems) == (0, ())
    assert again.relay is None or again.relay._context.engine.problems() == []
    assert [status.alerts for status in anna.sync.status()] == [()] * 2
    again.close()


def words_of(vault: scribes.Scribes) -> list[str]:
    return sorted(f"{note.title}: {note.body}" for note in vault.notes.recent(limit=100_000))


def _start(people: People, seed: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.syncer", str(people.folder), people.kind, str(seed)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    return process


# Without room


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[People]:
    """A laptop and a phone at a folder, and notes on the laptop that wait to be sent."""
    made = People(tmp_path, "folder")
    laptop = made.founder("laptop")
    made.device("laptop", "phone")
    made.settle()
    for number in range(600):
        laptop.notes.add(f"note {number}", "Grace upon grace. " * 20)
    yield made
    made.close()


def failing_at(number: int, failing: Callable[[str], None]) -> Callable[..., None]:
    """`write_atomically` that fails when it is called for the n-th time."""
    real, calls = remote_folder.write_atomically, 0

    def write(path: str, data: bytes, **options: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            failing(path)
        real(path, data, **options)

    return write


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_folder_without_room_is_said_and_the_next_sync_goes_on(
    shared: People, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str) -> None:
        raise StorageFull(f"no space left for {path}")

    laptop, phone = shared.open("laptop"), shared.open("phone")
    monkeypatch.setattr(remote_folder, "write_atomically", failing_at(number, full))
    with pytest.raises(StorageFull, match="no space"):
        laptop.sync.run()
    monkeypatch.undo()

    assert len(laptop.notes.recent(limit=1_000)) == 600
    phone.sync.run()
    assert len(words(phone)) in (0, 256, 512)
    shared.settle()
    assert words(phone) == words(laptop)
    assert is_sound(phone)
    assert laptop.sync.verify()[0].problems == ()


def test_a_disk_that_fills_up_while_a_file_is_written_leaves_no_half_of_it(
    shared: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = shared.open("laptop")
    folder = shared.folder / "remote"
    before = files_below(folder)
    real = os.write

    def write(handle: int, data: Any) -> int:
        # Half of it has room.
        if len(data) > 2_000:
            real(handle, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr("scribes.files.os.write", write)
    with pytest.raises(StorageFull):
        laptop.sync.run()
    monkeypatch.undo()

    assert files_below(folder) == before
    shared.settle()
    assert words(shared.open("phone")) == words(laptop)


def test_a_vault_without_room_is_said_and_the_next_sync_goes_on(shared: People) -> None:
    laptop, phone = shared.open("laptop"), shared.open("phone")
    laptop.sync.run()
    engine: Any = phone._context.engine
    links = list(engine._idle)
    for link in links:
        pages = link.connection.execute("PRAGMA page_count").fetchone()[0]
        link.connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StorageFull):
        phone.sync.run()
    assert engine.problems() == []
    assert words(phone) == []
    for link in links:
        link.connection.execute("PRAGMA max_page_count = 1000000")
    phone.sync.run()

    assert words(phone) == words(laptop)
    assert is_sound(phone)


# Without its folder


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("step", ["before a chain", "before a file"])
def test_a_folder_that_vanishes_in_the_middle_is_said_and_not_made_anew(
    shared: People, number: int, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick that is pulled out: what is written where it was must not count as sent."""
    laptop, phone = shared.open("laptop"), shared.open("phone")
    folder = shared.folder / "remote"

    def vanish(_path: str) -> None:
        folder.rename(shared.folder / "pulled out")

    if step == "before a file":
        monkeypatch.setattr(remote_folder, "write_atomically", failing_at(number, vanish))
    else:
        real, calls = remote_folder.FolderRemote._chain, 0

        def chain(self: Any, space: bytes, device: bytes) -> str:
            nonlocal calls
            calls += 1
            if calls == 3 * number:
                vanish("")
            return real(self, space, device)

        monkeypatch.setattr(remote_folder.FolderRemote, "_chain", chain)
    with pytest.raises(Unavailable):
        laptop.sync.run()
    monkeypatch.undo()

    assert not folder.exists()
    with pytest.raises(Unavailable):
        laptop.sync.run()
    (shared.folder / "pulled out").rename(folder)
    shared.settle()
    assert len(words(phone)) == 600
    assert words(phone) == words(laptop)
    assert laptop.sync.verify()[0].problems == ()


def test_a_folder_that_is_replaced_by_an_empty_one_in_the_middle_does_not_count(
    shared: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a mount point is when nothing is mounted."""
    laptop, phone = shared.open("laptop"), shared.open("phone")
    folder = shared.folder / "remote"

    def vanish(path: str) -> None:
        folder.rename(shared.folder / "not mounted")
        Path(path).parent.mkdir(parents=True)

    monkeypatch.setattr(remote_folder, "write_atomically", failing_at(2, vanish))
    with pytest.raises(ScribesError):
        laptop.sync.run()
    monkeypatch.undo()
    with pytest.raises(ScribesError):
        laptop.sync.run()
    shutil.rmtree(folder)
    (shared.folder / "not mounted").rename(folder)
    shared.settle()

    assert len(words(phone)) == 600
    assert words(phone) == words(laptop)


def test_a_line_that_breaks_after_the_remote_has_acknowledged_sends_nothing_twice(people: People) -> None:
    """The answer is lost: the next reading finds what was sent."""
    laptop = people.founder("laptop")
    phone = people.device("laptop", "phone")
    people.settle()

    class Breaking:
        def __init__(self, good: Any, at: int) -> None:
            self.good, self.left = good, at

        def append(self, space: bytes, entries: Any, **options: Any) -> None:
            self.good.append(space, entries, **options)
            self.left -= 1
            if self.left <= 0:
                raise Unavailable("the line is down")

        def __getattr__(self, name: str) -> Any:
            return getattr(self.good, name)

    for number in range(1, 4):
        for part in range(300):
            laptop.notes.add(f"{number}-{part}")
        laptop.attach(Breaking(people.good, number))  # type: ignore[arg-type]
        try:
            laptop.sync.run()
        except Unavailable:
            laptop.notes.change(laptop.notes.recent()[0].id, NotePatch(body="changed meanwhile"))
    laptop.attach(people.remote)
    people.settle()

    assert len(words(phone)) == 900
    assert words(phone) == words(laptop)
    verified = laptop.sync.verify()[0]
    assert (verified.missing, verified.problems) == (0, ())
    assert [status.alerts for status in laptop.sync.status()] == [()]
