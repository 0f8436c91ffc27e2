"""Reminders over HTTP: made in words or by rule, listed in pages, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from .conftest import Person
from .test_circles import code, joined


def made(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = client.post("/v1/reminders", json={"text": "Call Ruth", "when": "tomorrow 8am"} | fields)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/v1/reminders/{answer.json()['id']}"
    return dict(answer.json())


def test_a_reminder_in_words_is_changed_slept_on_and_done(anna: TestClient) -> None:
    note = anna.post("/v1/notes", json={"title": "Romans 8"}).json()
    one = made(anna, text="", about=note["id"], zone="Europe/Berlin")
    path = f"/v1/reminders/{one['id']}"

    assert (one["text"], one["about_kind"], one["about"]) == ("Romans 8", "note", note["id"])
    assert one["starts"].endswith("T08:00")
    later = anna.patch(path, json={"when": "every monday 7:00"}).json()
    assert (later["rule"], later["starts"][-5:], later["zone"]) == ("FREQ=WEEKLY;BYDAY=MO", "07:00", "Europe/Berlin")
    assert anna.patch(path, json={"text": "Read it"}).json()["rule"] == "FREQ=WEEKLY;BYDAY=MO"
    assert anna.post(f"{path}/snooze", json={"words": "2h"}).json()["snoozed_until"] is not None
    done = anna.post(f"{path}/done").json()
    assert (done["state"], done["snoozed_until"]) == ("active", None)
    assert anna.delete(path).json()["state"] == "cancelled"
    assert anna.get("/v1/reminders").json()["items"] == []
    assert [one["state"] for one in anna.get("/v1/reminders?over=true").json()["items"]] == ["cancelled"]


def test_words_are_read_in_the_zone_of_the_person(anna: TestClient) -> None:
    anna.patch("/v1/settings", json={"time_zone": "Pacific/Auckland"})

    assert made(anna)["zone"] == "Pacific/Auckland"
    assert made(anna, zone="Europe/Berlin")["zone"] == "Europe/Berlin"
    moment = made(anna, when="", starts="2040-05-06T10:00:00+00:00", zone="Europe/Berlin")
    assert moment["starts"] == "2040-05-06T12:00"


def test_lists_come_in_pages(anna: TestClient, ben: TestClient) -> None:
    for hour in (6, 7, 8):
        made(anna, text=f"At {hour}", when=f"tomorrow {hour}:00")
        made(ben, text="Ben")
    first = anna.get("/v1/reminders?limit=2").json()
    second = anna.get(f"/v1/reminders?limit=2&cursor={first['next']}").json()

    assert [one["text"] for one in first["items"] + second["items"]] == ["At 6", "At 7", "At 8"]
    assert second["next"] is None
    assert [one["text"] for one in anna.get("/v1/reminders/upcoming?days=3").json()["items"]] == [
        "At 6",
        "At 7",
        "At 8",
    ]
    assert anna.get("/v1/reminders/due").json() == {"items": [], "next": None}
    assert code(anna.get("/v1/reminders?cursor=elsewhere")) == (422, "invalid")


def test_a_calendar_holds_ones_own_reminders(anna: TestClient, ben: TestClient) -> None:
    made(anna, text="Mine")
    made(ben, text="Theirs")
    answer = anna.get("/v1/reminders/calendar.ics")

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "SUMMARY:Mine" in answer.text
    assert "Theirs" not in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"when": "yesterday"},
        {"when": "some day"},
        {"when": ""},
        {"when": "", "starts": "2000-01-01T08:00"},
        {"when": "", "starts": "9999-12-31T23:59"},
        {"when": "", "starts": "2040-05-06T08:00", "rule": "FREQ=SECONDLY"},
        {"starts": "2040-05-06T08:00"},
        {"zone": "Mars/Olympus"},
        {"zone": "../../etc/passwd"},
        {"text": "", "about": ""},
        {"text": "x" * 501},
        {"text": "\x00"},
        {"about_kind": "card", "about": "x"},
        {"about_kind": "passage", "about": "Hesitations 3"},
        {"about_kind": "note"},
    ],
)
def test_what_cannot_be_is_said(anna: TestClient, wrong: dict[str, Any]) -> None:
    answer = anna.post("/v1/reminders", json={"text": "Call Ruth", "when": "tomorrow 8am"} | wrong)

    assert code(answer) == (422, "invalid")
    assert anna.get("/v1/reminders").json()["items"] == []


@pytest.mark.parametrize(
    "sleep", [{}, {"words": "2h", "until": "2040-01-01T00:00:00Z"}, {"until": "2040-01-01T00:00:00"},
              {"until": "9999-12-31T23:59:00-12:00"}, {"until": "2000-01-01T00:00:00Z"}, {"words": "often"}]
)  # fmt: skip
def test_a_sleep_without_an_end_is_refused(anna: TestClient, sleep: dict[str, str]) -> None:
    assert code(anna.post(f"/v1/reminders/{made(anna)['id']}/snooze", json=sleep)) == (422, "invalid")


def test_somebody_elses_reminders_and_notes_are_not_there(anna: TestClient, ben: TestClient) -> None:
    path = f"/v1/reminders/{made(anna)['id']}"
    note = anna.post("/v1/notes", json={"title": "Romans 8"}).json()["id"]

    for answer in (
        ben.get(path),
        ben.patch(path, json={"text": "Mine"}),
        ben.delete(path),
        ben.post(f"{path}/done"),
        ben.post(f"{path}/snooze", json={"words": "2h"}),
        ben.post("/v1/reminders", json={"about": note, "when": "tomorrow"}),
        ben.post("/v1/reminders", json={"about": note, "about_kind": "note", "when": "tomorrow"}),
    ):
        assert code(answer) == (404, "not_found")
    assert anna.get(path).json()["text"] == "Call Ruth"


def test_a_reminder_about_a_prayer_of_a_circle_outlives_it(anna: TestClient, ben: TestClient) -> None:
    circle = anna.post("/v1/circles", json={"name": "Bethel"}).json()["id"]
    joined(anna, ben, circle)
    prayer = anna.post(f"/v1/prayers?circle={circle}", json={"title": "Ruth's operation"}).json()
    made(ben, text="", about=prayer["id"])
    ben.post(f"/v1/circles/{circle}/leave")

    assert ben.get(f"/v1/prayers/{prayer['id']}").status_code == 404
    assert [one["text"] for one in ben.get("/v1/reminders").json()["items"]] == ["Ruth's operation"]


def test_who_has_sealed_notes_has_no_reminders_here(app: FastAPI, people: tuple[Person, Person]) -> None:
    carol = Person(app, app.state.server.host.found("Carol", personal=False)).http

    for path in (
        "/v1/reminders", "/v1/reminders/due", "/v1/reminders/calendar.ics", "/v1/reviews/due", "/v1/reviews/status",
        "/v1/prayers/today", "/v1/today", "/v1/stats",
    ):  # fmt: skip
        assert code(carol.get(path)) == (403, "sealed")
    assert code(carol.post("/v1/reminders", json={"text": "x", "when": "tomorrow"})) == (403, "sealed")
    assert code(carol.post("/v1/prayers", json={"title": "x"})) == (403, "sealed")
    assert carol.get("/v1/prayers").json()["items"] == []
