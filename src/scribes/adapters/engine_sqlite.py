"""The engine over one encrypted SQLite file (apsw-sqlite3mc)."""

from __future__ import annotations

import os
import time
from _thread import allocate_lock

import apsw

from .. import sqlite_file
from ..errors import Busy, Conflict, Damaged, ScribesError
from ..files import remove_quietly, sync_folder
from ..locks import VaultLock
from ..sqlite_file import BUSY_TIMEOUT_MS, SqliteTx, translated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ..locks import HeldFile
    from ..ports import Progress, Tx

IDLE_CONNECTIONS = 8


class SqliteEngine:
    """One encrypted file. Each transaction has a connection of its own, so threads never share one."""

    def __init__(
        self,
        path: str,
        key: bytes,
        *,
        create: bool = False,
        locked: bool = False,
        clock: Callable[[], int] | None = None,
    ) -> None:
        sqlite_file.check_cipher()
        self.path = path
        self.has_written = False
        """Whether something was written through this object."""
        self.busy_timeout_ms = BUSY_TIMEOUT_MS
        """How long a transaction waits for another process that writes."""
        self.key_source: Callable[[], bytes] | None = None
        """Asked for the file's key when another process gave it a new one."""
        self._key = key
        self._clock = clock or (lambda: time.time_ns() // 1000)
        self._idle: list[_Link] = []
        self._writing = allocate_lock()
        self._closed = False
        # True while the caller holds the vault's lock alone.
        self._exclusive = locked
        self._give_back(_Link(path, key, create=create, locked=locked))

    def read(self) -> _Transaction:
        """A transaction that sees one state of the file."""
        return _Transaction(self, write=False)

    def write(self) -> _Transaction:
        """A transaction that may change things."""
        return _Transaction(self, write=True)

    def copy_to(self, path: str, key: bytes, progress: Progress | None = None) -> None:
        """A consistent, encrypted, verified copy under another key; nothing is left behind when it fails.

        Raises: Busy, StorageFull, Damaged.
        """
        # Inside a transaction: it makes sure that this is the file which stands here now, and no other takes its place.
        link = self._begin(write=False)
        try:
            sqlite_file.copy(link.connection, path, key, progress)
        finally:
            self._end(link)

    def hold(self, name: str) -> HeldFile | None:
        """The right to do what one at a time may do; None while another process or thread has it."""
        return sqlite_file.held(self.path, name)

    def problems(self) -> list[str]:
        """What an integrity check of the whole file finds; empty when sound."""
        try:
            with self.read() as tx:
                return sqlite_file.problems(tx)
        except Damaged as e:
            return [e.message]

    def alone(self) -> _Alone:
        """A context in which no other process or thread has a transaction on the vault.

        Raises: Busy.
        """
        return _Alone(self)

    def replace_with(self, path: str, key: bytes) -> None:
        """Put a copy under another key in the place of this file, and go on with it. Call it inside `alone`.

        Raises: Busy, when somebody outside Scribes holds the file open.
        """
        self._fold_log()
        self._let_go()
        try:
            # The log is empty and folded in: without it the old file is whole, so a crash here loses nothing, and the
            # new file must not meet a log that is not its own.
            remove_quietly(self.path + "-wal")
            remove_quietly(self.path + "-shm")
            os.replace(path, self.path)
            sync_folder(os.path.dirname(self.path))
            self._key = key
        except OSError as e:
            raise translated(e) from e

    def close(self) -> None:
        """Let go of the file."""
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _fold_log(self) -> None:
        link = self._take()
        try:
            left = link.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except apsw.Error as e:
            raise translated(e) from e
        finally:
            self._give_back(link)
        if left and left[0]:
            raise Busy("another process is reading the vault", hint="close it and try again")

    def _take(self) -> _Link:
        if self._closed:
            raise ScribesError("the vault is closed", hint="open it again")
        try:
            return self._idle.pop()
        except IndexError:
            return _Link(self.path, self._key, create=False, locked=self._exclusive)

    def _give_back(self, link: _Link) -> None:
        if self._closed or len(self._idle) >= IDLE_CONNECTIONS:
            link.close()
        else:
            self._idle.append(link)

    def _begin(self, *, write: bool) -> _Link:
        link = self._take()
        try:
            if not self._exclusive:
                link.lock.share()
            if sqlite_file.files_at(self.path) != link.files:
                link = self._renewed(link)
            link.connection.set_busy_timeout(self.busy_timeout_ms)
            # A deferred transaction that writes later can meet SQLITE_BUSY at once, so writers say so at the start.
            link.connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            return link
        except (apsw.Error, OSError) as e:
            link.close()
            raise translated(e) from e
        except BaseException:
            link.close()
            raise

    def _renewed(self, link: _Link) -> _Link:
        """A link to the file that stands here now: after a rotation or a restore it is another one, and writing into
        the old one would lose what is written.
        """
        link.close()
        # While it is looked for, nobody may put yet another file here.
        guard = VaultLock(self.path)
        try:
            if not self._exclusive:
                guard.share()
            link = self._link_with_present_key()
            if not self._exclusive:
                link.lock.share()
            return link
        finally:
            guard.close()

    def _link_with_present_key(self) -> _Link:
        try:
            return self._link_with(self._key)
        except Damaged as e:
            if self.key_source is None:
                raise Conflict("the vault got another key in another process", hint="open it again") from e
            self._key = self.key_source()
            return self._link_with(self._key)

    def _link_with(self, key: bytes) -> _Link:
        return _Link(self.path, key, create=False, locked=self._exclusive)

    def _end(self, link: _Link) -> None:
        if link.connection.in_transaction:
            link.connection.execute("ROLLBACK")
        if not self._exclusive:
            link.lock.release()
        self._give_back(link)


class _Link:
    """A connection, the file it is connected to, and its hold on the vault's lock."""

    def __init__(self, path: str, key: bytes, *, create: bool, locked: bool = False) -> None:
        if not create:
            sqlite_file.check_is_there(path)
        self.lock = VaultLock(path)
        connection = None
        try:
            if not locked:
                self.lock.share()
            connection = sqlite_file.connect(path, key, create=create)
            self.connection, self.files = connection, sqlite_file.files_at(path)
            if not locked:
                self.lock.release()
        except (apsw.Error, OSError) as e:
            if connection is not None:
                connection.close()
            self.lock.close()
            raise translated(e) from e
        except BaseException:
            if connection is not None:
                connection.close()
            self.lock.close()
            raise

    def close(self) -> None:
        """Let go of the connection and of the lock; twice is fine."""
        self.connection.close()
        self.lock.close()


class _Alone:
    """Holds the vault's lock alone while it is entered."""

    def __init__(self, engine: SqliteEngine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        self._engine._writing.acquire()
        try:
            self._lock = VaultLock(self._engine.path)
            self._lock.exclude()
            self._engine._exclusive = True
        except BaseException:
            self._engine._writing.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine._exclusive = False
        self._lock.close()
        self._engine._writing.release()


class _Transaction:
    """A transaction as a context: see `ports.TxContext`."""

    def __init__(self, engine: SqliteEngine, *, write: bool) -> None:
        self._engine = engine
        self._write = write

    def __enter__(self) -> Tx:
        # Who holds the whole vault alone has the right to write already.
        self._guarded = self._write and not self._engine._exclusive
        if self._guarded:
            self._engine._writing.acquire()
        try:
            self._link = self._engine._begin(write=self._write)
        except BaseException:
            if self._guarded:
                self._engine._writing.release()
            raise
        return SqliteTx(self._link.connection, self._engine._clock())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._link.connection.execute("COMMIT")
                self._engine.has_written = self._engine.has_written or self._write
        except apsw.Error as e:
            raise translated(e) from e
        finally:
            self._engine._end(self._link)
            if self._guarded:
                self._engine._writing.release()
