"""What both stores of a server have in common: pooled connections, transactions, and joining them to one."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextvars import ContextVar
from threading import Lock, get_ident

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ...errors import Busy, Conflict, ScribesError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import TracebackType

    from sqlalchemy import Engine
    from sqlalchemy.engine.base import RootTransaction
    from sqlalchemy.pool import PoolProxiedConnection

    from ...ports import Held, Progress, Tx
else:
    Tx = ABC

# Connections that are kept, and how many more there may be at once: FastAPI runs handlers in 40 threads.
POOL_SIZE, MORE_CONNECTIONS = 8, 40
BUSY_TIMEOUT_MS = 10_000


class ServerTx(Tx):
    """See `ports.Tx`. The core's statements go to the driver; `connection` is SQLAlchemy's view of the same."""

    def __init__(self, engine: Engine, pooled: PoolProxiedConnection, now_us: int) -> None:
        self.now_us = now_us
        self._engine = engine
        self._pooled = pooled
        self._sqlalchemy: Connection | None = None
        self._root: RootTransaction | None = None

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection in this very transaction, as `Session(bind=tx.connection)` takes it. What a session
        commits is kept if this transaction is; made when first asked for, so that who needs none pays for none.
        """
        if self._sqlalchemy is None:
            self._sqlalchemy = Connection(self._engine, connection=self._pooled)
            self._root = self._sqlalchemy.begin()
        return self._sqlalchemy

    @abstractmethod
    def is_sound(self) -> bool:
        """Whether it can still be committed: neither ended by the database nor spoilt by an error."""

    @abstractmethod
    def _command(self, sql: str) -> None:
        """Run a statement about the transaction itself; errors are the driver's."""

    def _commit(self) -> None:
        if not self.is_sound():
            raise Conflict("the transaction was taken back before its end; nothing was written", hint="try again")
        if self._root is not None:
            self._root.commit()
        else:
            self._pooled.commit()

    def _give_up(self, faults: tuple[type[Exception], ...]) -> None:
        """Take all back; a connection that cannot even do that is not used again."""
        try:
            if self._root is not None and self._root.is_active:
                self._root.rollback()
            self._pooled.rollback()
        except faults:
            self._pooled.invalidate()

    def _close(self) -> None:
        (self._sqlalchemy or self._pooled).close()


class SqlAlchemyEngine(ABC):
    """The one database of a server, as the core's `ports.Engine` and as SQLAlchemy's. For many threads."""

    dialect = ""
    faults: tuple[type[Exception], ...] = (DBAPIError,)
    """What the driver raises."""

    def __init__(self, path: str, engine: Engine, *, clock: Callable[[], int] | None = None) -> None:
        self.path = path
        """Where it is: a file, or the name of a database."""
        self.sqlalchemy_engine = engine
        """For Alembic and whoever has to have it. Who writes does so in `write`, as `tx.connection`."""
        self.has_written = False
        """Whether something was written through this object."""
        self.busy_timeout_ms = BUSY_TIMEOUT_MS
        """How long a transaction waits for another that writes."""
        self._clock = clock or (lambda: time.time_ns() // 1000)
        self._writing = Lock()

    def read(self) -> _Transaction:
        """A transaction that sees one state of the database."""
        return _Transaction(self, write=False)

    def write(self) -> _Transaction:
        """A transaction that may change things."""
        return _Transaction(self, write=True)

    def joint(self) -> _Joint:
        """A context whose one transaction every `read` and `write` of this thread joins until it is left: all of it is
        kept then, or nothing. What an inner `write` did is undone when an error leaves it, whoever catches that.
        """
        return _Joint(self)

    @abstractmethod
    def copy_to(self, path: str, key: bytes, progress: Progress | None = None) -> None:
        """A consistent, encrypted, verified copy under another key; nothing is left behind when it fails."""

    @abstractmethod
    def alone(self) -> AbstractContextManager[None]:
        """A context in which no other process or thread has a transaction on the database."""

    @abstractmethod
    def replace_with(self, path: str, key: bytes) -> None:
        """Put a copy in the place of this database. Call it inside `alone`."""

    @abstractmethod
    def hold(self, name: str) -> Held | None:
        """The right to do what one at a time may do; None while another process or thread has it."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What an integrity check of the whole database finds; empty when sound."""

    def close(self) -> None:
        """Let go of the database."""
        self.sqlalchemy_engine.dispose()

    @abstractmethod
    def _begin(self, *, write: bool) -> ServerTx:
        """Begin a transaction; errors are translated."""

    @abstractmethod
    def _translated(self, error: BaseException) -> ScribesError:
        """The Scribes error for one of the driver."""

    def _begin_alone(self, *, write: bool) -> ServerTx:
        """Begin a transaction that is not part of another; of those that write, one at a time."""
        if write and not self._writing.acquire(timeout=self.busy_timeout_ms / 1000):
            raise Busy("another request is writing", hint="try again in a moment")
        try:
            return self._begin(write=write)
        except BaseException:
            if write:
                self._writing.release()
            raise

    def _kept(self) -> int:
        """A number for what was just committed, where it is not on disk yet; called while nobody else can write."""
        return 0

    def _bring_to_disk(self, number: int) -> None:  # noqa: B027 - nothing to do where a commit waits itself
        """Return when what was committed up to a number is on disk."""

    def _end(self, tx: ServerTx, *, write: bool, error: BaseException | None) -> None:
        number = 0
        try:
            if error is None:
                try:
                    tx._commit()
                    number = self._kept() if write else 0
                except BaseException:
                    tx._give_up(self.faults)
                    raise
                self.has_written = self.has_written or write
            else:
                tx._give_up(self.faults)
        except self.faults as e:
            raise self._said(e) from e
        finally:
            tx._close()
            if write:
                self._writing.release()
        if number:
            # Behind the turn to write: the next ones commit meanwhile, and one wait for the disk is for all of them.
            self._bring_to_disk(number)
        if isinstance(error, self.faults):
            raise self._said(error) from error

    def _said(self, error: BaseException) -> ScribesError:
        """The Scribes error for one of SQLAlchemy or of the driver."""
        return self._translated(error.orig or error if isinstance(error, DBAPIError) else error)


_joined: ContextVar[_Joint | None] = ContextVar("scribes_joined", default=None)


class _Transaction:
    """A transaction as a context: see `ports.TxContext`."""

    def __init__(self, engine: SqlAlchemyEngine, *, write: bool) -> None:
        self._engine = engine
        self._write = write
        self._part: _Part | None = None

    def __enter__(self) -> ServerTx:
        joint = _joined.get()
        if joint is not None and joint.takes_in(self._engine):
            self._part = _Part(joint, write=self._write)
            self._part.begin()
            return joint.tx
        self._tx = self._engine._begin_alone(write=self._write)
        return self._tx

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._part is not None:
            self._part.end(error)
        else:
            self._engine._end(self._tx, write=self._write, error=error)


class _Joint:
    """One transaction that others join. A part of another joint one where it stands inside it."""

    def __init__(self, engine: SqlAlchemyEngine) -> None:
        self.engine = engine
        self._thread = 0
        self._part: _Part | None = None
        self.tx: ServerTx
        self.depth = 0
        self.is_spoilt = False

    def takes_in(self, engine: SqlAlchemyEngine) -> bool:
        """Whether transactions of an engine in this thread are part of this one: a thread that was given a copy of the
        context does not share its connection.
        """
        return engine is self.engine and get_ident() == self._thread

    def __enter__(self) -> ServerTx:
        outer = _joined.get()
        if outer is not None and outer.takes_in(self.engine):
            self._part = _Part(outer, write=True)
            self._part.begin()
            return outer.tx
        self.tx = self.engine._begin_alone(write=True)
        self._thread = get_ident()
        self._token = _joined.set(self)
        return self.tx

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._part is not None:
            self._part.end(error)
            return
        _joined.reset(self._token)
        spoilt = None
        if error is None and self.is_spoilt:
            spoilt = Conflict("a part of the transaction failed; nothing was written", hint="try again")
        self.engine._end(self.tx, write=True, error=error or spoilt)
        if spoilt is not None:
            raise spoilt


class _Part:
    """What joins another transaction: between savepoints where it writes, so that no half of it is ever kept."""

    def __init__(self, joint: _Joint, *, write: bool) -> None:
        self._joint = joint
        self._write = write

    def begin(self) -> None:
        """Set the savepoint."""
        self._joint.depth += 1
        self._name = f"part_{self._joint.depth}"
        if self._write:
            self._try(f"SAVEPOINT {self._name}")

    def end(self, error: BaseException | None) -> None:
        """Keep the part for as long as the whole, or undo it; where even that fails, the whole is not kept."""
        joint = self._joint
        joint.depth -= 1
        if not joint.tx.is_sound() and error is None:
            joint.is_spoilt = True
            raise Conflict("the transaction was taken back before its end; nothing was written", hint="try again")
        if error is None:
            if self._write:
                self._try(f"RELEASE SAVEPOINT {self._name}")
            return
        try:
            if self._write:
                self._try(f"ROLLBACK TO SAVEPOINT {self._name}")
                self._try(f"RELEASE SAVEPOINT {self._name}")
        except ScribesError:
            # The error that led here is the one to be heard; the whole goes with it.
            pass
        joint.is_spoilt = joint.is_spoilt or not joint.tx.is_sound()
        if isinstance(error, joint.engine.faults):
            raise joint.engine._said(error) from error

    def _try(self, sql: str) -> None:
        try:
            self._joint.tx._command(sql)
        except self._joint.engine.faults as e:
            self._joint.is_spoilt = True
            raise self._joint.engine._said(e) from e
