"""One encrypted SQLite file (apsw-sqlite3mc): opened, copied, read and written, and what its errors mean."""

from __future__ import annotations

import os

import apsw

from .errors import AlreadyExists, Busy, Conflict, Damaged, InvalidInput, NotFound, ScribesError, StorageFull
from .locks import HeldFile, hold, remove_database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .ports import Progress, Row, Tx, Value

BUSY_TIMEOUT_MS = 10_000
COPY_PAGES = 256
PAGE_BYTES = 8192
CACHE_KIB = 16 * 1024
UNIQUE = (apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY, apsw.SQLITE_CONSTRAINT_ROWID)


def check_cipher() -> None:
    """Refuse an SQLite that cannot encrypt.

    Raises: Damaged.
    """
    if not hasattr(apsw, "mc_version"):
        # Plain apsw installs the same folder and silently writes plaintext (docs/decisions/0001).
        raise Damaged("the encrypting SQLite is missing", hint="pip install --force-reinstall apsw-sqlite3mc")


def check_is_there(path: str) -> None:
    """Refuse a path where no file is.

    Raises: NotFound.
    """
    if not os.path.exists(path):
        raise NotFound(f"there is no vault at {path}", hint='scribes add "…" makes one with the first note')


def connect(path: str, key: bytes, *, create: bool, page_bytes: int = PAGE_BYTES) -> apsw.Connection:
    """A connection to the file, which is made where `create` says so and must then not be there. Its errors are not
    translated.
    """
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    if create:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = apsw.Connection(path, flags=flags)
    try:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        connection.execute(f"PRAGMA key = 'raw:{key.hex()}'")
        # FULL: a commit is on disk when the command returns. Temporary data never leaves memory.
        connection.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        if create:
            # Set before the first table. A note of 200 words fills 4 KiB pages badly: 8 KiB make the file a tenth
            # smaller and an import faster (docs/decisions/0013).
            connection.execute(f"PRAGMA page_size = {page_bytes}")
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA user_version")
    except BaseException:
        connection.close()
        raise
    return connection


def copy(source: apsw.Connection, path: str, key: bytes, progress: Progress | None) -> None:
    """A consistent, encrypted, verified copy under another key of what a transaction sees; nothing is left behind when
    it fails.

    Raises: Busy, StorageFull, Damaged.
    """
    try:
        # The first read fixes the state that is copied; without it each write by others would begin the copy anew.
        source.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        _copy(source, path, key, progress)
        target = connect(path, key, create=False)
        try:
            found = problems(SqliteTx(target, 0))
        finally:
            target.close()
        if found:
            raise Damaged(f"the copy is not sound: {found[0]}", hint="scribes doctor tells more")
    except (apsw.Error, OSError) as e:
        remove_database(path)
        raise translated(e) from e
    except BaseException:
        remove_database(path)
        raise


def _copy(source: apsw.Connection, path: str, key: bytes, progress: Progress | None) -> None:
    """Page by page through SQLite's backup: VACUUM INTO and serialize() would write plaintext (docs/decisions/0001)."""
    remove_database(path)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    target = apsw.Connection(path)
    try:
        target.execute(f"PRAGMA key = 'raw:{key.hex()}'")
        # SQLite refuses to copy pages of one size into a file of another that is encrypted.
        target.execute(f"PRAGMA page_size = {source.pragma('page_size')}")
        with target.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(COPY_PAGES)
                if progress:
                    progress(backup.page_count - backup.remaining, backup.page_count)
    finally:
        target.close()
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def held(path: str, name: str) -> HeldFile | None:
    """The right to do by a name what one at a time may do with the file; None while another has it.

    Raises: InvalidInput, StorageFull.
    """
    handle = hold(f"{path}.{name}")
    return None if handle is None else HeldFile(handle)


def files_at(path: str) -> tuple[int, int, int]:
    """Which file stands at the path, and which index of its log: a connection to others writes where nobody reads."""
    status = os.stat(path)
    try:
        index = os.stat(path + "-shm").st_ino
    except FileNotFoundError:
        index = 0
    return status.st_dev, status.st_ino, index


def problems(tx: Tx) -> list[str]:
    """What an integrity check of the whole file finds; empty when sound.

    Raises: Damaged.
    """
    found = [str(row[0]) for row in tx.rows("PRAGMA integrity_check(20)")]
    found += [f"a {row[0]} row names a {row[2]} that is not there" for row in tx.rows("PRAGMA foreign_key_check")]
    return [problem for problem in found if problem != "ok"]


class SqliteTx:
    """A transaction on one connection: see `ports.Tx`."""

    def __init__(self, connection: apsw.Connection, now_us: int) -> None:
        self._connection = connection
        self.now_us = now_us

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """All rows of a statement."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except apsw.Error as e:
            raise translated(e) from e

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """The first row, or None."""
        try:
            return self._connection.execute(sql, values).fetchone()
        except apsw.Error as e:
            raise translated(e) from e

    def value(self, sql: str, values: Sequence[Value] = ()) -> object:
        """The first column of the first row, or None."""
        row = self.row(sql, values)
        return row[0] if row else None

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement; the key of the row it inserted last."""
        try:
            self._connection.execute(sql, values)
            return self._connection.last_insert_rowid()
        except apsw.Error as e:
            raise translated(e) from e

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement for each row."""
        try:
            self._connection.executemany(sql, rows)
        except apsw.Error as e:
            raise translated(e) from e

    def run_script(self, sql: str) -> None:
        """Run several statements."""
        self.run(sql)


def translated(error: BaseException) -> ScribesError:
    """The Scribes error for what SQLite or the system said. Its text never holds values from the file."""
    if isinstance(error, apsw.BusyError):
        return Busy("another process is writing to the vault", hint="try again in a moment")
    if isinstance(error, (apsw.NotADBError, apsw.CorruptError)):
        return Damaged(
            "the vault file is damaged", hint="scribes doctor tells more; scribes restore-backup brings back a copy"
        )
    if isinstance(error, apsw.FullError):
        return StorageFull("no space left on the disk", hint="free some space; what was saved before is as it was")
    if isinstance(error, apsw.ReadOnlyError):
        return InvalidInput("the vault file cannot be written", hint="check the permissions of the file and its folder")
    if isinstance(error, (apsw.CantOpenError, FileNotFoundError)):
        return InvalidInput("the vault file cannot be opened", hint="check the path and its permissions")
    if isinstance(error, apsw.ConstraintError):
        return _broken(error)
    if isinstance(error, FileExistsError):
        return AlreadyExists("there is a file in that place already", hint="open it, or move it away")
    if isinstance(error, apsw.IOError):
        return ScribesError("the disk refused to read or write", hint="scribes doctor tells more")
    return ScribesError(f"the store answered {type(error).__name__}", hint="scribes doctor tells more")


def _broken(error: apsw.ConstraintError) -> ScribesError:
    """The Scribes error for a constraint that does not hold."""
    code = getattr(error, "extendedresult", 0)
    if code in UNIQUE:
        return AlreadyExists("there is one like this already", hint="read it first, and change that one")
    if code == apsw.SQLITE_CONSTRAINT_FOREIGNKEY:
        return Conflict("what this belongs to is not there, or something still belongs to this", hint="read it again")
    return InvalidInput("a value is missing, or not one of those that may stand there")
