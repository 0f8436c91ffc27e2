"""A remote that is a folder: mounted, on a stick, or kept alike on several machines by another program.

    scribes-remote.json                                  which remote this is
    spaces/<space>/<device>/<number>.bundle              an entry, written once; those that say who belongs to the space
    spaces/<space>/<device>/<number>.control             have a name of their own: nothing has to be opened to tell
    spaces/<space>/<device>/<number>.folded              the SHA-256 of one that a snapshot stands for
    spaces/<space>/generation                            counts snapshots
    mail/<slot>                                          a letter

Each device writes into folders of its own name only, so a program that carries files to and fro meets no two versions
of one. Where the folder is shared directly, a lock makes appending one step for all.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from hashlib import sha256

from ..canonical import encode
from ..crypto.envelope import FIRST, MAX_ENTRY_BYTES
from ..crypto.log_rules import is_bundle, keyring_of, to_append
from ..domain.keyring import Keyring
from ..errors import AlreadyExists, Busy, Damaged, InvalidInput, NotFound, ScribesError, Unavailable
from ..files import private_folder, remove_quietly, write_atomically
from ..locks import VaultLock
from ..models.sync import Page
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MARKER, FORMAT, VERSION = "scribes-remote.json", "scribes-remote", 1
BUNDLE, CONTROL, FOLDED = ".bundle", ".control", ".folded"
DIGITS = 10
NOFOLLOW, NONBLOCK = getattr(os, "O_NOFOLLOW", 0), getattr(os, "O_NONBLOCK", 0)


class FolderRemote:
    """A folder as `ports.Remote`."""

    def __init__(self, folder: str) -> None:
        self.name = folder
        """The folder's path."""
        self._rings: dict[bytes, tuple[tuple[str, ...], Keyring]] = {}

    def identify(self) -> bytes:
        """The id in the folder's marker.

        Raises: NotFound, where there is none; Unavailable, where there is no folder.
        """
        if not os.path.isdir(self.name):
            raise Unavailable(f"there is no folder {self.name}", hint="is it mounted? your notes are safe; sync later")
        data = _read(os.path.join(self.name, MARKER))
        if data is None:
            raise NotFound(
                f"{self.name} holds no logs of Scribes (any more)",
                hint="is it the right folder, and mounted? nothing was changed here",
            )
        try:
            said = json.loads(data)
            if said["format"] != FORMAT or said["version"] != VERSION:
                raise ValueError("another format")
            id = bytes.fromhex(said["id"])
            if len(id) != 16:
                raise ValueError("no id")
        except (ValueError, KeyError, TypeError, RecursionError) as e:
            raise Damaged(f"the marker {MARKER} in {self.name} cannot be read") from e
        return id

    def found(self) -> bytes:
        """Make this folder a remote; its id.

        Raises: AlreadyExists, where something else lies in it; InvalidInput.
        """
        private_folder(self.name)
        try:
            return self.identify()
        except NotFound:
            pass
        there = [name for name in os.listdir(self.name) if not name.startswith(".")]
        if there:
            raise AlreadyExists(
                f"{self.name} is not empty and holds no logs of Scribes", hint="name a new folder, or an empty one"
            )
        id = os.urandom(16)
        said = {"format": FORMAT, "id": id.hex(), "version": VERSION}
        write_atomically(os.path.join(self.name, MARKER), encode(said).encode() + b"\n", mode=0o666)
        return id

    def fetch(self, space: bytes, after: str, *, limit_bytes: int) -> Page:
        """Entries behind a cursor: what says who belongs to the space comes first."""
        self.identify()
        read = _cursor(after)
        there = {device: self._chain_of(space, device) for device in self._devices(space)}
        left = sorted(
            (place.is_bundle, number, device)
            for device, chain in there.items()
            for number, place in chain.items()
            if place.is_there and not read.get(device, _Read()).has(number)
        )
        taken: list[bytes] = []
        size = 0
        for _, number, device in left:
            raw = self._raw(there[device][number])
            if taken and size + len(raw) > limit_bytes:
                break
            taken.append(raw)
            size += len(raw)
            read.setdefault(device, _Read()).add(number)
        for device, chain in there.items():
            read.setdefault(device, _Read()).close_up(chain)
        heads = {device: self._head(space, device, chain) for device, chain in there.items()}
        cursor = encode({device.hex(): one.said() for device, one in read.items()})
        # A folder that went away meanwhile looks like an empty one.
        self.identify()
        return Page(tuple(taken), cursor, len(taken) < len(left), self._generation(space), heads)

    def append(self, space: bytes, entries: Sequence[bytes], *, again: bool = False) -> None:
        """Put entries at the end: each a file of its own, all or none as far as the folder is shared directly.

        Raises: Outrun, Forbidden, Damaged, StorageFull, Unavailable.
        """
        self.identify()
        lock = self._lock()
        try:
            chains = {device: self._chain_of(space, device) for device in self._devices(space)}
            heads = {device: self._end(space, device, chain) for device, chain in chains.items()}
            fresh, _ = to_append(
                space,
                self._ring(space, chains),
                heads,
                entries,
                hash_of=lambda device, n: self._hash(space, device, n),
                again=again,
            )
            written: list[str] = []
            try:
                for entry in fresh:
                    suffix = BUNDLE if is_bundle(entry.raw) else CONTROL
                    chain = self._chain(space, entry.header.device)
                    written.append(os.path.join(chain, _file(entry.header.number, suffix)))
                    self._write(written[-1], entry.raw)
                # What went where a folder was mounted before is not in it.
                self.identify()
            except BaseException:
                for path in reversed(written):
                    remove_quietly(path)
                raise
        finally:
            lock.close()

    def fold(self, space: bytes, covers: dict[bytes, int]) -> None:
        """Let go of bundles that a snapshot stands for: of each chain the last such keeps its SHA-256."""
        self.identify()
        lock = self._lock()
        try:
            # First of all: who reads in the middle must begin anew.
            self._write(self._generation_file(space), str(int(self._generation(space)) + 1).encode())
            for device, last in covers.items():
                chain = self._chain_of(space, device)
                gone = [n for n, place in chain.items() if n <= last and place.is_bundle and place.is_there]
                if gone:
                    stub = os.path.join(self._chain(space, device), _file(gone[-1], FOLDED))
                    self._write(stub, self._hash(space, device, gone[-1]) or b"")
                # The last one first: where a process dies here, its stub says that those before it may be gone.
                for number in reversed([n for n, place in chain.items() if n <= last and place.is_bundle]):
                    remove_quietly(os.path.join(self._chain(space, device), _file(number, BUNDLE)))
        finally:
            lock.close()

    def bridge(self, space: bytes, ends: dict[bytes, tuple[int, bytes]]) -> None:
        """Take the last bundle of a chain for one that was let go."""
        self.identify()
        lock = self._lock()
        try:
            for device, (number, hash) in ends.items():
                if number > max(self._chain_of(space, device), default=0):
                    self._write(os.path.join(self._chain(space, device), _file(number, FOLDED)), hash)
        finally:
            lock.close()

    def send(self, slot: bytes, message: bytes) -> None:
        """Leave a letter."""
        self.identify()
        self._write(os.path.join(self.name, "mail", slot.hex()), message)

    def receive(self, slot: bytes) -> bytes | None:
        """The letter in a slot."""
        self.identify()
        return _read(os.path.join(self.name, "mail", slot.hex()))

    def discard(self, slot: bytes) -> None:
        """Take a letter out."""
        remove_quietly(os.path.join(self.name, "mail", slot.hex()))

    def _write(self, path: str, data: bytes) -> None:
        """Put a file below the folder, which itself is not made anew: where a stick was is no stick."""
        try:
            missing = []
            folder = os.path.dirname(path)
            while folder != self.name and not os.path.isdir(folder):
                missing.append(folder)
                folder = os.path.dirname(folder)
            for folder in reversed(missing):
                try:
                    # Others who share the folder must be able to read and write: all that lies there is sealed.
                    os.mkdir(folder)
                except FileExistsError:
                    # Somebody made it in this moment.
                    continue
            write_atomically(path, data, mode=0o666)
        except (InvalidInput, OSError) as e:
            why = e.message if isinstance(e, InvalidInput) else str(e.strerror).lower()
            raise Unavailable(
                f"{self.name} cannot be written: {why}", hint="is it still mounted? your notes are safe; sync later"
            ) from e

    def _lock(self) -> VaultLock:
        try:
            lock = VaultLock(os.path.join(self.name, ".scribes"), mode=0o666)
        except InvalidInput as e:
            raise Unavailable(f"{self.name} cannot be written: {e.message}", hint="is it still mounted?") from e
        try:
            lock.exclude()
        except Busy as e:
            lock.close()
            raise Unavailable(f"another device is writing into {self.name}", hint="try again in a moment") from e
        except OSError:
            # A file system without locks: then each device's own folders are all the order there is.
            pass
        return lock

    def _space(self, space: bytes) -> str:
        return os.path.join(self.name, "spaces", space.hex())

    def _chain(self, space: bytes, device: bytes) -> str:
        return os.path.join(self._space(space), device.hex())

    def _devices(self, space: bytes) -> list[bytes]:
        return sorted(_ids(self._space(space)))

    def _chain_of(self, space: bytes, device: bytes) -> dict[int, _Place]:
        """What lies there of a device's chain, by number, ascending."""
        found: dict[int, _Place] = {}
        for name in sorted(_names(self._chain(space, device))):
            number, suffix = name[:DIGITS], name[DIGITS:]
            is_number = len(number) == DIGITS and number.isascii() and number.isdecimal()
            # In the order of the alphabet a stub comes after the bundle that a crash left beside it, and stands for it.
            if is_number and suffix in (BUNDLE, CONTROL, FOLDED):
                found[int(number)] = _Place(os.path.join(self._chain(space, device), name), suffix)
        return found

    def _head(self, space: bytes, device: bytes, chain: dict[int, _Place]) -> tuple[int, bytes]:
        last = max(chain, default=0)
        return (last, self._hash(space, device, last) or b"") if last else (0, FIRST)

    def _end(self, space: bytes, device: bytes, chain: dict[int, _Place]) -> tuple[int, bytes]:
        """The last entry before which none is missing: a number far out, that anybody can name a file by, is no end."""
        end = max((number for number, place in chain.items() if not place.is_there), default=0)
        while end + 1 in chain:
            end += 1
        return (end, self._hash(space, device, end) or b"") if end else (0, FIRST)

    def _hash(self, space: bytes, device: bytes, number: int) -> bytes | None:
        for suffix in (BUNDLE, CONTROL):
            raw = _read(os.path.join(self._chain(space, device), _file(number, suffix)))
            if raw is not None:
                return sha256(raw).digest()
        return _read(os.path.join(self._chain(space, device), _file(number, FOLDED)))

    def _raw(self, place: _Place) -> bytes:
        raw = _read(place.path)
        if raw is None:
            raise Unavailable(f"an entry in {self.name} went away while it was read", hint="sync again")
        return raw

    def _ring(self, space: bytes, chains: dict[bytes, dict[int, _Place]]) -> Keyring:
        places = tuple(place.path for chain in chains.values() for place in chain.values() if not place.is_bundle)
        kept = self._rings.get(space)
        if kept is None or kept[0] != places:
            raws = [raw for path in places if (raw := _read(path)) is not None]
            kept = (places, keyring_of(space, sorted(raws, key=_control_number)))
            self._rings[space] = kept
        return kept[1]

    def _generation_file(self, space: bytes) -> str:
        return os.path.join(self._space(space), "generation")

    def _generation(self, space: bytes) -> str:
        data = _read(self._generation_file(space))
        return data.decode("ascii", "replace") if data and data.isdigit() else "1"


def _control_number(raw: bytes) -> int:
    from ..crypto.control import control_number
    from ..crypto.envelope import parse

    try:
        return control_number(parse(raw))
    except ScribesError:
        return 0


def _read(path: str) -> bytes | None:
    """The content of a file, None where there is none, and nothing of what is no file of ours: whoever writes into the
    folder must not lead us elsewhere, hold us up or fill our memory.
    """
    try:
        handle = os.open(path, os.O_RDONLY | NOFOLLOW | NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as e:
        if e.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.EMLINK):
            return b""
        raise Unavailable(f"{path} cannot be read", hint="is it still mounted? sync again later") from e
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_ENTRY_BYTES:
            return b""
        with os.fdopen(os.dup(handle), "rb") as file:
            return file.read()
    except OSError as e:
        raise Unavailable(f"{path} cannot be read", hint="is it still mounted? sync again later") from e
    finally:
        os.close(handle)


@record
class _Place:
    """A file of a chain, and what it is."""

    path: str
    suffix: str

    @property
    def is_there(self) -> bool:
        return self.suffix != FOLDED

    @property
    def is_bundle(self) -> bool:
        return self.suffix != CONTROL


class _Read:
    """What was read of a chain: all up to a number, and single ones behind a hole, which another program may fill."""

    def __init__(self, end: int = 0, beyond: Iterable[int] = ()) -> None:
        self.end, self.beyond = end, set(beyond)

    def has(self, number: int) -> bool:
        return number <= self.end or number in self.beyond

    def add(self, number: int) -> None:
        self.beyond.add(number)

    def close_up(self, chain: dict[int, _Place]) -> None:
        """Move the end on over what was read, and over what a snapshot stands for."""
        folded = max((number for number, place in chain.items() if not place.is_there), default=0)
        unread = min((n for n, place in chain.items() if place.is_there and not self.has(n)), default=folded + 1)
        self.end = max(self.end, min(folded, unread - 1))
        while self.end + 1 in self.beyond:
            self.end += 1
        self.beyond = {number for number in self.beyond if number > self.end}

    def said(self) -> list[int]:
        return [self.end, *sorted(self.beyond)]


def _file(number: int, suffix: str) -> str:
    return f"{number:0{DIGITS}}{suffix}"


def _ids(folder: str) -> list[bytes]:
    return [bytes.fromhex(name) for name in _names(folder) if len(name) == 32 and set(name) <= set("0123456789abcdef")]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as e:
        raise Unavailable(f"{folder} cannot be read", hint="is it still mounted? sync again later") from e


def _cursor(text: str) -> dict[bytes, _Read]:
    try:
        said = json.loads(text) if text else {}
        return {bytes.fromhex(device): _Read(int(end), map(int, beyond)) for device, (end, *beyond) in said.items()}
    except (ValueError, OverflowError, TypeError, AttributeError, RecursionError):
        # Not ours: all of it is read, and what is known is passed over.
        return {}
