"""What is loaded when: no command pays for Scripture that has nothing to do with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = (
    "import sys; from scribes.cli.main import main; main(sys.argv[1:]);"
    "sys.stderr.write('LOADED ' + ' '.join(sorted(sys.modules)))"
)


def loaded(home: Path, *words: str, stdin: str = "") -> set[str]:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "SCRIBES_KEYSTORE": "file"}
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {PROGRAM}", *words],
        env=environment, capture_output=True, text=True, check=True, input=stdin,
    )  # fmt: skip
    return set(done.stderr.partition("LOADED ")[2].split())


def of_scripture(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("scribes.scripture")}


@pytest.mark.parametrize("text", ["a note", "Grace, “upon” grace", "a chapter of the psalms"])
def test_a_note_without_a_number_is_saved_without_the_finder(text: str, home: Path) -> None:
    modules = loaded(home, "add", text) | loaded(home, "list") | loaded(home, "show", "1")

    assert of_scripture(modules) == set()


def test_notes_with_references_are_listed_and_shown_without_the_finder(home: Path) -> None:
    assert "scribes.scripture.finder" in loaded(home, "add", "On Rom 8:28")

    assert of_scripture(loaded(home, "list") | loaded(home, "show", "1")) == set()


def test_scan_loads_neither_the_vault_nor_typer_nor_json(home: Path) -> None:
    modules = loaded(home, "scan", "--lines", stdin="Rom 8:28\n")

    assert (
        modules & {"apsw", "cryptography", "typer", "json", "rich", "dataclasses", "typing", "scribes.wiring"} == set()
    )


@pytest.mark.parametrize("words", [["read", "Rom 8:28"], ["xref", "John 3:16"], ["topics", "faith"]])
def test_reading_opens_no_vault_and_asks_nothing_of_the_network(words: list[str], home: Path) -> None:
    modules = loaded(home, *words)

    assert modules & {"httpx2", "typer", "rich", "json", "socket"} == set()
    assert not (home / ".local/share/scribes/notes.scribes").exists()
