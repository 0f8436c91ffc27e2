"""Files read with a limit and written whole or not at all."""

from __future__ import annotations

import errno
import os

from scribes.errors import InvalidInput, NotFound, StorageFull


def read(path: str | os.PathLike[str], *, most_bytes: int) -> bytes:
    """Return the bytes of a file a person handed over.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no file, cannot be read, or is larger than allowed.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            data = file.read(most_bytes + 1)
    except FileNotFoundError as e:
        raise NotFound(f"there is no file {name}") from e
    except OSError as e:
        raise InvalidInput(f"{name} cannot be read: {os.strerror(e.errno or errno.EIO)}") from e
    if len(data) > most_bytes:
        raise InvalidInput(f"{name} is larger than {most_bytes // 1_000_000} MB", hint="is it the right file?")
    return data


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that at every moment the old or the new one is there, whole.

    Raises:
        StorageFull: the disk has no room; the old file is as it was.
        InvalidInput: the folder cannot be written to.
    """
    import tempfile

    name = os.fspath(path)
    folder = os.path.dirname(name) or "."
    try:
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".scribes-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, name)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(f"there is no room to write {name}") from e
        raise InvalidInput(f"{name} cannot be written: {os.strerror(e.errno or errno.EIO)}") from e
