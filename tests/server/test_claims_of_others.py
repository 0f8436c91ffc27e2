"""What somebody writes into a log of their own about the devices of others changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scribes.crypto.devices import DeviceKeys
from scribes.domain.circles import member_item
from tests.fuzz.by_hand import Pen, Space, note, some_bytes

from .test_sync import put, registers
from .town import PASSWORD, Somebody, Town


class Claimed(Pen):
    """A device with the id, and with the public keys, of another one."""

    def __init__(self, said: dict[str, str], member: bytes, *, with_keys: bool) -> None:
        id = bytes.fromhex(said["device"])
        super().__init__("claimed", member=member, keys=DeviceKeys(id, *(some_bytes(one, 32) for one in ("a", "b"))))
        if with_keys:
            self.public = type(self.public)(id, bytes.fromhex(said["sign"]), bytes.fromhex(said["box"]))


def bethel(anna: TestClient, ben: TestClient) -> str:
    circle = str(anna.post("/v1/circles", json={"name": "Bethel"}).json()["id"])
    link = anna.post(f"/v1/circles/{circle}/invitations", json={}).json()["link"]
    assert ben.post("/v1/circles/join", json={"link": link}).status_code == 200
    return circle


def me_in(client: TestClient, circle: str) -> bytes:
    members = client.get(f"/v1/circles/{circle}/members").json()
    return bytes.fromhex(next(one["id"] for one in members if one["is_me"]))


def claimed(anna: TestClient, ben: TestClient, *, member: bytes | None = None, with_keys: bool) -> tuple[Pen, Space]:
    """An open circle of Ben's, who has said there that the server's device for Anna is one of his own."""
    mallory = Pen("mallory", member=member)
    made = Space(mallory, mode="open", salt="mallory")
    registers(ben, mallory)
    theirs = Claimed(anna.get("/v1/devices/server").json(), mallory.member, with_keys=with_keys)
    made.write(mallory, made.brings(mallory, theirs))
    bens = Claimed(ben.get("/v1/devices/server").json(), mallory.member, with_keys=True)
    made.write(mallory, made.brings(mallory, bens))
    made.bundle(mallory, note(mallory, "Buy this"))
    assert put(ben, made).status_code == 200
    return mallory, made


@pytest.mark.parametrize("with_keys", [True, False])
def test_nobody_is_put_into_a_circle_that_they_did_not_join(
    anna: TestClient, ben: TestClient, *, with_keys: bool
) -> None:
    claimed(anna, ben, with_keys=with_keys)

    assert anna.get("/v1/circles").json() == []
    assert anna.get("/v1/notes").json()["items"] == []
    assert [one["title"] for one in ben.get("/v1/notes").json()["items"]] == ["Buy this"]


@pytest.mark.parametrize("with_keys", [True, False])
def test_a_comment_stays_that_of_who_wrote_it(anna: TestClient, ben: TestClient, *, with_keys: bool) -> None:
    circle = bethel(anna, ben)
    note = anna.post("/v1/notes", json={"title": "Romans 8"}).json()["id"]
    shared = anna.post(f"/v1/circles/{circle}/shared", json={"item": note}).json()["id"]
    comment = anna.post(f"/v1/notes/{shared}/comments", json={"text": "Amen"}).json()
    claimed(anna, ben, member=me_in(ben, circle), with_keys=with_keys)

    assert ben.patch(f"/v1/comments/{comment['id']}", json={"text": "Rubbish"}).status_code == 403
    found = anna.get(f"/v1/notes/{shared}/comments").json()["items"]
    assert [(one["author"], one["text"]) for one in found] == [(comment["author"], "Amen")]
    assert anna.patch(f"/v1/comments/{comment['id']}", json={"text": "Amen!"}).status_code == 200


def test_nobody_keeps_another_out_of_a_circle_by_taking_their_name_in_one_of_their_own(
    anna: TestClient, ben: TestClient
) -> None:
    member = me_in(anna, bethel(anna, ben))
    circle = ben.post("/v1/circles", json={"name": "Second"}).json()["id"]
    link = ben.post(f"/v1/circles/{circle}/invitations", json={}).json()["link"]
    mallory, made = claimed(anna, ben, with_keys=True)
    for kind, item in (("member", member_item(bytes.fromhex(circle), member)), ("circle", some_bytes("any"))):
        said = {"fields": {"name": "Taken", "member": member.hex()} if kind == "member" else {"name": "Taken"}}
        made.bundle(mallory, note(mallory, "Taken", text="", kind=kind, item=item, **said))
    assert put(ben, made).status_code == 200

    assert anna.post("/v1/circles/join", json={"link": link}).status_code == 200
    assert "Taken" not in ben.get("/v1/circles").text


def test_nobody_is_kept_from_going_by_a_circle_in_which_another_says_that_they_own_it(tmp_path: Path) -> None:
    with Town(tmp_path / "server").opened() as town:
        eve, fay = Somebody(town, "Eve", "elderberry"), Somebody(town, "Fay", "fennel")
        asks = TestClient(town.app, headers=eve.headers)
        mallory = Pen("mallory")
        made = Space(mallory)
        registers(asks, mallory)
        fays = Claimed(fay.made("GET", "/v1/devices/server"), mallory.member, with_keys=True)
        made.write(mallory, made.brings(mallory, fays))
        assert put(asks, made).status_code == 200

        assert fay.made("POST", "/v1/account/deletion", {"password": PASSWORD})["removed"]
        assert asks.get(f"/v1/sync/{made.id.hex()}").status_code == 200
