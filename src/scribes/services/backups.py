"""Backups: one verified, encrypted file that holds the vault and its key header, and putting one back.

The file is a plain tar with `manifest.json`, `keys.json` and `vault`, in this order. The vault inside is encrypted as
it always is; the passphrase or the recovery key opens it on any machine. (docs/reference/file-format.md)
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from datetime import UTC, datetime

from ..canonical import encode
from ..crypto.header import Header
from ..crypto.header import read as read_header
from ..crypto.keys import subkey
from ..errors import AlreadyExists, Conflict, Damaged, InvalidInput, NotFound, ScribesError
from ..files import from_os_error, private_folder, remove_quietly, sync_folder, write_atomically
from ..locks import VaultLock, remove_database
from ..models.vault import Backup
from ..storage import meta, migrations, notes
from .vault import FILE_KEY, header_path, put_in_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ports import Engine, Progress
    from .context import Context
    from .vault import OpenEngine

SUFFIX = ".scribes-backup"
FORMAT, VERSION = "scribes-backup", 1
MEMBERS = ("manifest.json", "keys.json", "vault")
MAX_SMALL_BYTES = 64 * 1024
CHUNK = 1024 * 1024


class Backups:
    """Backups of an open vault. Without a path they go to the folder `backups` in the data folder."""

    def __init__(
        self,
        context: Context,
        *,
        header: Callable[[], Header],
        folder: str,
        open_engine: OpenEngine,
    ) -> None:
        self._context = context
        self._header = header
        self._folder = folder
        self._open_engine = open_engine

    def make(self, path: str | None = None, *, progress: Progress | None = None, reason: str = "") -> Backup:
        """A backup that was read back and found whole.

        Raises: AlreadyExists, InvalidInput, StorageFull, Damaged, Busy.
        """
        target = self._target(path, reason)
        with self._context.engine.read():
            # A key that another process rotated is noticed here, before it is asked for.
            header = self._header()
        if not header.fits(self._context.key.value):
            raise Conflict("the vault's key was changed meanwhile", hint="run the command again")
        copy = target + ".part-vault"
        try:
            self._context.engine.copy_to(copy, subkey(self._context.key.value, FILE_KEY), progress)
            number = self._count(copy)
            _pack(target + ".part", copy, header)
            verify(target + ".part")
            os.replace(target + ".part", target)
            sync_folder(os.path.dirname(target))
            return Backup(target, os.path.getsize(target), number, datetime.now(UTC))
        except OSError as e:
            raise from_os_error(e, target) from e
        finally:
            remove_database(copy)
            remove_quietly(target + ".part")

    def recent(self) -> list[Backup]:
        """The backups in the folder, the newest first; how many notes they hold is not looked up (-1)."""
        try:
            names = [name for name in os.listdir(self._folder) if name.endswith(SUFFIX)]
        except OSError:
            return []
        found = []
        ours = self._header().vault.hex()
        for path in (os.path.join(self._folder, name) for name in names):
            if _vault_of(path) != ours:
                continue
            status = os.stat(path)
            found.append(Backup(path, status.st_size, -1, datetime.fromtimestamp(status.st_mtime, UTC)))
        return sorted(found, key=lambda backup: backup.made_at, reverse=True)

    def _target(self, path: str | None, reason: str) -> str:
        if path is None:
            private_folder(self._folder)
            stem = os.path.basename(self._context.engine.path).partition(".")[0]
            moment = datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")[:-3]
            target = os.path.join(self._folder, f"{stem}-{moment}{reason and '-' + reason}{SUFFIX}")
        else:
            target = os.path.abspath(os.path.expanduser(path))
        if os.path.isdir(target):
            raise InvalidInput(f"{target} is a folder", hint=f"name a file, such as notes{SUFFIX}")
        if os.path.exists(target):
            raise AlreadyExists(f"{target} is there already", hint="backups are never overwritten; give another name")
        if not os.path.isdir(os.path.dirname(target)):
            raise InvalidInput(f"there is no folder {os.path.dirname(target)}", hint="make it first")
        return target

    def _count(self, copy: str) -> int:
        engine = self._open_engine(copy, subkey(self._context.key.value, FILE_KEY))
        try:
            with engine.read() as tx:
                return notes.count(tx, visible_to=self._context.visible_to)
        finally:
            engine.close()


def verify(path: str) -> Header:
    """The key header in a backup, whose every byte agrees with its manifest.

    Raises: NotFound, InvalidInput, Damaged.
    """
    with _opened(path) as archive:
        return _read(archive, None)


def restore(
    path: str,
    vault_path: str,
    *,
    unlock: Callable[[Header], bytes],
    current: Engine | None,
    before: Callable[[], object],
    open_engine: OpenEngine,
    device_name: str,
) -> tuple[Header, bytes, str | None]:
    """Put a backup in the place of the vault: its header, its data key, and where an unreadable old file was put.

    `current` is the open vault, None where there is none or it cannot be opened; `before` backs it up at the last
    moment, when nobody can write to it any more.

    Raises: NotFound, InvalidInput, Damaged, WrongKey, Locked, StorageFull, Busy; the vault is then as it was.
    """
    private_folder(os.path.dirname(vault_path))
    copy = vault_path + ".restoring"
    remove_database(copy)
    try:
        with _opened(path) as archive:
            header = _read(archive, copy)
        data_key = unlock(header)
        _prepare(copy, data_key, header, open_engine=open_engine, device_name=device_name)
        moved = None
        if current is not None:
            with current.alone():
                before()
                put_in_place(current, copy, header, data_key)
        else:
            moved = _put_where_none_opens(copy, vault_path, header)
        return header, data_key, moved
    finally:
        remove_database(copy)


def _prepare(copy: str, data_key: bytes, header: Header, *, open_engine: OpenEngine, device_name: str) -> None:
    """Check the extracted vault, and let it go on as a new device: its old one may have written since."""
    engine = open_engine(copy, subkey(data_key, FILE_KEY))
    try:
        if problems := engine.problems():
            raise Damaged(f"the vault in the backup is not sound: {problems[0]}", hint="try an older backup")
        with engine.write() as tx:
            migrations.version(tx)
            meta.become_new_device(tx, device_name)
            meta.put(tx, "header", header.to_bytes())
    finally:
        engine.close()


def _put_where_none_opens(copy: str, vault_path: str, header: Header) -> str | None:
    """Put the copy at the path; what lies there and cannot be opened is moved aside, never removed."""
    lock = VaultLock(vault_path)
    try:
        lock.exclude()
        aside = None
        if os.path.exists(vault_path):
            aside = f"{vault_path}.unreadable-{datetime.now().strftime('%Y%m%d-%H%M%S')}"
            for suffix in ("", "-wal", "-shm", ".keys.json"):
                if os.path.exists(vault_path + suffix):
                    os.replace(vault_path + suffix, aside + suffix)
        os.replace(copy, vault_path)
        write_atomically(header_path(vault_path), header.to_bytes())
        return aside
    except OSError as e:
        raise from_os_error(e, vault_path) from e
    finally:
        lock.close()


def _pack(target: str, vault: str, header: Header) -> None:
    keys = header.to_bytes()
    with open(vault, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "vault": header.vault.hex(),
        "sha256": {"keys.json": hashlib.sha256(keys).hexdigest(), "vault": digest},
    }
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in (("manifest.json", encode(manifest).encode()), ("keys.json", keys)):
            archive.addfile(_member(name, len(data)), io.BytesIO(data))
        with open(vault, "rb") as file:
            archive.addfile(_member("vault", os.path.getsize(vault)), file)
        archive.close()
        out.flush()
        os.fsync(out.fileno())


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _opened(path: str) -> tarfile.TarFile:
    try:
        # "r:" takes no compression, so a small file cannot become a large one.
        return tarfile.open(path, "r:")
    except FileNotFoundError as e:
        raise NotFound(f"there is no file {path}") from e
    except (tarfile.TarError, EOFError) as e:
        raise InvalidInput(f"{path} is not a Scribes backup") from e
    except OSError as e:
        raise from_os_error(e, path) from e


def _read(archive: tarfile.TarFile, vault_to: str | None) -> Header:
    """Check a backup against its manifest, writing the vault to a file if one is named; its key header."""
    try:
        manifest = json.loads(_small(archive, "manifest.json"))
        if manifest["format"] != FORMAT or int(manifest["version"]) > VERSION:
            raise InvalidInput("this backup was made by another or a newer program", hint="update Scribes")
        keys = _small(archive, "keys.json")
        if hashlib.sha256(keys).hexdigest() != manifest["sha256"]["keys.json"]:
            raise Damaged("the key header in the backup is damaged", hint="try another copy of the backup")
        if _extract(archive, vault_to) != manifest["sha256"]["vault"]:
            raise Damaged("the vault in the backup is damaged", hint="try another copy of the backup")
        return read_header(keys)
    except (tarfile.TarError, KeyError, TypeError, ValueError, EOFError) as e:
        raise Damaged("the backup is damaged", hint="try another copy of the backup") from e
    except OSError as e:
        raise from_os_error(e, str(archive.name)) from e


def _vault_of(path: str) -> str:
    """The id of the vault a backup is of, as its manifest says; empty where it cannot be read."""
    try:
        with _opened(path) as archive:
            return str(json.loads(_small(archive, "manifest.json"))["vault"])
    except (ScribesError, tarfile.TarError, KeyError, TypeError, ValueError, OSError):
        return ""


def _small(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.next()
    file = archive.extractfile(member) if member is not None and member.name == name and member.isfile() else None
    if member is None or file is None or member.size > MAX_SMALL_BYTES:
        raise ValueError(f"no {name}")
    return file.read()


def _extract(archive: tarfile.TarFile, to: str | None) -> str:
    """The SHA-256 of the vault in a backup, which is written to `to` on the way."""
    member = archive.next()
    file = archive.extractfile(member) if member is not None and member.name == "vault" and member.isfile() else None
    if member is None or file is None or member.issparse():
        raise ValueError("no vault")
    digest = hashlib.sha256()
    out = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600) if to else None
    try:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if out is not None:
                view = memoryview(chunk)
                while view:
                    view = view[os.write(out, view) :]
        if out is not None:
            os.fsync(out)
    finally:
        if out is not None:
            os.close(out)
    return digest.hexdigest()
