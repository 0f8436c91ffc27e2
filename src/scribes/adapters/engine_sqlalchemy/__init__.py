"""The one database of a server through SQLAlchemy: an encrypted SQLite file, or Postgres (docs/decisions/0036)."""

from __future__ import annotations

from ...errors import Unavailable
from .engine import ServerTx, SqlAlchemyEngine

__all__ = ["ServerTx", "SqlAlchemyEngine", "open_postgres", "open_sqlite"]


def open_sqlite(path: str, key: bytes, *, create: bool) -> SqlAlchemyEngine:
    """The store in an encrypted file, which is made where `create` says so and must then not be there. Its tables are
    whoever calls `storage.migrations.upgrade`'s to make.

    Raises: NotFound, InvalidInput, Damaged, StorageFull, Busy.
    """
    from .sqlite import SqliteServerEngine

    return SqliteServerEngine(path, key, create=create)


def open_postgres(url: str) -> SqlAlchemyEngine:
    """The store in a database of Postgres that is there, as `postgresql://user:password@host/name`.

    Raises: InvalidInput, Unavailable.
    """
    try:
        from .postgres import PostgresEngine
    except ImportError as e:
        raise Unavailable("psycopg is not installed", hint="pip install 'scribes[postgres]'") from e
    return PostgresEngine(url)
