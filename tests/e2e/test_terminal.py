"""What only a real terminal shows: colours, alignment, the pager, Ctrl-C, completion, editors that are cut off."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from .machine import SCRIBES, Machine, Terminal

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")

EVIL = "\x1b]0;pwned\x07\x1b[31mred\x9b2J\u202ereversed\r"
RECORDING_PAGER = """\
import sys
open(sys.argv[1], "wb").write(sys.stdin.buffer.read())
"""
# An editor that saves what was typed, says so, and does not end by itself.
STUCK = """\
text = {typed!r}
open(path, "w", encoding="utf-8").write(text)
open({mark!r}, "w").write(str(os.getpid()))
time.sleep(120)
"""


def until(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


def shown(machine: Machine, *arguments: str, columns: int = 80, lines: int = 24) -> Terminal:
    terminal = machine.terminal(*arguments, columns=columns, lines=lines)
    terminal.finish()
    return terminal


@pytest.fixture
def library(machine: Machine) -> Machine:
    """A machine with a few notes."""
    for day, title in enumerate(("Grace upon grace", "Living hope", "The law of the Lord"), 1):
        machine.ok("add", title, "--date", f"2025-01-{day:02}", "--tag", "psalms")
    return machine


def test_a_listing_on_a_terminal_has_numbers_and_colours(library: Machine) -> None:
    terminal = shown(library, "list")

    assert re.fullmatch(r"1  [0-9a-f]{4}  2025-01-03  The law of the Lord  #psalms", terminal.shown[0])
    assert "\x1b[1m" in terminal.text


def test_no_color_and_dumb_terminals_get_no_escapes(library: Machine) -> None:
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        before = dict(library.env)
        library.env[name] = value
        for command in (
            ["list"],
            ["find", "grace"],
            ["show", "1"],
            ["history", "1"],
            ["tags"],
            [],
            ["doctor"],
            ["xyz"],
        ):
            assert b"\x1b" not in shown(library, *command).raw, (name, command)
        library.env = before
    assert b"\x1b" not in shown(library, "list", "--no-color").raw


@pytest.mark.parametrize("command", [["list"], ["find", "body"], ["show", "1"], ["history", "1"], ["tags"], []])
@pytest.mark.parametrize("color", [True, False])
def test_escapes_in_an_imported_note_do_not_reach_the_terminal(
    machine: Machine, command: list[str], *, color: bool
) -> None:
    quoted = EVIL.replace("\x1b", "\\x1b").replace("\x07", "\\a").replace("\x9b", "\\x9b").replace("\r", "\\r")
    machine.file(
        "notes/evil.md", f'---\ntitle: "T {quoted}"\nspeaker: "S {quoted}"\ntopics: [x]\n---\n\nbody {EVIL} end\n'
    )
    machine.ok("import", "markdown", "notes")
    machine.ok("list")
    machine.env.update({} if color else {"NO_COLOR": "1"})

    terminal = shown(machine, *command)

    assert "\x1b]" not in terminal.text
    assert "\x07" not in terminal.text
    assert "\x9b" not in terminal.text
    assert "\u202e" not in terminal.text
    assert "\x1b[31mred" not in terminal.text
    assert command[:1] in (["tags"], ["history"]) or "pwned" in terminal.text


def test_wide_right_to_left_and_emoji_titles_line_up(machine: Machine) -> None:
    titles = ("恩典與真理", "Grace", "🙏 Prayer 🕊", "חסד ואמת", "Zoë\u0301 façade", "恩典與真理" * 20)
    speakers = ("王明道", "J. Stott", "🕊 Francis", "משה", "Ambroise", "Paul")
    for title, speaker in zip(titles, speakers, strict=True):
        machine.ok("add", title, "--title", title, "--speaker", speaker, "--date", "2025-01-01", "--tag", "x")

    terminal = shown(machine, "list", columns=72)

    # The column (in cells, not letters) in which each row's tag stands.
    columns = [
        next(column for column in range(72) if terminal.screen.buffer[row][column].data == "#")
        for row in range(len(titles))
    ]
    assert len(set(columns)) == 1, terminal.shown
    assert len(terminal.shown) == len(titles)


def test_a_listing_fits_the_terminal(library: Machine) -> None:
    library.ok("add", "word " * 15, "--date", "2025-01-04", "--speaker", "J. Stott")

    for columns in (60, 80, 200):
        terminal = shown(library, "list", columns=columns)
        assert len(terminal.shown) == 4, terminal.shown


def test_output_longer_than_the_screen_goes_through_the_pager(machine: Machine) -> None:
    machine.ok("add", "Long\n" + "\n".join(f"line {number}" for number in range(40)))
    program, record = machine.file("pager.py", RECORDING_PAGER), machine.path("record")
    machine.env["PAGER"] = f"{sys.executable} {program} {record}"

    short = shown(machine, "list")
    assert not record.exists()
    long = shown(machine, "show", "1")

    assert "line 39" in record.read_text(encoding="utf-8")
    assert "line 39" not in long.text
    assert "Long" in short.text
    record.unlink()
    assert "line 39" in shown(machine, "show", "1", "--no-pager").text
    assert not record.exists()


def test_a_pager_left_early_is_no_error(machine: Machine) -> None:
    machine.ok("add", stdin="Long\n" + "\n".join(f"line {number} {'x' * 70}" for number in range(4000)))
    machine.env["PAGER"] = "true"

    terminal = machine.terminal("show", "-")

    assert terminal.finish() == 0
    assert "scribes:" not in terminal.text


def test_a_question_is_asked_and_no_means_no(library: Machine) -> None:
    library.ok("rm", "-")
    terminal = library.terminal("trash", "empty", "--older-than", "0")
    terminal.wait_for("[y/N] ")
    terminal.send("n\n")

    assert terminal.finish() == 2
    assert "nothing was done" in terminal.text
    assert library.ok("list", "--trash")


def test_a_passphrase_is_typed_unseen_and_twice(machine: Machine) -> None:
    def typed(second: str) -> tuple[int, str]:
        terminal = machine.terminal("init", "--passphrase")
        terminal.wait_for("new passphrase: ")
        terminal.send("correct horse battery\n")
        terminal.wait_for("once more: ")
        terminal.send(f"{second}\n")
        return terminal.finish(), terminal.text

    slip, said = typed("corect horse battery")
    assert slip == 2
    assert "the two passphrases differ" in said
    assert not machine.vault.exists()
    status, said = typed("correct horse battery")
    assert status == 0
    assert "horse" not in said
    machine.ok("lock")
    terminal = machine.terminal("add", "Written before it asks")
    terminal.wait_for("passphrase: ")
    terminal.send("correct horse battery\n")
    assert terminal.finish() == 0
    assert "Written before it asks" in machine.ok("list")


def test_numbers_belong_to_the_terminal_they_were_shown_in(library: Machine) -> None:
    shown(library, "list", "-n", "1")

    assert "Grace" in library.ok("find", "grace")
    assert "Grace" in library.ok("show", "1")


def test_a_transcript_runs_in_each_zone(machine: Machine) -> None:
    machine.ok("add", "Evening", "--date", "2025-07-01 23:30")
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        machine.env["TZ"] = zone
        assert "2025-07-01 23:30" in machine.ok("show", "-")


# Cut off ---------------------------------------------------------------------------------------------------------


def test_ctrl_c_in_a_long_import_keeps_what_was_taken_and_says_so(machine: Machine) -> None:
    total = 6000
    folder = machine.path("notes")
    folder.mkdir()
    for number in range(total):
        (folder / f"{number}.md").write_text(f"Note {number}\n\nSome words of it.\n", encoding="utf-8")
    machine.ok("init")
    running = machine.start("import", "markdown", "notes")
    until(lambda: machine.ok("-q", "list", "-n", "1") or running.poll() is not None)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)

    assert running.returncode == 130, (out, err)
    assert b"are kept" in err
    assert b"Traceback" not in err
    kept = len(machine.ok("-q", "list", "-n", "100000").split())
    said = re.search(rb"the first (\d+) files", err)
    assert said is not None
    assert kept >= int(said[1])
    assert 0 < kept < total
    assert f"{total - kept} added" in machine.ok("import", "markdown", "notes")


def test_a_reader_that_goes_away_early_gets_no_traceback(machine: Machine) -> None:
    folder = machine.path("notes")
    folder.mkdir()
    for number in range(1500):
        (folder / f"{number}.md").write_text(f"Note {number} {'word ' * 18}\n", encoding="utf-8")
    machine.ok("import", "markdown", "notes")
    for command in (["list", "-n", "2000"], ["find", "note", "-n", "2000"], ["list", "-n", "2000", "--json"]):
        running = machine.start(*command)
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        said = running.stderr.read()
        running.stderr.close()

        assert running.wait(30) in (0, 141, -signal.SIGPIPE), command
        assert said == b"", command


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_bash_completes_commands_and_options(machine: Machine) -> None:
    machine.file("completion.sh", machine.ok("completion", "bash"))
    machine.env["PS1"] = "READY> "
    terminal = Terminal(machine, ["bash", "--norc", "--noprofile", "-i"])
    terminal.wait_for("READY> ")
    terminal.send("source completion.sh\n")
    terminal.wait_for("READY> ", after=len(terminal.raw))
    for typed, completed in (("scribes lis\t", "scribes list"), ("scribes list --lim\t", "scribes list --limit")):
        before = len(terminal.raw)
        terminal.send(typed)
        terminal.wait_for(completed, after=before)
        terminal.send("\x15")
    terminal.send("exit\n")
    terminal.finish()


def stuck_in_editor(machine: Machine, typed: str, *arguments: str) -> tuple[Terminal, int]:
    """`scribes` with an editor open that has saved `typed`, and the editor's process."""
    mark = machine.path("editing")
    mark.unlink(missing_ok=True)
    machine.editor(STUCK.format(typed=typed, mark=str(mark)))
    terminal = machine.terminal(*arguments)
    until(lambda: mark.exists() and mark.read_text())
    return terminal, int(mark.read_text())


def ended(terminal: Terminal, editor: int) -> None:
    try:
        os.kill(editor, signal.SIGKILL)
    except ProcessLookupError:
        pass
    terminal.process.wait(30)
    terminal.close()


def test_text_in_an_open_editor_survives_kill_9(machine: Machine) -> None:
    runtime = machine.runtime()
    machine.ok("init")
    terminal, editor = stuck_in_editor(machine, "typed and not saved", "add")
    terminal.process.kill()
    ended(terminal, editor)

    assert "typed and not saved" in machine.ok("drafts", "--json")
    assert not list(runtime.glob("scribes-draft-*")), "a plain file is left"
    machine.editor("pass")
    assert "typed and not saved" in machine.ok("drafts", "resume", "1")
    assert "typed and not saved" in machine.ok("list")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_text_in_an_open_editor_survives_an_order_to_end(machine: Machine, number: signal.Signals) -> None:
    runtime = machine.runtime()
    machine.ok("add", "A note", "--date", "2025-01-01")
    terminal, editor = stuck_in_editor(machine, "---\ntitle: Retyped\n---\n\nNew words\n", "edit", "-")
    os.kill(terminal.process.pid, number)
    status = terminal.finish()
    ended(terminal, editor)

    assert status not in (0, None)
    assert "Traceback" not in terminal.text
    assert "New words" in machine.ok("drafts", "--json")
    assert not list(runtime.glob("scribes-draft-*")), "a plain file is left"
    assert "A note" in machine.ok("list")


def test_text_in_an_open_editor_survives_a_closed_terminal(machine: Machine) -> None:
    runtime = machine.runtime()
    machine.ok("init")
    terminal, editor = stuck_in_editor(machine, "typed and not saved", "add")
    terminal.close()
    terminal.process.wait(30)
    ended(terminal, editor)

    assert "typed and not saved" in machine.ok("drafts", "--json")
    assert not list(runtime.glob("scribes-draft-*")), "a plain file is left"


def test_ctrl_c_in_the_editor_is_the_editors(machine: Machine) -> None:
    machine.runtime()
    machine.editor("import signal; signal.signal(signal.SIGINT, lambda *_: None); print('EDITING', flush=True)\n"
                   "time.sleep(1.5); text = 'after the interruption'")  # fmt: skip
    terminal = machine.terminal("add")
    terminal.wait_for("EDITING")
    terminal.send("\x03")

    assert terminal.finish() == 0
    assert "after the interruption" in machine.ok("list")


def test_the_editors_file_is_readable_by_its_owner_alone(machine: Machine) -> None:
    machine.runtime()
    machine.editor("print(oct(os.stat(path).st_mode), oct(os.stat(os.path.dirname(path)).st_mode)); text = 'x'")
    terminal = machine.terminal("add")

    assert terminal.finish() == 0
    assert terminal.shown[-2 if "saved" in terminal.shown[-1] else -1].endswith("0o40700"), terminal.shown


def test_the_console_script_needs_no_terminal_at_all(machine: Machine) -> None:
    done = subprocess.run([SCRIBES, "list"], env=machine.env, stdin=subprocess.DEVNULL, capture_output=True, cwd="/")

    assert done.returncode == 3
