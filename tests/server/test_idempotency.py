"""Requests that are sent again with their idempotency key."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.hosting import Host

NOTE = {"title": "Grace upon grace", "body": "John 1:16 #grace", "occurred_at": "2026-11-22T10:00:00+01:00"}
KEY = {"Idempotency-Key": "0198c5d2-5f6a-7c11-9a40-3d2f6c1b8e77"}
DAY_US = 24 * 60 * 60 * 1_000_000


def notes(client: TestClient) -> list[Any]:
    return list(client.get("/v1/notes").json()["items"])


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_same_request_is_answered_with_the_same_bytes_and_done_once(anna: TestClient) -> None:
    first = anna.post("/v1/notes", json=NOTE, headers=KEY)
    again = anna.post("/v1/notes", json=NOTE, headers=KEY)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert (first.headers["ETag"], first.headers["Location"]) == (again.headers["ETag"], again.headers["Location"])
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(notes(anna)) == 1


def test_an_answer_with_a_key_is_the_answer_without_one(anna: TestClient) -> None:
    keyed, plain = anna.post("/v1/notes", json=NOTE, headers=KEY), anna.post("/v1/notes", json=NOTE)
    read = anna.get(f"/v1/notes/{keyed.json()['id']}")

    assert keyed.content == read.content
    assert keyed.json().keys() == plain.json().keys()
    assert keyed.headers["content-type"] == plain.headers["content-type"]


def test_the_key_of_another_request_is_a_conflict(anna: TestClient) -> None:
    anna.post("/v1/notes", json=NOTE, headers=KEY)

    assert code(anna.post("/v1/notes", json={**NOTE, "title": "Other"}, headers=KEY)) == (409, "conflict")
    assert code(anna.post("/v1/notes", params={"circle": "personal"}, json=NOTE, headers=KEY)) == (409, "conflict")
    assert code(anna.post("/v1/circles", json={"name": "Bethel"}, headers=KEY)) == (409, "conflict")
    assert len(notes(anna)) == 1


def test_a_key_is_one_persons_own(anna: TestClient, ben: TestClient) -> None:
    anna.post("/v1/notes", json=NOTE, headers=KEY)
    his = ben.post("/v1/notes", json=NOTE, headers=KEY)

    assert his.status_code == 201
    assert "Idempotency-Replayed" not in his.headers
    assert len(notes(ben)) == 1


def test_what_failed_is_not_kept(anna: TestClient) -> None:
    missing = {"circle": "Nowhere"}
    assert code(anna.post("/v1/notes", params=missing, json=NOTE, headers=KEY)) == (404, "not_found")

    assert anna.post("/v1/notes", json=NOTE, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 129, "two words", "tab\there"])
def test_a_key_that_is_none_is_refused(anna: TestClient, key: str) -> None:
    assert code(anna.post("/v1/notes", json=NOTE, headers={"Idempotency-Key": key})) == (422, "invalid")
    assert notes(anna) == []


def test_of_many_at_once_one_is_done_and_all_get_its_answer(anna: TestClient) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: anna.post("/v1/notes", json=NOTE, headers=KEY), range(8)))

    assert {one.status_code for one in answers} == {201}
    assert len({one.content for one in answers}) == 1
    assert sum("Idempotency-Replayed" in one.headers for one in answers) == 7
    assert len(notes(anna)) == 1


def test_many_steps_are_done_once(anna: TestClient) -> None:
    steps = [{"action": "add", "note": NOTE}, {"action": "add", "note": {**NOTE, "title": "Other"}}]
    first = anna.post("/v1/notes/bulk", json=steps, headers=KEY)
    again = anna.post("/v1/notes/bulk", json=steps, headers=KEY)

    assert first.status_code == 200
    assert first.content == again.content
    assert len(notes(anna)) == 2


def test_a_circle_is_made_once_and_so_is_an_invitation_whose_link_nobody_reads_in_the_database(
    app: FastAPI, anna: TestClient, ben: TestClient
) -> None:
    made = [anna.post("/v1/circles", json={"name": "Bethel"}, headers=KEY) for _ in range(2)]
    circle = made[0].json()["id"]
    path = f"/v1/circles/{circle}/invitations"
    invited = [anna.post(path, json={}, headers={"Idempotency-Key": "invite"}) for _ in range(2)]

    assert [one.status_code for one in (*made, *invited)] == [201] * 4
    assert made[0].content == made[1].content
    assert invited[0].content == invited[1].content
    assert len(anna.get("/v1/circles").json()) == 1
    assert len(anna.get(path).json()) == 1
    with app.state.server.host.engine.read() as tx:
        kept = b"".join(row[0] for row in tx.rows("SELECT body FROM idempotency_key"))
    assert b"join" not in kept
    assert ben.post("/v1/circles/join", json={"link": invited[1].json()["link"]}).status_code == 200
    note = anna.post("/v1/notes", params={"circle": circle}, json=NOTE, headers={"Idempotency-Key": "n"}).json()
    assert ben.get(f"/v1/notes/{note['id']}").status_code == 200


def test_keys_are_forgotten_after_a_day(app: FastAPI, anna: TestClient) -> None:
    anna.post("/v1/notes", json=NOTE, headers=KEY)
    with app.state.server.host.engine.write() as tx:
        tx.run("UPDATE idempotency_key SET created_us = created_us - ?", (DAY_US,))
    anna.post("/v1/notes", json=NOTE, headers={"Idempotency-Key": "another"})
    late = anna.post("/v1/notes", json=NOTE, headers=KEY)

    assert "Idempotency-Replayed" not in late.headers
    assert len(notes(anna)) == 3
    with app.state.server.host.engine.read() as tx:
        assert tx.value("SELECT count(*) FROM idempotency_key") == 2


def test_what_goes_wrong_after_the_writing_takes_all_of_it_back(
    anna: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(Host, "sealed", broken)
        assert anna.post("/v1/notes", json=NOTE, headers=KEY).status_code == 500
    assert notes(anna) == []

    assert anna.post("/v1/notes", json=NOTE, headers=KEY).status_code == 201
    assert len(notes(anna)) == 1


CRASH = """
import os, sys
from fastapi.testclient import TestClient
from scribes.hosting import Host
from scribes.server.access import server_of, signed_in
from scribes.server.app import create_app
from scribes.server.settings import ServerSettings

app = create_app(ServerSettings(mode="development", data_folder=sys.argv[1]))
host = app.state.server.host
people = [host.found("Anna", personal=True)] if sys.argv[2] == "crash" else [1]
app.dependency_overrides[signed_in] = lambda: host.of(people[0])
if sys.argv[2] == "crash":
    Host.sealed = lambda *_, **__: os._exit(9)
with TestClient(app) as client:
    for kind in ("notes", "circles"):
        if kind == sys.argv[3]:
            body = {"title": "Once", "name": "Bethel"}
            body.pop("name" if kind == "notes" else "title")
            made = client.post(f"/v1/{kind}", json=body, headers={"Idempotency-Key": "one"})
            assert made.status_code == 201, made.text
            found = client.get(f"/v1/{kind}").json()
            print(len(found["items"] if kind == "notes" else found), made.headers.get("Idempotency-Replayed", ""))
"""


@pytest.mark.parametrize("kind", ["notes", "circles"])
def test_a_process_that_dies_between_the_note_and_its_key_leaves_neither(tmp_path: Path, kind: str) -> None:
    def run(how: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", CRASH, str(tmp_path / "server"), how, kind]
        return subprocess.run(words, capture_output=True, text=True, timeout=60)

    assert run("crash").returncode == 9
    after, again = run("go on"), run("go on")

    assert after.stdout.split() == ["1"], after.stderr
    assert again.stdout.split() == ["1", "true"], again.stderr


def test_prayers_reminders_comments_and_cards_are_made_once(anna: TestClient) -> None:
    circle = anna.post("/v1/circles", json={"name": "Bethel"}).json()["id"]
    note = anna.post("/v1/notes", params={"circle": circle}, json=NOTE).json()["id"]
    mine = anna.post("/v1/notes", json=NOTE).json()["id"]
    prayer = anna.post("/v1/prayers", json={"title": "Rain"}).json()["id"]
    requests: dict[str, Any] = {
        f"/v1/notes/{note}/comments": {"text": "Amen"},
        "/v1/prayers": {"title": "Peace"},
        f"/v1/prayers/{prayer}/prayed": {"words": "Send rain"},
        "/v1/reminders": {"about": mine, "when": "tomorrow 8am"},
        "/v1/reviews/cards": {"kind": "note", "of": mine},
    }
    for number, (path, body) in enumerate(requests.items()):
        first, again = (anna.post(path, json=body, headers={"Idempotency-Key": str(number)}) for _ in range(2))

        assert first.status_code < 300, (path, first.text)
        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert again.headers["Idempotency-Replayed"] == "true"
    assert len(anna.get(f"/v1/notes/{note}/comments").json()["items"]) == 1
