"""What somebody takes along, and that nothing of them is left when they go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import SQLModel

from scribes.services.proofs import proof_of_invitation
from scribes.storage import forgetting
from tests.contract.engines import POSTGRES, SQLITE
from tests.fuzz.by_hand import Pen, Space, invitation, note
from tests.server.accounts import ANNA, BEN, bearer, code, secret, served, signed_up
from tests.server.authenticator import Authenticator
from tests.server.test_sync import put, registers

SECRET = "pilgrimword"


@pytest.fixture(params=[SQLITE, POSTGRES])
def web(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    with ExitStack() as stack:
        database = ""
        if request.param == POSTGRES:
            database = stack.enter_context(request.getfixturevalue("postgres").database("template0"))
        yield stack.enter_context(
            served(tmp_path / "server", public_url="http://localhost:8000", database=database, index_meaning=False)
        )


def host(web: TestClient) -> Any:
    return web.app.state.server.host  # type: ignore[attr-defined]


def with_everything(web: TestClient) -> tuple[dict[str, str], dict[str, Any]]:
    """Somebody who has something of everything."""
    said = signed_up(web, name="Anna")
    me = bearer(said)

    def made(path: str, body: dict[str, Any]) -> Any:
        answer = web.post(path, json=body, headers=me)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    note = made("/v1/notes", {"title": f"{SECRET} one", "body": "Rom 8:28 and #grace", "tags": ["hope"]})
    gone = made("/v1/notes", {"title": f"{SECRET} two", "body": "to be thrown away"})
    tag = web.get(f"/v1/notes/{note['id']}", headers=me).headers["etag"]
    web.patch(f"/v1/notes/{note['id']}", json={"body": f"John 1:16 {SECRET}"}, headers={**me, "If-Match": tag})
    tag = web.get(f"/v1/notes/{gone['id']}", headers=me).headers["etag"]
    assert web.delete(f"/v1/notes/{gone['id']}", headers={**me, "If-Match": tag}).status_code in (200, 204)
    with host(web).engine.read() as tx:
        person = tx.value("SELECT max(n) FROM hosted")
    prayer = made("/v1/prayers", {"title": f"{SECRET} healing"})
    made(f"/v1/prayers/{prayer['id']}/prayed", {"words": f"{SECRET} words"})
    made("/v1/reminders", {"text": f"{SECRET} call", "when": "tomorrow 8am"})
    made("/v1/reminders", {"when": "tomorrow 9am", "about": note["id"]})
    web.put("/v1/account/keys", json={"keys": "YQ=="}, headers={**me, "If-None-Match": "*"})
    device = Authenticator("http://localhost:8000")
    begun = made("/v1/auth/passkeys/options", {"password": ANNA["password"]})
    made("/v1/auth/passkeys", {"challenge_id": begun["challenge_id"], "credential": device.make(begun["options"])})
    made("/v1/auth/passkeys/options", {"password": ANNA["password"]})
    host(web).flush()
    return me, {"note": note, "person": person, "account": said["account"]}


def ended(web: TestClient, me: dict[str, str], password: str = ANNA["password"]) -> Any:
    return web.post("/v1/account/deletion", json={"password": password}, headers=me)


def rows(web: TestClient) -> dict[str, int]:
    """How many rows each table has that is about people."""
    with host(web).engine.read() as tx:
        names = [*forgetting.OF_A_SPACE, *forgetting.OF_A_LOG, "space", "hosted", "hosted_space", "relay_space"]
        names += [name for name in SQLModel.metadata.tables if name not in ("audit", "signing_key")]
        return {name: tx.value(f"SELECT count(*) FROM {name}") for name in names}


def test_what_is_taken_along_is_everything(web: TestClient) -> None:
    me, there = with_everything(web)
    answer = web.get("/v1/account/export", headers=me)
    said = answer.json()

    assert answer.headers["content-type"] == "application/json"
    assert said["account"]["email"] == ANNA["email"]
    assert said["account"]["keys"] == "YQ=="
    assert [note["title"] for note in said["notes"]] == [f"{SECRET} one", f"{SECRET} two"]
    assert len(said["notes"][0]["history"]) == 2
    assert "Rom 8:28" in said["notes"][0]["history"][0]["content"]["body"]
    assert [len(said[name]) for name in ("prayers", "prayed", "reminders", "passkeys", "sessions")] == [1, 1, 2, 1, 1]
    assert [one["event"] for one in said["events"]] == ["signup", "passkey_added"]
    assert there["note"]["id"] == said["notes"][0]["id"]
    assert "argon2" not in answer.text


def test_who_goes_takes_all_along_and_nothing_of_others(web: TestClient) -> None:
    ben = bearer(signed_up(web, BEN, name="Ben"))
    kept = web.post("/v1/notes", json={"title": "Of Ben"}, headers=ben).json()["id"]
    host(web).flush()
    before = rows(web)
    me, there = with_everything(web)
    assert code(ended(web, me, "not this one")) == (403, "forbidden")
    answer = ended(web, me)

    assert answer.status_code == 200, answer.text
    assert answer.json()["removed"]["notes"] == 2
    assert rows(web) == before
    assert web.get(f"/v1/notes/{kept}", headers=ben).json()["title"] == "Of Ben"
    assert web.get("/v1/auth/me", headers=me).status_code == 401
    assert web.post("/v1/auth/login", json=ANNA).status_code == 401
    with host(web).engine.read() as tx:
        assert not [row for row in tx.rows("SELECT name FROM meta") if row[0] == f"account.{there['person']}"]
        assert tx.value("SELECT count(*) FROM job") == 0
    # The address is free again.
    assert signed_up(web)["account"]["id"] != there["account"]["id"]


def test_nothing_of_the_words_is_left_in_the_file(tmp_path: Path) -> None:
    with served(tmp_path / "server", public_url="http://localhost:8000", index_meaning=False) as web:
        me, _ = with_everything(web)
        assert ended(web, me).status_code == 200
        with host(web).engine.read() as tx:
            tables = [row[0] for row in tx.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            left = [
                (table, row)
                for table in tables
                for row in tx.rows(f'SELECT * FROM "{table}"')
                if any(SECRET.encode() in (v if isinstance(v, bytes) else str(v).encode()) for v in row)
            ]

        assert left == []


def test_the_owner_of_a_circle_hands_it_over_first(web: TestClient) -> None:
    me, ben = bearer(signed_up(web, name="Anna")), bearer(signed_up(web, BEN, name="Ben"))
    with host(web).engine.read() as tx:
        people = [row[0] for row in tx.rows("SELECT n FROM hosted ORDER BY n")]
    anna, other = (host(web).of(n) for n in people)
    circle = anna.circles.create("Elders", mode="open")
    link = anna.circles.invite(circle.id).link
    other.circles.join(link)
    host(web).flush()
    shared = host(web).of(people[0]).in_space(circle.id).notes.add("Written in the circle")
    host(web).flush()

    assert code(ended(web, me)) == (409, "conflict")
    assert web.get("/v1/auth/me", headers=me).status_code == 200
    members = host(web).of(people[0]).circles.members(circle.id)
    host(web).of(people[0]).circles.hand_over(circle.id, next(one.id for one in members if not one.is_me))
    host(web).flush()
    assert ended(web, me).status_code == 200
    assert web.get(f"/v1/notes/{shared.id}", headers=ben).json()["title"] == "Written in the circle"
    assert [one.is_me for one in host(web).of(people[1]).circles.members(circle.id)] == [True]


def test_a_circle_of_one_goes_along(web: TestClient) -> None:
    before = rows(web)
    me = bearer(signed_up(web))
    with host(web).engine.read() as tx:
        person = tx.value("SELECT max(n) FROM hosted")
    circle = host(web).of(person).circles.create("Alone", mode="open")
    host(web).of(person).in_space(circle.id).notes.add("In the circle of one")
    host(web).flush()

    assert ended(web, me).status_code == 200
    assert rows(web) == before


def test_every_table_of_a_space_is_known_to_be_one(tmp_path: Path) -> None:
    with served(tmp_path / "server") as web, host(web).engine.read() as tx:
        found = {
            table
            for (table,) in tx.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if any(row[1] == "space_id" for row in tx.rows(f'PRAGMA table_info("{table}")'))
        }

        assert found == {*forgetting.OF_A_SPACE, *forgetting.OF_A_LOG}


# Sealed spaces


def as_person(web: TestClient, who: dict[str, str], pen: Pen) -> TestClient:
    """A client of somebody whose device is registered."""
    said = signed_up(web, who)
    client = TestClient(web.app, headers=bearer(said), raise_server_exceptions=False)
    assert registers(client, pen).status_code in (200, 201)
    return client


def joins(web: TestClient, pen: Pen, space: Space, owner: Pen, by: TestClient) -> None:
    """Let somebody into a circle, through the server."""
    space.write(owner, space.invites("the secret"))
    assert put(by, space).status_code == 200
    keys, account = invitation("the secret"), bytes.fromhex(web.get("/v1/sync").json()["account"])
    proof = proof_of_invitation(keys, space=space.id, account=account)
    joined = space.write(pen, space.joins(pen, "the secret"))
    headers = {"Scribes-Invitation": f"{keys.id.hex()}.{proof.hex()}"}
    assert put(web, space, joined.raw, headers=headers).status_code == 200


def derived(who: dict[str, str], seed: bytes) -> dict[str, str]:
    return {"email": who["email"], "password": secret(seed)}


def test_sealed_logs_that_are_ones_own_go_along_and_those_of_others_stay(web: TestClient) -> None:
    before = rows(web)
    anna, ben = Pen("anna"), Pen("ben")
    with_ben = as_person(web, derived(BEN, b"b"), ben)
    ben_alone = rows(web)
    with_anna = as_person(web, derived(ANNA, b"a"), anna)
    own, alone = Space(anna, kind="personal", salt="own"), Space(anna, salt="alone")
    theirs = Space(ben, salt="theirs")
    joins(with_anna, anna, theirs, ben, with_ben)
    for space in (own, alone):
        space.bundle(anna, note(anna))
        assert put(with_anna, space).status_code == 200
    answer = with_anna.post("/v1/account/deletion", json={"password": secret(b"a")})

    assert answer.status_code == 200, answer.text
    assert answer.json()["removed"]["relay_entry"] == 4
    assert len(with_ben.get(f"/v1/sync/{theirs.id.hex()}").json()["entries"]) == 3
    assert with_ben.get(f"/v1/sync/{own.id.hex()}").status_code == 404
    left = {name: number - ben_alone[name] for name, number in rows(web).items() if number != ben_alone[name]}
    assert set(left) <= {"relay_entry", "relay_space", "sync_seat", "sync_space"}
    assert with_ben.post("/v1/account/deletion", json={"password": secret(b"b")}).status_code == 200
    assert rows(web) == before


def test_the_owner_of_a_sealed_circle_hands_it_over_first(web: TestClient) -> None:
    anna, ben = Pen("anna"), Pen("ben")
    client = as_person(web, derived(ANNA, b"a"), anna)
    circle = Space(anna)
    joins(as_person(web, derived(BEN, b"b"), ben), ben, circle, anna, client)

    assert code(client.post("/v1/account/deletion", json={"password": secret(b"a")})) == (409, "conflict")
    assert client.get("/v1/auth/me").status_code == 200
