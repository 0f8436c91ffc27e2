"""The data key in a file that only its owner may read, in a folder apart from the vault."""

from __future__ import annotations

import os
import time

from ..errors import Damaged
from ..files import private_folder, read_if_there, remove_quietly, write_atomically

TYPE_CHECKING = False

MAGIC = "scribes-key-1"


class FileKeyStore:
    """Key files named by the vault's id. With `lifetime_s` a key is forgotten that long after it was put."""

    def __init__(self, folder: str, *, name: str = "key file", lifetime_s: int | None = None) -> None:
        self.name = name
        self.folder = folder
        self._lifetime_s = lifetime_s

    def path(self, vault: bytes) -> str:
        """Where the key of a vault lies."""
        return os.path.join(self.folder, f"{vault.hex()}.key")

    def get(self, vault: bytes) -> bytes | None:
        """The data key, or None.

        Raises: Damaged.
        """
        data = read_if_there(self.path(vault))
        if data is None:
            return None
        words = data.decode("ascii", "replace").split()
        try:
            magic, digits, until = words
            key = bytes.fromhex(digits)
            if magic != MAGIC or len(key) != 32:
                raise ValueError
            expires_s = int(until)
        except ValueError:
            raise Damaged(
                f"the key file {self.path(vault)} is damaged", hint="scribes unlock --recovery makes it anew"
            ) from None
        if expires_s and time.time() > expires_s:
            self.remove(vault)
            return None
        return key

    def put(self, vault: bytes, data_key: bytes) -> None:
        """Keep the data key, on disk before this returns."""
        private_folder(self.folder)
        until = int(time.time()) + self._lifetime_s if self._lifetime_s else 0
        write_atomically(self.path(vault), f"{MAGIC} {data_key.hex()} {until}\n".encode())

    def remove(self, vault: bytes) -> bool:
        """Forget the data key; whether there was one."""
        there = os.path.exists(self.path(vault))
        remove_quietly(self.path(vault))
        return there

    def vaults(self) -> list[bytes]:
        """The ids of all vaults that have a key here."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        return [bytes.fromhex(name[:-4]) for name in sorted(names) if name.endswith(".key") and len(name) == 36]
