"""The composition root: from settings and secrets to an open `Scribes`."""

from __future__ import annotations

import os
import time

from .adapters.engine_sqlite import SqliteEngine
from .config import Settings, load
from .crypto import header as headers
from .crypto.keys import subkey
from .embedders import Embedders
from .errors import Conflict, Damaged, InvalidInput, Locked, NewerFormat, Unavailable, WrongKey
from .files import read_if_there
from .services import vault
from .services.context import Context, HeldKey
from .storage import meta
from .unlocking import (
    Remembering,
    chosen_rest,
    finish_replacement,
    key_files,
    key_for,
    key_in,
    key_stores,
    pending_store,
    remember,
    resting_place,
    unlocked,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from .crypto.header import Header
    from .models.vault import Backup
    from .ports import Progress
    from .services.backups import Backups
    from .services.checks import Checks
    from .services.drafts import Drafts
    from .services.exports import Exports
    from .services.history import History
    from .services.imports import Imports
    from .services.keys import Keys
    from .services.links import Links
    from .services.meaning import Meaning
    from .services.notes import Notes
    from .services.passages import Passages
    from .services.scripture import RemoteText, Scripture
    from .services.search import Search
    from .unlocking import AskPassphrase


MINUTE_S = 60
ENVIRONMENT_SCRIPTURE_KEY = "SCRIBES_SCRIPTURE_KEY"


class Scribes:
    """An open vault. Usable from several threads; close it, or use it in a `with` block."""

    def __init__(self, context: Context, settings: Settings, *, founded: bool) -> None:
        self._context = context
        self._embedders = Embedders(settings)
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

        return Search(self._context, lambda: self.meaning)

    @property
    def meaning(self) -> Meaning:
        """The index of meaning."""
        from .services.meaning import Meaning

        return Meaning(self._context, self._embedders)

    @property
    def has_written(self) -> bool:
        """Whether anything was written through this object."""
        return self._context.engine.has_written

    @property
    def passages(self) -> Passages:
        """The passages that notes name."""
        from .services.passages import Passages

        return Passages(self._context)

    @property
    def links(self) -> Links:
        """What notes have to do with each other."""
        from .services.links import Links

        return Links(self._context)

    @property
    def scripture(self) -> Scripture:
        """Bible texts, cross references, topics."""
        return scripture(self.settings)

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
            stores=key_stores(self.settings, self._header()),
            pending=pending_store(self.settings),
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
            key_files=[key_files(self.settings).path(self._header().vault)],
        )

    def close(self) -> None:
        """Let go of the file."""
        self._embedders.close()
        self._context.engine.close()

    def __enter__(self) -> Scribes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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
    place = os.path.realpath(os.path.expanduser(os.fspath(path))) if path is not None else settings.vault
    founded = False
    if not os.path.exists(place):
        if not create or os.path.exists(vault.header_path(place)):
            raise vault.missing(place)
        founded = _found(place, settings, passphrase) is not None
    elif os.path.exists(vault.header_path(place) + vault.NEXT_SUFFIX):
        finish_replacement(place, settings, passphrase)
    before = _stamp(place)
    try:
        engine, data_key = _opened(place, settings, passphrase, recovery_key, ask)
    except (Damaged, WrongKey) as e:
        # Perhaps the key was being rotated in these milliseconds: look again while nobody can be at work on the whole.
        with _NobodyAlone(place):
            if (passphrase is not None or recovery_key is not None) and _stamp(place) == before:
                raise
            try:
                # Nobody is asked a second time: what rests on this machine fits now, or never did.
                engine, data_key = _opened(place, settings, passphrase, recovery_key, None)
            except Locked:
                raise e from None
    held = HeldKey(data_key)
    engine.key_source = lambda: _key_again(place, settings, held)
    try:
        context = _context(engine, settings, held, command)
    except BaseException:
        engine.close()
        raise
    return Scribes(context, settings, founded=founded)


def _key_again(place: str, settings: Settings, held: HeldKey) -> bytes:
    """The file's key, after another process rotated it: from this machine's stores, for nobody can be asked."""
    try:
        held.value = unlocked(place, settings, passphrase=None, recovery_key=None, ask=None)
    except (Locked, Damaged) as e:
        raise Conflict("the vault got another key in another process", hint="open it again") from e
    return subkey(held.value, vault.FILE_KEY)


def _opened(
    place: str, settings: Settings, passphrase: str | None, recovery_key: str | None, ask: AskPassphrase | None
) -> tuple[SqliteEngine, bytes]:
    data_key = unlocked(place, settings, passphrase=passphrase, recovery_key=recovery_key, ask=ask)
    return SqliteEngine(place, subkey(data_key, vault.FILE_KEY)), data_key


def _stamp(place: str) -> tuple[tuple[int, int], ...]:
    """Which vault file and which header stand at a place."""
    found = (os.stat(path) for path in (place, vault.header_path(place)) if os.path.exists(path))
    return tuple((status.st_ino, status.st_mtime_ns if number else 0) for number, status in enumerate(found))


class _NobodyAlone:
    """While entered, no process has the vault for itself: it waits for one that has, and holds off the next."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        from .locks import VaultLock

        self._lock = VaultLock(self._place)
        self._lock.share()

    def __exit__(self, *_: object) -> None:
        self._lock.close()


def scripture(settings: Settings) -> Scripture:
    """Bible texts and what belongs to them, for which no vault has to be opened.

    The key of a service comes from the environment alone, so that it stands in no file and no list of processes.
    """
    from .services.scripture import Scripture

    def connect(translation: str) -> RemoteText:
        from .adapters import scripture_http

        key = os.environ.get(ENVIRONMENT_SCRIPTURE_KEY)
        if key and _is_open_to_others(settings.scripture_url):
            raise InvalidInput(f"a key is not sent in the open to {settings.scripture_url}", hint="an https:// address")
        return scripture_http.connect(
            settings.scripture_service,
            translation=translation,
            key=key,
            base_url=settings.scripture_url or None,
        )

    folder = os.path.join(settings.data_folder, "texts")
    return Scripture(
        folder,
        connect=connect if settings.scripture_service else None,
        embedder=Embedders(settings).of_verses,
    )


def _is_open_to_others(url: str) -> bool:
    """Whether what is sent to an address can be read on the way."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return bool(url) and parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost")


def unlock(
    settings: Settings, *, passphrase: str | None = None, recovery_key: str | None = None, for_good: bool = False
) -> str:
    """Where the key was put so that commands find it: for `unlock_minutes`, or for good where this machine keeps keys.

    Raises: WrongKey, InvalidInput, Damaged.
    """
    with open(settings=settings, passphrase=passphrase, recovery_key=recovery_key, create=False) as opened:
        header, data_key = opened._header(), opened._context.key.value
    if for_good:
        store = resting_place(settings, header.at_rest)
        store.put(header.vault, data_key)
        return store.name
    where = remember(settings, header.vault, data_key)
    if not where:
        raise Unavailable("this machine has no place in memory to keep the key in", hint="scribes unlock --keep")
    return where


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
    current: Scribes | None = None
    safety: list[Backup] = []
    if os.path.exists(settings.vault):
        try:
            current = open(settings=settings, passphrase=passphrase, create=False)
        except (Locked, Damaged, NewerFormat):
            current = None

    def before() -> None:
        if current is not None:
            safety.append(current.backups.make(reason="before-restore", progress=progress))

    try:
        header, data_key, moved = backups.restore(
            file,
            settings.vault,
            unlock=lambda header: key_for(settings.vault, header, settings, passphrase, recovery_key, ask),
            current=current._context.engine if current else None,
            before=before,
            open_engine=SqliteEngine,
            device_name=device_name(settings),
        )
    finally:
        if current:
            current.close()
    if not any(key_in(store, header.vault) == data_key for store in key_stores(settings, header)):
        # On a new machine the key has to rest somewhere again; a passphrase vault is unlocked for a while.
        if header.at_rest == "none":
            remember(settings, header.vault, data_key)
        else:
            resting_place(settings, header.at_rest).put(header.vault, data_key)
    return (safety[0] if safety else None), moved


def device_name(settings: Settings) -> str:
    """How this device is called in the history."""
    if settings.device:
        return settings.device
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "this device")


def _found(place: str, settings: Settings, passphrase: str | None) -> Header | None:
    """A new vault; None when another process was faster."""
    if passphrase is None:
        at_rest = chosen_rest(settings)
        store = resting_place(settings, at_rest)
    else:
        store, at_rest = Remembering(settings), "none"
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


def _context(engine: SqliteEngine, settings: Settings, held: HeldKey, command: str) -> Context:
    """The context over an opened file, its tables brought up to date after a backup of how they were."""
    vault.make_current(engine, before_change=lambda old: _backup_before(engine, settings, held, old))
    with engine.read() as tx:
        me = meta.identity(tx)
    return Context(engine, held, me, (me.space,), command)


def _backup_before(engine: SqliteEngine, settings: Settings, held: HeldKey, version: int) -> None:
    context = Context(engine, held, meta.Identity(1, 1, b""), (1,), "")
    Scribes(context, settings, founded=False).backups.make(reason=f"format-{version}")


def _argon2(settings: Settings) -> tuple[int, int]:
    return settings.argon2_memory_mib * 1024, settings.argon2_passes
