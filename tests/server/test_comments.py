"""Comments over HTTP: in a circle, by everybody in it; taken back by whoever made them, or an admin."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from .conftest import Person
from .test_circles import code, joined


@pytest.fixture
def circle(anna: TestClient, ben: TestClient) -> str:
    """A circle of both."""
    id = str(anna.post("/v1/circles", json={"name": "Bethel"}).json()["id"])
    joined(anna, ben, id)
    return id


@pytest.fixture
def note(anna: TestClient, circle: str) -> str:
    """A note in it."""
    return str(anna.post(f"/v1/notes?circle={circle}", json={"title": "Romans 8"}).json()["id"])


def test_people_talk_about_a_note(anna: TestClient, ben: TestClient, note: str) -> None:
    path = f"/v1/notes/{note}/comments"
    made = ben.post(path, json={"text": "Amen"})
    anna.post(path, json={"text": "Thanks"})
    anna.post(path, json={"text": "And more"})
    first = ben.get(f"{path}?limit=2").json()
    second = ben.get(f"{path}?limit=2&cursor={first['next']}").json()

    assert made.status_code == 201
    assert [(one["author"], one["text"]) for one in first["items"]] == [("Ben", "Amen"), ("Anna", "Thanks")]
    assert ([one["text"] for one in second["items"]], second["next"]) == (["And more"], None)
    assert anna.get(made.headers["Location"]).json()["text"] == "Amen"
    assert ben.patch(made.headers["Location"], json={"text": "Amen!"}).json()["text"] == "Amen!"


def test_what_others_said_is_theirs(anna: TestClient, ben: TestClient, note: str) -> None:
    path = f"/v1/notes/{note}/comments"
    hers = anna.post(path, json={"text": "Mine"}).headers["Location"]
    his = ben.post(path, json={"text": "His"}).headers["Location"]

    assert code(ben.delete(hers)) == (403, "forbidden")
    assert code(ben.patch(hers, json={"text": "Other"})) == (403, "forbidden")
    assert code(anna.patch(his, json={"text": "Other"})) == (403, "forbidden")
    assert anna.delete(his).status_code == 200
    assert code(anna.get(his)) == (404, "not_found")
    assert code(anna.delete(his)) == (404, "not_found")
    assert [one["text"] for one in ben.get(path).json()["items"]] == ["Mine"]


def test_outside_a_circle_nothing_is_said_or_heard(
    app: FastAPI, anna: TestClient, ben: TestClient, circle: str, note: str
) -> None:
    comment = anna.post(f"/v1/notes/{note}/comments", json={"text": "Mine"}).headers["Location"]
    own = anna.post("/v1/notes", json={"title": "Own"}).json()["id"]
    carol = Person(app, app.state.server.host.found("Carol", personal=True)).http
    ben.post(f"/v1/circles/{circle}/leave")

    for who in (carol, ben):
        assert code(who.get(f"/v1/notes/{note}/comments")) == (404, "not_found")
        assert code(who.post(f"/v1/notes/{note}/comments", json={"text": "x"})) == (404, "not_found")
        assert code(who.get(comment)) == (404, "not_found")
        assert code(who.patch(comment, json={"text": "x"})) == (404, "not_found")
        assert code(who.delete(comment)) == (404, "not_found")
    assert code(anna.post(f"/v1/notes/{own}/comments", json={"text": "x"})) == (422, "invalid")


def test_a_comment_on_a_prayer_and_an_empty_one(anna: TestClient, ben: TestClient, circle: str) -> None:
    prayer = anna.post(f"/v1/prayers?circle={circle}", json={"title": "For all"}).json()["id"]
    path = f"/v1/prayers/{prayer}/comments"

    assert ben.post(path, json={"text": "I pray too"}).status_code == 201
    assert [one["author"] for one in anna.get(path).json()["items"]] == ["Ben"]
    for wrong in ({"text": " "}, {"text": "\x00"}, {}, {"text": "x" * 200_000}):
        assert code(ben.post(path, json=wrong)) == (422, "invalid")
