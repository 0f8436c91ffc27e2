"""The daemon as a person has it: a process that brings reminders by mail and to the desktop, is killed, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from threading import Event

import pytest
from aiosmtpd.controller import Controller

import scribes
from scribes.config import load
from scribes.locks import hold
from scribes.models.reminders import NewReminder

from .machine import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and a script on PATH")
WAIT_S = 40.0


class Mailbox:
    """A mail server that keeps what it takes, and can be slow to say that it took it."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.subjects: list[str] = []
        self.arrived = Event()
        self.slow = False

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        import asyncio

        mail = message_from_bytes(envelope.content)  # type: ignore[attr-defined]
        self.taken.append(str(mail["Message-ID"]))
        self.subjects.append(str(mail["Subject"]))
        self.arrived.set()
        if self.slow:
            await asyncio.sleep(5)
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=0)
    # A free port: aiosmtpd wants to know it before it listens.
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server.port = probe.getsockname()[1]
    server.start()
    yield box, server.port
    server.stop()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    # The desktop's test double: it writes down what it is asked to show.
    tools = made.home / "bin"
    tools.mkdir()
    double = tools / "notify-send"
    double.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{made.home}/shown"\n')
    double.chmod(0o755)
    made.env["PATH"] = f"{tools}:{made.env['PATH']}"
    made.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/dev/null"
    made.env["DISPLAY"] = ":0"
    made.env["SCRIBES_BACKUP_DAYS"] = "3650"
    yield made
    for daemon in getattr(made, "daemons", []):
        kill(daemon)


def start(machine: Machine) -> subprocess.Popen[bytes]:
    daemon = machine.start("daemon", "run", stdout=subprocess.DEVNULL)
    machine.daemons = [*getattr(machine, "daemons", []), daemon]  # type: ignore[attr-defined]
    until(lambda: '"pid"' in machine.run("daemon", "status", "--json").out.replace("null", ""), "the daemon lives")
    return daemon


def kill(daemon: subprocess.Popen[bytes]) -> None:
    """End it as kill -9 does, and close what it wrote to."""
    if daemon.poll() is None:
        daemon.kill()
    if daemon.stderr and not daemon.stderr.closed:
        daemon.communicate(timeout=WAIT_S)
    daemon.wait()


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, f"not in {WAIT_S} s: {what}"
        time.sleep(0.1)


def reminder_in(machine: Machine, text: str, seconds: float) -> str:
    """A reminder that fires in so many seconds: one for tomorrow, brought forward, since people say minutes."""
    settings = load(machine.env)
    now = datetime.now(UTC)
    with scribes.open(settings=settings) as vault:
        made = vault.reminders.add(NewReminder(text, (now + timedelta(days=1)).replace(tzinfo=None), "UTC"))
        vault.reminders.snooze([made.id], now + timedelta(seconds=seconds))
    return made.id


def shown(machine: Machine) -> list[str]:
    path = machine.home / "shown"
    return path.read_text().splitlines() if path.exists() else []


def test_a_reminder_reaches_the_desktop_and_the_mailbox_once(machine: Machine, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    machine.ok("add", "Pray for Ruth")
    machine.ok("notify", "add", "desktop")
    add_mail(machine, port)
    daemon = start(machine)
    reminder_in(machine, "Pray for Ruth", 1)
    until(lambda: bool(box.taken and shown(machine)), "both have it")
    daemon.send_signal(signal.SIGTERM)
    log = daemon.communicate(timeout=WAIT_S)[1].decode()

    assert daemon.returncode == 0
    assert [line for line in shown(machine) if "Pray for Ruth" in line] == shown(machine)
    assert len(shown(machine)) == len(box.taken) == 1
    # What the mail says is neutral, since nobody allowed more; the log never names anything.
    assert "Ruth" not in box.subjects[0] + log
    assert "the daemon begins" in log
    assert "the daemon ends" in log


def test_killed_while_a_mail_goes_out_it_goes_on_and_the_person_sees_one(
    machine: Machine, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    machine.ok("add", "Pray for Ruth")
    add_mail(machine, port)
    box.slow = True
    first = start(machine)
    reminder_in(machine, "Pray for Ruth", 1)
    until(box.arrived.is_set, "the mail goes out")
    kill(first)
    box.slow = False
    second = start(machine)
    until(lambda: '"sent"' in machine.run("notify", "log", "--json").out, "the delivery is known to be done")
    time.sleep(1)
    second.terminate()
    second.communicate(timeout=WAIT_S)

    # The mail may go out a second time, as the same mail: a mailbox shows a Message-ID once.
    assert 1 <= len(box.taken) <= 2
    assert len(set(box.taken)) == 1
    assert machine.run("jobs", "list").out == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_or_to_lock_while_a_mail_goes_out_it_finishes_that_and_the_mail_goes_out_once(
    machine: Machine, mailbox: tuple[Mailbox, int], number: signal.Signals
) -> None:
    box, port = mailbox
    machine.ok("add", "Pray for Ruth")
    add_mail(machine, port)
    box.slow = True
    daemon = start(machine)
    reminder_in(machine, "Pray for Ruth", 1)
    until(box.arrived.is_set, "the mail goes out")
    daemon.send_signal(number)
    until(lambda: '"sent"' in machine.run("notify", "log", "--json").out, "the delivery is known to be done")
    if number == signal.SIGHUP:
        time.sleep(6)
        daemon.terminate()
    daemon.communicate(timeout=WAIT_S)

    assert daemon.returncode == 0
    assert len(box.taken) == 1


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="CPU time is read from /proc")
def test_while_another_process_is_at_the_jobs_the_daemon_waits_and_does_not_spin(machine: Machine) -> None:
    machine.ok("add", "Pray for Ruth")
    daemon = start(machine)
    other = hold(str(machine.vault) + ".jobs")
    assert other is not None
    reminder_in(machine, "Pray for Ruth", 0.5)
    time.sleep(3)
    before_s = cpu_s(daemon)
    time.sleep(4)
    after_s = cpu_s(daemon)
    os.close(other)

    assert after_s - before_s < 2.0


def test_a_second_daemon_is_refused_and_a_killed_one_leaves_no_trace_that_hinders(machine: Machine) -> None:
    machine.ok("add", "Pray for Ruth")
    first = start(machine)
    refused = machine.run("daemon", "run")
    kill(first)
    after = machine.run("daemon", "status")
    second = start(machine)

    assert (refused.status, "runs already" in refused.err) == (5, True)
    assert "does not run" in after.out
    assert second.poll() is None


def test_lock_makes_the_daemon_forget_the_key_and_unlock_lets_it_go_on(machine: Machine) -> None:
    machine.runtime()
    machine.ok("add", "Pray for Ruth")
    machine.ok("key", "passphrase", stdin="the heavens declare\n")
    machine.ok("unlock", stdin="the heavens declare\n")
    daemon = start(machine)
    until(lambda: '"locked": false' in status(machine), "it has the vault open")
    machine.ok("lock", "--yes")
    until(lambda: '"locked": true' in status(machine), "it has let go of the vault")
    machine.ok("unlock", stdin="the heavens declare\n")
    until(lambda: '"locked": false' in status(machine), "it has the vault open again")

    assert daemon.poll() is None


def test_doctor_tells_whether_somebody_keeps_time(machine: Machine) -> None:
    machine.ok("add", "Pray for Ruth")
    reminder_in(machine, "Pray for Ruth", 3600)
    without = machine.run("doctor").out
    start(machine)

    assert "1 job waits for it" in without
    assert "runs as process" in machine.run("doctor").out


def test_the_installed_unit_starts_the_daemon_of_this_vault_and_holds_no_secret(machine: Machine) -> None:
    machine.ok("add", "Pray for Ruth")
    machine.env["SCRIBES_PASSPHRASE"] = "the heavens declare"
    printed = machine.ok("daemon", "install", "--dry-run")
    del machine.env["SCRIBES_PASSPHRASE"]
    machine.run("daemon", "install")
    unit = unit_of(machine)
    command = next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    words = [word.strip('"') for word in command.removeprefix("ExecStart=").split(" ")]
    daemon = subprocess.Popen(words, cwd="/", env=machine.env, stderr=subprocess.DEVNULL)
    machine.daemons = [daemon]  # type: ignore[attr-defined]
    until(lambda: '"pid"' in status(machine), "what the unit starts is the daemon")

    assert "heavens" not in printed + unit.read_text()
    assert unit.read_text() in printed.partition("\n\n")[2] + "\n"
    assert machine.run("daemon", "uninstall").status == 0
    assert not unit.exists()


def cpu_s(process: subprocess.Popen[bytes]) -> float:
    """The CPU time of a process: the fields utime and stime of its line in /proc, in hundredths of a second."""
    line = Path(f"/proc/{process.pid}/stat").read_text()
    return sum(map(int, line.rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def unit_of(machine: Machine) -> Path:
    """The one unit that was installed."""
    (unit,) = (machine.home / ".config/systemd/user").glob("scribes-*.service")
    return unit


def status(machine: Machine) -> str:
    return machine.run("daemon", "status", "--json").out


def add_mail(machine: Machine, port: int) -> None:
    details = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "s@example.org", "to": "me@example.org"}
    given = [word for name, value in details.items() for word in ("--set", f"{name}={value}")]
    machine.ok("notify", "add", "email", *given)


def test_systemd_reads_the_unit_as_it_is_meant(machine: Machine) -> None:
    import shutil

    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not on this machine")
    machine.ok("add", "Pray for Ruth")
    machine.run("daemon", "install")
    unit = unit_of(machine)
    checked = subprocess.run(["systemd-analyze", "verify", "--user", str(unit)], capture_output=True, text=True)

    assert str(os.path.basename(unit)) not in checked.stderr


def test_the_daemon_synchronises_and_says_what_lasts_once(machine: Machine) -> None:
    phone = Machine(machine.folder, "phone")
    machine.ok("add", "Pray for Ruth")
    machine.ok("sync", "setup", "../shared")
    machine.ok("sync")
    code = phone.ok("-q", "devices", "add", "--folder", "../shared").strip()
    machine.ok("devices", "add", code, "--yes")
    phone.ok("devices", "add", "--folder", "../shared")
    machine.ok("add", "Pray for Anna")
    daemon = start(machine)
    until(lambda: "0\t" in machine.ok("sync", "--status").split("owner\t")[1][:2], "it has sent the note")
    phone.ok("sync")
    daemon.terminate()
    log = daemon.communicate(timeout=WAIT_S)[1].decode()

    assert "Anna" in phone.ok("list")
    assert "sync: 1 sent" in log
    assert "Pray" not in log
    assert "Anna" not in log


def test_the_daemon_waits_for_a_folder_that_is_not_there_and_lives_on(machine: Machine) -> None:
    machine.ok("add", "Pray for Ruth")
    machine.ok("sync", "setup", "../shared")
    (machine.folder / "shared").rename(machine.folder / "elsewhere")
    daemon = start(machine)
    time.sleep(3)
    alive = daemon.poll() is None
    daemon.terminate()
    log = daemon.communicate(timeout=WAIT_S)[1].decode()

    assert alive
    assert log.count("there is no folder") == 1
