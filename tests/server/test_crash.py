"""A server that is killed in the middle of writes: what it acknowledged is there when it starts again."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx2
import pytest

from .serving import Served

CLIENTS, WRITES, TIMES = 5, 1_000, 3


class Writer(threading.Thread):
    """Somebody who writes notes, one after another, and keeps which of them were acknowledged."""

    def __init__(self, url: str, token: str, name: str, most: int) -> None:
        super().__init__(daemon=True)
        self._url, self._most = url, most
        self._headers = {"authorization": f"Bearer {token}"}
        self.sender = name
        self.acknowledged: dict[str, str] = {}
        self.refused: list[int] = []

    def run(self) -> None:
        with httpx2.Client(base_url=self._url, headers=self._headers, timeout=20) as client:
            for number in range(self._most):
                title = f"{self.sender} {number}"
                try:
                    answer = client.post("/v1/notes", json={"title": title, "body": "John 1:16 " + "grace " * 20})
                except httpx2.HTTPError:
                    return
                if answer.status_code == 201:
                    self.acknowledged[answer.json()["id"]] = title
                else:
                    self.refused.append(answer.status_code)


def everything(url: str, token: str) -> dict[str, str]:
    """All notes of an account: titles by id."""
    found: dict[str, str] = {}
    cursor = ""
    with httpx2.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30) as client:
        while True:
            page = client.get("/v1/notes", params={"limit": 200, "order": "created", "cursor": cursor}).json()
            found |= {note["id"]: note["title"] for note in page["items"]}
            if not page["next"]:
                return found
            cursor = page["next"]


@pytest.mark.slow
def test_every_acknowledged_write_is_there_after_the_server_was_killed_in_the_middle(tmp_path: Path) -> None:
    """A thousand writes by several clients, in the middle of which it is killed twice, and started again."""
    served = Served(tmp_path / "data", requests_a_minute="100000")
    tokens = [served.signed_up(f"writer{number}@example.org")["access_token"] for number in range(CLIENTS)]
    acknowledged: dict[str, str] = {}
    try:
        for time_ in range(TIMES):
            is_last = time_ == TIMES - 1
            left = (WRITES - len(acknowledged)) // CLIENTS + 1
            writers = [Writer(served.url, token, f"{n}.{time_}", left) for n, token in enumerate(tokens)]
            for writer in writers:
                writer.start()
            if not is_last:
                kill_after(served, writers, WRITES // TIMES)
            for writer in writers:
                writer.join(timeout=60)
                assert writer.refused == []
                acknowledged |= writer.acknowledged
            if not is_last:
                served = Served(tmp_path / "data", requests_a_minute="100000")
        found: dict[str, str] = {}
        for token in tokens:
            found |= everything(served.url, token)
    finally:
        served.stop()

    assert len(acknowledged) >= WRITES
    assert {id: title for id, title in acknowledged.items() if found.get(id) != title} == {}
    # What was at work when it was killed may be there and not have been acknowledged: one for each client, never more.
    assert len(found) - len(acknowledged) <= (TIMES - 1) * CLIENTS
    assert "Traceback" not in served.said()


def kill_after(served: Served, writers: list[Writer], number: int) -> None:
    """Kill a server when so many writes were acknowledged, while all go on writing."""
    until = time.monotonic() + 60
    while sum(len(writer.acknowledged) for writer in writers) < number and time.monotonic() < until:
        time.sleep(0.002)
    assert all(writer.is_alive() for writer in writers)
    served.kill()
