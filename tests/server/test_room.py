"""What an account may keep: what is written over REST counts as what devices push does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.server.app import create_app
from scribes.server.settings import ServerSettings


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """A server where nobody may keep much."""
    folder = str(tmp_path / "server")
    return create_app(ServerSettings(mode="development", data_folder=folder, sync_quota_bytes=20_000))


def test_who_has_no_more_room_is_told_keeps_all_and_may_take_away(anna: TestClient, ben: TestClient) -> None:
    ids = []
    until = time.monotonic() + 20
    while time.monotonic() < until:
        # Words that do not pack well, as words of many notes do not.
        words = " ".join(f"{number * 7919 % 104_729:x}" for number in range(len(ids), len(ids) + 600))
        answer = anna.post("/v1/notes", json={"title": "Long", "body": words})
        if answer.status_code != 201:
            break
        ids.append(answer.json()["id"])
        time.sleep(0.1)

    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "full")
    assert len(ids) > 2
    assert len(anna.get("/v1/notes").json()["items"]) == min(len(ids), 50)
    assert anna.delete(f"/v1/notes/{ids[0]}").status_code == 200
    assert ben.post("/v1/notes", json={"title": "Short"}).status_code == 201
