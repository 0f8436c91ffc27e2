"""Today, numbers and settings over HTTP: each person's own, by their own zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from .test_circles import code


def test_today_holds_ones_own_and_nothing_of_others(anna: TestClient, ben: TestClient) -> None:
    anna.post("/v1/prayers", json={"title": "Healing for Ruth"})
    anna.post("/v1/reviews/cards", json={"kind": "verse", "of": "John 3:16"})
    now = datetime.now(UTC)
    # Four years ago, so that it is a day on 29 February too.
    anna.post("/v1/notes", json={"title": "Years ago", "occurred_at": f"{now.year - 4}-{now:%m-%d}T12:00:00+00:00"})
    mine, theirs = anna.get("/v1/today").json(), ben.get("/v1/today").json()

    assert mine["day"] == datetime.now(UTC).date().isoformat()
    assert [one["prayer"]["title"] for one in mine["prayers"]] == ["Healing for Ruth"]
    assert (mine["cards"], [one["title"] for one in mine["notes"]]) == (1, ["Years ago"])
    assert (theirs["cards"], theirs["prayers"], theirs["notes"], theirs["reminders"]) == (0, [], [], [])
    assert mine["readings"][0]["plan"] == "bible"


def test_a_day_is_counted_where_the_person_is(anna: TestClient) -> None:
    west, east = (
        anna.get("/v1/today", params={"zone": zone}).json()["day"] for zone in ("Etc/GMT+12", "Pacific/Kiritimati")
    )

    assert west < east
    assert code(anna.get("/v1/today?zone=../../etc/passwd")) == (422, "invalid")


def test_numbers_are_of_ones_own(anna: TestClient, ben: TestClient) -> None:
    anna.post("/v1/notes", json={"title": "Romans", "body": "Rom 8:28"})
    ben.post("/v1/notes", json={"title": "Romans", "body": "Rom 8:28"})
    ben.post("/v1/notes", json={"title": "Romans", "body": "Rom 8:29"})
    found = anna.get("/v1/stats?weeks=2").json()

    assert (found["notes"], len(found["weeks"]), found["weeks"][-1]["notes"]) == (1, 2, 1)
    assert {one["book"]: one["notes"] for one in found["books"]}["Rom"] == 1
    assert code(anna.get("/v1/stats?weeks=0")) == (422, "invalid")
    assert code(anna.get("/v1/stats?weeks=99999")) == (422, "invalid")


def test_settings_are_kept_for_the_person_alone(anna: TestClient, ben: TestClient) -> None:
    before = ben.get("/v1/settings").json()
    changed = anna.patch("/v1/settings", json={"time_zone": "europe/berlin", "review_new": 3})

    assert (changed.status_code, changed.json()["time_zone"], changed.json()["review_new"]) == (200, "Europe/Berlin", 3)
    assert anna.get("/v1/settings").json() == changed.json()
    assert (before["time_zone"], ben.get("/v1/settings").json()) == ("UTC", before)


@pytest.mark.parametrize(
    "wrong",
    [{"review_retention": 10}, {"review_new": -1}, {"prayer_days": 10**30}, {"readings": "koran"}, {"time_zone": "?"},
     {"translation": "\x00"}, {"readings": 3}],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(anna: TestClient, wrong: dict[str, object]) -> None:
    assert code(anna.patch("/v1/settings", json=wrong)) == (422, "invalid")
