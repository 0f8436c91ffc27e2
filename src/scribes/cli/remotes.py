"""What the commands of sync, devices and circles share: a folder as a remote, a run with its bars, what was done."""

from __future__ import annotations

import os
import sys

from ..errors import InvalidInput, NotFound, ScribesError
from .output import YELLOW, counted, fit, plain, say, write
from .progress import Bar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Any

    from ..adapters.remote_folder import FolderRemote
    from ..models.sync import SpaceSynced
    from ..wiring import Scribes
    from .session import Session

LOOK = "what is here stays; scribes sync verify reads all of it anew, scribes sync --seen forgets what was said"


def folder_remote(folder: str, *, make: bool = False) -> FolderRemote:
    """A folder that keeps logs; with `make`, one that keeps none becomes such a folder, where it is new or empty.

    Raises: InvalidInput, NotFound, AlreadyExists, Unavailable, Damaged.
    """
    from ..adapters.remote_folder import FolderRemote

    if not folder.strip():
        raise InvalidInput("which folder?", hint="scribes sync setup ~/Dropbox/scribes")
    remote = FolderRemote(os.path.realpath(os.path.expanduser(folder)))
    above = os.path.dirname(remote.name)
    if not os.path.isdir(above):
        raise NotFound(f"there is no folder {above}", hint="is it mounted? make it first, where it should be new")
    if make:
        remote.found()
    else:
        remote.identify()
    return remote


def is_server(place: str) -> bool:
    """Whether a place that somebody named is a server, and no folder."""
    return place.strip().lower().startswith(("https://", "http://"))


def keeps_logs(remote: FolderRemote) -> bool:
    """Whether somebody's notes are in a folder already."""
    return os.path.isdir(os.path.join(remote.name, "spaces"))


def circle_folder(folder: str | None, server: str | None, *, make: bool = False) -> FolderRemote | None:
    """The folder where a circle's log lies, where the person names one: looked at before a vault is opened, or made.

    Raises: InvalidInput, NotFound, Unavailable.
    """
    if folder and server:
        raise InvalidInput("--folder and --server exclude each other")
    return folder_remote(folder, make=make) if folder else None


def circle_place(vault: Scribes, folder: FolderRemote | None, server: str | None) -> Any:
    """Where a circle's log lies, known from now on; None where the person did not say.

    Raises: NotSignedIn, Unavailable.
    """
    if server:
        return vault.servers.place_of(server)
    return vault.sync.know(folder, kind="folder", place=folder.name) if folder else None


class Bars:
    """A bar for each thing that a sync does, one after another."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._title = ""
        self._bar: Bar | None = None

    def __call__(self, title: str, done: int) -> None:
        """Show how many changes it has been so far."""
        if self._bar is None or title != self._title:
            self._close()
            self._title, self._bar = title, Bar(self._session, plain(title))
        self._bar(done, 0)

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)


def synchronise(session: Session, vault: Scribes, *, may_refill: bool = False) -> list[SpaceSynced]:
    """Synchronise everything; bars show it where it takes long. Where one space cannot be, the others are shown before
    that is said.

    Raises: as `Sync.run`.
    """
    done: list[SpaceSynced] = []
    try:
        with Bars(session) as bars:
            return vault.sync.run(may_remove=session.yes, may_refill=may_refill, progress=bars, done=done.append)
    except ScribesError:
        if not session.json and not session.quiet:
            write(session, synced_lines(session, done))
        raise


def synced_lines(session: Session, found: Sequence[SpaceSynced]) -> list[str]:
    """What was done in each space, a line each; numbers alone for programs."""
    if not session.tty:
        return [
            "\t".join(
                map(str, (plain(one.name), one.sent, one.received, one.added, one.merged, one.removed, one.clashes))
            )
            for one in found
        ]
    widest = min(max((len(one.name) for one in found), default=0), 30)
    return [f"{fit(plain(one.name), widest)}  {_done(one)}" for one in found]


def _done(one: SpaceSynced) -> str:
    parts = [
        (one.sent, f"{one.sent} sent"),
        (one.received, f"{one.received} received"),
        (one.merged, f"{one.merged} merged"),
        (one.removed, f"{counted(one.removed, 'note')} to the trash"),
    ]
    return ", ".join(text for number, text in parts if number) or "nothing new"


def say_what_waits(session: Session, found: Sequence[SpaceSynced]) -> None:
    """Say which conflicts wait, and what a remote did that it must not do."""
    waiting = sum(one.clashes for one in found)
    if waiting:
        say(session, f"{counted(waiting, 'conflict')} wait{'s' * (waiting == 1)} to be looked at: scribes conflicts")
    warn(session, [(one.name, alert) for one in found for alert in one.alerts])


def warn(session: Session, alerts: Sequence[tuple[str, str]], *, hint: str = LOOK) -> None:
    """Alerts of spaces, on standard error, even where nothing else is said; programs find them in the JSON."""
    if session.json or not alerts:
        return
    for name, alert in alerts:
        text = f"warning: {plain(name)}: {plain(alert)}"
        sys.stderr.write((f"\x1b[{YELLOW}m{text}\x1b[0m" if session.error_color else text) + "\n")
    sys.stderr.write(f"hint: {hint}\n")


def say_unsent(session: Session) -> None:
    """Say how what was done reaches the others, where no daemon sees to that."""
    from ..services import daemon

    if not session.settings.sync_minutes or daemon.state(session.settings.vault) is None:
        say(session, "scribes sync sends it")
