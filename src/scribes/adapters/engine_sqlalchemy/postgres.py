"""The server's store in Postgres, through psycopg.

Of those that write, one is at work at a time, as on SQLite: the core reads and then writes what follows from it (the
number of an entry, the heads of an item), and rows that are not there yet cannot be locked. One advisory lock at the
start of each transaction that writes says so to all processes; it goes with the transaction. SERIALIZABLE would need
every caller to be ready to begin anew, jobs and joint transactions with their effects included. The level stays READ
COMMITTED: the lock is waited for in the first statement, and what follows has to see what was committed meanwhile. A
transaction that reads has one snapshot, and may not write.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from psycopg import DataError, Error, OperationalError, RawCursor
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeftError

from ...errors import AlreadyExists, Busy, Conflict, Damaged, InvalidInput, ScribesError, StorageFull, Unavailable
from . import postgres_sql
from .engine import BUSY_TIMEOUT_MS, MORE_CONNECTIONS, POOL_SIZE, ServerTx, SqlAlchemyEngine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from psycopg import Connection as PsycopgConnection
    from sqlalchemy import Connection
    from sqlalchemy.pool import PoolProxiedConnection

    from ...ports import Progress, Row, Value

FAULTS = (Error, DBAPIError)
# The name of the lock of those that write: "scribes" as a number.
WRITERS = int.from_bytes(b"scribes", "big")
NUL = "\u2400".encode()
BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
EXAMPLE = "postgresql://user:password@host/database"


# Which error of Postgres is which of ours, by the start of its SQLSTATE: the longest that fits.
STATES: dict[str, tuple[type[ScribesError], str, str]] = {
    "23505": (AlreadyExists, "there is one like this already", "read it first, and change that one"),
    "23503": (Conflict, "what this belongs to is not there, or something still belongs to this", "read it again"),
    "23": (InvalidInput, "a value is missing, or not one of those that may stand there", ""),
    "22": (InvalidInput, "a value does not fit", ""),
    "54": (InvalidInput, "a value is too long", ""),
    "40": (Busy, "others were writing at the same moment", "try again in a moment"),
    "55P03": (Busy, "another request is writing", "try again in a moment"),
    "53100": (StorageFull, "no space left on the disk of the database", "what was saved before is as it was"),
    "53": (Busy, "the database has too much to do", "try again in a moment"),
    "XX": (Damaged, "the database is damaged", "its own log tells more"),
    "08": (Unavailable, "the database does not answer", "try again in a moment"),
    "57": (Unavailable, "the database does not answer", "try again in a moment"),
}


def begin_write(timeout_ms: int) -> str:
    """The beginning of a transaction that writes."""
    return f"BEGIN; SELECT set_config('lock_timeout', '{timeout_ms}ms', true), pg_advisory_xact_lock({WRITERS})"


class _Text(StrDumperUnknown):
    """A text as Postgres takes it: U+0000 is none there. It can stand in what others wrote, which is whole in the
    packed changes; in the rows that are made of them it is the sign for it.
    """

    def dump(self, obj: str) -> bytes:
        return obj.encode().replace(b"\0", NUL)


class PostgresTx(ServerTx):
    """A transaction in Postgres; the statements of the core go to psycopg. After a statement that failed, all others
    fail, too: what is to go on after an error belongs in a joint part of its own.
    """

    def __init__(self, owner: PostgresEngine, pooled: PoolProxiedConnection, now_us: int) -> None:
        super().__init__(owner.sqlalchemy_engine, pooled, now_us)
        self._owner = owner
        self._raw = _psycopg(pooled)
        self._cursor = RawCursor(self._raw)

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """All rows of a statement."""
        return self._cursor.fetchall() if self._gives_rows(postgres_sql.statement(sql), values) else []

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """The first row, or None."""
        return self._cursor.fetchone() if self._gives_rows(postgres_sql.statement(sql), values) else None

    def value(self, sql: str, values: Sequence[Value] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, values)
        return row[0] if row else None

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement; the key of the row it inserted last."""
        if postgres_sql.target(sql) not in self._owner.keyed(self):
            self._gives_rows(postgres_sql.statement(sql), values)
            return 0
        row = self._cursor.fetchone() if self._gives_rows(postgres_sql.with_key(sql), values) else None
        return int(row[0]) if row else 0

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement for each row."""
        if text := postgres_sql.statement(sql):
            try:
                self._cursor.executemany(text, rows)
            except Error as e:
                raise translated(e) from e

    def run_script(self, sql: str) -> None:
        """Run several statements."""
        try:
            self._raw.execute(postgres_sql.script(sql))
        except Error as e:
            raise translated(e) from e
        self._owner.forget_keyed()

    def is_sound(self) -> bool:
        """Whether it can still be committed: Postgres would answer a commit after an error by taking all back."""
        return self._raw.pgconn.transaction_status == TransactionStatus.INTRANS

    def _gives_rows(self, text: bytes, values: Sequence[Value]) -> bool:
        if not text:
            return False
        try:
            self._cursor.execute(text, values)
        except Error as e:
            raise translated(e) from e
        result = self._cursor.pgresult
        return result is not None and result.status == ExecStatus.TUPLES_OK

    def _command(self, sql: str) -> None:
        self._raw.execute(sql.encode())


class PostgresEngine(SqlAlchemyEngine):
    """A database of Postgres, in several threads and processes."""

    dialect = "postgresql"
    faults = FAULTS

    def __init__(self, url: str, *, clock: Callable[[], int] | None = None) -> None:
        try:
            place = make_url(url)
        except ArgumentError as e:
            raise InvalidInput("the address of the database cannot be read", hint=EXAMPLE) from e
        if place.get_backend_name() != "postgresql":
            raise InvalidInput(f"{place.get_backend_name()} is no kind of database that a server knows", hint=EXAMPLE)
        engine = create_engine(
            place.set(drivername="postgresql+psycopg"),
            # Transactions begin as `begin_write` and BEGIN_READ say; psycopg's own would be another round trip.
            connect_args={"autocommit": True, "connect_timeout": BUSY_TIMEOUT_MS // 1000, "client_encoding": "utf8"},
            pool_size=POOL_SIZE,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=BUSY_TIMEOUT_MS / 1000,
            pool_use_lifo=True,
        )
        event.listen(engine, "begin", self._begin_directly)
        event.listen(engine, "connect", _connected)
        super().__init__(f"{place.host or ''}/{place.database or ''}", engine, clock=clock)
        self._keyed: frozenset[str] | None = None
        try:
            self._make_functions()
        except BaseException:
            self.close()
            raise

    def copy_to(self, path: str, key: bytes, progress: Progress | None = None) -> None:  # noqa: ARG002
        """Nothing.

        Raises: InvalidInput.
        """
        raise InvalidInput("a server on Postgres is not copied by Scribes", hint="pg_dump does it")

    def alone(self) -> AbstractContextManager[None]:
        """Nothing.

        Raises: InvalidInput.
        """
        raise InvalidInput("a server on Postgres is never held by one alone", hint="stop what uses the database")

    def replace_with(self, path: str, key: bytes) -> None:  # noqa: ARG002
        """Nothing.

        Raises: InvalidInput.
        """
        raise InvalidInput("a server on Postgres is not brought back by Scribes", hint="pg_restore does it")

    def hold(self, name: str) -> _Held | None:
        """The right to do what one at a time may do; None while another process or thread has it. It is a lock of a
        connection, so it ends with that.
        """
        held = _Held(self._pooled(), name)
        return held if held.is_mine else None

    def problems(self) -> list[str]:
        """Nothing where Postgres answers: it looks after its files itself.

        Raises: Unavailable.
        """
        with self.read() as tx:
            tx.value("SELECT 1")
        return []

    def keyed(self, tx: PostgresTx) -> frozenset[str]:
        """The tables whose key `n` counts by itself."""
        if self._keyed is None:
            sql = (
                "SELECT relname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
                " WHERE attname = 'n' AND attidentity != '' AND pg_table_is_visible(attrelid)"
            )
            self._keyed = frozenset(row[0] for row in tx.rows(sql))
        return self._keyed

    def forget_keyed(self) -> None:
        """There may be other tables now."""
        self._keyed = None

    def _make_functions(self) -> None:
        known = "SELECT number FROM scribes_store WHERE name = 'functions'"
        with self.read() as tx:
            is_there = tx.value("SELECT to_regclass('scribes_store') IS NOT NULL")
            if is_there and tx.value(known) == postgres_sql.FUNCTIONS_VERSION:
                return
        with self.write() as tx:
            tx._command(postgres_sql.FUNCTIONS)
            tx.run(
                "INSERT INTO scribes_store (name, number) VALUES ('functions', ?)"
                " ON CONFLICT (name) DO UPDATE SET number = excluded.number",
                (postgres_sql.FUNCTIONS_VERSION,),
            )

    def _begin(self, *, write: bool) -> PostgresTx:
        text = (begin_write(self.busy_timeout_ms) if write else BEGIN_READ).encode()
        is_first = True
        while True:
            pooled = self._pooled()
            raw = _psycopg(pooled)
            try:
                raw.execute(text)
                return PostgresTx(self, pooled, self._clock())
            except Error as e:
                if not raw.closed:
                    raw.rollback()
                    pooled.close()
                    raise translated(e) from e
                pooled.invalidate()
                if not is_first:
                    raise translated(e) from e
                # The database was restarted since, so the other connections are lost as well.
                self.sqlalchemy_engine.dispose()
                is_first = False

    def _pooled(self) -> PoolProxiedConnection:
        try:
            return self.sqlalchemy_engine.raw_connection()
        except NoConnectionLeftError as e:
            raise Busy("too many requests at once", hint="try again in a moment") from e
        except FAULTS as e:
            raise self._said(e) from e

    def _begin_directly(self, connection: Connection) -> None:
        """For Alembic and others that begin without `write`: a transaction that writes."""
        raw = _psycopg(connection.connection)
        if raw.pgconn.transaction_status == TransactionStatus.IDLE:
            raw.execute(begin_write(self.busy_timeout_ms).encode())

    def _translated(self, error: BaseException) -> ScribesError:
        return translated(error)


class _Held:
    """An advisory lock, and the connection that has it."""

    def __init__(self, pooled: PoolProxiedConnection, name: str) -> None:
        self._pooled, self._key = pooled, int.from_bytes(blake2b(name.encode(), digest_size=7).digest(), "big")
        self.is_mine = self._ask("pg_try_advisory_lock")
        if not self.is_mine:
            pooled.close()

    def close(self) -> None:
        """Let others have it."""
        try:
            self._ask("pg_advisory_unlock")
            self._pooled.close()
        except Unavailable:
            # With the connection the lock is gone.
            pass

    def _ask(self, function: str) -> bool:
        try:
            row = _psycopg(self._pooled).execute(f"SELECT {function}({self._key})".encode()).fetchone()
        except Error as e:
            self._pooled.invalidate()
            raise translated(e) from e
        return bool(row and row[0])


def translated(error: BaseException) -> ScribesError:
    """The Scribes error for what Postgres or psycopg said. Its text never holds values from the database."""
    state = getattr(error, "sqlstate", None) or ""
    for start in (state, state[:2]):
        if start in STATES:
            kind, message, hint = STATES[start]
            return kind(message, hint=hint or None)
    if isinstance(error, OperationalError):
        kind, message, hint = STATES["08"]
        return kind(message, hint=hint)
    if isinstance(error, DataError):
        return InvalidInput(STATES["22"][1])
    return ScribesError(f"the store answered {type(error).__name__}")


def _connected(connection: PsycopgConnection[Any], _: object) -> None:
    connection.adapters.register_dumper(str, _Text)


def _psycopg(pooled: PoolProxiedConnection) -> PsycopgConnection[Any]:
    connection: PsycopgConnection[Any] = pooled.driver_connection  # type: ignore[assignment]
    return connection
