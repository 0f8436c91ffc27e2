"""Where the data key of a vault is on this machine, and how to come by it."""

from __future__ import annotations

import os

from .adapters.engine_sqlite import SqliteEngine
from .adapters.keystore_file import FileKeyStore
from .config import ENVIRONMENT_PASSPHRASE, Settings
from .crypto import header as headers
from .crypto.keys import key_check
from .errors import Damaged, Locked, Unavailable, WrongKey
from .files import read_if_there, write_atomically
from .services import vault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .crypto.header import Header
    from .ports import KeyStore

    AskPassphrase = Callable[[], str]

MINUTE_S = 60


def key_stores(settings: Settings, header: Header) -> list[KeyStore]:
    """The places on this machine that may hold a vault's data key, the cheapest first."""
    from .adapters.keystore_linux import LinuxKeyStore

    lifetime_s = settings.unlock_minutes * MINUTE_S
    stores: list[KeyStore] = [key_files(settings), LinuxKeyStore(lifetime_s=lifetime_s)]
    stores += [_cache_files(settings)] if settings.runtime_folder else []
    # Asking the keyring costs a quarter of a second, so only where the header says that the key is there.
    if header.at_rest == "keyring":
        from .adapters import keystore_keyring

        if keystore_keyring.works():
            stores.append(keystore_keyring.KeyringKeyStore())
    return stores


def unlocked(
    place: str,
    settings: Settings,
    *,
    passphrase: str | None,
    recovery_key: str | None,
    ask: AskPassphrase | None,
) -> bytes:
    """The data key of the vault at a place: the quick way by its key file, else every other way.

    Raises: Locked, WrongKey, InvalidInput, Damaged.
    """
    data = read_if_there(vault.header_path(place))
    known = headers.identify(data) if data else None
    if known and passphrase is None and recovery_key is None:
        key = key_in(key_files(settings), known[0])
        if key is not None and key_check(key, known[0]) == known[1]:
            return key
    header = vault.find_header(place, keys=_all_keys(settings), open_engine=SqliteEngine)
    return key_for(place, header, settings, passphrase, recovery_key, ask)


def key_for(
    place: str,
    header: Header,
    settings: Settings,
    passphrase: str | None,
    recovery_key: str | None,
    ask: AskPassphrase | None,
) -> bytes:
    """The data key that fits a header.

    Raises: Locked, WrongKey, InvalidInput, Damaged.
    """
    if passphrase is not None or recovery_key is not None:
        return headers.unlock(header, passphrase=passphrase, recovery_key=recovery_key)
    here = keys_here(settings, header)
    fitting = next((key for key in here if header.fits(key)), None)
    if fitting is not None:
        _settle(settings, header, fitting)
        return fitting
    if header.slot("passphrase"):
        given = os.environ.get(ENVIRONMENT_PASSPHRASE)
        if given is None and ask is not None:
            given = ask()
        if given is not None:
            key = headers.unlock(header, passphrase=given)
            if ask is not None:
                remember(settings, header.vault, key)
            return key
    right = vault.header_inside(place, here, SqliteEngine)
    if right is not None:
        # The header beside the vault is another one's, or was damaged in a way that still reads.
        write_atomically(vault.header_path(place), right.to_bytes())
        return next(key for key in here if right.fits(key))
    if here:
        raise WrongKey("the key on this machine is not the key of this vault", hint="scribes unlock --recovery")
    ways = "scribes unlock" if header.slot("passphrase") else "scribes unlock --recovery, with the recovery key"
    raise Locked("the vault is locked: its key is not on this machine", hint=ways)


def keys_here(settings: Settings, header: Header) -> list[bytes]:
    """Every key this machine has for a vault: resting, left pending by a crash, or from before a rotation."""
    stores = [*key_stores(settings, header), pending_store(settings)]
    found = [key for key in (key_in(store, header.vault) for store in stores) if key]
    return list(dict.fromkeys([*found, *key_files(settings).older(header.vault)]))


def finish_replacement(place: str, settings: Settings, passphrase: str | None) -> None:
    """After a crash in the middle of a rotation or restore: see which header the file carries, and tidy up."""
    keys: list[bytes] = []
    for path in (vault.header_path(place), vault.header_path(place) + vault.NEXT_SUFFIX):
        try:
            header = headers.read(read_if_there(path) or b"")
            keys += keys_here(settings, header)
            if passphrase is not None and header.slot("passphrase"):
                keys.append(headers.unlock(header, passphrase=passphrase))
        except (Damaged, WrongKey):
            continue
    vault.finish_replacement(place, keys=keys, open_engine=SqliteEngine)


def _settle(settings: Settings, header: Header, data_key: bytes) -> None:
    """Give a key that a crash left pending its place."""
    pending = pending_store(settings)
    if key_in(pending, header.vault) == data_key:
        resting_place(settings, header.at_rest).put(header.vault, data_key)
        pending.remove(header.vault)


class Remembering:
    """The store of a vault that keeps its key nowhere: in the cache for a while, so that the next command works."""

    name = "cache"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def get(self, vault: bytes) -> bytes | None:  # noqa: ARG002
        """Never anything: what was put is found by the stores behind it."""
        return None

    def put(self, vault: bytes, data_key: bytes) -> None:
        """Keep it for `unlock_minutes`."""
        remember(self._settings, vault, data_key)

    def remove(self, vault: bytes) -> bool:  # noqa: ARG002
        """Nothing to remove."""
        return False


def remember(settings: Settings, vault_id: bytes, data_key: bytes) -> str:
    """Keep a key for `unlock_minutes`: in the kernel's keyring, else in a file in memory that expires.

    The name of the place; empty where this machine has none.
    """
    from .adapters.keystore_linux import LinuxKeyStore

    kernel = LinuxKeyStore(lifetime_s=settings.unlock_minutes * MINUTE_S)
    try:
        kernel.put(vault_id, data_key)
        return kernel.name
    except Unavailable:
        if not settings.runtime_folder:
            # On a disk the key would outlive its time and the passphrase would protect nothing.
            return ""
        store = _cache_files(settings)
        store.put(vault_id, data_key)
        return store.name


def chosen_rest(settings: Settings) -> str:
    """Where the key of a new vault rests: keyring or file.

    Raises: Unavailable, when the settings ask for a keyring and none works.
    """
    if settings.keystore != "file":
        from .adapters import keystore_keyring

        if keystore_keyring.works():
            return "keyring"
        if settings.keystore == "keyring":
            raise Unavailable("no system keyring answers", hint="pip install scribes[keyring], or keystore = file")
    return "file"


def resting_place(settings: Settings, at_rest: str) -> KeyStore:
    """Where the key of a vault rests for good on this machine."""
    if at_rest == "keyring":
        from .adapters import keystore_keyring

        if keystore_keyring.works():
            return keystore_keyring.KeyringKeyStore()
    return key_files(settings)


def key_files(settings: Settings) -> FileKeyStore:
    """The key files of this machine, apart from the vaults."""
    return FileKeyStore(os.path.join(settings.config_folder, "keys"))


def _cache_files(settings: Settings) -> FileKeyStore:
    lifetime_s = settings.unlock_minutes * MINUTE_S
    return FileKeyStore(os.path.join(settings.runtime_folder, "unlocked"), name="unlock cache", lifetime_s=lifetime_s)


def pending_store(settings: Settings) -> FileKeyStore:
    """Where a rotation keeps the new key until it has its place."""
    return FileKeyStore(os.path.join(settings.config_folder, "keys", "rotating"), name="pending key")


def _all_keys(settings: Settings) -> list[bytes]:
    files = key_files(settings)
    return [key for key in (key_in(files, vault_id) for vault_id in files.vaults()) if key]


def key_in(store: KeyStore, vault_id: bytes) -> bytes | None:
    """The key in a store; a store that does not answer, or a damaged key file, has none."""
    try:
        return store.get(vault_id)
    except (Unavailable, Damaged):
        return None
