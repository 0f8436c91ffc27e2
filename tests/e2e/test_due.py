"""Without a daemon, a command mentions what is due: to a person on a terminal, and to nobody else."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

import scribes
from scribes.config import load
from scribes.models.reminders import NewReminder

from .machine import Machine


@pytest.fixture
def due(machine: Machine) -> Machine:
    """A machine whose vault has a reminder that is due."""
    now = datetime.now(UTC)
    with scribes.open(settings=load(machine.env)) as vault:
        vault.notes.add("Grace upon grace")
        made = vault.reminders.add(NewReminder("call Ruth", (now + timedelta(days=1)).replace(tzinfo=None), "UTC"))
        vault.reminders.snooze([made.id], datetime.now(UTC) + timedelta(seconds=0.3))
    time.sleep(0.4)
    return machine


def on_terminal(machine: Machine, *words: str) -> str:
    terminal = machine.terminal(*words)
    terminal.finish()
    return "\n".join(terminal.shown)


def test_a_command_on_a_terminal_mentions_what_is_due(due: Machine) -> None:
    assert "due: 1 reminder (scribes today)" in on_terminal(due, "list")
    assert "due: 1 reminder (scribes today)" in on_terminal(due, "add", "a note")


def test_programs_are_told_nothing(due: Machine) -> None:
    piped = due.run("list")

    assert "due" not in piped.out + piped.err
    assert "due:" not in on_terminal(due, "list", "--json")
    assert "due:" not in on_terminal(due, "list", "-q")


def test_dealt_with_it_is_mentioned_no_more(due: Machine) -> None:
    listed = on_terminal(due, "reminders")
    due.ok("reminders", "done", "1")

    assert "call Ruth" in listed
    assert "due:" not in on_terminal(due, "list")


def test_jobs_run_once_fires_it_and_the_daemon_is_not_needed(due: Machine) -> None:
    ran = due.ok("jobs", "run")

    assert ran == "1 done, 0 put off, 0 parked\n"
    assert due.ok("jobs", "run") == "0 done, 0 put off, 0 parked\n"
    assert "due: 1 reminder" in on_terminal(due, "list")
