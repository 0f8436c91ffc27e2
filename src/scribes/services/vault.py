"""The vault as files: founding it, finding its header, finishing what a crash interrupted."""

from __future__ import annotations

import os

from ..crypto.header import Header, new_header
from ..crypto.header import read as read_header
from ..crypto.keys import new_key, new_recovery_key, subkey
from ..errors import Damaged, InvalidInput, NotFound, ScribesError
from ..files import private_folder, read_if_there, remove_quietly, write_atomically
from ..ids import new_id
from ..locks import SUFFIX as LOCK_SUFFIX
from ..locks import VaultLock, remove_database
from ..storage import meta, migrations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..ports import Engine, KeyStore

    OpenEngine = Callable[..., Engine]

HEADER_SUFFIX, NEXT_SUFFIX = ".keys.json", ".next"
FILE_KEY = "scribes.file"
# What cloud services call their folders, and what they leave in them.
CLOUD_NAMES = (
    "dropbox", "onedrive", "google drive", "googledrive", "my drive", "icloud drive", "mobile documents", "nextcloud",
    "owncloud", "pcloud", "pclouddrive", "mega", "box sync", "synology drive", "cloudstorage", "syncthing", "sync",
)  # fmt: skip
CLOUD_MARKS = (".stfolder", ".dropbox", ".nextcloudsync.log", ".owncloudsync.log", ".tmp.drivedownload")


def header_path(path: str) -> str:
    """Where the key header of a vault lies."""
    return path + HEADER_SUFFIX


def found(
    path: str,
    *,
    open_engine: OpenEngine,
    store: KeyStore,
    at_rest: str,
    device_name: str,
    passphrase: str | None,
    now_us: int,
    argon2: tuple[int, int],
) -> tuple[Header, bytes] | None:
    """A new vault: its header and data key. None when another process founded one here in the meantime.

    Raises: InvalidInput, StorageFull, Busy.
    """
    private_folder(os.path.dirname(path))
    lock = VaultLock(path)
    try:
        lock.exclude()
        if os.path.exists(path):
            return None
        if os.path.exists(header_path(path)):
            raise missing(path)
        data_key, vault, recovery_key = new_key(), new_id(now_us), new_recovery_key()
        memory_kib, passes = argon2
        header = new_header(
            vault,
            data_key,
            recovery_key=recovery_key,
            passphrase=passphrase,
            at_rest=at_rest,
            memory_kib=memory_kib,
            passes=passes,
        )
        # The key rests first, the file appears whole, the header comes last: a crash leaves nothing that needs a guess.
        store.put(vault, data_key)
        _first_file(path, header, data_key, recovery_key, open_engine=open_engine, device_name=device_name)
        write_atomically(header_path(path), header.to_bytes())
        return header, data_key
    finally:
        lock.close()


def _first_file(
    path: str, header: Header, data_key: bytes, recovery_key: str, *, open_engine: OpenEngine, device_name: str
) -> None:
    from ..storage import passages

    temporary = path + ".new"
    remove_database(temporary)
    engine = open_engine(temporary, subkey(data_key, FILE_KEY), create=True)
    try:
        with engine.write() as tx:
            migrations.upgrade(tx)
            meta.found_vault(tx, vault=header.vault, device_name=device_name)
            passages.note_read(tx, None)
            meta.put(tx, "recovery_key", recovery_key)
            meta.put(tx, "header", header.to_bytes())
    finally:
        engine.close()
    with open(temporary, "rb") as file:
        if file.read(6) == b"SQLite":
            remove_database(temporary)
            raise Damaged("the new vault came out unencrypted and was removed", hint="reinstall apsw-sqlite3mc")
    os.replace(temporary, path)
    remove_quietly(temporary + LOCK_SUFFIX)


def missing(path: str) -> ScribesError:
    """The error for a vault that is not there: never was, or is gone while its key header stayed."""
    if os.path.exists(header_path(path)):
        return InvalidInput(
            f"{header_path(path)} is there but the vault itself is missing",
            hint="put the file back, or scribes restore-backup FILE; nothing was made anew",
        )
    return NotFound(f"there is no vault at {path}", hint='scribes add "…" makes one with the first note')


def make_current(engine: Engine, *, before_change: Callable[[int], None]) -> None:
    """Bring the tables of an opened vault to the newest version; `before_change` takes a backup of the old one.

    Raises: NewerFormat, StorageFull, Damaged; the file is then as it was.
    """
    with engine.read() as tx:
        if migrations.version(tx) == migrations.SCHEMA_VERSION:
            return
    with engine.write() as tx:
        present = migrations.version(tx)
        if present < migrations.SCHEMA_VERSION:
            before_change(present)
            migrations.upgrade(tx)


def find_header(path: str, *, keys: Iterable[bytes], open_engine: OpenEngine) -> Header:
    """The header beside the vault; a missing or damaged one is made anew from the vault, if one of `keys` opens it.

    Raises: Damaged.
    """
    data = read_if_there(header_path(path))
    if data is not None:
        try:
            return read_header(data)
        except Damaged:
            if (header := header_inside(path, keys, open_engine)) is None:
                raise
    elif (header := header_inside(path, keys, open_engine)) is None:
        raise Damaged(
            f"the key header {header_path(path)} is missing and no key at hand opens the vault",
            hint="put the header file back, or scribes restore-backup FILE",
        )
    write_atomically(header_path(path), header.to_bytes())
    return header


def header_inside(path: str, keys: Iterable[bytes], open_engine: OpenEngine, *, locked: bool = False) -> Header | None:
    """The copy of the header in the vault, if one of `keys` opens it."""
    for data_key in keys:
        try:
            engine = open_engine(path, subkey(data_key, FILE_KEY), locked=locked)
        except (Damaged, NotFound):
            continue
        try:
            with engine.read() as tx:
                header = read_header(meta.get(tx, "header") or b"")
            return header if header.fits(data_key) else None
        except ScribesError:
            continue
        finally:
            engine.close()
    return None


def put_in_place(engine: Engine, copy: str, header: Header, data_key: bytes) -> None:
    """Replace a vault and its header by a copy under another header, so that a crash at any point can be finished.

    Call it inside `engine.alone()`. `finish_replacement` is its other half.
    """
    write_atomically(header_path(engine.path) + NEXT_SUFFIX, header.to_bytes())
    engine.replace_with(copy, subkey(data_key, FILE_KEY))
    os.replace(header_path(engine.path) + NEXT_SUFFIX, header_path(engine.path))


def finish_replacement(path: str, *, keys: Iterable[bytes], open_engine: OpenEngine) -> None:
    """Finish or take back a replacement that a crash interrupted: the header that the file itself carries is right."""
    coming = header_path(path) + NEXT_SUFFIX
    lock = VaultLock(path)
    try:
        lock.exclude()
        data = read_if_there(coming)
        if data is None:
            return
        inside = header_inside(path, keys, open_engine, locked=True)
        if inside is not None and inside.to_bytes() == data:
            os.replace(coming, header_path(path))
        elif inside is not None:
            remove_quietly(coming)
    finally:
        lock.close()


def rewrite_header(engine: Engine, changed: Callable[[], Header]) -> None:
    """Put a new header into the vault, then beside it, while nobody rotates the key.

    Where a crash parts the two, `doctor` takes the higher revision.
    """
    with engine.alone():
        header = changed()
        with engine.write() as tx:
            meta.put(tx, "header", header.to_bytes())
        write_atomically(header_path(engine.path), header.to_bytes())


def cloud_folder(path: str) -> str | None:
    """The folder above a vault that a cloud service synchronises, or None. Such services tear databases apart."""
    folder = os.path.dirname(os.path.realpath(path))
    while True:
        name = os.path.basename(folder).lower()
        if name.startswith(("onedrive -", "onedrive-")) or name in CLOUD_NAMES:
            return folder
        if any(os.path.exists(os.path.join(folder, mark)) for mark in CLOUD_MARKS):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
