"""A lock between processes on a whole vault: shared by every transaction, exclusive while the file is replaced.

SQLite's own locks belong to one file; they cannot guard the moment in which another file takes its place (a key
rotation, a restore). The lock file beside the vault can. It is empty and stays.
"""

from __future__ import annotations

import errno
import os
import time

from .errors import Busy
from .files import from_os_error, remove_quietly

try:
    import fcntl
except ImportError:  # Windows: an open file cannot be replaced there, so the system itself is the guard
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".lock"
WAIT_S = 10.0
PAUSE_S = 0.01


class VaultLock:
    """One holder's handle on the lock of a vault. Not shared between threads: each takes its own."""

    def __init__(self, vault_path: str, *, mode: int = 0o600) -> None:
        path = vault_path + SUFFIX
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), mode)
        except OSError as e:
            raise from_os_error(e, path) from e

    def share(self) -> None:
        """Hold it together with others that share it.

        Raises: Busy.
        """
        if fcntl:
            self._take(fcntl.LOCK_SH)

    def exclude(self) -> None:
        """Hold it alone.

        Raises: Busy.
        """
        if fcntl:
            self._take(fcntl.LOCK_EX)

    def release(self) -> None:
        """Let others have it."""
        if fcntl:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of it for good."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def _take(self, kind: int) -> None:
        deadline = None
        while True:
            try:
                fcntl.flock(self._handle, kind | fcntl.LOCK_NB)
                return
            except OSError as e:
                if e.errno not in (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK):
                    # No contention: a file system that knows no locks.
                    raise
                now = time.monotonic()
                deadline = deadline or now + WAIT_S
                if now > deadline:
                    raise Busy("another process is at work on the whole vault", hint="try again in a moment") from e
                time.sleep(PAUSE_S)


def hold(path: str) -> int | None:
    """An empty lock file held alone, as a file descriptor to close; None while another process or thread holds it.

    Raises: InvalidInput, StorageFull, where no file can be made.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as e:
        raise from_os_error(e, path) from e
    try:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            # Far behind what a holder may write into it, which others read.
            os.lseek(handle, 1 << 30, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            os.lseek(handle, 0, os.SEEK_SET)
        # What its last holder wrote into it is over.
        os.ftruncate(handle, 0)
    except OSError:
        os.close(handle)
        return None
    return handle


class HeldFile:
    """A lock file that `hold` gave, as something to close."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def close(self) -> None:
        """Let others have it."""
        os.close(self._handle)


def remove_database(path: str) -> None:
    """Remove a database file with all SQLite keeps beside it, and its lock."""
    for suffix in ("", "-wal", "-shm", "-journal", SUFFIX):
        remove_quietly(path + suffix)
