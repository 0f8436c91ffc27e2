"""The server's store in one encrypted SQLite file."""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import Lock
from typing import Any

import apsw
from sqlalchemy import create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeftError

from ... import sqlite_file
from ...errors import Busy, Conflict, Damaged, ScribesError
from ...files import remove_quietly, sync_folder
from ...locks import VaultLock
from ...sqlite_file import SqliteTx
from . import sqlite_dialect
from .engine import BUSY_TIMEOUT_MS, MORE_CONNECTIONS, POOL_SIZE, ServerTx, SqlAlchemyEngine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine
    from sqlalchemy.pool import PoolProxiedConnection

    from ...locks import HeldFile
    from ...ports import Progress

PLAIN = b"SQLite format 3\0"
FAULTS = (apsw.Error, sqlite_dialect.Error, DBAPIError)
TROUBLE = (*FAULTS, OSError)

registry.register("sqlite.apsw", sqlite_dialect.__name__, sqlite_dialect.ApswDialect.__name__)
# A request writes a little here and there, and each page it touches is sealed and written: of 4 KiB they cost a note a
# seventh less CPU than of the 8 KiB of a vault.
PAGE_BYTES = 4096


class SqliteServerTx(SqliteTx, ServerTx):
    """A transaction on the file; the statements of the core go to apsw as they do in a vault."""

    def __init__(self, engine: Engine, pooled: PoolProxiedConnection, connection: apsw.Connection, now_us: int) -> None:
        ServerTx.__init__(self, engine, pooled, now_us)
        self._connection = connection

    def is_sound(self) -> bool:
        """Whether it can still be committed: SQLite ends a transaction by itself when, say, the disk is full."""
        return self._connection.in_transaction

    def _command(self, sql: str) -> None:
        self._connection.execute(sql)


class SqliteServerEngine(SqlAlchemyEngine):
    """One encrypted file, in several threads and processes."""

    dialect = "sqlite"
    faults = FAULTS

    def __init__(self, path: str, key: bytes, *, create: bool, clock: Callable[[], int] | None = None) -> None:
        sqlite_file.check_cipher()
        self._key = key
        # True while the caller holds the file's lock alone.
        self._exclusive = False
        self._disk = _Disk(path)
        engine = create_engine(
            "sqlite+apsw://",
            creator=self._connected,
            pool_size=POOL_SIZE,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=BUSY_TIMEOUT_MS / 1000,
            pool_use_lifo=True,
        )
        super().__init__(path, engine, clock=clock)
        try:
            if create:
                sqlite_file.connect(path, key, create=True, page_bytes=PAGE_BYTES).close()
            sqlite_file.check_is_there(path)
            _check_is_sealed(path)
            engine.raw_connection().close()
        except TROUBLE as e:
            raise self._said(e) from e

    def copy_to(self, path: str, key: bytes, progress: Progress | None = None) -> None:
        """A consistent, encrypted, verified copy under another key; nothing is left behind when it fails.

        Raises: Busy, StorageFull, Damaged.
        """
        tx = self._begin(write=False)
        try:
            sqlite_file.copy(tx._connection, path, key, progress)
        finally:
            tx._give_up(FAULTS)
            tx._close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A context in which no other process or thread has a transaction on the file.

        Raises: Busy.
        """
        if not self._writing.acquire(timeout=self.busy_timeout_ms / 1000):
            raise Busy("another request is writing", hint="try again in a moment")
        try:
            lock = VaultLock(self.path)
            try:
                lock.exclude()
                self._exclusive = True
                yield
            finally:
                self._exclusive = False
                lock.close()
        finally:
            self._writing.release()

    def replace_with(self, path: str, key: bytes) -> None:
        """Put a copy under another key in the place of this file, and go on with it. Call it inside `alone`.

        Raises: Busy, when somebody outside Scribes holds the file open.
        """
        try:
            self._fold_log()
            self.sqlalchemy_engine.dispose()
            # As in a vault: the log is empty and folded in, and the new file must not meet a log that is not its own.
            remove_quietly(self.path + "-wal")
            remove_quietly(self.path + "-shm")
            os.replace(path, self.path)
            sync_folder(os.path.dirname(self.path))
            self._key = key
        except TROUBLE as e:
            raise self._said(e) from e

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

    def _fold_log(self) -> None:
        pooled = self.sqlalchemy_engine.raw_connection()
        try:
            left = _dbapi(pooled).apsw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            pooled.close()
        if left and left[0]:
            raise Busy("another process is reading the file", hint="close it and try again")

    def _kept(self) -> int:
        return self._disk.count()

    def _bring_to_disk(self, number: int) -> None:
        try:
            self._disk.bring(number)
        except OSError as e:
            raise self._said(e) from e

    def _begin(self, *, write: bool) -> SqliteServerTx:
        while True:
            try:
                pooled = self.sqlalchemy_engine.raw_connection()
            except NoConnectionLeftError as e:
                raise Busy("too many requests at once", hint="try again in a moment") from e
            except TROUBLE as e:
                raise self._said(e) from e
            link = _dbapi(pooled)
            try:
                link.is_brought_to_disk = True
                link.apsw.set_busy_timeout(self.busy_timeout_ms)
                link.begin(write=write)
                return SqliteServerTx(self.sqlalchemy_engine, pooled, link.apsw, self._clock())
            except sqlite_dialect.MovedError:
                # It leads to the file that stood here before: the next one is made anew.
                pooled.invalidate()
            except TROUBLE as e:
                pooled.invalidate()
                raise self._said(e) from e
            except BaseException:
                pooled.invalidate()
                raise

    def _connected(self) -> Any:
        """A new connection for the pool, with its hold on the file's lock, which every transaction shares."""
        sqlite_file.check_is_there(self.path)
        guard = VaultLock(self.path)
        try:
            # While it is looked for, nobody may put another file here.
            if not self._exclusive:
                guard.share()
            connection = sqlite_file.connect(self.path, self._key, create=False)
            # A commit does not wait for the disk itself: who writes waits behind their turn, with others (_Disk).
            connection.execute("PRAGMA synchronous = NORMAL")
            found = sqlite_file.files_at(self.path)
        finally:
            guard.close()
        return sqlite_dialect.Connection(connection, _Hold(self, found), self._disk.bring_now)

    def _translated(self, error: BaseException) -> ScribesError:
        cause = error.__cause__ if isinstance(error, sqlite_dialect.Error) else error
        if isinstance(error, sqlite_dialect.MovedError) or cause is None:
            return Conflict("another file was put in the place of this one", hint="try again")
        return sqlite_file.translated(cause)


class _Disk:
    """Brings to disk what was committed into the write-ahead log, for several writers at once."""

    def __init__(self, path: str) -> None:
        self._log = path + "-wal"
        self._turn = Lock()
        self._committed, self._safe = 0, 0

    def count(self) -> int:
        """The number of a commit that has just been made; called by one at a time."""
        self._committed += 1
        return self._committed

    def bring(self, number: int) -> None:
        """Return when the commit of a number is on disk: by this call, or by another's that came after it."""
        with self._turn:
            if self._safe >= number:
                return
            reached = self._committed
            self._flush()
            self._safe = reached

    def bring_now(self) -> None:
        """Return when all that was committed is on disk."""
        with self._turn:
            self._flush()

    def _flush(self) -> None:
        try:
            # SQLite's locks are on the other two files: closing this one lets go of none.
            log = os.open(self._log, os.O_RDONLY)
        except FileNotFoundError:
            # Folded into the file, which is on disk then.
            return
        try:
            getattr(os, "fdatasync", os.fsync)(log)
        finally:
            os.close(log)


class _Hold:
    """What a connection holds while it is in a transaction: a share of the file's lock."""

    def __init__(self, engine: SqliteServerEngine, files: tuple[int, int, int]) -> None:
        self._engine, self._files = engine, files
        self._lock = VaultLock(engine.path)

    def take(self) -> None:
        """Begin to hold, and make sure that the connection's file is still the one that stands there."""
        if not self._engine._exclusive:
            self._lock.share()
        if sqlite_file.files_at(self._engine.path) != self._files:
            raise sqlite_dialect.MovedError("another file")

    def let_go(self) -> None:
        """The transaction is over."""
        self._lock.release()

    def close(self) -> None:
        """The connection is."""
        self._lock.close()


def _dbapi(pooled: PoolProxiedConnection) -> sqlite_dialect.Connection:
    connection = pooled.dbapi_connection
    assert isinstance(connection, sqlite_dialect.Connection)  # noqa: S101
    return connection


def _check_is_sealed(path: str) -> None:
    """Refuse a file that anybody can read.

    Raises: Damaged.
    """
    with open(path, "rb") as file:
        if file.read(len(PLAIN)) == PLAIN:
            raise Damaged(f"{path} is not encrypted", hint="scribes writes nothing into it; move it away")
