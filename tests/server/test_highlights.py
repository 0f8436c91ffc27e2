"""Highlights over HTTP: edits of a note, by words or by place, merged with what others wrote."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from .test_circles import code

BODY = "All things work together for good. And ==we know== it."


@pytest.fixture
def path(anna: TestClient) -> str:
    """The highlights of a note."""
    note = anna.post("/v1/notes", json={"title": "Romans 8", "body": BODY}).json()["id"]
    return f"/v1/notes/{note}/highlights"


def test_words_are_marked_listed_and_unmarked(anna: TestClient, path: str) -> None:
    edited = anna.post(path, json={"words": "work  together"})

    assert edited.status_code == 201
    assert edited.json()["note"]["body"] == "All things ==work together== for good. And ==we know== it."
    assert edited.headers["ETag"] == f'"{edited.json()["note"]["revision"]}"'
    found = anna.get(path).json()["items"]
    assert [one["words"] for one in found] == ["work together", "we know"]
    body = edited.json()["note"]["body"]
    assert [body[one["begin"] : one["stop"]] for one in found] == ["work together", "we know"]
    assert found[0]["around"] == "All things work together for good. And we know it."
    gone = anna.delete(path, params={"words": "we know"}).json()
    assert gone["note"]["body"] == "All things ==work together== for good. And we know it."
    assert code(anna.delete(path, params={"words": "we know"})) == (404, "not_found")


def test_a_place_is_read_on_the_revision_that_was_seen(anna: TestClient, path: str) -> None:
    note = path.removesuffix("/highlights")
    etag = anna.get(note).headers["ETag"]
    anna.patch(note, json={"body": f"Before it. {BODY}"}, headers={"If-Match": etag})
    edited = anna.post(path, json={"begin": 11, "stop": 15}, headers={"If-Match": etag}).json()

    assert edited["merged"]
    assert edited["note"]["body"] == "Before it. All things ==work== together for good. And ==we know== it."


def test_all_highlights_come_in_pages_and_are_ones_own(anna: TestClient, ben: TestClient, path: str) -> None:
    ben.post("/v1/notes", json={"body": "==Mine=="})
    anna.post("/v1/notes", json={"title": "==Latest==", "body": "==one== and ==two=="})
    first = anna.get("/v1/highlights?limit=3").json()
    second = anna.get(f"/v1/highlights?limit=3&cursor={first['next']}").json()

    assert [one["words"] for one in first["items"]] == ["Latest", "one", "two"]
    assert [(one["words"], one["heading"]) for one in second["items"]] == [("we know", "Romans 8")]
    assert (first["items"][0]["begin"], second["next"]) == (-1, None)


@pytest.mark.parametrize(
    "wrong",
    [{}, {"words": "not there"}, {"words": "we know"}, {"words": "x", "begin": 0, "stop": 3}, {"begin": 5, "stop": 5},
     {"begin": 0, "stop": 10_000}, {"begin": 30, "stop": 45}, {"begin": 3, "stop": 4}, {"words": " "}],
)  # fmt: skip
def test_what_cannot_be_marked_is_said(anna: TestClient, path: str, wrong: dict[str, Any]) -> None:
    assert code(anna.post(path, json=wrong)) == (422, "invalid")
    assert anna.get(path.removesuffix("/highlights")).json()["body"] == BODY


def test_somebody_elses_notes_are_not_marked(anna: TestClient, ben: TestClient, path: str) -> None:
    assert code(ben.get(path)) == (404, "not_found")
    assert code(ben.post(path, json={"words": "things"})) == (404, "not_found")
    assert code(ben.delete(path, params={"words": "we know"})) == (404, "not_found")
    assert ben.get("/v1/highlights").json()["items"] == []
