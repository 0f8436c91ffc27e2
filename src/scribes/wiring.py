"""The composition root: from settings and secrets to an open `Scribes`."""

from __future__ import annotations

import os
import time

from .adapters.engine_sqlite import SqliteEngine
from .adapters.keystore_file import FileKeyStore
from .config import Settings, load
from .crypto import header as headers
from .crypto.keys import key_check, subkey
from .errors import Conflict, Damaged, Locked, Unavailable, WrongKey
from .files import read_if_there, write_atomically
from .services import vault
from .services.context import Context
from .storage import meta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from .crypto.header import Header
    from .models.vault import Backup
    from .ports import KeyStore, Progress
    from .services.backups import Backups
    from .services.checks import Checks
    from .services.drafts import Drafts
    from .services.exports import Exports
    from .services.history import History
    from .services.imports import Imports
    from .services.keys import Keys
    from .services.notes import Notes
    from .services.search import Search

    AskPassphrase = Callable[[], str]

MINUTE_S = 60
ENVIRONMENT_PASSPHRASE = "SCRIBES_PASSPHRASE"  # noqa: S105 - a name, not a secret


class Scribes:
    """An open vault. Usable from several threads; close it, or use it in a `with` block."""

    def __init__(self, context: Context, settings: Settings, data_key: bytes, *, founded: bool) -> None:
        self._context = context
        self._data_key = data_key
        self.settings = settings
        self.founded = founded
        """Whether this very call made the vault."""

    @property
    def path(self) -> str:
        """Where the vault lies."""
        return self._context.engine.path

    @property
    def notes(self) -> Notes:
        """Capture, read, change and delete notes."""
        from .services.notes import Notes

        return Notes(self._context)

    @property
    def search(self) -> Search:
        """Find notes."""
        from .services.search import Search

        return Search(self._context)

    @property
    def history(self) -> History:
        """Revisions, and undo."""
        from .services.history import History

        return History(self._context)

    @property
    def drafts(self) -> Drafts:
        """What was typed and not saved."""
        from .services.drafts import Drafts

        return Drafts(self._context)

    @property
    def imports(self) -> Imports:
        """Notes from other programs' files."""
        from .services.imports import Imports

        return Imports(self._context)

    @property
    def exports(self) -> Exports:
        """Notes as files for other programs."""
        from .services.exports import Exports

        return Exports(self._context)

    @property
    def backups(self) -> Backups:
        """Verified, encrypted copies."""
        from .services.backups import Backups

        return Backups(
            self._context,
            header=self._header,
            data_key=lambda: self._data_key,
            folder=os.path.join(self.settings.data_folder, "backups"),
            open_engine=SqliteEngine,
        )

    @property
    def keys(self) -> Keys:
        """Recovery key, passphrase, rotation, locking."""
        from .services.keys import Keys

        return Keys(
            self._context,
            header=self._header,
            data_key=self._data_key,
            stores=key_stores(self.settings, self._header()),
            pending=_pending_store(self.settings),
            open_engine=SqliteEngine,
            argon2=_argon2(self.settings),
        )

    @property
    def checks(self) -> Checks:
        """What `doctor` looks at."""
        from .services.checks import Checks

        return Checks(
            self._context,
            backups=self.backups,
            key_files=[_key_files(self.settings).path(self._header().vault)],
        )

    def close(self) -> None:
        """Let go of the file."""
        self._context.engine.close()

    def __enter__(self) -> Scribes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _key_again(self) -> bytes:
        """The file's key, after another process rotated it: from this machine's stores, for nobody can be asked."""
        try:
            self._data_key = _unlocked(self.path, self.settings, passphrase=None, recovery_key=None, ask=None)
        except Locked as e:
            raise Conflict("the vault got another key in another process", hint="open it again") from e
        return subkey(self._data_key, vault.FILE_KEY)

    def _header(self) -> Header:
        return headers.read(read_if_there(vault.header_path(self.path)) or b"")


def open(
    path: str | os.PathLike[str] | None = None,
    *,
    passphrase: str | None = None,
    recovery_key: str | None = None,
    create: bool = True,
    settings: Settings | None = None,
    ask: AskPassphrase | None = None,
    command: str = "library",
) -> Scribes:
    """The vault at `path` (default: the one in the settings), made if it is not there.

    The key comes from this machine's keyring or key file, or from the passphrase or recovery key given. A new vault
    made with a passphrase keeps its key nowhere else. `command` is what `undo` will call the changes made.

    Raises: Locked, WrongKey, NotFound, InvalidInput, Damaged, NewerFormat, Busy, StorageFull.
    """
    settings = settings or load()
    place = os.path.abspath(os.path.expanduser(os.fspath(path))) if path is not None else settings.vault
    founded = False
    if not os.path.exists(place):
        if not create or os.path.exists(vault.header_path(place)):
            raise vault.missing(place)
        founded = _found(place, settings, passphrase) is not None
    elif os.path.exists(vault.header_path(place) + vault.NEXT_SUFFIX):
        _finish_replacement(place, settings, passphrase)
    try:
        engine, data_key = _opened(place, settings, passphrase, recovery_key, ask)
    except (Damaged, WrongKey):
        # Perhaps the key was being rotated in these milliseconds: wait until nobody is at work on the whole vault.
        _wait_for_others(place)
        engine, data_key = _opened(place, settings, passphrase, recovery_key, ask)
    try:
        context = _context(engine, settings, data_key, command)
    except BaseException:
        engine.close()
        raise
    opened = Scribes(context, settings, data_key, founded=founded)
    engine.key_source = opened._key_again
    return opened


def _opened(
    place: str, settings: Settings, passphrase: str | None, recovery_key: str | None, ask: AskPassphrase | None
) -> tuple[SqliteEngine, bytes]:
    data_key = _unlocked(place, settings, passphrase=passphrase, recovery_key=recovery_key, ask=ask)
    return SqliteEngine(place, subkey(data_key, vault.FILE_KEY)), data_key


def _wait_for_others(place: str) -> None:
    from .locks import VaultLock

    lock = VaultLock(place)
    try:
        lock.share()
    finally:
        lock.close()


def unlock(
    settings: Settings, *, passphrase: str | None = None, recovery_key: str | None = None, for_good: bool = False
) -> str:
    """Where the key was put so that commands find it: for `unlock_minutes`, or for good where this machine keeps keys.

    Raises: WrongKey, InvalidInput, Damaged.
    """
    with open(settings=settings, passphrase=passphrase, recovery_key=recovery_key, create=False) as opened:
        header, data_key = opened._header(), opened._data_key
    if for_good:
        store = _resting_place(settings, header.at_rest)
        store.put(header.vault, data_key)
        return store.name
    return _remember(settings, header.vault, data_key)


def restore_backup(
    file: str,
    settings: Settings,
    *,
    passphrase: str | None = None,
    recovery_key: str | None = None,
    ask: AskPassphrase | None = None,
    progress: Progress | None = None,
) -> tuple[Backup | None, str | None]:
    """Put a backup in the place of the vault: the backup made of the present one, or where an unreadable one was put.

    Raises: NotFound, InvalidInput, Damaged, WrongKey, Locked, StorageFull, Busy; the vault is then as it was.
    """
    from .services import backups

    backups.verify(file)
    current, safety = None, None
    if os.path.exists(settings.vault):
        try:
            current = open(settings=settings, passphrase=passphrase, create=False)
            safety = current.backups.make(reason="before-restore", progress=progress)
        except (Locked, Damaged):
            current = None
    try:
        header, data_key, moved = backups.restore(
            file,
            settings.vault,
            unlock=lambda header: _key_for(settings.vault, header, settings, passphrase, recovery_key, ask),
            current=current._context.engine if current else None,
            open_engine=SqliteEngine,
            device_name=device_name(settings),
        )
    finally:
        if current:
            current.close()
    if recovery_key is not None or not any(_get(store, header.vault) for store in key_stores(settings, header)):
        # On a new machine the key has to rest somewhere again; a passphrase vault is unlocked for a while.
        if header.at_rest == "none":
            _remember(settings, header.vault, data_key)
        else:
            _resting_place(settings, header.at_rest).put(header.vault, data_key)
    return safety, moved


def key_stores(settings: Settings, header: Header) -> list[KeyStore]:
    """The places on this machine that may hold a vault's data key, the cheapest first."""
    from .adapters.keystore_linux import LinuxKeyStore

    lifetime_s = settings.unlock_minutes * MINUTE_S
    stores: list[KeyStore] = [_key_files(settings), LinuxKeyStore(lifetime_s=lifetime_s), _cache_files(settings)]
    # Asking the keyring costs a quarter of a second, so only where the header says that the key is there.
    if header.at_rest == "keyring":
        from .adapters import keystore_keyring

        if keystore_keyring.works():
            stores.append(keystore_keyring.KeyringKeyStore())
    return stores


def device_name(settings: Settings) -> str:
    """How this device is called in the history."""
    if settings.device:
        return settings.device
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "this device")


def _found(place: str, settings: Settings, passphrase: str | None) -> Header | None:
    """A new vault; None when another process was faster."""
    if passphrase is None:
        at_rest = _chosen_rest(settings)
        store = _resting_place(settings, at_rest)
    else:
        store, at_rest = _Remembering(settings), "none"
    made = vault.found(
        place,
        open_engine=SqliteEngine,
        store=store,
        at_rest=at_rest,
        device_name=device_name(settings),
        passphrase=passphrase,
        now_us=time.time_ns() // 1000,
        argon2=_argon2(settings),
    )
    return made[0] if made else None


def _unlocked(
    place: str,
    settings: Settings,
    *,
    passphrase: str | None,
    recovery_key: str | None,
    ask: AskPassphrase | None,
) -> bytes:
    """The data key of the vault at a place: the quick way by its key file, else every other way."""
    secret_given = passphrase is not None or recovery_key is not None
    data = read_if_there(vault.header_path(place))
    known = headers.identify(data) if data else None
    if known and not secret_given:
        key = _key_files(settings).get(known[0])
        if key is not None and key_check(key, known[0]) == known[1]:
            return key
    header = vault.find_header(place, keys=_all_keys(settings), open_engine=SqliteEngine)
    return _key_for(place, header, settings, passphrase, recovery_key, ask)


def _key_for(
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
    resting = [key for key in (_get(store, header.vault) for store in key_stores(settings, header)) if key]
    for key in resting:
        if header.fits(key):
            return key
    if header.slot("passphrase"):
        given = os.environ.get(ENVIRONMENT_PASSPHRASE)
        if given is None and ask is not None:
            given = ask()
        if given is not None:
            key = headers.unlock(header, passphrase=given)
            if ask is not None:
                _remember(settings, header.vault, key)
            return key
    if resting and (right := vault.header_inside(place, resting, SqliteEngine)) is not None:
        # The header beside the vault is another one's, or was damaged in a way that still reads.
        write_atomically(vault.header_path(place), right.to_bytes())
        return next(key for key in resting if right.fits(key))
    if resting:
        raise WrongKey("the key on this machine is not the key of this vault", hint="scribes unlock --recovery")
    ways = "scribes unlock" if header.slot("passphrase") else "scribes unlock --recovery, with the recovery key"
    raise Locked("the vault is locked: its key is not on this machine", hint=ways)


def _context(engine: SqliteEngine, settings: Settings, data_key: bytes, command: str) -> Context:
    """The context over an opened file, its tables brought up to date after a backup of how they were."""
    vault.make_current(engine, before_change=lambda old: _backup_before(engine, settings, data_key, old))
    with engine.read() as tx:
        me = meta.identity(tx)
    return Context(engine, me, (me.space,), command)


def _backup_before(engine: SqliteEngine, settings: Settings, data_key: bytes, version: int) -> None:
    context = Context(engine, meta.Identity(1, 1, b""), (1,), "")
    Scribes(context, settings, data_key, founded=False).backups.make(reason=f"format-{version}")


def _finish_replacement(place: str, settings: Settings, passphrase: str | None) -> None:
    """After a crash in the middle of a rotation or restore: find out which key the file has, and tidy up."""

    def key_of(header: Header) -> bytes | None:
        candidates = [_get(_pending_store(settings), header.vault)]
        candidates += [_get(store, header.vault) for store in key_stores(settings, header)]
        fitting = next((key for key in candidates if key and header.fits(key)), None)
        if fitting is None and passphrase is not None and header.slot("passphrase"):
            fitting = headers.unlock(header, passphrase=passphrase)
        return fitting

    vault.finish_replacement(place, keys=key_of, open_engine=SqliteEngine)
    data = read_if_there(vault.header_path(place))
    pending = _pending_store(settings)
    if data is None or os.path.exists(vault.header_path(place) + vault.NEXT_SUFFIX):
        return
    header = headers.read(data)
    key = _get(pending, header.vault)
    if key is not None and header.fits(key):
        # Something is pending only where this machine kept the key before.
        _resting_place(settings, header.at_rest).put(header.vault, key)
    pending.remove(header.vault)


class _Remembering:
    """The store of a vault that keeps its key nowhere: in the cache for a while, so that the next command works."""

    name = "cache"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def get(self, vault: bytes) -> bytes | None:  # noqa: ARG002
        """Never anything: what was put is found by the stores behind it."""
        return None

    def put(self, vault: bytes, data_key: bytes) -> None:
        """Keep it for `unlock_minutes`."""
        _remember(self._settings, vault, data_key)

    def remove(self, vault: bytes) -> bool:  # noqa: ARG002
        """Nothing to remove."""
        return False


def _remember(settings: Settings, vault_id: bytes, data_key: bytes) -> str:
    """Keep a key for `unlock_minutes`: in the kernel's keyring, else in a file that expires; the name of the place."""
    from .adapters.keystore_linux import LinuxKeyStore

    kernel = LinuxKeyStore(lifetime_s=settings.unlock_minutes * MINUTE_S)
    try:
        kernel.put(vault_id, data_key)
        return kernel.name
    except Unavailable:
        store = _cache_files(settings)
        store.put(vault_id, data_key)
        return store.name


def _chosen_rest(settings: Settings) -> str:
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


def _resting_place(settings: Settings, at_rest: str) -> KeyStore:
    """Where the key of a vault rests for good on this machine."""
    if at_rest == "keyring":
        from .adapters import keystore_keyring

        if keystore_keyring.works():
            return keystore_keyring.KeyringKeyStore()
    return _key_files(settings)


def _key_files(settings: Settings) -> FileKeyStore:
    return FileKeyStore(os.path.join(settings.config_folder, "keys"))


def _cache_files(settings: Settings) -> FileKeyStore:
    lifetime_s = settings.unlock_minutes * MINUTE_S
    return FileKeyStore(os.path.join(settings.runtime_folder, "unlocked"), name="unlock cache", lifetime_s=lifetime_s)


def _pending_store(settings: Settings) -> FileKeyStore:
    return FileKeyStore(os.path.join(settings.config_folder, "keys", "rotating"), name="pending key")


def _all_keys(settings: Settings) -> list[bytes]:
    files = _key_files(settings)
    return [key for key in (_get(files, vault_id) for vault_id in files.vaults()) if key]


def _get(store: KeyStore, vault_id: bytes) -> bytes | None:
    """The key in a store; a store that does not answer, or a damaged key file, has none."""
    try:
        return store.get(vault_id)
    except (Unavailable, Damaged):
        return None


def _argon2(settings: Settings) -> tuple[int, int]:
    return settings.argon2_memory_mib * 1024, settings.argon2_passes
