"""Server-sent events on a real connection, and pushes that come at the same time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scribes.errors import Outrun
from tests.fuzz.by_hand import Pen, Space, note
from tests.server.running import Running


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path / "server", sign_in=False)
    yield made
    made.close()


class Ear:
    """Somebody who listens, in a thread."""

    def __init__(self, running: Running, name: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self.is_ready, self.is_over = threading.Event(), threading.Event()
        self._client = httpx2.Client(base_url=running.url, headers={"authorization": f"Bearer {name}"}, timeout=30)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        assert self.is_ready.wait(20)

    def _listen(self) -> None:
        with self._client, self._client.stream("GET", "/v1/events") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            event = ""
            for line in response.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "data" and event == "space":
                    self.heard.append(json.loads(value))
                elif name == "data" and event == "ready":
                    self.is_ready.set()
        self.is_over.set()

    def wait_for(self, number: int) -> list[dict[str, Any]]:
        until = time.monotonic() + 20
        while len(self.heard) < number and time.monotonic() < until:
            time.sleep(0.01)
        return self.heard


def test_those_in_a_space_hear_that_it_moved_on_and_nobody_else(running: Running) -> None:
    owner, eve = Pen("owner"), Pen("eve")
    space = Space(owner)
    anna, other = running.registered("anna", [owner]), running.registered("eve", [eve])
    ears = [Ear(running, "anna"), Ear(running, "eve")]
    anna.append(space.id, space.raws())
    anna.append(space.id, [space.bundle(owner, note(owner)).raw])
    # Again is nothing new.
    anna.append(space.id, space.raws())
    hers = Space(eve, salt="hers")
    other.append(hers.id, hers.raws())
    heard = ears[0].wait_for(1)
    theirs = ears[1].wait_for(1)

    assert {one["space"] for one in heard} == {space.id.hex()}
    assert max(one["seq"] for one in ears[0].wait_for(2)[-1:]) == 2
    assert theirs == [{"space": hers.id.hex(), "seq": 1}]
    # A server that ends lets them go, and does not wait for them.
    started = time.monotonic()
    running.server.stop()
    assert all(ear.is_over.wait(10) for ear in ears)
    assert time.monotonic() - started < 5


def test_of_pushes_to_one_log_at_the_same_time_each_is_taken_or_outrun(running: Running) -> None:
    owner = Pen("owner")
    space = Space(owner)
    writers = [space.let_in(owner, Pen(f"writer {number}"), "member") for number in range(5)]
    running.registered("anna", [owner, *writers]).append(space.id, space.raws())
    remotes = [running.remote("anna") for _ in writers]
    entries = {pen: [space.bundle(pen, note(pen, f"{pen.name} {number}")) for number in range(12)] for pen in writers}
    outrun: list[str] = []

    def push(pen: Pen, remote: Any) -> None:
        for entry in entries[pen]:
            remote.append(space.id, [entry.raw])
            try:
                # The last one a second time under another form.
                remote.append(space.id, [space.sealed(pen, "{}", number=entry.header.number).raw])
            except Outrun:
                outrun.append(pen.name)

    threads = [threading.Thread(target=push, args=pair) for pair in zip(writers, remotes, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    page = remotes[0].fetch(space.id, "", limit_bytes=4 * 1024 * 1024)

    assert sorted(page.entries) == sorted(space.raws())
    assert page.cursor == str(len(space.log))
    assert len(outrun) == 60
    for pen in writers:
        assert [raw for raw in page.entries if raw[20:36] == pen.id][1:] == [one.raw for one in entries[pen]]
