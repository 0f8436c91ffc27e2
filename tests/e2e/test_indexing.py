"""Notes are embedded behind a command's back, by one process at a time, which nobody waits for and which may die."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.machine import Machine

PATIENCE_S = 90.0
JUST_STARTED_S = 3.0


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.env["SCRIBES_INDEXING"] = "background"
    return made


def status(machine: Machine) -> dict[str, int]:
    found: dict[str, int] = json.loads(machine.run("index", "--status", "--json").out)
    return found


def settled(machine: Machine) -> dict[str, int]:
    """The status once nothing waits and nobody works."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = status(machine)
        if not found["waiting"] and not indexers(machine):
            return found
        time.sleep(0.2)
    raise AssertionError(f"still waiting: {found}")


def indexers(machine: Machine) -> list[int]:
    """The processes that index this machine's vault."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            words = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0") if entry.isdigit() else []
        except OSError:
            continue
        if b"--behind" in words and os.fsencode(machine.vault) in words:
            found.append(int(entry))
    return found


def test_a_note_is_embedded_after_it_was_saved(machine: Machine) -> None:
    machine.run("add", "He gave us his favour freely, though we had not earned it.")
    assert settled(machine)["pieces"] > 0
    hits = json.loads(machine.run("find", "unmerited kindness", "--json").out)
    assert len(hits) == 1
    assert not hits[0]["words"]
    assert hits[0]["meaning"] > 0.1


def test_notes_written_one_upon_the_other_are_all_embedded(machine: Machine) -> None:
    for number in range(8):
        machine.run("add", f"Prayer {number}: for patience with neighbour {number}.")
        # One is at work; others that were just started end when they see that its lock is taken.
        deadline = time.monotonic() + JUST_STARTED_S
        while len(indexers(machine)) > 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(indexers(machine)) <= 2
    found = settled(machine)
    assert (found["notes"], found["waiting"]) == (8, 0)


def test_a_killed_indexer_loses_nothing(machine: Machine) -> None:
    for number in range(60):
        machine.file(f"notes/{number}.md", f"# Sermon {number}\n\n" + f"Be still, and wait for day {number}. " * 40)
    machine.run("import", "markdown", "notes")
    deadline = time.monotonic() + PATIENCE_S
    while not indexers(machine) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    for pid in indexers(machine):
        os.kill(pid, signal.SIGKILL)
    assert machine.run("doctor").status in (0, 7)
    assert machine.run("find", "-w", "still", "-n", "1").status == 0
    # The next search takes up what was left, and so does the next change.
    machine.run("find", "quiet patience", "-n", "1")
    machine.run("add", "One more.")
    assert settled(machine)["notes"] == 61
    states = {check["name"]: check["state"] for check in json.loads(machine.run("doctor", "--json").out)}
    assert states["meaning"] == "ok"
    assert states["file"] == "ok"


def test_a_search_embeds_what_waits(machine: Machine) -> None:
    machine.env["SCRIBES_INDEXING"] = "manual"
    machine.run("add", "He gave us his favour freely, though we had not earned it.")
    assert status(machine)["waiting"] == 1
    assert machine.run("find", "unmerited kindness").status == 3
    machine.env["SCRIBES_INDEXING"] = "background"
    assert machine.run("find", "unmerited kindness").status == 0


def test_a_locked_vault_is_left_alone(machine: Machine) -> None:
    machine.env["SCRIBES_PASSPHRASE"] = "the heavens declare the glory"
    machine.ok("init", "--passphrase", stdin="the heavens declare the glory\n")
    machine.run("add", "He gave us his favour freely.")
    settled(machine)
    machine.run("lock")
    del machine.env["SCRIBES_PASSPHRASE"]
    assert machine.run("find", "kindness").status == 4
    assert not indexers(machine)


def test_lock_stops_the_process_behind(machine: Machine) -> None:
    machine.runtime()
    machine.ok("init", "--passphrase", stdin="the heavens declare the glory\n")
    machine.env["SCRIBES_INDEXING"] = "manual"
    for number in range(60):
        machine.file(f"notes/{number}.md", f"# Sermon {number}\n\n" + f"Be still, and wait for day {number}. " * 200)
    machine.ok("import", "markdown", "notes")
    machine.env["SCRIBES_INDEXING"] = "background"
    machine.ok("add", "One more.")
    deadline = time.monotonic() + PATIENCE_S
    while not (status(machine)["pieces"] and indexers(machine)) and time.monotonic() < deadline:
        time.sleep(0.1)
    machine.ok("lock")
    deadline = time.monotonic() + 10
    while indexers(machine) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not indexers(machine)
    assert machine.run("list").status == 4


def test_meaning_can_be_switched_off(machine: Machine) -> None:
    machine.env["SCRIBES_EMBEDDER"] = "off"
    machine.run("add", "He gave us his favour freely.")
    assert not indexers(machine)
    done = machine.run("find", "favour")
    assert done.status == 0
    assert "for words alone" not in done.err
    assert machine.run("find", "--meaning", "favour").status == 6
    assert status(machine)["waiting"] == 1


def test_the_key_is_rotated_while_notes_are_embedded(machine: Machine) -> None:
    for number in range(40):
        machine.file(f"notes/{number}.md", f"# Sermon {number}\n\n" + f"Be still, and wait for day {number}. " * 40)
    machine.run("import", "markdown", "notes")
    assert machine.run("key", "rotate", "--yes").status == 0
    machine.run("add", "After the rotation.")
    assert settled(machine)["notes"] == 41


def test_index_in_the_foreground_says_what_it_did(machine: Machine) -> None:
    machine.env["SCRIBES_INDEXING"] = "manual"
    machine.run("add", "He gave us his favour freely.")
    assert "no note is embedded yet" in machine.run("index", "--status").out
    assert machine.run("index").out.startswith("1 of 1 notes embedded by minilm")
    assert machine.run("index", "--rebuild").out.startswith("1 of 1 notes embedded")
