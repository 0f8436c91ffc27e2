"""The composition root: from settings and secrets to an open `Scribes`."""

from __future__ import annotations

import os
import time

from .adapters.engine_sqlite import SqliteEngine
from .config import Settings, load
from .crypto.keys import subkey
from .errors import Conflict, Damaged, Locked, NewerFormat, Unavailable, WrongKey
from .library import Scribes as Scribes
from .library import argon2_cost, device_name
from .library import scripture as scripture
from .services import vault
from .services.context import Context, HeldKey
from .storage import due, meta, spaces
from .unlocking import (
    Remembering,
    chosen_rest,
    finish_replacement,
    key_for,
    key_in,
    key_stores,
    remember,
    resting_place,
    unlocked,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .crypto.header import Header
    from .models.vault import Backup
    from .ports import Progress
    from .unlocking import AskPassphrase


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
        argon2=argon2_cost(settings),
    )
    return made[0] if made else None


def _context(engine: SqliteEngine, settings: Settings, held: HeldKey, command: str) -> Context:
    """The context over an opened file, its tables brought up to date after a backup of how they were."""
    vault.make_current(engine, before_change=lambda old: _backup_before(engine, settings, held, old))
    with engine.read() as tx:
        me = meta.identity(tx)
        visible_to = spaces.keys(tx)
        due_now = due.count(tx)
    return Context(engine, held, me, visible_to, command, due_now)


def _backup_before(engine: SqliteEngine, settings: Settings, held: HeldKey, version: int) -> None:
    context = Context(engine, held, meta.Identity(1, 1, b""), (1,), "")
    Scribes(context, settings, founded=False).backups.make(reason=f"format-{version}")
