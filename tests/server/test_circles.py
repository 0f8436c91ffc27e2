"""Circles over HTTP, and every role against every action."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.domain import access

from .conftest import Person


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"] if answer.status_code >= 400 else ""


def joined(owner: TestClient, other: TestClient, circle: str, role: str = "member") -> None:
    made = owner.post(f"/v1/circles/{circle}/invitations", json={"role": role})
    assert made.status_code == 201, made.text
    answer = other.post("/v1/circles/join", json={"link": made.json()["link"]})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def circle(anna: TestClient) -> str:
    answer = anna.post("/v1/circles", json={"name": "Bethel"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_what_is_shared_is_read_and_written_by_both_until_one_is_removed(
    anna: TestClient, ben: TestClient, circle: str
) -> None:
    note = anna.post("/v1/notes", json={"title": "Romans 8", "body": "All things"}).json()
    shared = anna.post(f"/v1/circles/{circle}/shared", json={"item": note["id"]}).json()["id"]
    path = f"/v1/notes/{shared}"
    assert ben.get(path).status_code == 404

    joined(anna, ben, circle)
    ben.patch(path, json={"body": "All things work together"}, headers={"If-Match": "*"})

    assert anna.get(path).json()["body"] == "All things work together"
    assert anna.get(path).json()["circle"] == "Bethel"
    members = anna.get(f"/v1/circles/{circle}/members").json()
    assert [one["role"] for one in members] == ["owner", "member"]

    gone = anna.delete(f"/v1/circles/{circle}/members/{members[1]['id']}")

    assert gone.status_code == 200
    assert ben.get(path).status_code == 404
    assert ben.get("/v1/notes").json()["items"] == []
    assert code(ben.get(f"/v1/circles/{circle}/members")) == (403, "forbidden")


def test_an_invitation_is_good_once(anna: TestClient, ben: TestClient, circle: str) -> None:
    link = anna.post(f"/v1/circles/{circle}/invitations", json={}).json()["link"]
    assert len(anna.get(f"/v1/circles/{circle}/invitations").json()) == 1
    assert anna.delete(f"/v1/circles/{circle}/invitations").json() == {"taken_back": 1}

    assert code(ben.post("/v1/circles/join", json={"link": link})) == (403, "forbidden")
    assert code(ben.post("/v1/circles/join", json={"link": "https://elsewhere/"})) == (422, "invalid")


def test_a_circle_is_not_there_for_who_is_not_in_it(anna: TestClient, ben: TestClient, circle: str) -> None:
    for path in ("", "/members", "/invitations"):
        assert code(ben.get(f"/v1/circles/{circle}{path}")) == (404, "not_found")
    assert code(ben.post(f"/v1/circles/{circle}/leave")) == (404, "not_found")
    assert ben.get("/v1/circles").json() == []


def test_a_sealed_circle_is_not_made_here(anna: TestClient) -> None:
    assert code(anna.post("/v1/circles", json={"name": "Secret", "mode": "sealed"})) == (403, "sealed")


# Each action as a request by one who has a role, with a member and a note of the circle at hand.
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "read": ("GET", "/v1/notes/{note}", {}),
    "write": ("PATCH", "/v1/notes/{note}", {"speaker": "Paul"}),
    "share": ("POST", "/v1/circles/{circle}/shared", {"item": "{own}"}),
    "unshare": ("DELETE", "/v1/circles/{circle}/shared/{note}", {}),
    "invite": ("POST", "/v1/circles/{circle}/invitations", {}),
    "webhooks": ("POST", "/v1/circles/{circle}/webhooks", {"url": "https://hooks.example.org/scribes"}),
    "rename": ("PATCH", "/v1/circles/{circle}", {"name": "Other"}),
    "set role": ("PATCH", "/v1/circles/{circle}/members/{member}", {"role": "reader"}),
    "remove": ("DELETE", "/v1/circles/{circle}/members/{member}", {}),
    "hand over": ("POST", "/v1/circles/{circle}/owner", {"member": "{member}"}),
    "leave": ("POST", "/v1/circles/{circle}/leave", {}),
}


@pytest.mark.parametrize("role", [*access.ROLES, "stranger"])
@pytest.mark.parametrize("action", sorted(REQUESTS))
def test_every_role_may_do_what_its_table_says_and_nothing_else(
    app: FastAPI, people: tuple[Person, Person], role: str, action: str
) -> None:
    owner, actor = (one.http for one in people)
    other = Person(app, app.state.server.host.found("Carl", personal=True)).http
    circle = owner.post("/v1/circles", json={"name": "Bethel"}).json()["id"]
    joined(owner, other, circle)
    if role in ("reader", "member", "admin"):
        joined(owner, actor, circle, role)
    elif role == "owner":
        actor = owner
    note = owner.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8"}).json()["id"]
    own = actor.post("/v1/notes", json={"title": "Mine"}).json()["id"]
    members = owner.get(f"/v1/circles/{circle}/members").json()
    member = next(one["id"] for one in members if one["name"] == "Carl")
    method, path, body = REQUESTS[action]
    values = {"circle": circle, "note": note, "own": own, "member": member}
    filled = {name: value.format(**values) for name, value in body.items()}
    answer = actor.request(
        method, path.format(**values), json=filled if method in ("POST", "PATCH") else None, headers={"If-Match": "*"}
    )

    if role == "stranger":
        assert code(answer) == (404, "not_found")
    elif role == "owner" and action == "leave":
        assert code(answer) == (403, "forbidden")
    elif access.may(role, action):
        assert answer.status_code < 300, answer.text
    else:
        assert code(answer) == (403, "forbidden")


def test_every_action_of_the_table_is_asked() -> None:
    """`comment` has its own routes and tests; keys and compaction are a device's business."""
    assert set(access.ACTIONS) - set(REQUESTS) == {"comment", "change keys", "compact"}


def test_the_feed_tells_who_did_what_and_only_to_those_inside(anna: TestClient, ben: TestClient, circle: str) -> None:
    joined(anna, ben, circle)
    note = ben.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8", "body": "All"}).json()["id"]
    anna.patch(f"/v1/notes/{note}", json={"body": "All things"}, headers={"If-Match": "*"})
    anna.delete(f"/v1/notes/{note}")
    seen, cursor = [], ""
    while cursor is not None:
        page = anna.get(f"/v1/circles/{circle}/activity", params={"limit": 2, "cursor": cursor}).json()
        seen += [(one["who"], one["action"], one["kind"], one["heading"]) for one in page["items"]]
        cursor = page["next"]

    assert seen[:3] == [
        ("Anna", "removed", "note", "Romans 8"),
        ("Anna", "changed", "note", "Romans 8"),
        ("Ben", "added", "note", "Romans 8"),
    ]
    assert ("Ben", "joined", "member", "") in seen
    assert code(anna.get(f"/v1/circles/{circle}/activity", params={"cursor": "x"})) == (422, "invalid")

    anna.delete(f"/v1/circles/{circle}/members/Ben")
    assert code(ben.get(f"/v1/circles/{circle}/activity")) == (403, "forbidden")
