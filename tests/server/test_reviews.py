"""Spaced review over HTTP: cards, answers and numbers, each person's own."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from .test_circles import code, joined


def verse(client: TestClient, of: str = "John 3:16") -> str:
    answer = client.post("/v1/reviews/cards", json={"kind": "verse", "of": of})
    assert answer.status_code == 201, answer.text
    return str(answer.json()[0]["id"])


def test_a_verse_comes_up_is_answered_and_taken_back(anna: TestClient) -> None:
    id = verse(anna)
    due = anna.get("/v1/reviews/due").json()["items"]

    assert [(one["card"]["id"], one["front"].partition("\n")[0]) for one in due] == [(id, "John 3:16")]
    answered = anna.post(f"/v1/reviews/cards/{id}/answer", json={"rating": 4, "took_ms": 900}).json()
    assert (answered["rating"], answered["card"]["state"]) == (4, "known")
    status = anna.get("/v1/reviews/status").json()
    assert (status["cards"], status["learned"], status["reviewed_today"], status["streak_days"]) == (1, 1, 1, 1)
    assert anna.get("/v1/reviews/due").json()["items"] == []
    assert anna.delete(f"/v1/reviews/answers/{answered['review']}").json()["state"] == "new"
    assert anna.get("/v1/reviews/forecast?days=7").json()["items"][0]["new"] == 1
    assert anna.post(f"/v1/reviews/cards/{id}/suspend").json()["state"] == "suspended"
    assert code(anna.post(f"/v1/reviews/cards/{id}/answer", json={"rating": 1})) == (422, "invalid")
    assert anna.post(f"/v1/reviews/cards/{id}/resume").json()["state"] == "new"
    assert anna.delete(f"/v1/reviews/cards/{id}").status_code == 200
    assert code(anna.get(f"/v1/reviews/cards/{id}")) == (404, "not_found")


def test_two_people_with_the_same_verse_have_a_card_each(anna: TestClient, ben: TestClient) -> None:
    mine, theirs = verse(anna), verse(ben)
    anna.post(f"/v1/reviews/cards/{mine}/answer", json={"rating": 3})

    assert mine != theirs
    assert [one["id"] for one in ben.get("/v1/reviews/cards").json()["items"]] == [theirs]
    found = ben.get("/v1/reviews/status").json()
    assert (found["new"], found["reviewed_today"], found["streak_days"], found["cards"]) == (1, 0, 0, 1)
    assert (ben.get("/v1/stats").json()["reviews"], anna.get("/v1/stats").json()["reviews"]) == (0, 1)


def test_cards_of_notes_and_of_marked_words(anna: TestClient, ben: TestClient) -> None:
    note = anna.post("/v1/notes", json={"title": "Grace", "body": "It is ==not earned==. It is ==given==."}).json()[
        "id"
    ]
    for kind, number in (("note", 1), ("highlights", 2)):
        made = anna.post("/v1/reviews/cards", json={"kind": kind, "of": note})
        assert len(made.json()) == number
        assert code(ben.post("/v1/reviews/cards", json={"kind": kind, "of": note})) == (404, "not_found")
    first = anna.get("/v1/reviews/due?limit=2").json()
    second = anna.get(f"/v1/reviews/due?limit=2&cursor={first['next']}").json()

    assert len({one["card"]["id"] for one in first["items"] + second["items"]}) == 3
    assert second["next"] is None
    pages = anna.get("/v1/reviews/cards?limit=2").json()
    assert len(anna.get(f"/v1/reviews/cards?limit=2&cursor={pages['next']}").json()["items"]) == 1


def test_a_card_of_a_note_in_a_circle_that_was_left_is_passed_over(anna: TestClient, ben: TestClient) -> None:
    circle = anna.post("/v1/circles", json={"name": "Bethel"}).json()["id"]
    joined(anna, ben, circle)
    note = anna.post(f"/v1/notes?circle={circle}", json={"title": "Ours", "body": "Words"}).json()["id"]
    card = ben.post("/v1/reviews/cards", json={"kind": "note", "of": note}).json()[0]["id"]
    ben.post(f"/v1/circles/{circle}/leave")

    assert ben.get("/v1/reviews/due").json()["items"] == []
    assert ben.get("/v1/reviews/status").json()["new"] == 0
    assert ben.get("/v1/today").json()["cards"] == 0
    assert [one["is_passed_over"] for one in ben.get("/v1/reviews/cards").json()["items"]] == [True]
    assert code(ben.get(f"/v1/reviews/cards/{card}")) == (404, "not_found")


def test_somebody_elses_cards_are_not_there(anna: TestClient, ben: TestClient) -> None:
    path = f"/v1/reviews/cards/{verse(anna)}"
    review = anna.post(f"{path}/answer", json={"rating": 3}).json()["review"]

    for answer in (
        ben.get(path),
        ben.delete(path),
        ben.post(f"{path}/suspend"),
        ben.post(f"{path}/resume"),
        ben.post(f"{path}/answer", json={"rating": 1}),
        ben.delete(f"/v1/reviews/answers/{review}"),
    ):
        assert code(answer) == (404, "not_found")
    assert anna.get("/v1/reviews/status").json()["reviewed_today"] == 1


@pytest.mark.parametrize(
    "wrong",
    [{}, {"kind": "verse"}, {"kind": "song", "of": "x"}, {"kind": "verse", "of": "Hesitations 3"},
     {"kind": "verse", "of": "Gen"}, {"kind": "verse", "of": "John 3:16", "translation": "../../x"}],
)  # fmt: skip
def test_what_cannot_be_learned_is_said(anna: TestClient, wrong: dict[str, Any]) -> None:
    assert code(anna.post("/v1/reviews/cards", json=wrong)) == (422, "invalid")


def test_answers_are_checked(anna: TestClient) -> None:
    path = f"/v1/reviews/cards/{verse(anna)}/answer"

    for wrong in ({"rating": 0}, {"rating": 5}, {"rating": 3, "took_ms": -1}, {"rating": 3, "mode": "\x00"}, {}):
        assert code(anna.post(path, json=wrong)) == (422, "invalid")
    assert code(anna.get("/v1/reviews/forecast?days=4000")) == (422, "invalid")


def test_what_is_no_id_is_not_found(anna: TestClient) -> None:
    for path in (
        "reviews/cards/no-such-card",
        "reminders/no-such-thing-at-all",
        "prayers/x",
        "notes/not-an-id-of-mine",
    ):
        assert code(anna.get(f"/v1/{path}")) == (404, "not_found")
    assert code(anna.delete("/v1/reviews/answers/x")) == (404, "not_found")
