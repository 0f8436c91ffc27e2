"""The server's own tables, in the same database and the same transactions as the core's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlmodel import Session

from ..adapters.engine_sqlalchemy import SqlAlchemyEngine
from ..errors import NewerFormat
from ..ports import Tx

MIGRATIONS = Path(__file__).parent / "migrations"


class Db(Session):
    """A SQLModel session inside a transaction of the engine; `tx` is that of the core, `now_us` when it began."""

    tx: Tx
    now_us: int


class Database:
    """Transactions with a session in them. What is written is kept when the context ends, or nothing is."""

    def __init__(self, engine: SqlAlchemyEngine) -> None:
        self._engine = engine

    def read(self) -> AbstractContextManager[Db]:
        """A session that sees one state of the database."""
        return _session_in(self._engine.read())

    def write(self) -> AbstractContextManager[Db]:
        """A session that may change things."""
        return _session_in(self._engine.write())

    def joint(self) -> AbstractContextManager[Db]:
        """A session whose transaction every call of the core in this thread joins until it is left."""
        return _session_in(self._engine.joint())


@contextmanager
def _session_in(transaction: AbstractContextManager[Any]) -> Iterator[Db]:
    with transaction as tx, Db(bind=tx.connection, expire_on_commit=False) as db:
        db.tx, db.now_us = tx, tx.now_us
        yield db
        # Writes what is pending; the transaction itself is the engine's to commit.
        db.commit()


def make_current(engine: SqlAlchemyEngine) -> None:
    """Bring the server's own tables to the newest version.

    Raises: NewerFormat, where a newer server was here.
    """
    from alembic import command
    from alembic.util import CommandError

    with engine.write() as tx:
        try:
            command.upgrade(alembic_config(tx.connection), "head")
        except CommandError as e:
            raise NewerFormat("a newer server has written this database", hint="install that version") from e


def alembic_config(connection: object) -> Any:
    """What Alembic needs to work in an open transaction."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
