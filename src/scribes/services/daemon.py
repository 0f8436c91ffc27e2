"""The state of the daemon of a vault: a file that it holds locked while it lives, and touches at each look."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from ..errors import ScribesError
from ..locks import hold
from ..records import record

SUFFIX = ".daemon"
# It looks every few seconds: after this long without a look it is stuck.
SILENT_S = 300
TRIES, PAUSE_S = 10, 0.1


@record
class DaemonState:
    """A daemon that is alive: its process, since when, when it last looked, and whether it waits for the key."""

    pid: int
    started_at: datetime
    looked_at: datetime
    is_locked: bool


def take(vault: str) -> int | None:
    """The lock of the one daemon of a vault, as a file descriptor; None while another has it.

    Who only looks whether a daemon lives holds it for an instant, so it is asked for more than once.
    """
    for _ in range(TRIES):
        lock = hold(vault + SUFFIX)
        if lock is not None:
            return lock
        time.sleep(PAUSE_S)
    return None


def note(lock: int, *, started: int, is_locked: bool) -> None:
    """Write into the held lock who holds it; its time of change says when it last looked."""
    data = f"{os.getpid()} {started} {int(is_locked)}\n".encode("ascii")
    # Not pwrite, which Windows has not.
    os.lseek(lock, 0, os.SEEK_SET)
    os.write(lock, data)
    os.ftruncate(lock, len(data))


def state(vault: str) -> DaemonState | None:
    """The daemon that lives, or None."""
    if not os.path.exists(vault + SUFFIX):
        return None
    try:
        lock = hold(vault + SUFFIX)
    except ScribesError:
        # Who may not even lock it cannot tell whose process it names.
        return None
    if lock is not None:
        os.close(lock)
        return None
    try:
        with open(vault + SUFFIX, encoding="ascii") as file:
            pid, started, is_locked = file.read(60).split()
        looked = os.stat(vault + SUFFIX).st_mtime
        return DaemonState(
            int(pid), datetime.fromtimestamp(int(started), UTC), datetime.fromtimestamp(looked, UTC), is_locked == "1"
        )
    except (OSError, ValueError):
        return None


def forget_key(vault: str) -> None:
    """Tell a living daemon to close the vault and forget its key, as `lock` must."""
    import signal

    living = state(vault)
    if living is not None and hasattr(signal, "SIGHUP"):
        try:
            os.kill(living.pid, signal.SIGHUP)
        except OSError:
            # It has just ended.
            return
