"""One Bible text in one compact file: chapters packed one by one, so that a passage costs one small unpacking.

Layout, all numbers little-endian: the magic, five section sizes (u32), then the sections
0 about: UTF-8 lines `key=value`
1 phrases: zlib; a dictionary of the text's commonest phrases, with which every chapter is packed
2 keys: u32 a chapter, `book * 1000 + chapter`, ascending
3 chapters: u32 a chapter, where it ends in section 4; then u32 a chapter, where its slots end
4 packed: each chapter by zlib; its slots are lines, line 0 the title, line n verse n, an empty line no such verse

A chapter alone unpacks in about 20 us; the shared phrases give back what packing them alone would cost in size.
A slot is a place for a verse; the word index numbers slots and so needs no table of verses.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from struct import Struct

from scribes.errors import Damaged, InvalidInput, NewerFormat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC = b"SCRTEXT1"
SUFFIX = ".scripture"
_SIZES = Struct("<5I")
_HEAD = len(MAGIC) + _SIZES.size
_KEPT_CHAPTERS = 64
MAX_SLOTS = 65_535
MAX_VERSE = 999


class TextFile:
    """A text that was read from its file: its chapters, unpacked when asked for, and the index of its words."""

    __slots__ = ("_chapters", "_data", "_kept", "_keys", "_offset", "_phrases", "about", "path")

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self._data = data
        self._offset = _offsets(path, data)
        self._kept: dict[int, list[str]] = {}
        self.about = _about(self._section(0))
        self._keys = _u32(self._section(2))
        self._chapters = _u32(self._section(3))
        self._phrases = _unpack(path, self._section(1))
        if len(self._chapters) != 2 * len(self._keys):
            raise Damaged(f"{path} is not a whole text: its chapter table is short")

    def _section(self, number: int) -> bytes:
        return self._data[self._offset[number] : self._offset[number + 1]]

    @property
    def slots(self) -> int:
        """The number of slots, of which each verse has one."""
        return self._chapters[-1]

    @property
    def stamp(self) -> int:
        """A number that tells this text from any other, so that a word index of another is not taken for its own."""
        return zlib.crc32(self._data)

    def all_slots(self) -> list[str]:
        """Return the text of every slot, in order; an empty one is no verse."""
        return [line for key in self._keys for line in self._unpacked(key)]

    def chapter(self, key: int) -> list[str]:
        """Return the lines of a chapter (line n is verse n, line 0 the title), none where the text has no such one."""
        lines = self._kept.get(key)
        if lines is None:
            lines = self._unpacked(key)
            if len(self._kept) >= _KEPT_CHAPTERS:
                self._kept.clear()
            self._kept[key] = lines
        return lines

    def _unpacked(self, key: int) -> list[str]:
        position = bisect_left(self._keys, key)
        if position == len(self._keys) or self._keys[position] != key:
            return []
        begin = self._offset[4] + (self._chapters[position - 1] if position else 0)
        unpacker = zlib.decompressobj(zdict=self._phrases)
        try:
            return (
                unpacker.decompress(self._data[begin : self._offset[4] + self._chapters[position]]).decode().split("\n")
            )
        except (zlib.error, UnicodeDecodeError) as e:
            raise Damaged(f"{self.path}: chapter {key % 1000} of book {key // 1000} cannot be unpacked") from e

    def read(self, start: int, end: int) -> list[tuple[int, str]]:
        """Return (ordinal, text) of each verse the text has in a passage; titles only where `start` names one."""
        found: list[tuple[int, str]] = []
        first_key, first_verse = divmod(start, 1000)
        last_key, last_verse = divmod(end, 1000)
        keys = self._keys
        for position in range(bisect_left(keys, first_key), bisect_right(keys, last_key)):
            key = keys[position]
            lines = self.chapter(key)
            low = first_verse if key == first_key else 1
            high = last_verse + 1 if key == last_key else len(lines)
            base = key * 1000
            found += [(base + low + n, line) for n, line in enumerate(lines[low:high]) if line]
        return found

    def ordinal(self, slot: int) -> int:
        """Return the ordinal of the verse in a slot."""
        count = len(self._keys)
        position = bisect_right(self._chapters, slot, count)
        before = self._chapters[position - 1] if position > count else 0
        return self._keys[position - count] * 1000 + slot - before

    def slot(self, ordinal: int) -> int:
        """Return the first slot at or after an ordinal."""
        key, verse = divmod(ordinal, 1000)
        count = len(self._keys)
        position = bisect_left(self._keys, key)
        before = self._chapters[count + position - 1] if position else 0
        if position == count or self._keys[position] != key:
            return before
        return min(before + verse, self._chapters[count + position])


def load(path: str) -> TextFile:
    """Return the text in a file.

    Raises:
        Damaged: the file is not a whole text.
        NewerFormat: a newer Scribes wrote it.
    """
    with open(path, "rb") as file:
        return TextFile(path, file.read())


def load_about(path: str) -> dict[str, str]:
    """Return what a text says of itself (code, name, language, licence, source) without reading the text."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
        _check_magic(path, head)
        return _about(file.read(_SIZES.unpack_from(head, len(MAGIC))[0]))


def _offsets(path: str, data: bytes) -> list[int]:
    _check_magic(path, data)
    offsets = [_HEAD]
    for size in _SIZES.unpack_from(data, len(MAGIC)):
        offsets.append(offsets[-1] + size)
    if offsets[-1] != len(data):
        raise Damaged(f"{path} is not a whole text: {len(data)} bytes instead of {offsets[-1]}")
    return offsets


def _check_magic(path: str, data: bytes) -> None:
    if len(data) < _HEAD or data[:7] != MAGIC[:7]:
        raise Damaged(f"{path} is not a Scribes text")
    if data[:8] != MAGIC:
        raise NewerFormat(f"{path} was written by a newer Scribes", hint="update Scribes, or add the text again")


def _about(section: bytes) -> dict[str, str]:
    pairs = (line.partition("=") for line in section.decode("utf-8", "replace").split("\n"))
    return {key: value for key, _, value in pairs if key}


def _unpack(path: str, packed: bytes) -> bytes:
    try:
        return zlib.decompress(packed)
    except zlib.error as e:
        raise Damaged(f"{path} is damaged") from e


def _u32(data: bytes) -> array[int]:
    numbers = array("I")
    numbers.frombytes(data[: len(data) // 4 * 4])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def pack(verses: Mapping[int, str], about: Mapping[str, str]) -> bytes:
    """Return the file of a text, given as verses by ordinal; the same verses give the same bytes.

    Raises:
        InvalidInput: there is no verse, or there are too many for one text.
    """
    from scribes.scripture.text_phrases import common_phrases

    chapters = _by_chapter(verses)
    slots = [line for lines in chapters.values() for line in lines]
    if len(slots) > MAX_SLOTS:
        raise InvalidInput(f"a text of {len(slots)} verses is too long", hint=f"at most {MAX_SLOTS} fit in one text")
    phrases = common_phrases(slots, len(chapters))
    packed: list[bytes] = []
    ends, slot_ends = array("I", [0]), array("I", [0])
    for lines in chapters.values():
        packer = zlib.compressobj(9, zdict=phrases)
        packed.append(packer.compress("\n".join(lines).encode()) + packer.flush())
        ends.append(ends[-1] + len(packed[-1]))
        slot_ends.append(slot_ends[-1] + len(lines))
    return _join(
        "\n".join(f"{key}={value}" for key, value in sorted(about.items())).encode(),
        zlib.compress(phrases, 9),
        _bytes(array("I", chapters)),
        _bytes(ends[1:]) + _bytes(slot_ends[1:]),
        b"".join(packed),
    )


def _by_chapter(verses: Mapping[int, str]) -> dict[int, list[str]]:
    chapters: dict[int, list[str]] = {}
    for ordinal in sorted(verses):
        text = " ".join(verses[ordinal].split())
        key, verse = divmod(ordinal, 1000)
        if not text:
            continue
        lines = chapters.setdefault(key, [""])
        lines.extend([""] * (verse + 1 - len(lines)))
        lines[verse] = text
    if not chapters:
        raise InvalidInput("there is no verse in this text")
    return chapters


def _bytes(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers = array("I", numbers)
        numbers.byteswap()
    return numbers.tobytes()


def _join(*sections: bytes) -> bytes:
    return b"".join((MAGIC, _SIZES.pack(*map(len, sections)), *sections))
