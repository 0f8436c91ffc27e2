"""The data key in a file that only its owner may read, in a folder apart from the vault."""

from __future__ import annotations

import os
import time

from ..canonical import blake2b
from ..errors import Damaged, Unavailable
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
        if hasattr(os, "getuid") and os.stat(self.folder).st_uid != os.getuid():
            raise Unavailable(f"the folder {self.folder} belongs to somebody else")
        self._keep_older(vault, data_key)
        until = int(time.time()) + self._lifetime_s if self._lifetime_s else 0
        write_atomically(self.path(vault), f"{MAGIC} {data_key.hex()} {until}\n".encode())

    def remove(self, vault: bytes) -> bool:
        """Forget the data key; whether there was one."""
        there = os.path.exists(self.path(vault))
        for path in (self.path(vault), *self._older_paths(vault)):
            remove_quietly(path)
        return there

    def older(self, vault: bytes) -> list[bytes]:
        """Keys the vault had before a rotation: backups made then still need them."""
        found = [read_if_there(path) for path in self._older_paths(vault)]
        return [bytes.fromhex(data.decode("ascii", "replace").split()[1]) for data in found if data and _is_key(data)]

    def _keep_older(self, vault: bytes, data_key: bytes) -> None:
        present = read_if_there(self.path(vault))
        if self._lifetime_s is None and present and _is_key(present) and data_key.hex().encode() not in present:
            name = f"{vault.hex()}-{blake2b(present, digest_size=6).hexdigest()}.older"
            write_atomically(os.path.join(self.folder, name), present)

    def _older_paths(self, vault: bytes) -> list[str]:
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        prefix = vault.hex() + "-"
        return [
            os.path.join(self.folder, name) for name in names if name.startswith(prefix) and name.endswith(".older")
        ]

    def vaults(self) -> list[bytes]:
        """The ids of all vaults that have a key here."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        return [bytes.fromhex(name[:-4]) for name in sorted(names) if name.endswith(".key") and len(name) == 36]


def _is_key(data: bytes) -> bool:
    words = data.split()
    return len(words) == 3 and words[0] == MAGIC.encode() and len(words[1]) == 64
