"""Exports and imports over HTTP, and what becomes of them when somebody cancels, dies or sends something evil."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.server.settings import ServerSettings
from scribes.server.space_logs import Asking
from scribes.server.state import Server, open_server
from scribes.server.transfers import LEASE_US, Transfers
from scribes.services import archives


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def add(http: TestClient, title: str, body: str, **more: Any) -> str:
    return str(http.post("/v1/notes", json={"title": title, "body": body, **more}).json()["id"])


def zipped(files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def send(http: TestClient, content: bytes, name: str = "notes.zip") -> str:
    said = {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "file_name": name}
    made = http.post("/v1/blobs", json=said)
    assert made.status_code == 201, made.text
    for at in range(0, len(content), 1 << 22):
        sent = http.patch(
            made.headers["location"], content=content[at : at + (1 << 22)], headers={"Upload-Offset": str(at)}
        )
        assert sent.status_code == 200, sent.text
    return str(made.json()["id"])


def ended(http: TestClient, where: str) -> dict[str, Any]:
    for _ in range(400):
        found: dict[str, Any] = http.get(where).json()
        if found["state"] not in ("waiting", "running"):
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def imported(http: TestClient, content: bytes, name: str = "notes.zip", **more: Any) -> dict[str, Any]:
    begun = http.post("/v1/imports", json={"blob": send(http, content, name), **more})
    assert begun.status_code == 202, begun.text
    return ended(http, begun.headers["location"])


def titles(http: TestClient) -> list[str]:
    return sorted(note["title"] for note in http.get("/v1/notes", params={"limit": 200}).json()["items"])


def test_notes_go_out_and_come_in_again(anna: TestClient, ben: TestClient) -> None:
    add(anna, "Grace", "upon *grace*", tags=["hope"], speaker="Ruth")
    add(anna, "Law", "came by Moses")
    add(ben, "Ben's", "own")
    begun = anna.post("/v1/exports", json={"format": "markdown"})
    assert begun.status_code == 202
    done = ended(anna, begun.headers["location"])
    assert (done["state"], done["done"], done["total"]) == ("done", 2, 2)
    got = anna.get(f"{begun.headers['location']}/download")
    assert "attachment" in got.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 2

    report = imported(ben, got.content, tags=["from-anna"])

    assert report["state"] == "done"
    assert report["report"] == {"added": 2, "changed": 0, "unchanged": 0, "kept": [], "problems": []}
    assert titles(ben) == ["Ben's", "Grace", "Law"]
    grace = next(note for note in ben.get("/v1/notes").json()["items"] if note["title"] == "Grace")
    assert (grace["body"], grace["tags"], grace["speaker"]) == ("upon *grace*", ["from-anna", "hope"], "Ruth")

    again = imported(ben, got.content, tags=["from-anna"])

    assert again["report"]["unchanged"] == 2
    assert titles(ben) == ["Ben's", "Grace", "Law"]
    assert imported(anna, zipped({"x.md": "other words"}))["report"]["added"] == 1


def test_all_notes_go_out_as_json(anna: TestClient) -> None:
    ids = sorted(add(anna, f"Note {number}", "words") for number in range(30))
    begun = anna.post("/v1/exports", json={"format": "json"}).headers["location"]
    ended(anna, begun)
    with zipfile.ZipFile(io.BytesIO(anna.get(f"{begun}/download").content)) as archive:
        notes = json.loads(archive.read("notes.json"))

    assert sorted(note["id"] for note in notes) == ids


def test_the_same_name_in_the_archives_of_two_people_is_two_notes(anna: TestClient, ben: TestClient) -> None:
    content = zipped({"a.md": "Anna's words"})

    assert imported(anna, content)["report"]["added"] == 1
    assert imported(ben, zipped({"a.md": "Ben's words"}))["report"]["added"] == 1
    assert anna.get("/v1/notes").json()["items"][0]["body"] == "Anna's words"


def test_one_markdown_file_is_taken(anna: TestClient) -> None:
    assert imported(anna, b"# Grace\n\nupon grace", "Grace.md")["report"]["added"] == 1
    assert titles(anna) == ["Grace"]


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x.md", "/etc/x.md", "C:\\x.md", "a/../../x.md", "..\\..\\x.md", "a\\..\\..\\x.md"]
)
def test_a_name_leads_nowhere(anna: TestClient, tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.rglob("x.md"))
    report = imported(anna, zipped({name: "evil", "good.md": "good"}))

    assert report["report"]["added"] == 1
    assert [problem for _, problem in report["report"]["problems"]] == ["its name leads out of the archive"]
    assert titles(anna) == ["good"]
    assert sorted(tmp_path.rglob("x.md")) == before


def large_list(entries: int) -> bytes:
    """A zip whose list of files is long, and has nothing behind it."""
    one = zipped({"a.md": ""})
    at = one.rindex(b"PK\x01\x02")
    end = one.rindex(b"PK\x05\x06")
    listed = one[at:end] * entries
    tail = bytearray(one[end:])
    tail[12:16] = len(listed).to_bytes(4, "little")
    return one[:at] + listed + bytes(tail)


BOMBS = {
    "unpacked": lambda: zipped({f"{n}.md": bytes(30 * 1024 * 1024) for n in range(9)}),
    "list": lambda: large_list(60_000),
    "no zip": lambda: b"PK\x03\x04" + bytes(5000),
    "cut off": lambda: zipped({"a.md": "words" * 1000})[:-30],
    "end alone": lambda: b"PK\x05\x06" + b"\xff" * 18,
    "larger list": lambda: zipped({"a.md": "x"})[:-22] + b"PK\x06\x07" + bytes(16) + zipped({})[-22:],
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_archive_that_would_fill_the_memory_is_refused(anna: TestClient, bomb: str) -> None:
    begun = time.monotonic()
    report = imported(anna, BOMBS[bomb]())

    assert report["state"] == "failed"
    assert report["error"]
    assert "something" not in report["error"]
    assert titles(anna) == []
    assert time.monotonic() - begun < 20


def test_what_is_too_large_damaged_hidden_or_packed_otherwise_is_told(anna: TestClient) -> None:
    content = bytearray(zipped({"a.md": b"words" * 100_000, "b.md": "good", ".hidden/x.md": "h", "c.png": "p"}))
    content[100] ^= 0xFF
    content += b""
    large = zipped({"d.md": bytes(33 * 1024 * 1024)})
    other = zipped({"e.md": "words"}, zipfile.ZIP_LZMA)

    assert imported(anna, bytes(content))["report"]["problems"] == [["a.md", "it is damaged"]]
    assert imported(anna, large)["report"]["problems"] == [["d.md", "larger than 32 MiB"]]
    assert imported(anna, other)["report"]["problems"] == [["e.md", "it is packed in a way that is not read here"]]
    assert imported(anna, zipped({"f.md": b"\xff\xfe\x00"}))["report"]["problems"][0][0] == "f.md"
    assert imported(anna, b"\x89PNG", "x.png")["state"] == "failed"
    assert titles(anna) == ["b"]


def test_exports_and_imports_of_somebody_else_are_not_there(anna: TestClient, ben: TestClient) -> None:
    export = anna.post("/v1/exports", json={"format": "json"}).headers["location"]
    blob = send(anna, zipped({"a.md": "words"}))
    taken = anna.post("/v1/imports", json={"blob": blob}).headers["location"]
    ended(anna, export)
    ended(anna, taken)

    for method, path in (
        ("GET", export), ("GET", f"{export}/download"), ("POST", f"{export}/cancel"), ("GET", taken),
        ("POST", f"{taken}/cancel"),
    ):  # fmt: skip
        assert code(ben.request(method, path)) == (404, "not_found")
    assert code(ben.post("/v1/imports", json={"blob": blob})) == (404, "not_found")
    assert ben.get("/v1/exports").json()["items"] == ben.get("/v1/imports").json()["items"] == []
    assert anna.get(f"{export}/download").status_code == 200
    assert anna.get(taken.replace("imports", "exports")).status_code == 404


def test_what_cannot_be_is_refused(anna: TestClient) -> None:
    assert code(anna.post("/v1/exports", json={"format": "exe"})) == (422, "invalid")
    assert code(anna.post("/v1/exports", json={})) == (422, "invalid")
    assert code(anna.post("/v1/imports", json={"blob": "x"})) == (422, "invalid")
    assert code(anna.post("/v1/imports", json={"blob": "0" * 32})) == (404, "not_found")
    assert code(anna.get("/v1/exports/..%2f..")) in ((404, "not_found"), (422, "invalid"))
    half = anna.post("/v1/blobs", json={"size_bytes": 5, "sha256": "0" * 64}).json()["id"]
    assert code(anna.post("/v1/imports", json={"blob": half})) == (409, "conflict")


def test_an_export_that_is_cancelled_leaves_nothing(anna: TestClient) -> None:
    add(anna, "Grace", "upon grace")
    begun = anna.post("/v1/exports", json={"format": "json"}).headers["location"]
    ended(anna, begun)

    assert anna.post(f"{begun}/cancel").json()["state"] == "done"
    assert code(anna.get(f"{begun}/download")) == (409, "conflict")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server behind which nobody works."""
    opened = open_server(ServerSettings(mode="development", data_folder=str(tmp_path / "server")))
    yield opened
    opened.close()


def filled(server: Server) -> Any:
    anna = server.host.of(server.host.found("Anna", personal=True))
    for number in range(5):
        anna.notes.add(f"Note {number}", "words")
    return anna


def test_who_dies_at_an_export_leaves_it_to_the_next(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = filled(server)
    begun = server.transfers.export(anna, "json")
    claimed = server.transfers._claim()
    assert claimed is not None
    assert server.transfers._claim() is None

    with server.host.engine.write() as tx:
        tx.run("UPDATE transfer SET lease_us = ?", (tx.now_us - LEASE_US,))
    server.transfers.work()
    found = server.transfers.get(anna, "export", begun.id)

    assert (found.state, found.claims) == ("done", 2)
    assert not server.transfers._end(claimed, {"state": "failed"})


def test_what_never_ends_is_not_begun_for_ever(server: Server) -> None:
    anna = filled(server)
    begun = server.transfers.export(anna, "json")
    for _ in range(6):
        server.transfers._claim()
        with server.host.engine.write() as tx:
            tx.run("UPDATE transfer SET lease_us = ?", (tx.now_us - 1,))

    assert server.transfers.get(anna, "export", begun.id).state == "failed"


def test_a_server_that_ends_gives_its_work_back(server: Server) -> None:
    anna = filled(server)
    begun = server.transfers.export(anna, "json")
    server.transfers.stop()
    server.transfers.work()
    found = server.transfers.get(anna, "export", begun.id)

    assert (found.state, found.claims, found.lease_us) == ("waiting", 0, None)
    again = Transfers(server.host, server.settings, server.blobs)
    again.work()
    assert again.get(anna, "export", begun.id).state == "done"


def test_what_is_cancelled_while_it_is_made_is_thrown_away(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = filled(server)
    begun = server.transfers.export(anna, "json")
    step = Transfers.step

    def cancelled(self: Transfers, *given: Any) -> None:
        self.cancel(anna, "export", begun.id)
        step(self, *given)

    monkeypatch.setattr(Transfers, "step", cancelled)
    server.transfers.work()

    assert server.transfers.get(anna, "export", begun.id).state == "cancelled"
    assert [path for path in (tmp_path / "server" / "blobs").rglob("*") if path.is_file()] == []


def test_an_import_that_broke_off_goes_on_without_doubling(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = server.host.of(server.host.found("Anna", personal=True))
    content = zipped({f"{n:03}.md": f"words {n}" for n in range(450)})
    from scribes.server.blobs import NewBlob

    asking = Asking(anna)
    blob = server.blobs.begin(
        asking, NewBlob(len(content), hashlib.sha256(content).digest(), "application/zip", "notes.zip")
    )
    server.blobs.append(asking, blob.id, 0, content)
    begun = server.transfers.take(asking, blob.id, format="markdown", tags=())
    seen: list[int] = []

    def dies(self: Any, done: int, total: int) -> None:
        seen.append(done)
        if done >= 200:
            raise KeyboardInterrupt

    monkeypatch.setattr("scribes.server.transfers._Saying.__call__", dies)
    with pytest.raises(KeyboardInterrupt):
        server.transfers.work()
    monkeypatch.undo()
    assert anna.notes.count() == 200
    with server.host.engine.write() as tx:
        tx.run("UPDATE transfer SET lease_us = ?", (tx.now_us - 1,))
    server.transfers.work()

    assert server.transfers.get(anna, "import", begun.id).state == "done"
    assert anna.notes.count() == 450


def test_so_many_may_wait_and_results_are_kept_for_a_while(server: Server) -> None:
    anna = filled(server)
    for _ in range(3):
        server.transfers.export(anna, "json")
    from scribes.errors import TooMany

    with pytest.raises(TooMany):
        server.transfers.export(anna, "json")
    for _ in range(3):
        server.transfers.work()
    server.transfers.export(anna, "json")
    server.transfers.work()

    assert len(server.transfers.each(anna, "export", skip=0, limit=10)) == 3
    with server.host.engine.write() as tx:
        tx.run("UPDATE transfer SET expires_us = 1")
        tx.run("UPDATE blob SET expires_us = 1")
    server.transfers._swept_s = 0.0
    server.transfers._sweep()
    assert server.transfers.each(anna, "export", skip=0, limit=10) == []
    assert server.blobs.sweep() == 0


def test_an_archive_has_so_many_files_and_bytes_at_most() -> None:
    assert archives.MAX_TOTAL_BYTES < 1 << 30
    with pytest.raises(Exception, match="no zip"):
        archives.opened(io.BytesIO(b""))


def test_the_app_ends_while_an_export_waits(app: FastAPI, anna: TestClient) -> None:
    add(anna, "Grace", "upon grace")
    assert anna.post("/v1/exports", json={"format": "json"}).status_code == 202
