"""Notes over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from scribes.storage import note_pages


def add(http: TestClient, **fields: Any) -> dict[str, Any]:
    answer = http.post("/v1/notes", json={"title": "Romans 8", "body": "All things work together", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_note_is_added_and_read_with_its_etag(anna: TestClient) -> None:
    made = anna.post("/v1/notes", json={"title": "Romans 8", "body": "All #hope"})
    read = anna.get(made.headers["location"])

    assert read.json() == made.json()
    assert read.json()["tags"] == ["hope"]
    assert read.headers["etag"] == made.headers["etag"] == f'"{read.json()["revision"]}"'
    assert anna.get(made.headers["location"], headers={"If-None-Match": read.headers["etag"]}).status_code == 304


def test_a_field_that_is_not_known_is_refused(anna: TestClient) -> None:
    answer = anna.post("/v1/notes", json={"title": "Romans 8", "preacher": "Paul"})

    assert code(answer) == (422, "invalid")
    assert "preacher" in answer.json()["error"]["message"]
    assert code(anna.post("/v1/prayers", json={"title": "Rain", "until": "soon"})) == (422, "invalid")


def test_who_is_not_signed_in_is_told_in_the_envelope(app: Any, anna: TestClient) -> None:
    answer = TestClient(app).get("/v1/notes")

    assert code(answer) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/restore"), ("POST", "/tags"),
        ("POST", "/append"), ("GET", "/revisions"), ("GET", "/revisions/1"), ("POST", "/revisions/1/restore"),
    ],
)  # fmt: skip
def test_a_note_of_somebody_else_is_not_there(anna: TestClient, ben: TestClient, method: str, path: str) -> None:
    note = add(anna)
    body = {"": {"title": "mine"}, "/tags": {"add": ["mine"]}, "/append": {"text": "mine"}}.get(path)
    answer = ben.request(method, f"/v1/notes/{note['id']}{path}", json=body, headers={"If-Match": "*"})

    assert code(answer) == (404, "not_found")
    assert anna.get(f"/v1/notes/{note['id']}").json() == note


def test_a_stale_put_is_merged_and_says_so(anna: TestClient) -> None:
    note = add(anna, body="One paragraph\n\nAnother paragraph")
    path, read = f"/v1/notes/{note['id']}", {"If-Match": f'"{note["revision"]}"'}
    whole = {"title": "Romans 8", "occurred_at": note["occurred_at"]}
    first = anna.put(path, json={**whole, "body": "One first paragraph\n\nAnother paragraph"}, headers=read)
    second = anna.put(path, json={**whole, "body": "One paragraph\n\nAnother last paragraph"}, headers=read)

    assert (first.json()["merged"], second.json()["merged"]) == (False, True)
    assert second.json()["note"]["body"] == "One first paragraph\n\nAnother last paragraph"
    assert second.json()["conflicts"] == []
    assert second.headers["etag"] == anna.get(path).headers["etag"]


def test_two_edits_of_one_word_both_stand_and_the_place_is_named(anna: TestClient) -> None:
    note = add(anna, body="By grace you have been saved")
    path, read = f"/v1/notes/{note['id']}", {"If-Match": f'"{note["revision"]}"'}
    anna.patch(path, json={"body": "By mercy you have been saved"}, headers=read)
    answer = anna.patch(path, json={"body": "By favor you have been saved"}, headers=read).json()

    assert {"mercy", "favor"} <= set(answer["note"]["body"].split())
    assert len(answer["conflicts"]) == 1


def test_an_edit_without_a_version_is_refused(anna: TestClient) -> None:
    note = add(anna)

    assert code(anna.put(f"/v1/notes/{note['id']}", json={"title": "x"})) == (428, "precondition")
    assert code(anna.patch(f"/v1/notes/{note['id']}", json={"title": "x"})) == (428, "precondition")
    assert anna.get(f"/v1/notes/{note['id']}").json() == note


def test_a_deletion_that_had_not_seen_an_edit_does_not_win(anna: TestClient) -> None:
    note = add(anna)
    path, read = f"/v1/notes/{note['id']}", {"If-Match": f'"{note["revision"]}"'}
    anna.patch(path, json={"body": "All things"}, headers=read)

    assert anna.delete(path, headers=read).json()["note"]["deleted_at"] is None
    assert anna.delete(path).json()["note"]["deleted_at"] is not None
    assert [one["id"] for one in anna.get("/v1/trash").json()] == [note["id"]]
    assert anna.post(f"{path}/restore").json()["deleted_at"] is None


def test_a_listing_is_walked_by_its_cursor_and_filtered(anna: TestClient, ben: TestClient) -> None:
    add(ben, title="Ben's")
    for number in range(5):
        add(anna, title=f"Note {number}", tags=["even" if number % 2 == 0 else "odd"])
    titles, cursor = [], ""
    while cursor is not None:
        page = anna.get("/v1/notes", params={"limit": 2, "order": "title", "cursor": cursor}).json()
        titles += [note["title"] for note in page["items"]]
        cursor = page["next"]

    assert titles == [f"Note {number}" for number in range(5)]
    assert len(anna.get("/v1/notes", params={"tag": "even"}).json()["items"]) == 3
    assert anna.get("/v1/tags").json() == [{"tag": "even", "notes": 3}, {"tag": "odd", "notes": 2}]
    assert code(anna.get("/v1/notes", params={"order": "title", "cursor": "nonsense"})) == (422, "invalid")
    assert code(anna.get("/v1/notes", params={"limit": 0})) == (422, "invalid")


def test_many_steps_are_one(anna: TestClient) -> None:
    note = add(anna)
    steps: list[dict[str, Any]] = [
        {"action": "add", "note": {"title": "New"}},
        {"action": "patch", "id": note["id"], "patch": {"title": "Changed"}},
        {"action": "remove", "id": note["id"]},
    ]
    assert [one["title"] for one in anna.post("/v1/notes/bulk", json=steps).json()["notes"]] == [
        "New",
        "Changed",
        "Changed",
    ]

    steps = [{"action": "add", "note": {"title": "Never"}}, {"action": "remove", "id": "ffffffffffff"}]
    assert code(anna.post("/v1/notes/bulk", json=steps)) == (404, "not_found")
    assert [one["title"] for one in anna.get("/v1/notes").json()["items"]] == ["New"]


def test_steps_that_take_too_long_are_none(anna: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scribes.server.routes.notes.BULK_S", -1.0)
    answer = anna.post("/v1/notes/bulk", json=[{"action": "add", "note": {"title": "Never"}}])

    assert code(answer) == (413, "too_large")
    assert anna.get("/v1/notes").json()["items"] == []


def test_revisions_are_listed_and_brought_back(anna: TestClient) -> None:
    note = add(anna)
    path = f"/v1/notes/{note['id']}"
    anna.patch(path, json={"body": "Nothing"}, headers={"If-Match": "*"})

    assert [one["number"] for one in anna.get(f"{path}/revisions").json()] == [1, 2]
    assert anna.get(f"{path}/revisions/1").json()["body"] == note["body"]
    assert anna.post(f"{path}/revisions/1/restore").json()["body"] == note["body"]
    assert anna.post(f"{path}/append", json={"text": "for good"}).json()["body"].endswith("\n\nfor good")
    assert anna.post(f"{path}/tags", json={"add": ["Hope"]}).json()["tags"] == ["hope"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'{"title": 3}', b'{"title": "\\ud800"}', b'{"title": "a\\u0000"}', b'{"title": ""}',
        b'{"occurred_at": "2026-01-01T10:00:00", "title": "x"}', b"\xff\xfe", b'{"title": "' + b"x" * 2000 + b'"}',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused_in_the_envelope(anna: TestClient, body: bytes) -> None:
    answer = anna.post("/v1/notes", content=body, headers={"Content-Type": "application/json"})

    assert code(answer) in ((422, "invalid"), (400, "invalid"))
    assert anna.get("/v1/notes").json()["items"] == []


def test_unknown_routes_and_methods_are_told_in_the_envelope(anna: TestClient) -> None:
    assert code(anna.get("/v1/nothing")) == (404, "not_found")
    refused = anna.patch("/v1/notes")
    assert code(refused) == (405, "method")
    assert {"GET", "POST"} <= set(refused.headers["allow"].replace(" ", "").split(","))


def test_a_page_of_large_notes_is_shorter_and_no_note_is_left_out(
    anna: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(note_pages, "PAGE_BYTES", 1_000)
    made = [anna.post("/v1/notes", json={"title": f"{n}", "body": "word " * 80}).json()["id"] for n in range(8)]
    found, sizes, cursor = [], [], ""
    while True:
        page = anna.get("/v1/notes", params={"order": "created", "limit": 7, "cursor": cursor}).json()
        found += [one["id"] for one in page["items"]]
        sizes.append(len(page["items"]))
        if not (cursor := page["next"] or ""):
            break

    assert found == made
    assert max(sizes) == 2
