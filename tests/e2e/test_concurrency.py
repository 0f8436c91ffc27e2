"""Several processes on one vault: nobody waits for long, nobody fails, nothing is lost."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable

import pytest

from .machine import Done, Machine
from .test_terminal import until


def test_one_writer_and_four_readers_do_not_disturb_each_other(machine: Machine) -> None:
    machine.ok("add", "the first note")
    failures: list[Done] = []
    finished = threading.Event()

    def write() -> None:
        for number in range(100):
            done = machine.run("add", f"written note {number}")
            if done.status:
                failures.append(done)
        finished.set()

    def read(*command: str) -> None:
        while not finished.is_set():
            done = machine.run(*command)
            if done.status or done.err:
                failures.append(done)

    readers = (("list",), ("find", "note"), ("list", "--json", "-n", "200"), ("find", "first"))
    threads = [threading.Thread(target=write)]
    threads += [threading.Thread(target=read, args=command) for command in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    titles = [note["title"] for note in json.loads(machine.ok("list", "-n", "200", "--json"))]
    assert sorted(titles) == sorted(["the first note", *(f"written note {number}" for number in range(100))])


def test_many_first_notes_at_once_make_one_vault(machine: Machine) -> None:
    started = [machine.start("add", f"note {number}") for number in range(8)]
    said = [process.communicate(timeout=60) for process in started]

    assert [process.returncode for process in started] == [0] * 8, said
    assert len(machine.ok("list").splitlines()) == 8
    assert sum(b"your notes are kept" in err for _, err in said) == 1


def commands_during(machine: Machine, disturb: Callable[[], object], times: int) -> tuple[int, list[Done]]:
    """How many notes two writers added while something was done so many times, and what failed."""
    machine.ok("add", "the first note")
    failures: list[Done] = []
    added = [0, 0]
    finished = threading.Event()

    def write(which: int) -> None:
        while not finished.is_set():
            done = machine.run("add", f"note {which} {added[which]}")
            added[which] += not done.status
            failures.extend([done] * bool(done.status))

    threads = [threading.Thread(target=write, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(times):
            disturb()
            if failures:
                break
    finally:
        finished.set()
        for thread in threads:
            thread.join()
    return sum(added) + 1, failures


def test_a_rotation_loses_nothing_that_others_write(machine: Machine) -> None:
    added, _ = commands_during(machine, lambda: machine.ok("key", "rotate", "--yes"), 5)

    assert len(machine.ok("list", "-n", "100000").splitlines()) == added
    assert "damaged" not in machine.ok("doctor")


def test_a_rotation_does_not_disturb_others(machine: Machine) -> None:
    _, failures = commands_during(machine, lambda: machine.ok("key", "rotate", "--yes"), 40)

    assert failures == []


def test_a_backup_does_not_disturb_others(machine: Machine) -> None:
    added, failures = commands_during(machine, lambda: machine.ok("backup"), 3)

    assert failures == []
    assert len(machine.ok("list", "-n", "100000").splitlines()) == added


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("command", "meanwhile"),
    [
        ("add", "rotate"),
        ("edit", "rotate"),
        ("add", "restore"),
        ("edit", "restore"),
    ],
)
def test_what_an_open_editor_saves_survives_another_file_in_place_of_the_vault(
    machine: Machine, command: str, meanwhile: str
) -> None:
    runtime = machine.runtime()
    machine.ok("add", "Before")
    machine.ok("backup", "kept.scribes-backup")
    machine.editor(
        "open(os.path.expanduser('~/editing'), 'w').close()\n"
        "while not os.path.exists(os.path.expanduser('~/go-on')): time.sleep(0.05)\n"
        "text += 'Typed meanwhile'"
    )
    terminal = machine.terminal(*{"add": ["add"], "edit": ["edit", "-"]}[command])
    until(machine.path("editing").exists)
    if meanwhile == "rotate":
        machine.ok("key", "rotate", "--yes")
    else:
        machine.ok("restore-backup", "kept.scribes-backup", "--yes")
    machine.path("go-on").touch()
    terminal.finish()
    kept = machine.ok("list", "--json") + machine.ok("drafts", "--json")
    kept += "".join(path.read_text(encoding="utf-8") for path in runtime.rglob("*.md"))

    assert "Typed meanwhile" in kept, terminal.text


def test_a_rotation_in_the_middle_of_an_import_loses_nothing(machine: Machine) -> None:
    folder = machine.path("notes")
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number}.md").write_text(f"Note {number}\n\nSome words of it.\n", encoding="utf-8")
    machine.ok("init")
    running = machine.start("import", "markdown", "notes")
    until(lambda: machine.run("-q", "list", "-n", "1").out or running.poll() is not None)
    machine.ok("key", "rotate", "--yes")
    out, err = running.communicate(timeout=60)
    assert running.returncode in (0, 5), (out, err)
    machine.ok("import", "markdown", "notes")

    assert len(machine.ok("-q", "list", "-n", "100000").split()) == 3000
