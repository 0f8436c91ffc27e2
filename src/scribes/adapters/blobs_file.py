"""Blobs as files in a folder: written to the end before they have their name, and on disk when that is said."""

from __future__ import annotations

import os
import re

from ..errors import InvalidInput
from ..files import from_os_error, private_folder, read_if_there, write_atomically

# Names are made by the program: they cannot lead anywhere, however they came here.
NAME = re.compile(r"[0-9a-f]{4,64}(\.[0-9]{1,12})?")


class FileBlobs:
    """Blobs below a folder, spread over 256 of them by the ends of their names."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        """Keep bytes under a name, in the place of those before.

        Raises: StorageFull, InvalidInput.
        """
        path = self._path(name)
        private_folder(os.path.dirname(path))
        write_atomically(path, content)

    def get(self, name: str) -> bytes | None:
        """The bytes of a name, or None."""
        return read_if_there(self._path(name))

    def remove(self, name: str) -> None:
        """Forget a name; one that is not there is fine."""
        path = self._path(name)
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as e:
            raise from_os_error(e, path) from e

    def _path(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise InvalidInput("a blob is not called that")
        stem = name.partition(".")[0]
        return os.path.join(self._folder, stem[-2:], name)
