"""Conflicts over HTTP: listed, chosen in, and nobody else's."""

from __future__ import annotations

from fastapi.testclient import TestClient

from .test_circles import code


def met(client: TestClient, title: str = "Romans") -> tuple[str, str]:
    """A note in which two edits met, and the id of the place."""
    note = client.post("/v1/notes", json={"title": title, "body": "Grace is good."})
    etag, path = note.headers["ETag"], f"/v1/notes/{note.json()['id']}"
    client.patch(path, json={"body": "Grace is free."}, headers={"If-Match": etag})
    edited = client.patch(path, json={"body": "Grace is enough."}, headers={"If-Match": etag}).json()
    assert edited["merged"]
    return note.json()["id"], edited["conflicts"][0]["id"]


def test_a_place_is_listed_and_settled(anna: TestClient, ben: TestClient) -> None:
    note, id = met(anna)
    other, _ = met(anna, "Galatians")
    met(ben)
    first = anna.get("/v1/conflicts?limit=1").json()
    second = anna.get(f"/v1/conflicts?limit=1&cursor={first['next']}").json()

    assert {one["item"] for one in first["items"] + second["items"]} == {note, other}
    assert second["next"] is None
    found = anna.get(f"/v1/conflicts?item={note}").json()["items"]
    assert [one["item"] for one in found] == [note]
    chosen = anna.post(f"/v1/conflicts/{id}/choose", json={"choice": "theirs"})
    assert chosen.status_code == 200
    assert found[0]["theirs"] in anna.get(f"/v1/notes/{note}").json()["body"]
    assert found[0]["ours"] not in anna.get(f"/v1/notes/{note}").json()["body"]
    assert anna.get(f"/v1/conflicts?item={note}").json()["items"] == []


def test_somebody_elses_conflicts_are_not_there(anna: TestClient, ben: TestClient) -> None:
    note, id = met(anna)

    assert ben.get("/v1/conflicts").json()["items"] == []
    assert code(ben.get(f"/v1/conflicts?item={note}")) == (404, "not_found")
    assert code(ben.post(f"/v1/conflicts/{id}/choose", json={"choice": "ours"})) == (404, "not_found")
    assert code(anna.post(f"/v1/conflicts/{id}/choose", json={"choice": "mine"})) == (422, "invalid")
    assert len(anna.get("/v1/conflicts").json()["items"]) == 1
