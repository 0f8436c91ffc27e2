"""The one database of a server through SQLAlchemy: an encrypted SQLite file, or Postgres (docs/decisions/0036)."""

from __future__ import annotations

from .engine import ServerTx, SqlAlchemyEngine

__all__ = ["ServerTx", "SqlAlchemyEngine", "open_sqlite"]


def open_sqlite(path: str, key: bytes, *, create: bool) -> SqlAlchemyEngine:
    """The store in an encrypted file, which is made where `create` says so and must then not be there. Its tables are
    whoever calls `storage.migrations.upgrade`'s to make.

    Raises: NotFound, InvalidInput, Damaged, StorageFull, Busy.
    """
    from .sqlite import SqliteServerEngine

    return SqliteServerEngine(path, key, create=create)
