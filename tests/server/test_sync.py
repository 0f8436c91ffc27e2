"""Sync over HTTP as a client sees it: both forms of bodies, who may do what, limits, and that nothing else is told."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.domain.frames import BINARY, framed, from_base64, page_in_bytes, to_base64
from scribes.services.proofs import proof_of_device, proof_of_invitation
from tests.fuzz.by_hand import Pen, Space, invitation, note, some_bytes

BYTES = {"content-type": BINARY}
ASKS_BYTES = {"accept": BINARY}


@pytest.fixture
def owner() -> Pen:
    return Pen("owner")


@pytest.fixture
def space(owner: Pen, anna: TestClient) -> Space:
    made = Space(owner)
    made.bundle(owner, note(owner))
    registers(anna, owner)
    assert put(anna, made).status_code == 200
    return made


def registers(client: TestClient, pen: Pen, **other: str) -> Any:
    about = client.get("/v1/sync").json()
    proof = proof_of_device(pen.keys, remote=bytes.fromhex(about["id"]), account=bytes.fromhex(about["account"]))
    said = {"device": pen.id.hex(), **pen.said(), "proof": proof.hex(), **other}
    return client.post("/v1/devices", json=said)


def put(client: TestClient, space: Space, *raws: bytes, id: bytes = b"", **more: Any) -> Any:
    headers = {**BYTES, **more.pop("headers", {})}
    content = framed(raws or space.raws())
    return client.post(f"/v1/sync/{(id or space.id).hex()}", content=content, headers=headers, **more)


def circles(client: TestClient) -> list[Any]:
    """The circles of somebody; their own space, which the server hosts, beside."""
    return [one for one in client.get("/v1/spaces").json() if one["kind"] == "circle"]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_server_says_who_it_is_and_what_it_takes(anna: TestClient, ben: TestClient) -> None:
    one, other = anna.get("/v1/sync").json(), ben.get("/v1/sync").json()

    assert one["id"] == other["id"]
    assert one["account"] != other["account"]
    assert one["limits"]["body_bytes"] == 4 * 1024 * 1024 + 64 * 1024
    assert {"sealed", "open", "news"} <= set(one["features"])


def test_nothing_is_told_to_who_is_not_signed_in(app: FastAPI, anna: TestClient, space: Space) -> None:
    nobody = TestClient(app)
    id = space.id.hex()
    for method, path in (
        ("GET", "/v1/sync"), ("POST", "/v1/sync/news"), ("GET", f"/v1/sync/{id}"), ("POST", f"/v1/sync/{id}"),
        ("POST", f"/v1/sync/{id}/fold"), ("POST", f"/v1/sync/{id}/bridge"), ("PUT", f"/v1/sync/mail/{id}"),
        ("GET", f"/v1/sync/mail/{id}"), ("DELETE", f"/v1/sync/mail/{id}"), ("GET", "/v1/devices"),
        ("POST", "/v1/devices"), ("GET", "/v1/spaces"), ("GET", "/v1/events"),
    ):  # fmt: skip
        assert code(nobody.request(method, path)) == (401, "not_signed_in"), path


def test_entries_go_and_come_in_both_forms(anna: TestClient, space: Space, owner: Pen) -> None:
    fresh = space.bundle(owner, note(owner, "more"))
    said = {"entries": [to_base64(raw) for raw in space.raws()]}
    answer = anna.post(f"/v1/sync/{space.id.hex()}", json=said)
    assert answer.json() == {"seq": 3, "fresh": 1}
    as_bytes = anna.get(f"/v1/sync/{space.id.hex()}", headers=ASKS_BYTES)
    as_json = anna.get(f"/v1/sync/{space.id.hex()}").json()

    page, about = page_in_bytes(as_bytes.content)
    assert as_bytes.headers["content-type"] == BINARY
    assert list(page.entries) == space.raws() == [from_base64(one) for one in as_json["entries"]]
    assert page.heads == {owner.id: (3, fresh.id)}
    assert about["remote"] == as_json["remote"] == anna.get("/v1/sync").json()["id"]
    assert as_json["heads"] == {owner.id.hex(): [3, fresh.id.hex()]}
    behind = anna.get(f"/v1/sync/{space.id.hex()}", params={"after": "2"}).json()
    assert [from_base64(one) for one in behind["entries"]] == [fresh.raw]


def test_pages_are_as_large_as_was_asked(anna: TestClient, space: Space, owner: Pen) -> None:
    for number in range(5):
        space.bundle(owner, note(owner, f"{number}"))
    put(anna, space)
    page = anna.get(f"/v1/sync/{space.id.hex()}", params={"limit": 1}).json()

    assert (len(page["entries"]), page["more"], page["cursor"]) == (1, True, "1")
    for bad in ({"limit": 0}, {"limit": 10**9}, {"after": "x"}, {"after": "-1"}, {"after": "9" * 201}):
        assert code(anna.get(f"/v1/sync/{space.id.hex()}", params=bad)) == (422, "invalid")


@pytest.mark.parametrize("content", [b"", b"x", b"\0\0\0\5abc", framed([b"garbage" * 40]), framed([b""])])
def test_what_no_scribes_wrote_is_malformed_and_no_fault_of_the_server(
    anna: TestClient, space: Space, content: bytes
) -> None:
    answer = anna.post(f"/v1/sync/{space.id.hex()}", content=content, headers=BYTES)
    assert answer.status_code == 200 if not content else code(answer) == (422, "malformed")


@pytest.mark.parametrize(
    ("said", "of"),
    [
        ("{", "application/json"), ("[]", "application/json"), ('{"entries":5}', "application/json"),
        ('{"entries":[5]}', "application/json"), ('{"entries":["="]}', "application/json"), ("a", "text/plain"),
    ],
)  # fmt: skip
def test_other_bodies_are_refused(anna: TestClient, space: Space, said: str, of: str) -> None:
    answer = anna.post(f"/v1/sync/{space.id.hex()}", content=said, headers={"content-type": of})
    assert code(answer) in ((422, "malformed"), (422, "invalid"))


def test_a_log_is_appended_to_in_order_or_not_at_all(anna: TestClient, space: Space, owner: Pen) -> None:
    first, second = space.bundle(owner, note(owner, "1")), space.bundle(owner, note(owner, "2"))

    assert code(put(anna, space, second.raw)) == (409, "outrun")
    assert code(put(anna, space, first.raw, space.sealed(Pen("nobody"), "{}").raw)) == (403, "forbidden")
    assert anna.get(f"/v1/sync/{space.id.hex()}").json()["cursor"] == "2"
    assert put(anna, space, first.raw, second.raw).json() == {"seq": 4, "fresh": 2}


def test_a_stranger_finds_nothing(anna: TestClient, ben: TestClient, space: Space, owner: Pen) -> None:
    stranger = Pen("stranger")
    registers(ben, stranger)
    id, none = space.id.hex(), some_bytes("none").hex()
    covers, ends = {"covers": {owner.id.hex(): 2}}, {"ends": {owner.id.hex(): [9, "00" * 32]}}

    def answers(id: str) -> list[Any]:
        by_hand = space.sealed(stranger, "{}", space=bytes.fromhex(id)).raw
        found = [
            ben.get(f"/v1/sync/{id}"),
            ben.post(f"/v1/sync/{id}/fold", json=covers),
            ben.post(f"/v1/sync/{id}/bridge", json=ends),
            put(ben, space, by_hand, id=bytes.fromhex(id)),
        ]
        news = ben.post("/v1/sync/news", json={"spaces": {id: ""}}).json()["spaces"][id]
        return [(one.status_code, {**one.json()["error"], "traceId": ""}) for one in found] + [news]

    assert answers(id) == answers(none)
    assert answers(id)[0][0] == 404
    assert circles(ben) == []
    assert code(put(ben, space)) == (404, "not_found")


def test_a_device_is_registered_by_who_holds_its_key_for_one_account_alone(anna: TestClient, ben: TestClient) -> None:
    phone = Pen("phone")
    said = registers(anna, phone)
    assert (said.status_code, said.json()["device"]) == (200, phone.id.hex())
    assert registers(anna, phone).status_code == 200
    assert [one["device"] for one in anna.get("/v1/devices").json()] == [phone.id.hex()]
    assert ben.get("/v1/devices").json() == []
    assert code(registers(ben, phone)) == (409, "exists")
    for other in ({"proof": "00" * 64}, {"sign": Pen("x").said()["sign"]}, {"box": Pen("x").said()["box"]}):
        assert code(registers(ben, phone, **other)) == (403, "forbidden")
    theirs = anna.get("/v1/sync").json()
    proof = proof_of_device(
        Pen("tablet").keys, remote=bytes.fromhex(theirs["id"]), account=bytes.fromhex(theirs["account"])
    )
    assert code(registers(ben, Pen("tablet"), proof=proof.hex())) == (403, "forbidden")
    for other in ({"device": "zz"}, {"sign": ""}, {"proof": "00"}, {"device": "AB" * 16}):
        assert code(registers(anna, phone, **other)) == (422, "invalid")


def test_whoever_takes_the_id_of_a_device_with_another_key_gets_nothing(
    anna: TestClient, ben: TestClient, space: Space, owner: Pen
) -> None:
    """Ids stand in the logs of circles, so members know them."""
    from scribes.crypto.devices import DeviceKeys

    thief = Pen("thief")
    with_id = Pen("thief", keys=DeviceKeys(owner.id, thief.keys.sign, thief.keys.box))
    assert registers(ben, with_id).status_code == 200

    assert ben.get(f"/v1/sync/{space.id.hex()}").status_code == 404
    assert circles(ben) == []
    assert put(anna, space, space.bundle(owner, note(owner, "x")).raw).status_code == 200


def test_news_of_all_logs_is_one_question(anna: TestClient, space: Space, owner: Pen) -> None:
    other, none = Space(owner, salt="other"), some_bytes("none").hex()
    put(anna, other)
    asked = {space.id.hex(): "2", other.id.hex(): "", none: "5"}
    said = anna.post("/v1/sync/news", json={"spaces": asked}).json()

    assert said["spaces"][none] is None
    assert {id: said["spaces"][id]["more"] for id in asked if id != none} == {
        space.id.hex(): False,
        other.id.hex(): True,
    }
    assert said["spaces"][space.id.hex()] == {
        "cursor": "2", "generation": "1", "heads": {owner.id.hex(): [2, space.log[-1].id.hex()]}, "more": False,
    }  # fmt: skip
    for bad in ({}, {"spaces": []}, {"spaces": {"zz": ""}}, {"spaces": {space.id.hex(): 5}}):
        assert code(anna.post("/v1/sync/news", json=bad)) == (422, "invalid")


def test_an_invitation_is_shown_in_a_header(anna: TestClient, ben: TestClient, space: Space, owner: Pen) -> None:
    space.write(owner, space.invites("the secret"))
    put(anna, space)
    dora, keys = Pen("dora"), invitation("the secret")
    registers(ben, dora)
    account = bytes.fromhex(ben.get("/v1/sync").json()["account"])
    shown = f"{keys.id.hex()}.{proof_of_invitation(keys, space=space.id, account=account).hex()}"
    at, headers = f"/v1/sync/{space.id.hex()}", {"Scribes-Invitation": shown}

    assert ben.get(at).status_code == 404
    assert ben.get(at, headers={"Scribes-Invitation": shown[:-1] + "0" * (shown[-1] != "0")}).status_code in (404, 422)
    assert len(ben.get(at, headers=headers).json()["entries"]) == 3
    assert circles(anna)[0]["seq"] == 3
    joined = space.write(dora, space.joins(dora, "the secret"))
    assert put(ben, space, joined.raw, headers=headers).status_code == 200
    assert len(ben.get(at).json()["entries"]) == 4
    assert circles(ben)[0]["role"] == "member"


def test_spaces_say_their_kind_mode_role_and_size(anna: TestClient, space: Space, owner: Pen) -> None:
    own = Space(owner, kind="personal", salt="own", mode="open")
    put(anna, own)
    found = {one["id"]: one for one in anna.get("/v1/spaces").json()}

    assert found[space.id.hex()] == {
        "id": space.id.hex(), "kind": "circle", "mode": "sealed", "role": "owner", "seq": 2,
        "size_bytes": sum(map(len, space.raws())), "devices": [owner.id.hex()],
    }  # fmt: skip
    assert (found[own.id.hex()]["kind"], found[own.id.hex()]["mode"]) == ("personal", "open")


def test_who_is_removed_is_seated_no_more(anna: TestClient, ben: TestClient, space: Space, owner: Pen) -> None:
    carl = Pen("carl")
    registers(ben, carl)
    put(anna, space, space.write(owner, space.invites("the secret")).raw)
    account, keys = bytes.fromhex(ben.get("/v1/sync").json()["account"]), invitation("the secret")
    proof = proof_of_invitation(keys, space=space.id, account=account)
    joined = space.write(carl, space.joins(carl, "the secret"))
    headers = {"Scribes-Invitation": f"{keys.id.hex()}.{proof.hex()}"}
    assert put(ben, space, joined.raw, headers=headers).status_code == 200
    assert [one["role"] for one in circles(ben)] == ["member"]
    put(anna, space, space.write(owner, space.removes(carl, cut=1)).raw)
    end = len(space.log)
    put(anna, space, space.bundle(owner, note(owner, "without carl")).raw)

    assert circles(ben) == []
    page = ben.get(f"/v1/sync/{space.id.hex()}").json()
    assert [from_base64(one) for one in page["entries"]] == space.raws()[:end]


def test_a_snapshot_makes_room(app: FastAPI, anna: TestClient, space: Space, owner: Pen) -> None:
    from scribes.crypto.envelope import SNAPSHOT

    for number in range(3):
        space.bundle(owner, note(owner, f"{number}", "x" * 5_000))
    space.bundle(owner, flags=SNAPSHOT)
    put(anna, space)
    before = circles(anna)[0]["size_bytes"]
    answer = anna.post(f"/v1/sync/{space.id.hex()}/fold", json={"covers": {owner.id.hex(): 5}})

    assert answer.status_code == 204
    assert circles(anna)[0]["size_bytes"] < before - 100
    assert anna.get(f"/v1/sync/{space.id.hex()}").json()["generation"] == "2"
    for bad in ({}, {"covers": {owner.id.hex(): -1}}, {"covers": {"zz": 1}}, {"covers": {owner.id.hex(): 2**63}}):
        assert code(anna.post(f"/v1/sync/{space.id.hex()}/fold", json=bad)) == (422, "invalid")


def test_an_account_keeps_no_more_than_its_quota(app: FastAPI, anna: TestClient, space: Space, owner: Pen) -> None:
    used = sum(map(len, space.raws()))
    more = space.bundle(owner, note(owner, "more"))
    app.state.server.settings.sync_quota_bytes = used + len(more.raw) - 1
    assert code(put(anna, space, more.raw)) == (507, "full")
    app.state.server.settings.sync_quota_bytes = used + len(more.raw)
    assert put(anna, space, more.raw).status_code == 200

    assert put(anna, space).json() == {"seq": 3, "fresh": 0}


def test_a_log_whose_keeper_is_gone_counts_as_the_next_ones_who_writes(
    app: FastAPI, anna: TestClient, space: Space, owner: Pen
) -> None:
    with app.state.server.host.engine.write() as tx:
        tx.run("DELETE FROM sync_space")
    put(anna, space, space.bundle(owner, note(owner, "more")).raw)

    assert circles(anna)[0]["size_bytes"] == sum(map(len, space.raws()))


def test_a_body_that_is_too_large_is_refused(app: FastAPI, anna: TestClient, space: Space) -> None:
    app.state.server.settings.sync_body_bytes = 1_000
    assert code(put(anna, space, b"x" * 1_001)) == (413, "too_large")


# Letters


def test_a_letter_is_for_the_devices_of_one_account(anna: TestClient, ben: TestClient) -> None:
    at = f"/v1/sync/mail/{some_bytes('slot').hex()}"
    assert code(anna.get(at)) == (404, "not_found")
    assert anna.put(at, content=b"one", headers=BYTES).status_code == 204
    assert anna.put(at, content=b"two", headers=BYTES).status_code == 204

    assert anna.get(at).content == b"two"
    assert code(ben.get(at)) == (404, "not_found")
    ben.put(at, content=b"of ben", headers=BYTES)
    ben.delete(at)
    assert anna.get(at).content == b"two"
    assert anna.delete(at).status_code == anna.delete(at).status_code == 204
    assert code(anna.get(at)) == (404, "not_found")


def test_letters_are_small_few_and_go_after_a_month(
    app: FastAPI, anna: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = f"/v1/sync/mail/{some_bytes('slot').hex()}"
    assert code(anna.put(at, content=bytes(64 * 1024 + 1), headers=BYTES)) == (413, "too_large")
    monkeypatch.setattr("scribes.server.space_logs.MAX_LETTERS", 2)
    other = [f"/v1/sync/mail/{some_bytes(name).hex()}" for name in ("a", "b", "c")]
    anna.put(other[0], content=b"a", headers=BYTES)
    anna.put(other[1], content=b"b", headers=BYTES)
    assert code(anna.put(other[2], content=b"c", headers=BYTES)) == (507, "full")
    assert anna.put(other[1], content=b"again", headers=BYTES).status_code == 204
    engine = app.state.server.host.engine
    day_us = 24 * 60 * 60 * 1_000_000
    clock, engine._clock = engine._clock, lambda: clock() + 31 * day_us

    assert anna.get(other[0]).status_code == 404
    assert anna.put(other[2], content=b"c", headers=BYTES).status_code == 204
