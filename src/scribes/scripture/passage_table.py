"""A compact table of rows "this passage, that passage, weight, reason", asked by passage.

Layout, all numbers little-endian: the magic, four section sizes (u32), then the sections
0 about: UTF-8 lines `key=value`
1 reasons: zlib; a line each
2 keys: u32 a chapter, `book * 1000 + chapter`, ascending; then u32 a chapter, where it ends in section 3
3 packed: each chapter by zlib, its rows sorted by first verse and kept as columns: first verse (u8), last verse (u8),
  the other passage's start (u32) and how far its end is from it (u32), weight (i16), number of the reason (u16)

Rows lie with the chapter their first passage is in; a passage over several chapters has a row in each.
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
    from collections.abc import Iterable, Iterator, Mapping

    # start, end, other start, other end, weight, reason
    Row = tuple[int, int, int, int, int, str]
    _Columns = tuple[bytes, bytes, array[int], array[int], array[int], array[int], int]

MAGIC = b"SCRLINK1"
SUFFIX = ".links"
_SIZES = Struct("<4I")
_HEAD = len(MAGIC) + _SIZES.size
_ROW_BYTES = 14
_KEPT_CHAPTERS = 32
_LAST_VERSE = 255
_MOST_WEIGHT = 32_767
_MOST_REASONS = 65_536


class PassageTable:
    """A table that was read from its file; a chapter's rows are unpacked when asked for."""

    __slots__ = ("_data", "_ends", "_kept", "_keys", "_packed", "about", "path", "reasons")

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self._data = data
        self._kept: dict[int, _Columns] = {}
        _check_magic(path, data)
        starts = [_HEAD]
        for size in _SIZES.unpack_from(data, len(MAGIC)):
            starts.append(starts[-1] + size)
        if starts[-1] != len(data):
            raise Damaged(f"{path} is not a whole table: {len(data)} bytes instead of {starts[-1]}")
        about = data[starts[0] : starts[1]].decode("utf-8", "replace")
        self.about = {key: value for key, _, value in (line.partition("=") for line in about.split("\n")) if key}
        self.reasons = _unpack(path, data[starts[1] : starts[2]]).decode().split("\n")
        numbers = _numbers("I", data[starts[2] : starts[3]])
        self._keys, self._ends = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
        self._packed = starts[3]

    def rows(self, start: int, end: int) -> list[tuple[int, int, int, int]]:
        """Return (other start, other end, weight, number of the reason) of each row whose passage overlaps this one."""
        first_key, first_verse = divmod(start, 1000)
        last_key, last_verse = divmod(end, 1000)
        found: list[tuple[int, int, int, int]] = []
        for position in range(bisect_left(self._keys, first_key), bisect_right(self._keys, last_key)):
            key = self._keys[position]
            low = first_verse if key == first_key else 0
            high = last_verse if key == last_key else _LAST_VERSE
            firsts, lasts, others, spans, weights, reasons, reach = self._chapter(position)
            # Rows are sorted by first verse; none before this place reaches as far as the passage.
            begin, stop = bisect_left(firsts, low - reach), bisect_right(firsts, min(high, _LAST_VERSE))
            found += [
                (others[row], others[row] + spans[row], weights[row], reasons[row])
                for row in range(begin, stop)
                if lasts[row] >= low
            ]
        return found

    def _chapter(self, position: int) -> _Columns:
        kept = self._kept.get(position)
        if kept is None:
            begin = self._ends[position - 1] if position else 0
            data = _unpack(self.path, self._data[self._packed + begin : self._packed + self._ends[position]])
            if len(self._kept) >= _KEPT_CHAPTERS:
                self._kept.clear()
            self._kept[position] = kept = _columns(self.path, data)
        return kept


def _columns(path: str, data: bytes) -> _Columns:
    count, rest = divmod(len(data), _ROW_BYTES)
    if rest:
        raise Damaged(f"{path} is damaged")
    return (
        data[:count],
        data[count : 2 * count],
        _numbers("I", data[2 * count : 6 * count]),
        _numbers("I", data[6 * count : 10 * count]),
        _numbers("h", data[10 * count : 12 * count]),
        _numbers("H", data[12 * count :]),
        max((last - first for first, last in zip(data[:count], data[count : 2 * count], strict=True)), default=0),
    )


def _numbers(kind: str, data: bytes) -> array[int]:
    numbers: array[int] = array(kind)
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _check_magic(path: str, data: bytes) -> None:
    if len(data) < _HEAD or data[:7] != MAGIC[:7]:
        raise Damaged(f"{path} is not a Scribes table of cross references")
    if data[:8] != MAGIC:
        raise NewerFormat(f"{path} was written by a newer Scribes", hint="update Scribes, or import the file again")


def _unpack(path: str, packed: bytes) -> bytes:
    try:
        return zlib.decompress(packed)
    except zlib.error as e:
        raise Damaged(f"{path} is damaged") from e


def load(path: str) -> PassageTable:
    """Return the table in a file.

    Raises:
        Damaged: the file is not a whole table.
        NewerFormat: a newer Scribes wrote it.
    """
    with open(path, "rb") as file:
        return PassageTable(path, file.read())


def pack(rows: Iterable[Row], about: Mapping[str, str]) -> bytes:
    """Return the file of a table; the same rows give the same bytes.

    Raises:
        InvalidInput: there is no row.
    """
    by_chapter: dict[int, list[tuple[int, int, int, int, int, str]]] = {}
    for start, end, other, other_end, weight, reason in rows:
        for key, first, last in _pieces(start, end):
            by_chapter.setdefault(key, []).append((first, last, other, other_end - other, weight, reason))
    if not by_chapter:
        raise InvalidInput("there is no cross reference in it")
    reasons = sorted({row[5] for chapter in by_chapter.values() for row in chapter})[:_MOST_REASONS]
    number = {reason: position for position, reason in enumerate(reasons)}
    keys, ends, packed = array("I", sorted(by_chapter)), array("I", [0]), []
    for key in keys:
        packed.append(zlib.compress(_pack_chapter(sorted(by_chapter[key]), number), 9))
        ends.append(ends[-1] + len(packed[-1]))
    sections = (
        "\n".join(f"{key}={value}" for key, value in sorted(about.items())).encode(),
        zlib.compress("\n".join(reasons).encode(), 9),
        _bytes(keys) + _bytes(ends[1:]),
        b"".join(packed),
    )
    return b"".join((MAGIC, _SIZES.pack(*map(len, sections)), *sections))


def _pieces(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    from scribes.scripture import canon

    if start // 1000 == end // 1000:
        yield start // 1000, start % 1000, min(end % 1000, _LAST_VERSE)
        return
    chapters: dict[int, list[int]] = {}
    for verse in canon.expand(start, end):
        chapters.setdefault(verse // 1000, []).append(verse % 1000)
    for key, verses in chapters.items():
        yield key, verses[0], verses[-1]


def _pack_chapter(rows: list[tuple[int, int, int, int, int, str]], number: dict[str, int]) -> bytes:
    firsts, lasts, others, spans, weights, reasons = zip(*rows, strict=True)
    return b"".join(
        (
            bytes(firsts),
            bytes(lasts),
            _bytes(array("I", others)),
            _bytes(array("I", spans)),
            _bytes(array("h", [max(-_MOST_WEIGHT, min(weight, _MOST_WEIGHT)) for weight in weights])),
            _bytes(array("H", [number.get(reason, 0) for reason in reasons])),
        )
    )


def _bytes(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers.tobytes()
