"""Notes as a zip that is made while it is sent, and files out of a zip that nobody trusts.

Nothing is ever unpacked to a disk: a name in an archive is a label and leads nowhere.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from .. import frontmatter
from ..canonical import encode
from ..errors import InvalidInput, ScribesError, TooLarge
from ..records import as_data
from .exports import JSON_NAME, file_name
from .imports import MARKDOWN, MAX_FILE_BYTES, readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from ..models.notes import Note

MARKDOWN_ZIP, JSON_ZIP = "markdown", "json"
FORMATS = (MARKDOWN_ZIP, JSON_ZIP)
# What all files of an archive have together when they are unpacked, and what its list of them takes (each entry of
# that becomes many times larger in memory).
MAX_TOTAL_BYTES, MAX_LIST_BYTES, MAX_FILES = 256 * 1024 * 1024, 2 * 1024 * 1024, 20_000
END, END_BYTES, MAX_COMMENT, LOCATOR, LOCATOR_BYTES = b"PK\x05\x06", 22, 65_535, b"PK\x06\x07", 20
ZIP = (b"PK\x03\x04", END)
# In Pythons of all versions: what a broken archive makes zipfile and zlib raise.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, KeyError)


class _Pipe:
    """What a zip is written to, and taken from."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._waiting.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing: all is at hand."""

    def taken(self) -> bytes:
        """What was written since."""
        content = b"".join(self._waiting)
        self._waiting.clear()
        return content


def packed(notes: Iterable[Note], format: str, said: Callable[[int], None]) -> Iterator[bytes]:
    """A zip of notes, piece by piece: a Markdown file each, or all in one file of JSON. `said` is told how many are in.

    Raises: InvalidInput.
    """
    if format not in FORMATS:
        raise InvalidInput(f"there is no format {format!r}", hint=" or ".join(FORMATS))
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for done in (_as_markdown if format == MARKDOWN_ZIP else _as_json)(archive, notes):
            said(done)
            yield pipe.taken()
    yield pipe.taken()


def _as_markdown(archive: zipfile.ZipFile, notes: Iterable[Note]) -> Iterator[int]:
    for done, note in enumerate(notes, 1):
        archive.writestr(_entry(file_name(note), note), frontmatter.write(note))
        yield done


def _as_json(archive: zipfile.ZipFile, notes: Iterable[Note]) -> Iterator[int]:
    with archive.open(JSON_NAME, "w", force_zip64=True) as file:
        file.write(b"[")
        for done, note in enumerate(notes, 1):
            file.write(("," * (done > 1) + "\n" + encode(as_data(note))).encode())
            yield done
        file.write(b"\n]\n")


def _entry(name: str, note: Note) -> zipfile.ZipInfo:
    # A zip knows no year before 1980 and none after 2107.
    at = note.occurred_at
    info = zipfile.ZipInfo(name, at.timetuple()[:6] if 1980 <= at.year <= 2107 else (1980, 1, 1, 0, 0, 0))
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return info


def is_archive(start: bytes) -> bool:
    """Whether a file begins as a zip does."""
    return start.startswith(ZIP)


def opened(file: BinaryIO) -> Archive:
    """A zip that somebody sent, its list looked at and nothing of it unpacked.

    Raises: InvalidInput, TooLarge.
    """
    _check_list(file)
    try:
        return Archive(zipfile.ZipFile(file))
    except BROKEN as e:
        raise InvalidInput("this is no zip that can be read") from e


class Archive:
    """The Markdown files of a zip."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._files = sorted(filter(_is_wanted, archive.infolist()), key=lambda one: one.filename)
        if len(self._files) > MAX_FILES:
            raise TooLarge(f"the zip has {len(self._files)} files", hint=f"at most {MAX_FILES}")
        # A file ends where it is said to, so this is what all of them have at most.
        total = sum(one.file_size for one in self._files)
        if total > MAX_TOTAL_BYTES:
            raise TooLarge(f"unpacked the zip has {total} bytes", hint=f"at most {MAX_TOTAL_BYTES}; send it in parts")

    def __len__(self) -> int:
        return len(self._files)

    def files(self) -> Iterator[tuple[str, bytes | ScribesError]]:
        """Each file by its name in the zip; an error stands in place of what cannot be read."""
        for one in self._files:
            try:
                yield readable(one.filename), self._content(one)
            except ScribesError as e:
                yield readable(one.filename), e

    def _content(self, one: zipfile.ZipInfo) -> bytes:
        parts = one.filename.replace("\\", "/").split("/")
        if ".." in parts or not parts[0] or ":" in parts[0]:
            raise InvalidInput("its name leads out of the archive")
        if one.flag_bits & 1:
            raise InvalidInput("it is encrypted")
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InvalidInput("it is packed in a way that is not read here")
        if one.file_size > MAX_FILE_BYTES:
            raise InvalidInput(f"larger than {MAX_FILE_BYTES // 1024 // 1024} MiB")
        try:
            with self._archive.open(one) as file:
                return file.read(one.file_size)
        except BROKEN as e:
            raise InvalidInput("it is damaged") from e


def _is_wanted(one: zipfile.ZipInfo) -> bool:
    parts = one.filename.replace("\\", "/").split("/")
    is_hidden = any(part.startswith(".") and part != ".." for part in parts) or parts[0] == "__MACOSX"
    return not one.is_dir() and not is_hidden and parts[-1].lower().endswith(MARKDOWN)


def _check_list(file: BinaryIO) -> None:
    """Refuse a zip whose list of files would fill the memory: all of it is read to open it."""
    size = file.seek(0, io.SEEK_END)
    begin = max(0, size - END_BYTES - MAX_COMMENT - LOCATOR_BYTES)
    file.seek(begin)
    tail = file.read(size - begin)
    at = len(tail) - END_BYTES
    if at < 0 or tail[at : at + 4] != END or tail[-2:] != b"\0\0":
        at = tail.rfind(END)
    if at < 0 or len(tail) < at + END_BYTES:
        raise InvalidInput("this is no zip that can be read")
    is_large = tail[max(0, at - LOCATOR_BYTES) : at].startswith(LOCATOR)
    if is_large or int.from_bytes(tail[at + 12 : at + 16], "little") > MAX_LIST_BYTES:
        raise TooLarge("the zip has too many files", hint=f"at most {MAX_FILES}")
