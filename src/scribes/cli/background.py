"""The index of meaning is brought up to date behind the back of the person: by a process of its own, after a change.

It is started, not waited for. One works at a time on a vault; a second one finds the lock held and is not even started.
"""

from __future__ import annotations

import os
import sys

from ..errors import ScribesError
from ..locks import hold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..wiring import Scribes
    from .session import Session

LOCK_SUFFIX = ".indexing"
# What changes the file and leaves no note to embed.
NOT_AFTER = ("index", "init", "lock", "unlock", "key", "backup", "restore-backup", "doctor")
NICENESS = 10
# How long a search may be held up by notes that are not embedded yet.
PATIENCE_S = 0.5


def start(session: Session, vault: str) -> None:
    """Start indexing, unless it runs already or a person wants to do it themselves. Never fails: it can wait."""
    if session.settings.indexing != "background" or session.settings.embedder == "off" or os.name != "posix":
        return
    lock = try_lock(vault)
    if lock is None:
        return
    os.close(lock)
    # Nothing secret: the key is found where this command found it. Where only a person knows it, nothing happens.
    # -P: no module is taken from the folder that the person happens to stand in.
    words = [sys.executable, "-P", "-m", "scribes", "--vault", vault, "index", "--behind", "--quiet"]
    null = os.open(os.devnull, os.O_RDWR)
    try:
        os.posix_spawn(
            sys.executable,
            words,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, null, stream) for stream in (0, 1, 2)],
            setsid=True,
        )
    except (OSError, NotImplementedError):
        pass
    finally:
        os.close(null)


def catch_up(session: Session, vault: Scribes) -> None:
    """Before a search: embed the few notes that still wait, where nobody is at it; of many, the rest comes behind."""
    if session.settings.indexing != "background" or session.settings.embedder == "off":
        return
    lock = None
    try:
        if not vault.meaning.is_due() or (lock := try_lock(vault.path)) is None:
            return
        vault.meaning.run(seconds=PATIENCE_S)
        session.is_indexed = not vault.meaning.is_due()
    except ScribesError:
        # The search goes on with what is there.
        pass
    finally:
        if lock is not None:
            os.close(lock)


def stop(vault: str) -> None:
    """Stop the process behind, as `lock` must: it holds the key. What it has done is kept."""
    import signal

    lock = try_lock(vault)
    if lock is not None:
        os.close(lock)
        return
    try:
        with open(vault + LOCK_SUFFIX, encoding="ascii") as file:
            os.kill(int(file.read(20)), signal.SIGTERM)
    except (OSError, ValueError):
        # It has just ended, or is no process behind but a person's own command.
        pass


def try_lock(vault: str) -> int | None:
    """The lock of the one indexer, as a file descriptor; None while another holds it, or where none can be made."""
    try:
        return hold(vault + LOCK_SUFFIX)
    except ScribesError:
        return None
