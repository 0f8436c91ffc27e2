"""The review session on a real terminal: keys, modes, resizing, and that the terminal is whole afterwards."""

from __future__ import annotations

import os
import signal
import sys
import termios

import pytest

from scribes.cli import keys

from .machine import Machine, Terminal

LEFT = "\x1b[?1049l"
ROMANS = "We know that all things work together for good for those who love God, for those who are called according to"


@pytest.fixture
def library(machine: Machine) -> Machine:
    """A machine with three cards: a note, a highlight of it, a verse; the verse comes first."""
    machine.ok("init")
    machine.ok("review", "add", "Rom 8:28")
    machine.ok("add", "--title", "Grace upon grace", "Grace is ==not earned==.")
    machine.ok("review", "add", "-")
    machine.ok("list")
    machine.ok("review", "add", "1", "--highlights")
    return machine


def opened(machine: Machine, *arguments: str, columns: int = 80, lines: int = 24) -> Terminal:
    terminal = machine.terminal("review", *arguments, columns=columns, lines=lines)
    terminal.wait_for("q quit", LEFT)
    return terminal


def press(terminal: Terminal, keys: str, then: str) -> list[str]:
    """The screen after keys, when something is on it."""
    before = len(terminal.raw)
    terminal.send(keys)
    assert terminal.wait_for(then, after=before, timeout_s=20), terminal.text
    terminal.wait_for("\x1b[J", LEFT, after=before)
    return terminal.shown


def seen(terminal: Terminal) -> str:
    return "\n".join(terminal.shown)


def test_a_session_from_the_first_card_to_the_last(library: Machine) -> None:
    terminal = opened(library)
    assert terminal.shown[0] == "  1 of 3 · read · new"
    assert terminal.shown[2:4] == ["  Romans 8:28", "  World English Bible"]
    assert "We know" not in seen(terminal)
    press(terminal, " ", "4 easy")
    assert ROMANS[:60] in seen(terminal)
    assert "1 again 1 min   2 hard 6 min   3 good 10 min   4 easy " in seen(terminal)
    press(terminal, "4", "2 of 3")
    assert "Grace upon grace" in seen(terminal)
    assert "streak 1 day" in terminal.shown[0]
    press(terminal, "\r", "4 easy")
    press(terminal, "g", "3 of 3")
    assert "Grace is […]." in seen(terminal)
    press(terminal, " ", "4 easy")
    assert "Grace is not earned." in seen(terminal)
    terminal.send("a")

    assert terminal.finish() == 0
    assert "3 cards reviewed, 2 right; streak 1 day; all answers are kept" in seen(terminal)
    assert "nothing is due; the next card comes back in" in seen(terminal)
    assert library.run("review").out == ""


def test_what_is_passed_over_is_no_longer_asked_at_the_end(library: Machine) -> None:
    library.ok("list")
    library.ok("rm", "1")
    terminal = opened(library)
    press(terminal, " ", "4 easy")
    terminal.send("4")

    assert terminal.finish() == 0
    assert "1 card reviewed" in seen(terminal)
    assert "nothing is due; the next card comes back on" in seen(terminal)


def test_undo_goes_back_to_the_card_and_its_schedule(library: Machine) -> None:
    before = library.ok("review", "list", "--json")
    terminal = opened(library)
    press(terminal, "u", "nothing was answered yet")
    press(terminal, " ", "4 easy")
    press(terminal, "1", "2 of 3")
    press(terminal, "u", "taken back")
    assert "Romans 8:28" in seen(terminal)
    assert "1 of 3" in seen(terminal)
    terminal.send("q")

    assert terminal.finish() == 0
    assert "no card was answered" in seen(terminal)
    assert "3 more are due" in seen(terminal)
    assert library.ok("review", "list", "--json") == before


def test_a_skipped_card_is_due_still(library: Machine) -> None:
    terminal = opened(library)
    press(terminal, "s", "2 of 3")
    assert "Grace upon grace" in seen(terminal)
    press(terminal, "s", "3 of 3")
    terminal.send("s")

    assert terminal.finish() == 0
    assert len(library.run("review").out.splitlines()) == 3


def test_first_letters_are_uncovered_word_by_word(library: Machine) -> None:
    terminal = opened(library)
    press(terminal, "m", "first letters")
    assert "  W k t a t w t f g f t w l G, f t w a c a t h p." in terminal.shown
    press(terminal, " ", "We k t")
    press(terminal, " ", "We know t")
    press(terminal, "\r", "4 easy")

    assert ROMANS[:60] in seen(terminal)
    terminal.send("q")
    assert terminal.finish() == 0


def test_a_verse_is_typed_out_and_compared(library: Machine) -> None:
    terminal = opened(library)
    press(terminal, "m", "first letters")
    press(terminal, "m", "type it out")
    press(terminal, "wrong", "wrong▏")
    press(terminal, "\x15we knew that things qs\x7f\x7f\x7f", "things▏")
    press(terminal, "\r", "words right")
    assert "We ~knew~ [know] that [all] things [work]" in seen(terminal)
    assert "3 of 23 words right: again? enter takes it" in seen(terminal)
    press(terminal, "\r", "2 of 3")
    terminal.send("q")

    assert terminal.finish() == 0
    assert "1 card reviewed, 0 right" in seen(terminal)
    assert "2 more are due" in seen(terminal)


def test_typing_without_a_fault_is_good_and_may_be_overruled(library: Machine) -> None:
    terminal = opened(library)
    press(terminal, "m", "first letters")
    press(terminal, "m", "type it out")
    press(terminal, f"{ROMANS.lower()} his purpose".replace(",", ""), "purpose▏")
    press(terminal, "\r", "23 of 23 words right: good?")
    press(terminal, "4", "2 of 3")
    terminal.send("q")
    terminal.finish()

    (card,) = [line for line in library.ok("review", "list").splitlines() if "Romans" in line]
    assert "\tknown\t" in card


def test_escape_leaves_typing_and_letters_are_letters_there(library: Machine) -> None:
    terminal = opened(library)
    press(terminal, "m", "first letters")
    press(terminal, "m", "type it out")
    press(terminal, "qsu", "qsu▏")
    press(terminal, "\x1b", "m first letters")
    terminal.send("q")

    assert terminal.finish() == 0


def test_without_colour_the_diff_is_told_by_its_marks_alone(library: Machine) -> None:
    library.env["NO_COLOR"] = "1"
    terminal = opened(library)
    press(terminal, "m", "first letters")
    press(terminal, "m", "type it out")
    press(terminal, "we knew", "knew▏")
    press(terminal, "\r", "words right")

    assert "We ~knew~ [know] [that]" in seen(terminal)
    assert "\x1b[3" not in terminal.text
    terminal.send("q")
    terminal.finish()


@pytest.mark.parametrize("way", ["ctrl-c", "term"])
def test_whoever_leaves_in_the_middle_keeps_the_answers_and_the_terminal(library: Machine, way: str) -> None:
    terminal = library.terminal("review")
    before = termios.tcgetattr(terminal._master)
    terminal.wait_for("q quit")
    press(terminal, " ", "4 easy")
    press(terminal, "3", "2 of 3")
    assert termios.tcgetattr(terminal._master)[3] != before[3]
    if way == "ctrl-c":
        terminal.send("\x03")
    else:
        os.kill(terminal.process.pid, signal.SIGTERM)
    terminal.wait_for("all answers are kept")
    after = termios.tcgetattr(terminal._master)

    assert terminal.finish() == 130
    assert after == before
    assert LEFT in terminal.text
    assert "\x1b[?25h" in terminal.text
    assert "1 card reviewed" in seen(terminal)
    assert "Traceback" not in terminal.text
    assert len(library.run("review").out.splitlines()) == 2


def test_a_card_suspended_elsewhere_while_it_is_shown_is_told_and_the_next_one_comes(library: Machine) -> None:
    terminal = opened(library)
    press(terminal, " ", "4 easy")
    library.ok("review", "list")
    library.ok("review", "suspend", "1")
    press(terminal, "4", "the card is suspended")
    assert "Grace upon grace" in seen(terminal)
    library.ok("review", "remove", "2")
    library.ok("review", "remove", "3")
    press(terminal, " ", "4 easy")
    terminal.send("3")

    assert terminal.finish() == 0
    assert "no card was answered" in seen(terminal)


def test_several_pasted_lines_are_text_and_no_orders(library: Machine) -> None:
    terminal = opened(library)
    assert "\x1b[?2004h" in terminal.text
    press(terminal, "\x1b[200~ 4\rq\x1b[201~", "first letters")
    press(terminal, "m", "first letters")
    press(terminal, "m", "type it out")
    press(terminal, "\x1b[200~we know\r\nthat all\r4\nq things\x1b[201~ work", "that all 4 q things work▏")
    press(terminal, "\r", "words right")
    terminal.send("q")

    assert terminal.finish() == 0
    assert "no card was answered" in seen(terminal)
    assert "\x1b[?2004l" in terminal.text


def test_a_paste_in_parts_is_one_key() -> None:
    data = "a\x1b[200~wé\r4\x1b[201~\x1b[A\x1b[200~\x1b[201~b".encode()
    whole = ["a", f"{keys.PASTED}wé 4", keys.UP, keys.PASTED, "b"]
    for first in range(data.index(b"w"), data.index(b"\x1b[A") + 1):
        for second in range(first, data.index(b"\x1b[A") + 1):
            keyboard = keys.Keyboard()
            parts = (data[:first], data[first:second], data[second:])

            assert [key for part in parts for key in keyboard._named(part)] == whole


def test_what_a_simple_terminal_pastes_behind_the_first_line_answers_nothing(library: Machine) -> None:
    terminal = opened(library)
    press(terminal, "m", "first letters")
    press(terminal, "m", "type it out")
    press(terminal, "we know\r4\r \r4\rq", "words right")
    assert "Romans 8:28" in seen(terminal)
    terminal.send("q")

    assert terminal.finish() == 0
    assert "no card was answered" in seen(terminal)


SHELL = """
import os, signal, sys, termios
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execvp("scribes", ["scribes", "review"])
while True:
    _, status = os.waitpid(child, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    os.tcsetpgrp(0, os.getpgrp())
    canonical = termios.tcgetattr(0)[3] & termios.ICANON != 0
    print("STOPPED", canonical, flush=True)
    sys.stdin.readline()
    os.tcsetpgrp(0, child)
    os.killpg(child, signal.SIGCONT)
"""


def test_ctrl_z_gives_the_shell_its_screen_and_fg_goes_on(library: Machine) -> None:
    terminal = Terminal(library, [sys.executable, "-c", SHELL])
    terminal.wait_for("q quit")
    press(terminal, " ", "4 easy")
    before = len(terminal.raw)
    terminal.send("\x1a")
    terminal.wait_for("STOPPED", after=before)
    terminal.wait_for("True", after=before)
    assert terminal.raw[before:].index(LEFT.encode()) < terminal.raw[before:].index(b"STOPPED")
    assert b"\x1b[?25h" in terminal.raw[before:]
    before = len(terminal.raw)
    terminal.send("\n")
    terminal.wait_for("4 easy", after=before)
    assert b"\x1b[?1049h" in terminal.raw[before:]
    press(terminal, "4", "2 of 3")
    terminal.send("q")

    assert terminal.finish() == 0
    assert "1 card reviewed" in seen(terminal)


@pytest.mark.parametrize("columns", [24, 40, 60, 80])
def test_a_card_of_the_listing_has_one_line_in_any_window(library: Machine, columns: int) -> None:
    library.ok("list")
    library.ok("rm", "1")
    terminal = library.terminal("review", "list", columns=columns)
    assert terminal.finish() == 0

    assert len(terminal.shown) == 3
    assert terminal.shown[0].startswith("1  ")
    assert "Romans" in terminal.shown[0]
    assert ("20" in terminal.shown[0][8:14]) == (columns >= 60)


def test_the_last_note_stays_the_last_note_whatever_cards_are_done(library: Machine) -> None:
    library.ok("review", "list")
    library.ok("review", "answer", "1", "good")
    library.ok("review", "undo")

    assert "Grace upon grace" in library.ok("show", "-")


def test_a_closed_terminal_ends_the_session(library: Machine) -> None:
    terminal = opened(library)
    terminal.close()

    assert terminal.process.wait(20) != 0
    assert len(library.run("review").out.splitlines()) == 3


def test_a_resized_window_is_drawn_anew(library: Machine) -> None:
    terminal = opened(library)
    press(terminal, " ", "4 easy")
    before = len(terminal.raw)
    terminal.resize(34, 14)
    terminal.wait_for("q quit", after=before)
    terminal.wait_for("\x1b[J", after=before)

    assert len(terminal.shown) <= 14
    assert terminal.shown[0].startswith("  1 of 3")
    assert "  4 easy" in seen(terminal)
    before = len(terminal.raw)
    terminal.resize(100, 30)
    terminal.wait_for("q quit", after=before)
    terminal.wait_for("\x1b[J", after=before)
    assert "1 again 1 min   2 hard 6 min" in seen(terminal)
    terminal.send("q")
    assert terminal.finish() == 0


def test_a_long_text_is_scrolled(machine: Machine) -> None:
    machine.ok("add", "--title", "Long", "\n".join(f"line {number}" for number in range(60)))
    machine.ok("review", "add", "-")
    terminal = opened(machine)
    press(terminal, " ", "more lines")
    assert "line 5" in seen(terminal)
    assert "line 59" not in seen(terminal)
    press(terminal, "\x1b[6~" * 5, "line 59")

    assert "more lines" not in seen(terminal)
    terminal.send("q")
    assert terminal.finish() == 0


def test_escapes_in_a_note_do_not_reach_the_terminal_and_wide_letters_fit(machine: Machine) -> None:
    machine.file(
        "notes/evil.md", '---\ntitle: "T \\x1b]0;pwned\\a 恩典與真理"\n---\n\n' + "恩典與真理" * 40 + "\x1b[31m"
    )
    machine.ok("import", "markdown", "notes")
    machine.ok("list")
    machine.ok("review", "add", "1")
    terminal = opened(machine, columns=40)
    press(terminal, " ", "4 easy")

    assert "\x1b]" not in terminal.text
    assert "\x1b[31m恩" not in terminal.text
    assert "恩典與真理" in seen(terminal)
    terminal.send("q")
    assert terminal.finish() == 0


def test_the_forecast_is_drawn_as_bars(library: Machine) -> None:
    terminal = library.terminal("review", "--forecast", lines=40)
    assert terminal.finish() == 0

    assert terminal.shown[0].endswith("  " + "░" * 50 + " 3 new")
    assert len(terminal.shown) == 31


def test_with_nothing_due_it_says_so_and_leaves_the_screen_alone(machine: Machine) -> None:
    machine.ok("init")
    terminal = machine.terminal("review")

    assert terminal.finish() == 0
    assert terminal.shown == ['there are no cards yet: scribes review add "Rom 8:28" makes one']
    assert LEFT not in terminal.text
