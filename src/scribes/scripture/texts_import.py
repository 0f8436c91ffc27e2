"""Adding a Bible text from a file: USFM, OSIS XML or TSV, alone or several in a zip; files are not trusted."""

from __future__ import annotations

import os
import re

from scribes.errors import InvalidInput
from scribes.scripture import canon, text_file, whole_file, word_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from scribes.scripture.import_usfm import Found

MOST_BYTES = 64_000_000
_MOST_MEMBERS = 400
_MOST_VERSE_CHARACTERS = 10_000
_MOST_CHAPTERS_BEYOND = 3
_MOST_VERSES = 200
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,19}")
_HINT = "USFM, OSIS XML and tab-separated lines can be added, alone or in a zip"
_SUFFIXES = (".usfm", ".sfm", ".usf", ".xml", ".osis", ".tsv", ".txt")


class Added:
    """What came of adding a text: where it lies now, how much of it there is, and what was left out."""

    __slots__ = ("beyond", "books", "code", "path", "repeated", "unknown", "verses")

    def __init__(self, code: str, path: str) -> None:
        self.code = code
        self.path = path
        self.verses = 0
        self.books = 0
        # Verses of books the canon does not know, or with impossible numbers, were left out.
        self.unknown = 0
        # A verse that came twice is kept as it came first.
        self.repeated = 0
        # Verses that the English numbering does not have were kept; they are read by their own number.
        self.beyond = 0


def add(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    code: str | None = None,
    name: str | None = None,
    language: str = "",
    licence: str = "",
) -> Added:
    """Read a text from a file and write it, with its word index, into `folder`, where `texts.read` finds it.

    Raises:
        NotFound: there is no such file.
        InvalidInput: the file is too large, of no known kind or damaged, or the code cannot be one.
        StorageFull: there is no room; a text of the same code that was there is as it was.
    """
    stem = os.path.splitext(os.path.basename(os.fspath(path)))[0]
    code = _valid_code(code or re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:20])
    added = Added(code, os.path.join(os.fspath(folder), code + text_file.SUFFIX))
    try:
        verses = _by_ordinal(_found(whole_file.read(path, most_bytes=MOST_BYTES)), added)
    except InvalidInput as e:
        raise InvalidInput(f"{os.fspath(path)}: {e.message}", hint=e.hint) from e
    if not verses:
        raise InvalidInput(f"{os.fspath(path)} has no verse that could be read", hint=_HINT)
    about = {"code": code, "name": _one_line(name or stem), "language": _one_line(language)}
    about |= {"licence": _one_line(licence), "source": _one_line(os.path.basename(os.fspath(path)))}
    data = text_file.pack(verses, about | {"verses": str(added.verses)})
    packed = text_file.TextFile(added.path, data)
    whole_file.write(added.path, data)
    index = added.path.removesuffix(text_file.SUFFIX) + word_index.SUFFIX
    whole_file.write(index, word_index.pack(packed.all_slots(), packed.stamp))
    return added


def _valid_code(code: str) -> str:
    if not _CODE.fullmatch(code.lower()):
        raise InvalidInput(f"{code!r} cannot be the code of a text", hint="letters, digits and dashes, at most 20")
    return code.lower()


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _found(data: bytes) -> list[Found]:
    if data[:4] == b"PK\3\4":
        return [verse for member in _members(data) for verse in _verses(member)]
    return list(_verses(data))


def _members(data: bytes) -> list[bytes]:
    import io
    import zipfile
    import zlib

    members: list[bytes] = []
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if info.filename.lower().endswith(_SUFFIXES)]
            if len(infos) > _MOST_MEMBERS:
                raise InvalidInput(f"the zip holds {len(infos)} files, more than {_MOST_MEMBERS}")
            for info in sorted(infos, key=lambda info: info.filename):
                # What the directory says of sizes is not trusted: reading stops at the limit.
                with archive.open(info) as file:
                    members.append(file.read(left + 1))
                left -= len(members[-1])
                if left < 0:
                    raise InvalidInput(f"the zip unpacks to more than {MOST_BYTES // 1_000_000} MB")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as e:
        raise InvalidInput(f"the zip cannot be read: {e}") from e
    if not members:
        raise InvalidInput("the zip holds no file of a known kind", hint=_HINT)
    return members


def _verses(data: bytes) -> Iterable[Found]:
    head = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        from scribes.scripture import import_osis

        return import_osis.verses(data)
    text = _decoded(data)
    if text.lstrip().startswith("\\"):
        from scribes.scripture import import_usfm

        return import_usfm.verses(text)
    if "\t" in text:
        from scribes.scripture import import_tsv

        return import_tsv.verses(text)
    raise InvalidInput("it is of no known kind", hint=_HINT)


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as e:
        raise InvalidInput(f"it is not UTF-8 text (byte {e.start})", hint="save it as UTF-8") from e


def _by_ordinal(found: Iterable[Found], added: Added) -> dict[int, str]:
    verses: dict[int, str] = {}
    books: set[int] = set()
    for book, chapter, verse, text in found:
        body = " ".join(text.split())
        if not body:
            continue
        if not (0 < chapter <= canon.chapters(book) + _MOST_CHAPTERS_BEYOND) or not book or verse > _MOST_VERSES:
            added.unknown += 1
            continue
        if len(body) > _MOST_VERSE_CHARACTERS:
            raise InvalidInput(f"{canon.OSIS[book]} {chapter}:{verse} has {len(body)} characters, which is no verse")
        ordinal = canon.ordinal(book, chapter, verse)
        if ordinal in verses:
            added.repeated += 1
            continue
        if verse == 0 and not canon.has_title(book, chapter):
            continue
        verses[ordinal] = body
        books.add(book)
        added.beyond += not canon.is_verse(ordinal)
    added.verses = sum(1 for ordinal in verses if ordinal % canon.CHAPTER_UNIT)
    added.books = len(books)
    return verses
