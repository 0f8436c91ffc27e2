"""`scribes daemon`: the process that keeps time. Reminders, deliveries, backups, the index, the calendar file."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ..errors import AlreadyExists, Conflict, Locked, NotFound, ScribesError, WrongKey
from ..services import daemon as state
from . import background, units
from .app import put
from .output import plain, say, write, write_json
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..adapters.runner_apscheduler import SchedulerRunner
    from ..wiring import Scribes
    from .session import Session

LOOK_S, UPKEEP_S, BACKUP_LOOK_S = 5.0, 60.0, 3600.0
# How long one look at the index may take before what is due gets its turn.
INDEX_S = 20.0


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    group = typer.Typer(help="The process that keeps time.", rich_markup_mode=None, invoke_without_command=True)
    group.callback()(daemon)
    for verb, action, examples in (
        ("run", run, ("scribes daemon run",)),
        ("install", install, ("scribes daemon install", "scribes daemon install --dry-run")),
        ("uninstall", uninstall, ("scribes daemon uninstall",)),
        ("status", status, ("scribes daemon status", "scribes daemon status --json")),
    ):
        put(group, verb, action, examples)
    app.add_typer(group, name="daemon")


def daemon(context: typer.Context) -> int:
    """Keep time: bring reminders, make backups, keep the index and the calendar file up to date. Ctrl-C ends it."""
    return run() if context.invoked_subcommand is None else 0


def run() -> int:
    """Keep time in this terminal, until Ctrl-C. scribes daemon install does so from every login on."""
    return Daemon(current()).run()


def install(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show the file, and write nothing")] = False,
) -> int:
    """Start the daemon now and at every login: by systemd on Linux, by launchd on macOS."""
    session = current()
    unit = units.of_this_machine(session.settings.vault)
    if dry_run:
        write(session, [unit.path, "", *unit.text.splitlines()])
        return 0
    with session.open() as vault:
        _first_channel(session, vault)
    started = units.install(unit)
    if session.json:
        write_json({"file": unit.path, "started": started})
    else:
        write(session, [f"wrote {unit.path}"])
        say(session, "the daemon runs: scribes daemon status" if started else f"start it with: {unit.start_words}")
    return 0


def uninstall() -> int:
    """Stop the daemon, and start it at no login any more."""
    session = current()
    unit = units.of_this_machine(session.settings.vault)
    if not units.uninstall(unit):
        raise NotFound("the daemon is not installed", hint="scribes daemon install does that")
    write(session, [f"removed {unit.path}"])
    return 0


def status() -> int:
    """Show whether the daemon lives, and whether it starts at login."""
    session = current()
    living = state.state(session.settings.vault)
    try:
        unit_path = units.of_this_machine(session.settings.vault).path
    except ScribesError:
        unit_path = ""
    installed = bool(unit_path) and os.path.exists(unit_path)
    if session.json:
        data = None
        if living is not None:
            data = {"pid": living.pid, "startedAt": living.started_at.isoformat(),
                    "lookedAt": living.looked_at.isoformat(), "locked": living.is_locked}  # fmt: skip
        write_json({"running": data, "installed": installed})
        return 0
    if living is None:
        lines = ["the daemon does not run"]
    else:
        since = living.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        waits = ", waiting for the vault to be unlocked" if living.is_locked else ""
        lines = [f"the daemon runs since {since} as process {living.pid}{waits}"]
    lines.append("it starts at every login" if installed else "it is not installed: scribes daemon install")
    write(session, lines)
    return 0


class Daemon:
    """One life of the daemon. It opens the vault when it can, and lets go of it when told to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._path = session.settings.vault
        self._started = int(time.time())
        self._vault: Scribes | None = None
        self._waits_for = ""
        self._must_close = False
        self._runner: SchedulerRunner | None = None
        self._lock = -1
        self._is_stopping = False
        self._troubles: dict[str, str] = {}
        # Works run in threads of their own: how many use the vault, and who may open or close it.
        self._users = 0
        self._holding = threading.Lock()

    def run(self) -> int:
        """Keep time until a signal says stop.

        Raises: AlreadyExists, NotFound.
        """
        from ..adapters.runner_apscheduler import SchedulerRunner

        if not os.path.isdir(os.path.dirname(self._path)):
            raise NotFound(f"there is no vault at {self._path}", hint='scribes add "…" makes one with the first note')
        lock = state.take(self._path)
        if lock is None:
            raise AlreadyExists("a daemon of this vault runs already", hint="scribes daemon status")
        self._lock = lock
        self._runner = SchedulerRunner(clock_was_set=self._clock_was_set)
        runner = self._runner
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, lambda *_: setattr(self, "_must_close", True))
        self._say("the daemon begins")
        # Backups and the index are heavy, but each has a thread of its own, and none keeps what is due waiting.
        runner.every(LOOK_S, "jobs", self._guarded(self._do_due))
        runner.every(UPKEEP_S, "calendar", self._guarded(self._write_calendar))
        runner.every(UPKEEP_S, "index", self._guarded(self._index))
        runner.every(BACKUP_LOOK_S, "backup", self._guarded(self._backup))
        if self._session.settings.sync_minutes:
            runner.every(self._session.settings.sync_minutes * 60.0, "sync", self._guarded(self._synchronise))
        try:
            runner.run()
        finally:
            self._close()
            os.close(lock)
        self._say("the daemon ends")
        return 0

    def _stop(self) -> None:
        """End after what is at hand: a job that was begun is finished, those behind it wait for the next life."""
        self._is_stopping = True
        if self._vault is not None:
            self._vault.jobs.is_stopping = True
        if self._runner:
            self._runner.stop()

    def _guarded(self, work: Callable[[Scribes], None]) -> Callable[[], None]:
        """A work that runs while the vault is open, and whose faults end neither it nor the others."""
        name = work.__name__

        def guarded() -> None:
            trouble = ""
            try:
                vault = self._enter()
                if vault is not None:
                    try:
                        work(vault)
                    finally:
                        self._leave()
            except ScribesError as e:
                # What asks for a person says what to do.
                trouble = plain(f"{e.message} ({e.hint})" if isinstance(e, Conflict) and e.hint else e.message)
            except Exception as e:  # a job runner: the message of an unknown error may hold private text
                trouble = f"unexpected {type(e).__name__}"
            # What lasts is said once, not every few seconds.
            self._say_once(name, trouble)

        return guarded

    def _enter(self) -> Scribes | None:
        """The vault, which nobody closes before `_leave`; None while it is locked, missing or to be let go of."""
        with self._holding:
            self._close_if_told()
            if self._must_close or self._is_stopping:
                return None
            if self._vault is None:
                self._open()
            elif not os.path.exists(self._path):
                self._must_close = True
                return None
            state.note(self._lock, started=self._started, is_locked=self._vault is None)
            self._users += self._vault is not None
            return self._vault

    def _leave(self) -> None:
        with self._holding:
            self._users -= 1
            self._close_if_told()

    def _close_if_told(self) -> None:
        """Let go of the vault and its key when somebody said so and nobody is at work with it."""
        if self._must_close and self._users == 0:
            self._must_close = False
            if self._vault is not None:
                self._close()
                self._say("the vault was locked")

    def _open(self) -> None:
        from ..wiring import open as open_vault

        try:
            self._vault = open_vault(settings=self._session.settings, create=False, command="daemon")
            self._waits_for = ""
            self._say("the vault is open")
        except (Locked, NotFound) as e:
            self._wait(e)

    def _wait(self, error: ScribesError) -> None:
        """Say once what is waited for."""
        what = "the key does not fit" if isinstance(error, WrongKey) else error.message
        if what != self._waits_for:
            self._waits_for = what
            self._say(f"waiting: {plain(what)}")

    def _close(self) -> None:
        vault, self._vault = self._vault, None
        if vault is not None:
            vault.close()

    def _do_due(self, vault: Scribes) -> None:
        ran = vault.jobs.run_due()
        if ran.done or ran.put_off or ran.parked:
            self._say(f"jobs: {ran.done} done, {ran.put_off} put off, {ran.parked} parked")
        coming, now_us = vault.jobs.next_us(), time.time() * 1e6
        if coming is not None and self._runner and now_us < coming < now_us + LOOK_S * 1e6:
            # Not at the next look but at its moment.
            self._runner.also_at(coming, "next", self._guarded(self._do_due))

    def _write_calendar(self, vault: Scribes) -> None:
        if vault.calendar.refresh():
            self._say("the calendar file was written")

    def _index(self, vault: Scribes) -> None:
        settings = self._session.settings
        if settings.embedder == "off" or settings.indexing == "manual" or not vault.meaning.is_due():
            return
        lock = background.try_lock(vault.path)
        if lock is not None:
            try:
                vault.meaning.run(seconds=INDEX_S)
                self._say("the index was brought up to date")
            finally:
                os.close(lock)

    def _synchronise(self, vault: Scribes) -> None:
        if not vault.sync.is_set_up():
            return
        # Another process may have set up a circle since.
        vault.sync.changed()
        try:
            found = vault.sync.run()
        except Conflict as e:
            # Its words name circles.
            raise Conflict("sync waits for a person", hint="scribes sync") from e
        sent, received = sum(one.sent for one in found), sum(one.received for one in found)
        if sent or received:
            self._say(f"sync: {sent} sent, {received} received")
        self._say_once(
            "alerts", "sync: a warning waits (scribes sync --status)" if any(o.alerts for o in found) else ""
        )
        waiting = sum(one.clashes for one in found)
        self._say_once("clashes", f"sync: {waiting} to look at (scribes conflicts)" if waiting else "")

    def _say_once(self, about: str, what: str) -> None:
        """Say what lasts when it begins, and not at every look."""
        if what and what != self._troubles.get(about):
            self._say(what)
        self._troubles[about] = what

    def _backup(self, vault: Scribes) -> None:
        made = vault.backups.recent()
        if made and datetime.now(UTC) - made[0].made_at < timedelta(days=self._session.settings.backup_days):
            return
        if vault.notes.count():
            vault.backups.make()
            self._say("a backup was made")

    def _clock_was_set(self, step_s: float) -> None:
        self._say(f"the clock was set {'forward' if step_s > 0 else 'back'} by {abs(step_s):.0f} s")

    def _say(self, what: str) -> None:
        """One line of the log, without a word of any note."""
        if not self._session.quiet:
            sys.stderr.write(f"{datetime.now().astimezone().strftime('%Y-%m-%d %H:%M:%S')} {what}\n")
            sys.stderr.flush()


def _first_channel(session: Session, vault: Scribes) -> None:
    """Where no channel was ever set up, reminders show on this desktop, if there is one."""
    from ..notifiers import DESKTOP

    if vault.channels.each():
        return
    try:
        vault.channels.add(DESKTOP, DESKTOP, {}, {}, shows_text=True)
        say(session, "reminders show on this desktop; scribes notify lists other ways")
    except ScribesError as e:
        say(session, f"no way to reach you yet ({plain(e.message)}): scribes notify add")
