"""Nothing a person wrote lies readable on their disk, except where they asked for it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from .machine import Machine
from .test_terminal import ended, stuck_in_editor

# Words in a title, a body, a speaker, a tag, a draft, an imported file, and after an edit.
WORDS = ("Nebuchadnezzar", "Mephibosheth", "Zerubbabel", "melchizedek", "Habakkuk", "Artaxerxes", "Jehoshaphat")


def leaks(*folders: Path, apart_from: tuple[Path, ...] = ()) -> list[str]:
    """Where a known word stands in a file, in UTF-8 or UTF-16."""
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            if not path.is_file() or any(path.is_relative_to(kept) for kept in apart_from):
                continue
            data = path.read_bytes().lower()
            for word in WORDS:
                wanted = word.lower()
                if wanted.encode() in data or wanted.encode("utf-16-le") in data or word.lower() in path.name.lower():
                    found.append(f"{word} in {path}")
    return found


def used(machine: Machine) -> tuple[Path, ...]:
    """A session that leaves its words in every corner; the folders where they may lie readable."""
    source = machine.file("source/note.md", f"---\ntitle: {WORDS[5]}\n---\n\n{WORDS[4]} and more\n").parent
    machine.ok("add", f"{WORDS[0]}\n\n{WORDS[1]}", "--speaker", WORDS[2], "--tag", WORDS[3])
    machine.ok("list")
    machine.ok("edit", "1", "--append", WORDS[6])
    machine.editor("text = text.replace('title: ', 'title: [', 1)")
    assert machine.run("edit", "1").status == 2, "the draft is kept"
    machine.ok("import", "markdown", "source")
    machine.ok("find", WORDS[4])
    machine.ok("show", "1")
    machine.ok("backup")
    machine.ok("backup", str(machine.path("elsewhere.scribes-backup")))
    machine.ok("rm", "1")
    machine.ok("key", "rotate", "--yes")
    machine.ok("doctor", "--fix")
    machine.ok("export", "markdown", "out")
    return source, machine.path("out")


def test_no_word_of_a_note_lies_readable_anywhere(machine: Machine) -> None:
    runtime = machine.runtime()
    readable = used(machine)

    assert leaks(machine.home, machine.temporary, runtime, apart_from=readable) == []
    assert leaks(machine.home), "the search for words finds none at all"


def test_no_word_lies_readable_while_a_process_holds_the_vault_open(machine: Machine) -> None:
    runtime = machine.runtime()
    machine.ok("add", WORDS[0])
    # The editor holds `scribes`, and so the vault, open; meanwhile others write into the WAL.
    terminal, editor = stuck_in_editor(machine, "nothing secret", "add")
    try:
        machine.ok("add", f"{WORDS[1]}\n\n{WORDS[2]} {WORDS[4]}", "--tag", WORDS[3])
        machine.ok("edit", "-", "--append", WORDS[5])
        beside = [path.name for path in machine.vault.parent.iterdir()]

        assert any(name.endswith("-wal") for name in beside), beside
        assert leaks(machine.home, machine.temporary, runtime) == []
    finally:
        terminal.process.terminate()
        ended(terminal, editor)


@pytest.mark.skipif(os.name != "posix", reason="modes are a thing of POSIX")
def test_every_file_is_its_owners_alone(machine: Machine) -> None:
    machine.runtime()
    used(machine)
    ours = [machine.home / part / "scribes" for part in (".local/share", ".local/state", ".config")]
    open_to_others = [
        str(path)
        for folder in ours
        for path in folder.rglob("*")
        if path.is_file()
        and stat.S_IMODE(path.stat().st_mode) & 0o077
        # A folder that nobody else may enter hides what is in it.
        and stat.S_IMODE(path.parent.stat().st_mode) & 0o077
    ]

    assert open_to_others == []
    assert stat.S_IMODE(machine.path("elsewhere.scribes-backup").stat().st_mode) == 0o600
    assert stat.S_IMODE(machine.path("out").stat().st_mode) == 0o700


def test_an_error_report_holds_no_word_of_a_note(machine: Machine) -> None:
    machine.ok("add", WORDS[0], "--tag", "x")
    machine.vault.write_bytes(machine.vault.read_bytes()[:5000])
    done = machine.run("list")

    assert done.status == 7
    assert WORDS[0] not in done.out + done.err
    assert "Traceback" not in done.err
