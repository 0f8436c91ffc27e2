"""The data key in the Linux kernel's keyring for a while: never on a disk, gone at reboot."""

from __future__ import annotations

import os
import sys

from ..errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes

# Source: keyctl(2), add_key(2): (add_key, keyctl) in the system call table of each machine.
SYSTEM_CALLS = {"x86_64": (248, 250), "aarch64": (217, 219)}
ADD_KEY, KEYCTL = SYSTEM_CALLS.get(os.uname().machine, (0, 0)) if sys.platform == "linux" else (0, 0)
USER_KEYRING = -4
REVOKE, SEARCH, READ, SET_TIMEOUT = 3, 10, 11, 15


class LinuxKeyStore:
    """Keys of type `user` in the user keyring, each with a lifetime."""

    name = "kernel keyring"

    def __init__(self, *, lifetime_s: int) -> None:
        self._lifetime_s = lifetime_s

    def get(self, vault: bytes) -> bytes | None:
        """The data key, or None."""
        if not KEYCTL:
            return None
        import ctypes

        serial = self._find(vault)
        if serial < 0:
            return None
        buffer = ctypes.create_string_buffer(32)
        length = _libc().syscall(KEYCTL, READ, serial, buffer, 32, 0)
        return buffer.raw if length == 32 else None

    def put(self, vault: bytes, data_key: bytes) -> None:
        """Keep the data key for the lifetime.

        Raises: Unavailable, where the kernel refuses.
        """
        if not KEYCTL:
            raise Unavailable("this system has no kernel keyring")
        serial = _libc().syscall(ADD_KEY, b"user", _description(vault), data_key, len(data_key), USER_KEYRING)
        if serial < 0 or _libc().syscall(KEYCTL, SET_TIMEOUT, serial, self._lifetime_s, 0, 0) < 0:
            raise Unavailable("the kernel keyring refused the key")
        # A key that cannot be read back (no session keyring that leads to it) is no cache.
        if self.get(vault) != data_key:
            raise Unavailable("the kernel keyring does not give the key back")

    def remove(self, vault: bytes) -> bool:
        """Forget the data key; whether there was one."""
        if not KEYCTL:
            return False
        serial = self._find(vault)
        return serial >= 0 and _libc().syscall(KEYCTL, REVOKE, serial, 0, 0, 0) == 0

    def _find(self, vault: bytes) -> int:
        return int(_libc().syscall(KEYCTL, SEARCH, USER_KEYRING, b"user", _description(vault), 0))


def _libc() -> ctypes.CDLL:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


def _description(vault: bytes) -> bytes:
    return b"scribes:" + vault.hex().encode()
