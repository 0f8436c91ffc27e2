"""Prayer points over HTTP: one's own and those of circles; everybody prays for themselves."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from .test_circles import code, joined


def made(client: TestClient, title: str = "Healing for @Ruth #health", **fields: Any) -> dict[str, Any]:
    answer = client.post("/v1/prayers", json={"title": title} | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_prayer_is_prayed_answered_put_away_and_opened_again(anna: TestClient) -> None:
    one = made(anna, rhythm="daily")
    path = f"/v1/prayers/{one['id']}"

    assert (one["people"], one["tags"], one["state"]) == (["Ruth"], ["health"], "open")
    assert anna.post(f"{path}/prayed", json={"words": "Lord, heal her"}).json()["times"] == 1
    assert anna.post(f"{path}/prayed").json()["times"] == 2
    assert [entry["words"] for entry in anna.get(f"{path}/log").json()["items"]] == ["", "Lord, heal her"]
    today = anna.get("/v1/prayers/today").json()["items"]
    assert [(entry["prayer"]["id"], entry["done"]) for entry in today] == [(one["id"], True)]
    answered = anna.post(f"{path}/answer", json={"thanks": "Thank you", "on": "2020-01-01"}).json()
    assert (answered["state"], answered["thanks"], answered["answered_on"]) == ("answered", "Thank you", "2020-01-01")
    assert anna.post(f"{path}/archive").json()["state"] == "archived"
    assert [entry["id"] for entry in anna.get("/v1/prayers/answers").json()["items"]] == [one["id"]]
    assert anna.post(f"{path}/reopen").json()["state"] == "answered"
    assert anna.patch(path, json={"title": "For Ruth"}).json()["title"] == "For Ruth"
    assert anna.delete(path).json()["deleted_at"] is not None
    assert anna.get("/v1/prayers?state=all").json()["items"] == []
    assert anna.post(f"{path}/reopen").json()["deleted_at"] is None


def test_prayers_are_listed_in_pages_by_person_and_tag(anna: TestClient, ben: TestClient) -> None:
    for number in range(3):
        made(anna, f"{number} for @Ruth")
        made(ben, "Mine for @Ruth")
    made(anna, "Patience #me")
    first = anna.get("/v1/prayers?person=ruth&limit=2").json()
    second = anna.get(f"/v1/prayers?person=ruth&limit=2&cursor={first['next']}").json()

    assert [one["title"][0] for one in first["items"] + second["items"]] == ["2", "1", "0"]
    assert second["next"] is None
    assert [one["title"] for one in anna.get("/v1/prayers?tag=me").json()["items"]] == ["Patience #me"]


def test_in_a_circle_everybody_has_a_log_of_their_own(anna: TestClient, ben: TestClient) -> None:
    circle = anna.post("/v1/circles", json={"name": "Bethel"}).json()["id"]
    joined(anna, ben, circle)
    answer = anna.post(f"/v1/prayers?circle={circle}", json={"title": "For all"})
    path = answer.headers["Location"]
    anna.post(f"{path}/prayed", json={"words": "secret"})

    assert answer.json()["circle"] == "Bethel"
    assert (anna.get(path).json()["times"], ben.get(path).json()["times"]) == (1, 0)
    assert ben.get(f"{path}/log").json()["items"] == []
    assert ben.get("/v1/stats").json()["times_prayed"] == 0
    assert [one["done"] for one in ben.get("/v1/prayers/today").json()["items"]] == [False]
    ben.post(f"{path}/answer", json={})
    assert anna.get(path).json()["state"] == "answered"


def test_a_prayer_is_taken_from_a_note_of_ones_own(anna: TestClient, ben: TestClient) -> None:
    note = anna.post("/v1/notes", json={"title": "Romans 8"}).json()["id"]

    assert made(anna, "", note=note)["title"] == "Romans 8"
    assert code(ben.post("/v1/prayers", json={"note": note})) == (404, "not_found")


def test_somebody_elses_prayers_are_not_there(anna: TestClient, ben: TestClient) -> None:
    path = f"/v1/prayers/{made(anna)['id']}"

    for answer in (
        ben.get(path),
        ben.get(f"{path}/log"),
        ben.patch(path, json={"title": "Mine"}),
        ben.delete(path),
        *(ben.post(f"{path}/{step}", json={}) for step in ("prayed", "answer", "archive", "reopen")),
        ben.get(f"{path}/comments"),
    ):
        assert code(answer) == (404, "not_found")
    assert anna.get(path).json()["times"] == 0
    assert code(ben.post("/v1/prayers?circle=Bethel", json={"title": "x"})) == (404, "not_found")


@pytest.mark.parametrize(
    "wrong",
    [{}, {"title": "x", "rhythm": "now and then"}, {"title": "x" * 1001}, {"title": "x\x00"}, {"title": 3},
     {"title": "x", "people": ["@"]}, {"title": "x", "tags": ["a b c" * 100]}],
)  # fmt: skip
def test_what_cannot_be_is_said(anna: TestClient, wrong: dict[str, Any]) -> None:
    assert code(anna.post("/v1/prayers", json=wrong)) == (422, "invalid")


def test_an_answer_cannot_come_tomorrow(anna: TestClient) -> None:
    path = f"/v1/prayers/{made(anna)['id']}"

    assert code(anna.post(f"{path}/answer", json={"on": "2999-01-01"})) == (422, "invalid")
    assert code(anna.get("/v1/prayers?state=lost")) == (422, "invalid")
    assert code(anna.get("/v1/prayers?zone=Mars/Olympus")) == (422, "invalid")
