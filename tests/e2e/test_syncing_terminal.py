"""Pairing and conflicts as two people at two terminals have them: waiting, comparing, choosing by single keys."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from .machine import Machine, Terminal

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
CODE = re.compile(r"scribes devices add ([0-9A-Z-]{29})")
FINGERPRINT = re.compile(r"(?:\w+ \d+,?\s+){5}\w+ \d+")


@pytest.fixture
def desk(tmp_path: Path) -> Machine:
    """A machine whose notes are in a folder too."""
    machine = Machine(tmp_path, "desk")
    machine.env["SCRIBES_DEVICE"] = "desk"
    machine.ok("add", "--title", "River", "He led me to the still water, and I sat down.")
    machine.ok("sync", "setup", "../shared")
    machine.ok("sync")
    return machine


@pytest.fixture
def phone(tmp_path: Path) -> Machine:
    """A machine that has nothing yet."""
    machine = Machine(tmp_path, "phone")
    machine.env["SCRIBES_DEVICE"] = "phone"
    return machine


def unstyled(terminal: Terminal) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", terminal.text)


def _words(text: str) -> str:
    """A text without its line breaks and commas."""
    return " ".join(text.replace(",", " ").split())


def asks(phone: Machine, *, lines: int = 50) -> tuple[Terminal, str, str]:
    """The new device, waiting; its code and its fingerprint."""
    terminal = phone.terminal("devices", "add", "--folder", "../shared", lines=lines)
    terminal.wait_for("waiting for your other device")
    code, mark = CODE.search(unstyled(terminal)), FINGERPRINT.search(unstyled(terminal))
    assert code is not None
    assert mark is not None
    return terminal, code[1], _words(mark[0])


def paired(desk: Machine, phone: Machine) -> None:
    code = phone.ok("-q", "devices", "add", "--folder", "../shared").strip()
    desk.ok("devices", "add", code, "--yes")
    phone.ok("devices", "add", "--folder", "../shared")


def test_a_new_device_waits_and_has_the_notes_once_it_is_let_in(desk: Machine, phone: Machine) -> None:
    waiting, code, mark = asks(phone)
    comparing = desk.terminal("devices", "add", code)
    comparing.wait_for("[y/N] ")
    assert mark in _words(unstyled(comparing))
    comparing.send("y\n")
    assert comparing.finish() == 0

    assert waiting.finish() == 0
    assert "3 received" in waiting.text
    assert "River" in phone.ok("list")


def test_a_no_lets_nobody_in(desk: Machine, phone: Machine) -> None:
    waiting, code, _ = asks(phone)
    comparing = desk.terminal("devices", "add", code)
    comparing.wait_for("[y/N] ")
    comparing.send("n\n")

    assert comparing.finish() == 2
    assert "phone" not in desk.ok("devices")
    waiting.process.send_signal(signal.SIGINT)
    assert waiting.finish() == 130
    assert "Traceback" not in waiting.text


def test_waiting_that_was_left_goes_on_with_the_same_code(desk: Machine, phone: Machine) -> None:
    waiting, code, mark = asks(phone)
    waiting.send("\x03")
    assert waiting.finish() == 130
    again, same_code, same_mark = asks(phone)
    again.send("\x03")
    again.finish()
    desk.ok("devices", "add", code, "--yes")

    assert (same_code, same_mark) == (code, mark)
    phone.ok("devices", "add", "--folder", "../shared")
    assert "River" in phone.ok("list")


def test_the_code_to_photograph_is_shown_where_it_fits(desk: Machine, phone: Machine) -> None:
    for lines, is_shown in ((50, True), (24, False)):
        waiting, _, mark = asks(phone, lines=lines)
        waiting.send("\x03")
        waiting.finish()

        assert ("▀▄" in waiting.text) == is_shown
        assert mark in _words(" ".join(waiting.shown)), "the words were pushed off the screen"


def test_conflicts_are_settled_by_single_keys(desk: Machine, phone: Machine) -> None:
    paired(desk, phone)
    for machine, word, title in ((desk, "deep", "Stream"), (phone, "quiet", "Brook")):
        machine.ok("list")
        machine.ok("edit", "1", "--title", title, "--body", f"He led me to the {word} water, and I sat down.")
    desk.ok("sync")
    phone.ok("sync")
    terminal = phone.terminal("conflicts", "--choose", columns=90, lines=40)
    for key, said in (("x", ""), ("t", "theirs"), ("o", "ours")):
        seen = len(terminal.raw)
        if said:
            terminal.wait_for("q quit")
        terminal.send(key)
        terminal.wait_for(said or "q quit", after=seen if said else 0)

    assert terminal.finish() == 0
    assert "2 settled, 0 left" in terminal.text
    assert "\x1b[1;33mBrook\x1b[0m" in terminal.text, "what differs is not marked"
    assert phone.run("conflicts").err == "no conflicts\n"
    phone.ok("sync")
    desk.ok("sync")
    assert desk.ok("show", "1") == phone.ok("show", "1")


def test_choosing_can_be_left_and_what_is_left_waits(desk: Machine, phone: Machine) -> None:
    paired(desk, phone)
    for machine, word in ((desk, "deep"), (phone, "quiet")):
        machine.ok("list")
        machine.ok("edit", "1", "--body", f"He led me to the {word} water, and I sat down.")
    desk.ok("sync")
    phone.ok("sync")
    for key in ("s", "q", "\x04"):
        terminal = phone.terminal("conflicts", "--choose")
        terminal.wait_for("q quit")
        terminal.send(key)

        assert terminal.finish() == 0
        assert "0 settled, 1 left" in terminal.text
