"""The whole way, with real processes: a server, two people at their terminals, and one on the web."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from scribes.crypto.passwords import cost_in, keys_of
from scribes.hosting import open_host

from .conftest import Terminal

WAIT_S = 30


@pytest.fixture
def carl(served: str) -> Iterator[httpx2.Client]:
    """Somebody on the web, with a plain account."""
    with httpx2.Client(base_url=served, timeout=WAIT_S) as client:
        yield signed_up(client, "carl@example.org", "Carl")


def signed_up(client: httpx2.Client, email: str, name: str) -> httpx2.Client:
    """The client, which asks as a new account from now on."""
    said = {"email": email, "password": "a plain password of theirs", "name": name}
    answer = client.post("/v1/auth/signup", json=said)
    assert answer.status_code == 201, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def body_of(client: httpx2.Client, note: str, *words: str) -> str:
    """The text of a note on the web, once it has some words: what a device sends is read behind its request."""
    until = time.monotonic() + WAIT_S
    while True:
        answer = client.get(f"/v1/notes/{note}")
        text = answer.json().get("body", "") if answer.status_code == 200 else ""
        if all(word in text for word in words) or time.monotonic() > until:
            return str(text)
        time.sleep(0.1)


def test_two_terminals_and_the_web_share_a_circle_edit_apart_and_one_is_removed(
    tmp_path: Path, served: str, carl: httpx2.Client
) -> None:
    anna, ben = Terminal(tmp_path, "anna"), Terminal(tmp_path, "ben")
    anna.run("login", served, "--email", "anna@example.org", "--new")
    ben.run("login", served, "--email", "ben@example.org", "--new")
    anna.run("circle", "create", "Bethel", "--open")
    ben.run("circle", "join", said=anna.run("circle", "invite", "Bethel"))
    link = anna.run("circle", "invite", "Bethel").strip()
    assert carl.post("/v1/circles/join", json={"link": link}).status_code == 200

    anna.run("add", "--title", "Romans 8", "First paragraph\n\nSecond paragraph\n\nThird paragraph")
    anna.run("circle", "share", "-", "Bethel")
    anna.run("sync")
    ben.run("sync")
    note = ben.data("list")[0]["id"]
    assert body_of(carl, note, "Third") != ""
    read = carl.get(f"/v1/notes/{note}")

    # Apart: each edits what they last saw, the web on an ETag that is old by then.
    text = "First paragraph of Anna\n\nSecond paragraph\n\nThird paragraph"
    anna.run("edit", note, "--body", text)
    ben.run("edit", note, "--body", "First paragraph\n\nSecond paragraph of Ben\n\nThird paragraph")
    anna.run("sync")
    ben.run("sync")
    assert "Ben" in body_of(carl, note, "Anna", "Ben")
    stale = carl.patch(
        f"/v1/notes/{note}",
        json={"body": "First paragraph\n\nSecond paragraph\n\nThird paragraph of Carl"},
        headers={"If-Match": read.headers["etag"]},
    )
    whole = "First paragraph of Anna\n\nSecond paragraph of Ben\n\nThird paragraph of Carl"
    assert stale.json()["merged"]
    assert stale.json()["note"]["body"] == whole
    until = time.monotonic() + WAIT_S
    while "Carl" not in anna.data("show", note)["body"] and time.monotonic() < until:
        anna.run("sync")
    ben.run("sync")

    assert anna.data("show", note)["body"] == ben.data("show", note)["body"] == whole
    authors = {one["author"] for one in carl.get(f"/v1/notes/{note}/revisions").json()}
    assert authors == {"Anna", "Ben", "Carl"}

    # Out: Carl by Anna, whose word the server keeps at once.
    anna.run("circle", "remove", "Bethel", "Carl", "--yes")
    anna.run("edit", note, "--body", "mercy")
    anna.run("sync")
    until = time.monotonic() + WAIT_S
    while carl.get(f"/v1/notes/{note}").status_code == 200 and time.monotonic() < until:
        time.sleep(0.1)

    assert carl.get(f"/v1/notes/{note}").status_code == 404
    assert carl.get("/v1/notes").json()["items"] == []
    anna.run("circle", "remove", "Bethel", "Ben", "--yes")
    ben.run("sync", ok=True)
    assert "mercy" in anna.data("show", note)["body"]
    anna.run("edit", note, "--body", "only Anna")
    anna.run("sync")
    ben.run("sync", ok=True)
    assert "only Anna" not in ben.data("show", note)["body"]


def test_a_sealed_circle_and_sealed_notes_are_bytes_to_the_server(tmp_path: Path, served: str) -> None:
    anna = Terminal(tmp_path, "anna")
    anna.run("login", served, "--email", "anna@example.org", "--new")
    anna.run("add", "--title", "A secret of mercy", "unspeakable words")
    anna.run("circle", "create", "Hidden")
    anna.run("circle", "share", "-", "Hidden")
    anna.run("sync")
    with httpx2.Client(base_url=served, timeout=WAIT_S) as client:
        token = _token_of(client, "anna@example.org", "correct horse battery anna")
        client.headers["Authorization"] = f"Bearer {token}"
        spaces = {one["kind"]: one for one in client.get("/v1/spaces").json()}
        refused = [
            client.get("/v1/notes", params={"circle": spaces["circle"]["id"]}),
            client.post("/v1/notes", json={"title": "New"}),
            client.get(f"/v1/circles/{spaces['circle']['id']}/members"),
        ]
    assert {one["mode"] for one in spaces.values()} == {"sealed"}
    assert [(one.status_code, one.json()["error"]["code"]) for one in refused] == [(403, "sealed")] * 3

    folder = next(tmp_path.rglob("scribes.db")).parent
    host = open_host(str(folder), "", "")
    with host.engine.read() as tx:
        names = [
            row[0]
            for row in tx.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
        ]
        found = repr([tx.rows(f"SELECT * FROM {name}") for name in names])
        entries = tx.value("SELECT count(*) FROM relay_entry")
    host.engine.close()

    assert entries > 4
    assert "anna@example.org" in found
    assert not [word for word in ("unspeakable", "mercy", "Hidden") if word in found]


def _token_of(client: httpx2.Client, email: str, password: str) -> str:
    """The access token of a derived account, whose password the server is never sent."""
    said = client.post("/v1/auth/prelogin", json={"email": email}).json()
    keys = keys_of(password, email=email, cost=cost_in(said))
    return str(client.post("/v1/auth/login", json={"email": email, "password": keys.password}).json()["access_token"])
