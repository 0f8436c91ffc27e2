"""What programs that call Scribes rely on: JSON that parses, ids alone when quiet, no escapes in a pipe, statuses."""

from __future__ import annotations

import json
import re

import pytest

from .machine import Machine

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Each is run on a vault with three notes, the third in the trash, and a draft.
PRINTING = (
    ["list"], ["list", "--trash"], ["list", "tag:x"], ["find", "note"], ["show", "1"], ["show", "1", "2"], ["tags"],
    ["history", "1"], ["trash", "list"], ["drafts"], ["key"], ["key", "show"], ["backup"], ["doctor"],
    ["export", "json", "out"], ["export", "markdown", "out"], ["import", "markdown", "more"],
    ["import", "markdown", "more", "--dry-run"], ["add", "Another"], ["edit", "1", "--title", "Changed"], ["rm", "1"],
    ["restore", "3"], ["restore", "1", "--to", "1"], ["tag", "1", "y"], ["undo"], ["trash", "empty", "--yes"],
    ["restore-backup", "kept", "--yes"], ["lock", "--yes"], ["key", "rotate", "--yes"],
    ["init", "--vault", "other.scribes"], [],
)  # fmt: skip
CHANGING = (
    ["add", "Another"], ["edit", "1", "--title", "Changed"], ["rm", "1"], ["rm", "1", "2"], ["restore", "3"],
    ["tag", "1", "y"], ["undo"], ["list"], ["list", "--trash"], ["find", "note"], ["trash", "list"],
)  # fmt: skip
FAILING = (
    (["show", "99"], 3), (["show", "zz"], 3), (["list", "--bogus"], 2), (["bogus"], 2), (["find", "*"], 2),
    (["edit", "1", "--date", "never"], 2), (["rm"], 2), (["import", "markdown", "nowhere"], 3), (["backup", "kept"], 5),
    (["export", "json", "more"], 5), (["lock"], 5), (["init"], 5), (["restore-backup", "nowhere", "--yes"], 3),
    (["key", "rotate"], 2), (["--vault", "more/a.md", "list"], 7), (["drafts", "resume", "99"], 3),
)  # fmt: skip


@pytest.fixture
def library(machine: Machine) -> Machine:
    """Two notes, a third in the trash, a draft, a backup and a folder to import."""
    for number in (1, 2, 3):
        machine.ok("add", f"Note {number}", "--tag", "x", "--date", f"2025-01-0{4 - number}")
    machine.ok("list")
    machine.ok("rm", "3")
    machine.ok("backup", "kept")
    machine.editor("text = 'broken'")
    machine.run("edit", "1")
    machine.file("more/a.md", "More\n")
    return machine


@pytest.mark.parametrize("command", PRINTING, ids=" ".join)
def test_json_output_is_one_document(library: Machine, command: list[str]) -> None:
    done = library.run(*command, "--json")

    assert done.status == 0, done.err
    assert isinstance(json.loads(done.out), (dict, list))
    assert done.err == ""


@pytest.mark.parametrize(("command", "status"), FAILING, ids=str)
def test_a_json_error_has_code_message_and_trace_id(library: Machine, command: list[str], status: int) -> None:
    done = library.run(*command, "--json")

    assert done.status == status, done
    assert done.out == ""
    error = json.loads(done.err)["error"]
    assert {"code", "message", "traceId"} <= set(error)
    assert error["message"] == error["message"].strip()


@pytest.mark.parametrize(("command", "status"), FAILING, ids=str)
def test_an_error_is_a_line_and_a_hint_in_lower_case_without_a_full_stop(
    library: Machine, command: list[str], status: int
) -> None:
    done = library.run(*command)

    assert done.status == status, done
    assert done.out == ""
    said = [line for line in done.err.splitlines() if not line.startswith("not taken: ")]
    assert len(said) <= 2, said
    assert said[0].startswith("scribes: ")
    assert not said[0].endswith(".")
    assert said[0][9] == said[0][9].lower()
    assert len(said) == 1 or said[1].startswith("hint: ")


@pytest.mark.parametrize("command", CHANGING, ids=" ".join)
def test_quiet_prints_ids_alone(library: Machine, command: list[str]) -> None:
    done = library.run("--quiet", *command)

    assert done.status == 0, done.err
    assert done.err == ""
    assert done.out
    assert all(ID.fullmatch(line) for line in done.lines), done.out


@pytest.mark.parametrize("command", PRINTING, ids=" ".join)
def test_output_in_a_pipe_has_no_escapes(library: Machine, command: list[str]) -> None:
    done = library.run(*command)

    assert "\x1b" not in done.out + done.err


@pytest.mark.parametrize("command", ["add", "list", "find", "show", "edit", "rm", "restore", "history", "undo", "tag",
                                     "tags", "trash", "trash list", "trash empty", "drafts", "drafts resume",
                                     "drafts discard", "import", "import markdown", "export", "export markdown",
                                     "export json", "init", "lock", "unlock", "key", "key show", "key passphrase",
                                     "key rotate", "backup", "restore-backup", "doctor", "completion"])  # fmt: skip
def test_help_is_there_and_opens_with_an_example(machine: Machine, command: str) -> None:
    said = machine.ok(*command.split(), "--help")

    assert said.startswith("Usage: scribes")
    assert f"    scribes {command.split(maxsplit=1)[0]}" in said or "Commands:" in said
    assert not machine.vault.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(machine: Machine, shell: str) -> None:
    assert "scribes" in machine.ok("completion", shell)
