"""Who is in which space, as the server has it for lists and events: at once, also where it wrote the log itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient


def spaces(client: TestClient) -> list[str]:
    return [one["id"] for one in client.get("/v1/spaces").json() if one["kind"] == "circle"]


def made(anna: TestClient, ben: TestClient) -> str:
    circle = str(anna.post("/v1/circles", json={"name": "Bethel"}).json()["id"])
    link = anna.post(f"/v1/circles/{circle}/invitations", json={}).json()["link"]
    assert ben.post("/v1/circles/join", json={"link": link}).status_code == 200
    return circle


def who_hears(app: FastAPI, circle: str) -> list[int]:
    told: list[int] = []
    server = app.state.server
    listener = type("Listens", (), {"is_heard": True, "publish": lambda _, accounts, *__: told.extend(accounts)})
    kept, server.spaces._hub = server.spaces._hub, listener()
    server.spaces.tell(bytes.fromhex(circle), 0)
    server.spaces._hub = kept
    return sorted(told)


def test_a_circle_is_among_ones_spaces_as_soon_as_it_is_made_or_joined(anna: TestClient, ben: TestClient) -> None:
    circle = made(anna, ben)

    assert spaces(anna) == [circle]
    assert spaces(ben) == [circle]


def test_who_is_removed_is_told_nothing_more(app: FastAPI, people: Any, anna: TestClient, ben: TestClient) -> None:
    circle = made(anna, ben)
    before = who_hears(app, circle)
    member = next(one for one in anna.get(f"/v1/circles/{circle}/members").json() if one["role"] == "member")
    assert anna.delete(f"/v1/circles/{circle}/members/{member['id']}").status_code == 200

    assert before == [one.key for one in people]
    assert who_hears(app, circle) == [people[0].key]
    assert spaces(ben) == []
