"""The data key in the desktop's keyring (Keychain, Secret Service, Credential Manager); extra `keyring`."""

from __future__ import annotations

from ..errors import Unavailable

SERVICE = "scribes"


class KeyringKeyStore:
    """Keys in the OS keyring. Reading it costs a quarter of a second: a cache serves the commands after the first."""

    name = "system keyring"

    def get(self, vault: bytes) -> bytes | None:
        """The data key, or None.

        Raises: Unavailable.
        """
        import keyring
        import keyring.errors

        try:
            text = keyring.get_password(SERVICE, vault.hex())
            return bytes.fromhex(text) if text else None
        except keyring.errors.KeyringError as e:
            raise Unavailable("the system keyring did not answer", hint="scribes unlock --recovery") from e

    def put(self, vault: bytes, data_key: bytes) -> None:
        """Keep the data key; it is read back before this returns.

        Raises: Unavailable.
        """
        import keyring
        import keyring.errors

        try:
            keyring.set_password(SERVICE, vault.hex(), data_key.hex())
        except keyring.errors.KeyringError as e:
            raise Unavailable("the system keyring refused the key") from e
        if self.get(vault) != data_key:
            raise Unavailable("the system keyring does not give the key back")

    def remove(self, vault: bytes) -> bool:
        """Forget the data key; whether there was one."""
        import keyring
        import keyring.errors

        try:
            keyring.delete_password(SERVICE, vault.hex())
            return True
        except keyring.errors.KeyringError:
            return False


def works() -> bool:
    """Whether the extra is installed and a real keyring answers (a headless machine has none)."""
    try:
        import keyring
        import keyring.backends.fail
        import keyring.backends.null
    except ImportError:
        return False
    backend = keyring.get_keyring()
    return not isinstance(backend, (keyring.backends.fail.Keyring, keyring.backends.null.Keyring))
