"""Files over HTTP: taken up again where they broke off, sealed on the disk, and seen by whom they concern."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.adapters.blobs_file import FileBlobs
from scribes.errors import Damaged, InvalidInput
from scribes.services.blob_chunks import CHUNK_BYTES, BlobChunks

MIB = 1024 * 1024
CONTENT = bytes(range(256)) * 10_000


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def begin(http: TestClient, content: bytes, **more: Any) -> Any:
    said = {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **more}
    return http.post("/v1/blobs", json=said)


def send(http: TestClient, content: bytes, *, step: int = MIB, **more: Any) -> str:
    made = begin(http, content, **more)
    assert made.status_code == 201, made.text
    where = made.headers["location"]
    for at in range(0, len(content), step):
        sent = http.patch(where, content=content[at : at + step], headers={"Upload-Offset": str(at)})
        assert sent.status_code == 200, sent.text
    return str(where)


def kept(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "server" / "blobs").rglob("*") if path.is_file()]


@pytest.mark.parametrize("step", [700_001, MIB, 3 * MIB])
def test_a_file_is_sent_in_pieces_and_read_back(anna: TestClient, tmp_path: Path, step: int) -> None:
    where = send(anna, CONTENT, step=step, media_type="text/html", file_name="über x.html")
    read = anna.get(where)

    assert read.content == CONTENT
    assert read.headers["etag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert read.headers["content-disposition"] == (
        "attachment; filename=\"_ber x.html\"; filename*=UTF-8''%C3%BCber%20x.html"
    )
    assert read.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in read.headers["content-security-policy"]
    assert anna.get(where, headers={"If-None-Match": read.headers["etag"]}).status_code == 304
    assert len(kept(tmp_path)) == 3
    assert not any(CONTENT[:64] in path.read_bytes() for path in kept(tmp_path))
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept(tmp_path))


def test_an_upload_goes_on_where_it_broke_off(anna: TestClient) -> None:
    where = begin(anna, CONTENT).headers["location"]
    anna.patch(where, content=CONTENT[:1_500_000], headers={"Upload-Offset": "0"})
    asked = anna.head(where)

    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == ("1500000", str(len(CONTENT)))
    assert code(anna.get(where)) == (409, "conflict")
    assert code(anna.patch(where, content=b"x", headers={"Upload-Offset": "7"})) == (409, "conflict")
    assert code(anna.patch(where, content=b"x")) == (422, "invalid")

    done = anna.patch(where, content=CONTENT[1_500_000:], headers={"Upload-Offset": "1500000"})

    assert done.json()["received_bytes"] == len(CONTENT)
    assert done.json()["expires_at"] is None
    assert anna.get(where).content == CONTENT
    assert code(anna.patch(where, content=b"x", headers={"Upload-Offset": str(len(CONTENT))})) == (409, "conflict")


def test_what_is_not_what_was_announced_is_thrown_away(anna: TestClient, tmp_path: Path) -> None:
    where = begin(anna, b"grace").headers["location"]

    assert code(anna.patch(where, content=b"wrath", headers={"Upload-Offset": "0"})) == (422, "invalid")
    assert code(anna.get(where)) == (404, "not_found")
    assert kept(tmp_path) == []
    assert anna.get("/v1/room").json()["used_bytes"] == 0


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/2560000"),
        ("bytes=1048570-1048590", 206, slice(1_048_570, 1_048_591), "bytes 1048570-1048590/2560000"),
        ("bytes=2559990-", 206, slice(2_559_990, None), "bytes 2559990-2559999/2560000"),
        ("bytes=-10", 206, slice(2_559_990, None), "bytes 2559990-2559999/2560000"),
        ("bytes=0-99999999", 206, slice(0, None), "bytes 0-2559999/2560000"),
        ("bytes=5-4", 200, slice(0, None), None),
        ("bytes=0-1,5-6", 200, slice(0, None), None),
        ("lines=0-1", 200, slice(0, None), None),
        ("bytes=-", 200, slice(0, None), None),
        ("bytes=99999999999999999999-", 200, slice(0, None), None),
    ],
)
def test_a_range_is_given(anna: TestClient, asked: str, status: int, part: slice, told: str | None) -> None:
    where = send(anna, CONTENT)
    found = anna.get(where, headers={"Range": asked})

    assert (found.status_code, found.headers.get("content-range")) == (status, told)
    assert found.content == CONTENT[part]


@pytest.mark.parametrize("asked", ["bytes=2560000-", "bytes=-0", "bytes=9999999-10000000"])
def test_a_range_that_is_not_there_is_told_in_the_envelope(anna: TestClient, asked: str) -> None:
    found = anna.get(send(anna, CONTENT), headers={"Range": asked})

    assert code(found) == (416, "invalid")
    assert found.headers["content-range"] == "bytes */2560000"


def test_a_range_of_another_version_is_answered_with_all(anna: TestClient) -> None:
    found = anna.get(send(anna, CONTENT), headers={"Range": "bytes=0-9", "If-Range": '"other"'})

    assert (found.status_code, len(found.content)) == (200, len(CONTENT))


def test_files_of_somebody_else_are_not_there(anna: TestClient, ben: TestClient) -> None:
    whole, begun = send(anna, b"secret"), begin(anna, b"more").headers["location"]

    for where in (whole, begun):
        for method in ("GET", "DELETE"):
            assert code(ben.request(method, where)) == (404, "not_found")
        assert ben.head(where).status_code == 404
        assert code(ben.patch(where, content=b"more", headers={"Upload-Offset": "0"})) == (404, "not_found")
    assert ben.get("/v1/blobs").json() == {"items": [], "next": None}
    assert len(anna.get("/v1/blobs").json()["items"]) == 2
    assert anna.get(whole).content == b"secret"


@pytest.mark.parametrize(
    "wrong",
    [
        {"size_bytes": 0}, {"size_bytes": -1}, {"sha256": "xx"}, {"media_type": "text/html\r\nX: y"},
        {"file_name": "../../etc/passwd"}, {"file_name": "a\\b"}, {"file_name": "a\nb"}, {"file_name": ".."},
        {"space": "zz"}, {"size_bytes": "many"}, {"file_name": "x" * 201},
        {"media_type": "x"},
    ],
)  # fmt: skip
def test_what_cannot_be_a_file_is_refused(anna: TestClient, wrong: dict[str, Any]) -> None:
    assert code(begin(anna, b"grace", **wrong)) == (422, "invalid")


@pytest.mark.parametrize("id", ["..", "..%2f..%2fserver", "%00", "x" * 100, "0" * 32 + "z", "../secret"])
def test_no_id_leads_anywhere_else(anna: TestClient, id: str) -> None:
    assert anna.get(f"/v1/blobs/{id}").status_code in (404, 405, 422)


def test_size_and_quota_are_kept(app: FastAPI, anna: TestClient) -> None:
    settings = app.state.server.settings
    settings.blob_bytes, settings.blob_quota_bytes = 1000, 1500

    assert code(begin(anna, bytes(1001))) == (413, "too_large")
    first = send(anna, bytes(1000))
    assert code(begin(anna, bytes(501))) == (507, "full")
    assert anna.get("/v1/room").json()["used_bytes"] == 1000
    small = begin(anna, bytes(500)).headers["location"]
    assert code(anna.patch(small, content=bytes(501), headers={"Upload-Offset": "0"})) == (413, "too_large")
    assert anna.delete(first).status_code == 204
    assert anna.delete(first).status_code == 404
    assert anna.get("/v1/room").json()["used_bytes"] == 500
    assert begin(anna, bytes(1000)).status_code == 201


def test_so_many_uploads_may_be_on_their_way(anna: TestClient) -> None:
    for _ in range(20):
        assert begin(anna, b"x").status_code == 201

    assert code(begin(anna, b"x")) == (429, "too_many")


def test_an_upload_that_rests_is_swept_up(app: FastAPI, anna: TestClient, tmp_path: Path) -> None:
    app.state.server.settings.upload_hours = -1
    where = begin(anna, b"grace").headers["location"]
    anna.patch(where, content=b"gra", headers={"Upload-Offset": "0"})
    whole = send(anna, b"whole")

    assert len(kept(tmp_path)) == 2
    assert app.state.server.blobs.sweep() == 1
    assert code(anna.get(where)) == (404, "not_found")
    assert anna.get(whole).content == b"whole"
    assert anna.get("/v1/room").json()["used_bytes"] == 5
    assert len(kept(tmp_path)) == 1


def test_a_removed_account_leaves_no_files(app: FastAPI, anna: TestClient, tmp_path: Path) -> None:
    send(anna, CONTENT)
    begin(anna, b"x")
    app.state.server.blobs.forget(app.state.server.host.of(1).key)

    assert kept(tmp_path) == []
    assert anna.get("/v1/blobs").json()["items"] == []


def circle(anna: TestClient, ben: TestClient, role: str = "member", mode: str = "open") -> str:
    made = anna.post("/v1/circles", json={"name": "Bethel", "mode": mode})
    assert made.status_code == 201, made.text
    id = str(made.json()["id"])
    link = anna.post(f"/v1/circles/{id}/invitations", json={"role": role}).json()["link"]
    joined = ben.post("/v1/circles/join", json={"link": link})
    assert joined.status_code < 300, joined.text
    return id


@pytest.fixture
def carl(app: FastAPI, people: Any) -> TestClient:
    """Somebody who is in no circle."""
    key = app.state.server.host.found("Carl", personal=True)
    return TestClient(app, headers={"X-Test-Person": str(key)}, raise_server_exceptions=False)


def test_files_of_a_circle_are_read_by_its_members(anna: TestClient, ben: TestClient, carl: TestClient) -> None:
    id = circle(anna, ben, role="reader")
    where = send(anna, b"handout", space=id)
    begun = begin(anna, b"begun", space=id).headers["location"]

    assert ben.get(where).content == b"handout"
    assert code(ben.get(begun)) == (404, "not_found")
    assert code(carl.get(where)) == (404, "not_found")
    assert code(begin(ben, b"x", space=id)) == (403, "forbidden")
    assert code(ben.delete(where)) == (403, "forbidden")
    assert code(begin(carl, b"x", space=id)) == (404, "not_found")
    assert code(begin(anna, b"x", space="00" * 16)) == (404, "not_found")
    assert anna.delete(where).status_code == 204


def test_a_member_adds_files_and_an_admin_may_remove_them(anna: TestClient, ben: TestClient) -> None:
    id = circle(anna, ben)
    where = send(ben, b"handout", space=id)

    assert anna.get(where).content == b"handout"
    assert anna.delete(where).status_code == 204
    assert code(ben.get(where)) == (404, "not_found")


def test_parts_of_sealed_files_are_kept_once_for_their_space(
    anna: TestClient, ben: TestClient, carl: TestClient
) -> None:
    id = circle(anna, ben)
    where = f"/v1/spaces/{id}/blobs/{'ab' * 32}"

    assert ben.put(where, content=b"sealed").status_code == 204
    assert anna.put(where, content=b"something else").status_code == 204
    assert anna.get(where).content == b"sealed"
    assert anna.head(where).headers["content-length"] == "6"
    assert code(carl.get(where)) == (404, "not_found")
    assert carl.put(where, content=b"x").status_code == 404
    assert code(anna.get(f"/v1/spaces/{'00' * 16}/blobs/{'ab' * 32}")) == (404, "not_found")
    assert code(anna.put(where + "0", content=b"x")) == (422, "invalid")
    assert code(anna.put(where.replace("ab", "cd"), content=bytes(MIB + 65 * 1024))) == (413, "too_large")
    assert anna.delete(where).status_code == 204
    assert code(ben.get(where)) == (404, "not_found")


def test_a_chunk_that_was_changed_moved_or_put_in_another_file_is_noticed(tmp_path: Path) -> None:
    store = FileBlobs(str(tmp_path))
    chunks = BlobChunks(store, bytes(32))
    one, two = os.urandom(16), os.urandom(16)
    for id in (one, two):
        chunks.append(id, 0, bytes(CHUNK_BYTES) + b"end")
    first, second = store.get(f"{one.hex()}.0"), store.get(f"{one.hex()}.1")
    assert first is not None
    assert second is not None

    for name, put in (
        (f"{one.hex()}.0", first[:-1] + bytes([first[-1] ^ 1])),
        (f"{one.hex()}.1", first),
        (f"{two.hex()}.0", first),
        (f"{two.hex()}.1", b""),
    ):
        before = store.get(name)
        store.put(name, put)
        with pytest.raises(Damaged):
            list(chunks.read(bytes.fromhex(name[:32]), 0, CHUNK_BYTES + 3))
        store.put(name, before or b"")
    store.remove(f"{one.hex()}.1")
    with pytest.raises(Damaged):
        list(chunks.read(one, CHUNK_BYTES, CHUNK_BYTES + 3))
    with pytest.raises(InvalidInput):
        store.get("../secret")


def test_bytes_beyond_what_counts_are_written_over(tmp_path: Path) -> None:
    chunks = BlobChunks(FileBlobs(str(tmp_path)), bytes(32))
    id = os.urandom(16)
    chunks.append(id, 0, b"grace and wrath")
    chunks.append(id, 10, b"truth")

    assert b"".join(chunks.read(id, 0, 15)) == b"grace and truth"


def test_what_somebody_put_into_a_circle_of_others_stays_there(
    app: FastAPI, anna: TestClient, ben: TestClient, people: Any
) -> None:
    id = circle(anna, ben)
    own, shared = send(ben, b"own"), send(ben, b"handout", space=id)
    app.state.server.blobs.forget(people[1].key)

    assert code(ben.get(own)) == (404, "not_found")
    assert anna.get(shared).content == b"handout"
    assert anna.delete(shared).status_code == 204
