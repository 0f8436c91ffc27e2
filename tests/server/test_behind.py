"""What goes on behind requests, whether the server is ready, and the commands that look after its data."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.errors import NewerFormat, Unavailable
from scribes.hosting import Host, Hosted, open_host
from scribes.models.reminders import NewReminder
from scribes.server.app import create_app
from scribes.server.settings import ServerSettings

from .serving import Served
from .test_serve import scribes


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    opened = open_host(str(tmp_path / "server"), "", "")
    yield opened
    opened.close()


def person(host: Host, name: str) -> Hosted:
    return host.of(host.found(name, personal=True))


def soon(holds: Callable[[], bool], within_s: float = 15) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.02)
    return False


def later(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour has passed."""
    monkeypatch.setattr(host.engine, "_clock", lambda: time.time_ns() // 1000 + 3_600_000_000)


def test_reminders_of_everybody_come_due_and_wait_for_their_next_time(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    starts = datetime.now(UTC) + timedelta(minutes=2)
    anna.reminders.add(NewReminder(text="once", starts=starts))
    ben.reminders.add(NewReminder(text="daily", starts=starts, rule="FREQ=DAILY"))
    jobs = host.jobs()
    assert jobs.run_due().done == 0
    later(host, monkeypatch)
    ran = jobs.run_due()

    assert (ran.done, ran.parked) == (2, 0)
    assert [one.text for one in anna.reminders.due()] == ["once"]
    assert [one.text for one in ben.reminders.due()] == ["daily"]
    assert host.waiting()["jobs"] == 1


def test_no_channel_of_anybody_is_used_for_a_reminder_on_a_server(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from scribes.domain import breaker
    from scribes.services.notifying import DELIVER
    from scribes.storage import channels

    anna = person(host, "Anna")
    with host.engine.write() as tx:
        channels.put(tx, channels.StoredChannel("mail", "email", {}, {}, True, breaker.Breaker()))
    anna.reminders.add(NewReminder(text="secret", starts=datetime.now(UTC) + timedelta(minutes=2)))
    later(host, monkeypatch)
    host.jobs().run_due()
    with host.engine.read() as tx:
        kinds = {row[0] for row in tx.rows("SELECT kind FROM job")}

    assert DELIVER not in kinds


def test_notes_are_embedded_in_small_rounds_and_found_by_meaning_by_their_own_person_alone(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    for number in range(6):
        anna.notes.add(f"Forgiveness {number}", "He cancelled what was owed, and bore the loss himself")
    ben.notes.add("Bread", "How to bake a loaf of rye")
    assert host.waiting()["notes_to_index"] == 7
    first = host.index(limit=3)
    rounds = 1
    while host.index(limit=3):
        rounds += 1

    assert first == 3
    assert rounds >= 2
    assert host.waiting()["notes_to_index"] == 0
    assert "Bread" not in [hit.note.title for hit in anna.search.find("mercy for a debtor", by="meaning")]
    assert len(anna.search.find("mercy for a debtor", by="meaning")) > 0
    assert [hit.note.title for hit in ben.search.find("mercy for a debtor", by="meaning")] in ([], ["Bread"])


def test_what_people_write_is_linked_with_nothing_of_strangers_by_the_work_behind(host: Host) -> None:
    anna, ben = person(host, "Anna"), person(host, "Ben")
    anna.notes.add("Psalm 23", "The Lord is my shepherd: Ps 23:1-6")
    ben.notes.add("Psalm 23", "The Lord is my shepherd: Ps 23:1-6")
    while host.index(limit=5):
        pass
    with host.engine.read() as tx:
        assert tx.value("SELECT count(*) FROM link") == 0


def test_a_note_written_while_others_are_indexed_keeps_its_links(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from scribes.services import fresh_links

    anna = person(host, "Anna")
    alpha = anna.notes.add("Alpha", "the first")
    real = fresh_links.hear

    def hear(engine: Any, visible_to: Any) -> int:
        done = real(engine, visible_to)
        if not written:
            written.append(anna.notes.add("Beta", "see [[Alpha]]"))
        return done

    written: list[Any] = []
    monkeypatch.setattr(fresh_links, "hear", hear)
    while host.index(limit=5):
        pass
    monkeypatch.undo()

    assert "Beta" in [link.note.title for link in anna.links.of(alpha.id)]


def app_of(tmp_path: Path, **given: Any) -> FastAPI:
    return create_app(ServerSettings(mode="development", data_folder=str(tmp_path / "server"), **given))


def test_a_server_at_work_brings_logs_in_step_indexes_and_counts_it(tmp_path: Path) -> None:
    app = app_of(tmp_path, metrics="loopback")
    host: Host = app.state.server.host
    with TestClient(app, client=("127.0.0.1", 1)) as client:
        anna = person(host, "Anna")
        anna.notes.add("Romans 8", "All things work together")
        anna.sent()

        assert soon(lambda: host.waiting() == {"jobs": 0, "parked_jobs": 0, "notes_to_index": 0, "spaces_to_send": 0})
        assert soon(lambda: "scribes_sync_lag_seconds_count 1.0" in client.get("/metrics").text)


def test_a_fault_in_the_work_behind_is_written_down_and_the_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scribes.server.behind.AFTER_FAILURE_S", 0.05)
    app = app_of(tmp_path)
    host: Host = app.state.server.host
    real, failures = host.flush, []

    def flush() -> int:
        if len(failures) < 2:
            failures.append(1)
            raise RuntimeError("words of a note") if len(failures) == 1 else Unavailable("words of a note")
        return real()

    monkeypatch.setattr(host, "flush", flush)
    with TestClient(app) as client:
        anna = person(host, "Anna")
        anna.notes.add("Romans 8", "All things work together")
        for _ in range(3):
            anna.sent()
            time.sleep(0.2)

        assert soon(lambda: host.waiting()["spaces_to_send"] == 0)
        assert client.get("/readyz").status_code == 200
    err = capsys.readouterr().err
    assert '"work": "logs"' in err
    assert "words of a note" not in err


def test_a_server_is_not_ready_without_room_database_or_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_of(tmp_path)
    server = app.state.server

    def newer() -> None:
        raise NewerFormat("the database has format 9999")

    with TestClient(app, raise_server_exceptions=False) as client:
        ready = client.get("/readyz")
        monkeypatch.setattr(server.settings, "min_free_mib", 2**40)
        full = client.get("/readyz")
        monkeypatch.setattr(server.settings, "min_free_mib", 0)
        monkeypatch.setattr(server.behind, "ended", lambda: ["logs"])
        idle = client.get("/readyz")
        monkeypatch.setattr(server.host, "check", newer)
        other = client.get("/readyz")
        alive = client.get("/healthz")

    assert [answer.status_code for answer in (ready, full, idle, other, alive)] == [200, 503, 503, 500, 200]
    assert "disk" in full.json()["error"]["message"]
    assert "logs" in idle.json()["error"]["message"]


def test_a_backup_of_a_server_that_runs_is_whole_encrypted_and_serves(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    with Served(data) as served:
        headers = {"authorization": f"Bearer {served.signed_up('anna@example.org')['access_token']}"}
        body = {"title": "Before the backup", "body": "findable"}
        assert httpx2.post(served.url + "/v1/notes", json=body, headers=headers).status_code == 201
        done = scribes("server", "backup", str(copy), "--data", str(data))
        again = scribes("server", "backup", str(copy), "--data", str(data))
    assert done.returncode == 0, done.stderr
    assert (again.returncode, "there already" in again.stderr) == (5, True)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert b"findable" not in copy.read_bytes()
    assert not copy.read_bytes().startswith(b"SQLite format 3")
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    os.replace(copy, restored / "scribes.db")
    (restored / "secret").write_bytes((data / "secret").read_bytes())
    with Served(restored) as served:
        login = {"email": "anna@example.org", "password": "four words are good"}
        token = httpx2.post(served.url + "/v1/auth/login", json=login).json()["access_token"]
        notes = httpx2.get(served.url + "/v1/notes", headers={"authorization": f"Bearer {token}"}).json()

    assert [note["title"] for note in notes["items"]] == ["Before the backup"]


def test_a_backup_where_there_is_no_server_makes_none(tmp_path: Path) -> None:
    done = scribes("server", "backup", str(tmp_path / "copy.db"), "--data", str(tmp_path / "data"))

    assert done.returncode == 3
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "copy.db").exists()


def test_a_seeded_server_has_an_account_with_notes_that_signs_in(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = scribes("server", "seed", "--data", str(data), "--json")
    again = scribes("server", "seed", "--data", str(data))
    assert done.returncode == 0, done.stderr
    assert again.returncode == 5
    login = json.loads(done.stdout)
    with Served(data) as served:
        token = httpx2.post(served.url + "/v1/auth/login", json=login).json()["access_token"]
        notes = httpx2.get(served.url + "/v1/notes", headers={"authorization": f"Bearer {token}"}).json()

    assert len(notes["items"]) == 3


def test_migrating_makes_a_database_and_is_nothing_the_second_time(tmp_path: Path) -> None:
    for _ in range(2):
        done = scribes("server", "migrate", "--data", str(tmp_path / "data"))

        assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "scribes.db").exists()
