"""The files of a server: its database, and the secret from which all its keys follow."""

from __future__ import annotations

import os

from .crypto.keys import subkey
from .errors import Damaged
from .files import read_if_there

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .adapters.engine_sqlalchemy import SqlAlchemyEngine

DATABASE, SECRET, BLOBS = "scribes.db", "secret", "blobs"
FILE_KEY = "scribes.file"


def engine_in(folder: str, database: str, key: bytes) -> SqlAlchemyEngine:
    """The database of a server in its folder, made if it is not there; or a Postgres one, by its address.

    Raises: Damaged, InvalidInput, Unavailable, Busy, StorageFull.
    """
    from .adapters.engine_sqlalchemy import open_postgres, open_sqlite

    if database:
        return open_postgres(database)
    path = os.path.join(folder, DATABASE)
    try:
        return open_sqlite(path, subkey(key, FILE_KEY), create=not os.path.exists(path))
    except Damaged as e:
        raise Damaged(
            f"{path} does not open with this secret, or it is damaged",
            hint="the secret it was made with is in the setting secret, or in the file secret beside it",
        ) from e


def kept_secret(folder: str) -> str:
    """The secret of this server, made at the first start and readable by its user alone."""
    path = os.path.join(folder, SECRET)
    found = read_if_there(path)
    if found is None:
        made = os.urandom(32).hex()
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        return made
    return found.decode()
