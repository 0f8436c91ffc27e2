"""SQLAlchemy's SQLite dialect over apsw: the same SQL as the built-in one, on a file that is encrypted.

`sqlite3` of the standard library cannot encrypt, and apsw is no DB-API module, so one stands here (PEP 249, as much of
it as SQLAlchemy uses). Transactions begin when they are told to, so savepoints and DDL are inside them.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Protocol

import apsw
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.pool import QueuePool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Error(Exception):
    """What went wrong in the database; the cause is apsw's own error."""


class DatabaseError(Error):
    """See PEP 249."""


class DataError(DatabaseError):
    """A value that does not fit."""


class OperationalError(DatabaseError):
    """Locks, disks, files and statements that cannot be read."""


class IntegrityError(DatabaseError):
    """A constraint that does not hold."""


class ProgrammingError(DatabaseError):
    """Wrong use."""


class MovedError(OperationalError):
    """Another file stands at the path now, or it has another key."""


_CLASSES: tuple[tuple[tuple[type[apsw.Error], ...], type[DatabaseError]], ...] = (
    ((apsw.ConstraintError,), IntegrityError),
    ((apsw.MismatchError, apsw.TooBigError, apsw.RangeError), DataError),
    ((apsw.BindingsError, apsw.MisuseError, apsw.CursorClosedError, apsw.ConnectionClosedError), ProgrammingError),
    ((apsw.CorruptError, apsw.NotADBError), DatabaseError),
)


def _as_dbapi(error: apsw.Error) -> DatabaseError:
    kind = next((kind for classes, kind in _CLASSES if isinstance(error, classes)), OperationalError)
    return kind(str(error))


class Cursor:
    """Runs a statement to its end at once, so that no reader is left open when a transaction ends."""

    arraysize = 1

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.description: Sequence[Sequence[Any]] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: list[Any] = []
        self._at = 0

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement."""
        changed = self._run(lambda cursor: cursor.execute(sql, values))
        if changed:
            # Without what foreign keys took along, which the count of all changes has in it.
            self.rowcount = self._connection.changes()

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row of values."""
        self._run(lambda cursor: cursor.executemany(sql, rows))

    def fetchone(self) -> Any:
        """The next row, or None."""
        found = self.fetchmany(1)
        return found[0] if found else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        start, self._at = self._at, min(len(self._rows), self._at + (size or self.arraysize))
        return self._rows[start : self._at]

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return self.fetchmany(len(self._rows) or 1)

    def close(self) -> None:
        """Let go of the rows."""
        self._rows = []

    def setinputsizes(self, *_: Any) -> None:
        """Nothing: SQLite has no use for it."""

    setoutputsize = setinputsizes

    def _run(self, run: Callable[[apsw.Cursor], apsw.Cursor]) -> int:
        """Run something to its end; how many rows were changed by it."""
        self._rows, self._at, self.description, self.rowcount = [], 0, None, -1
        before = self._connection.total_changes()
        cursor = self._connection.cursor()
        # Asked for before the first row: apsw forgets the columns of a statement that gave none.
        cursor.exec_trace = self._note_columns
        try:
            self._rows = run(cursor).fetchall()
        except apsw.Error as e:
            raise _as_dbapi(e) from e
        finally:
            cursor.close()
        changed = self._connection.total_changes() - before
        if self.description is None or changed:
            self.rowcount, self.lastrowid = changed, self._connection.last_insert_rowid()
        return changed

    def _note_columns(self, cursor: apsw.Cursor, *_: Any) -> bool:
        columns = cursor.get_description()
        self.description = [(name, None, None, None, None, None, None) for name, _ in columns] or None
        return True


class Hold(Protocol):
    """What a connection holds while it is in a transaction."""

    def take(self) -> None:
        """Before it begins; raises MovedError."""

    def let_go(self) -> None:
        """After it ended."""

    def close(self) -> None:
        """With the connection."""


class Connection:
    """A connection as SQLAlchemy wants it; `apsw` is the real one."""

    def __init__(self, connection: apsw.Connection, hold: Hold, bring_to_disk: Callable[[], None]) -> None:
        self.apsw = connection
        self._hold = hold
        self._bring_to_disk = bring_to_disk
        self.is_brought_to_disk = False
        """Whether who began the transaction sees to it that what is committed reaches the disk."""

    def cursor(self) -> Cursor:
        """A new cursor."""
        return Cursor(self.apsw)

    def begin(self, *, write: bool = True) -> None:
        """Begin a transaction where there is none. SQLAlchemy cannot say which ones write, so all of its own do."""
        if self.apsw.in_transaction:
            return
        self._hold.take()
        try:
            # A deferred transaction that writes later can meet SQLITE_BUSY at once, so writers say so at the start.
            self.apsw.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        except apsw.Error as e:
            self._hold.let_go()
            raise _as_dbapi(e) from e

    def commit(self) -> None:
        """Keep what was done."""
        self._finish("COMMIT")
        if not self.is_brought_to_disk:
            self._bring_to_disk()
        self.is_brought_to_disk = False

    def rollback(self) -> None:
        """Undo what was done."""
        self._finish("ROLLBACK")
        self.is_brought_to_disk = False

    def close(self) -> None:
        """Let go of the file."""
        self.apsw.close()
        self._hold.close()

    def create_function(self, name: str, number: int, function: Callable[..., Any], *, deterministic: bool) -> None:
        """Let SQL call a function."""
        self.apsw.create_scalar_function(name, function, number, deterministic=deterministic)

    def _finish(self, sql: str) -> None:
        try:
            if self.apsw.in_transaction:
                self.apsw.execute(sql)
            self._hold.let_go()
        except apsw.Error as e:
            raise _as_dbapi(e) from e


class Dbapi:
    """What SQLAlchemy takes for the DB-API module."""

    apilevel, threadsafety, paramstyle = "2.0", 1, "qmark"
    sqlite_version_info = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    sqlite_version = apsw.sqlite_lib_version()
    Error, DatabaseError, DataError, OperationalError = Error, DatabaseError, DataError, OperationalError
    IntegrityError, ProgrammingError = IntegrityError, ProgrammingError
    InterfaceError = InternalError = NotSupportedError = DatabaseError
    Warning = Error
    Binary = bytes


class ApswDialect(SQLiteDialect):
    """`sqlite+apsw://`, for engines that bring their own `creator`."""

    driver = "apsw"
    supports_statement_cache = True
    default_paramstyle = "qmark"
    returns_native_bytes = True
    _version: ClassVar[tuple[int, ...]] = Dbapi.sqlite_version_info

    @classmethod
    def import_dbapi(cls) -> Any:
        """The module that stands here."""
        return Dbapi

    @classmethod
    def get_pool_class(cls, url: Any) -> type[QueuePool]:  # noqa: ARG003
        """A pool that several threads share."""
        return QueuePool

    def create_connect_args(self, url: Any) -> Any:  # noqa: ARG002
        """Nothing: the file and its key are the creator's, and never in a URL."""
        return [], {}

    def on_connect(self) -> Callable[[Any], None]:
        """What SQL may call beyond SQLite's own."""

        def connected(connection: Connection) -> None:
            connection.create_function("regexp", 2, _regexp, deterministic=True)

        return connected

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin, where the engine has not."""
        dbapi_connection.begin()

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:  # noqa: ARG002
        """Whether the connection leads to a file that is no longer there."""
        return isinstance(e, MovedError)

    def _get_server_version_info(self, connection: Any) -> Any:  # noqa: ARG002
        return self._version


def _regexp(pattern: str, text: str | None) -> bool | None:
    return None if text is None else re.search(pattern, text) is not None
