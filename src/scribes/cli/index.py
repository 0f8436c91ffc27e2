"""`scribes index`: bring the index of meaning up to date, or see how far it is."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ..errors import ScribesError
from ..records import as_data
from . import background
from .app import put
from .output import say, write, write_json
from .progress import Bar
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.meaning import IndexStatus
    from .session import Session


def register(app: typer.Typer) -> None:
    """Put the command into the app."""
    put(app, "index", index, ("scribes index", "scribes index --status"))


def index(
    status: Annotated[bool, typer.Option("--status", help="show how far it is, and change nothing")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="make it anew from the notes")] = False,
    behind: Annotated[bool, typer.Option("--behind", hidden=True)] = False,
) -> int:
    """Embed and link the notes that wait, so that they are found by meaning. Commands do this by themselves, behind
    your back, unless the setting indexing is manual.
    """
    session = current()
    if behind:
        return _behind(session)
    with session.open(create=False) as vault:
        if not status:
            lock = background.try_lock(vault.path)
            if lock is None:
                say(session, "another process is at it already: scribes index --status")
            else:
                try:
                    if rebuild:
                        vault.meaning.rebuild()
                    with Bar(session, "embedding notes") as bar:
                        vault.meaning.run(progress=bar)
                finally:
                    os.close(lock)
        found = vault.meaning.status()
    _show(session, found)
    return 0


def _show(session: Session, status: IndexStatus) -> None:
    if session.json:
        write_json(as_data(status))
        return
    if session.quiet:
        return
    if not status.embedder:
        words = "no note is embedded yet"
    else:
        words = f"{status.notes - status.waiting} of {status.notes} notes embedded by {status.embedder}"
        words += f", {status.pieces} pieces, {status.links} links"
    write(session, [words])
    if status.building:
        say(session, "another embedder takes over: until it is done, the old vectors serve")
    if status.waiting and session.settings.embedder == "off":
        say(session, "meaning is switched off: the setting embedder")


def _behind(session: Session) -> int:
    """Work on what waits until nothing does. Nobody reads what is said here, and what fails is tried again later."""
    os.nice(background.NICENESS)
    # The folder somebody stands in may be taken away meanwhile.
    os.chdir(os.path.dirname(session.settings.vault))
    try:
        with session.open(create=False) as vault:
            # What was added just after the last look is not left to the next command.
            while vault.meaning.is_due():
                lock = background.try_lock(vault.path)
                if lock is None:
                    break
                try:
                    # By which `scribes lock` finds it.
                    os.write(lock, str(os.getpid()).encode())
                    vault.meaning.run()
                finally:
                    os.close(lock)
    except ScribesError:
        return 1
    return 0
