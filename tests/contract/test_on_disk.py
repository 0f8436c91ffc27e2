"""A server's commit is on disk before anybody is told of it, and one wait for the disk is for all who wait."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from scribes.adapters.engine_sqlalchemy import SqlAlchemyEngine, open_sqlite
from scribes.errors import ScribesError

KEY = bytes(range(32))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqlAlchemyEngine]:
    opened = open_sqlite(str(tmp_path / "server.db"), KEY, create=True)
    with opened.write() as tx:
        tx.run("CREATE TABLE entry (n INTEGER PRIMARY KEY, word TEXT)")
    yield opened
    opened.close()


class Disk:
    """The disk, which can be told to wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = threading.Event()
        self.free.set()
        self.times = 0
        self._real = os.fdatasync
        monkeypatch.setattr(os, "fdatasync", self._sync)

    def _sync(self, file: int) -> None:
        self.times += 1
        assert self.free.wait(10)
        self._real(file)


def add(engine: SqlAlchemyEngine, word: str) -> None:
    with engine.write() as tx:
        tx.run("INSERT INTO entry (word) VALUES (?)", (word,))


def count(engine: SqlAlchemyEngine) -> int:
    with engine.read() as tx:
        return int(tx.value("SELECT count(*) FROM entry"))


def test_a_write_ends_when_it_is_on_disk(engine: SqlAlchemyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    disk.free.clear()
    writing = threading.Thread(target=add, args=(engine, "one"))
    writing.start()
    until = time.monotonic() + 5
    while not disk.times and time.monotonic() < until:
        time.sleep(0.01)

    assert disk.times == 1
    assert writing.is_alive()
    disk.free.set()
    writing.join(5)
    assert not writing.is_alive()
    assert count(engine) == 1


def test_those_who_wait_share_one_wait(engine: SqlAlchemyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    disk.free.clear()
    with ThreadPoolExecutor(9) as pool:
        done = [pool.submit(add, engine, str(number)) for number in range(9)]
        until = time.monotonic() + 5
        while count(engine) < 9 and time.monotonic() < until:
            time.sleep(0.01)
        waiting = [one.done() for one in done]
        disk.free.set()

    assert not any(waiting)
    assert count(engine) == 9
    assert disk.times == 2


def test_reading_and_what_is_taken_back_wait_for_nothing(
    engine: SqlAlchemyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    count(engine)
    with suppress(KeyError), engine.write() as tx:
        tx.run("INSERT INTO entry (word) VALUES ('never')")
        raise KeyError

    assert disk.times == 0
    assert count(engine) == 0


def test_joined_writes_wait_once_and_those_of_sqlalchemy_too(
    engine: SqlAlchemyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    with engine.joint():
        add(engine, "one")
        add(engine, "two")
    assert disk.times == 1

    with engine.sqlalchemy_engine.begin() as connection:
        connection.execute(text("INSERT INTO entry (word) VALUES ('three')"))

    assert disk.times == 2
    assert count(engine) == 3


def test_a_disk_that_fails_is_told(engine: SqlAlchemyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)

    with pytest.raises(ScribesError):
        add(engine, "one")
