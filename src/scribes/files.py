"""Files on disk, written so that a crash leaves the old or the new content and never a mixture."""

from __future__ import annotations

import os

from .errors import InvalidInput, ScribesError, StorageFull

ENOSPC, EDQUOT = 28, 122


def private_folder(path: str) -> str:
    """The folder, made with mode 0700 where it was missing."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as e:
        raise from_os_error(e, path) from e
    return path


def write_atomically(path: str, data: bytes, *, mode: int = 0o600) -> None:
    """Put `data` at `path` in one step, on disk before this returns.

    Raises: StorageFull, InvalidInput.
    """
    temporary = f"{path}.{os.getpid()}.new"
    try:
        # Left by a process of the same number that died, or put there by somebody for us to write into.
        remove_quietly(temporary)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
        sync_folder(os.path.dirname(path))
    except OSError as e:
        remove_quietly(temporary)
        raise from_os_error(e, path) from e


def read_if_there(path: str) -> bytes | None:
    """The content of a file, or None where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as e:
        raise from_os_error(e, path) from e


def remove_quietly(path: str) -> None:
    """Remove a file; one that is not there is fine."""
    try:
        os.unlink(path)
    except OSError:
        pass


def sync_folder(path: str) -> None:
    """Make a rename in this folder durable, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(path or ".", os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def from_os_error(error: OSError, path: str) -> ScribesError:
    """The Scribes error that says what the operating system refused."""
    if error.errno in (ENOSPC, EDQUOT):
        return StorageFull(f"no space left for {path}", hint="free some space; what was saved before is as it was")
    return InvalidInput(f"{path}: {(error.strerror or str(error)).lower()}", hint="check the path and its permissions")
