"""Nave's topics in one compact file: their names, and the lines of each with headings and passages.

Layout, all numbers little-endian: the magic, three section sizes (u32), then the sections
0 names: zlib; a line a topic, `name<tab>number of passages`, sorted without regard to case
1 ends: u32 a block, where it ends in section 2
2 blocks: each 16 topics by zlib, one after the other with a form feed between; a line of a topic is
  `depth<tab>heading<tab>passages`, a passage `start` or `start-end`, with spaces between
"""

from __future__ import annotations

import sys
import zlib
from array import array
from struct import Struct

from scribes.errors import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    # depth, heading, passages
    Line = tuple[int, str, list[tuple[int, int]]]

MAGIC = b"SCRTOPC1"
_SIZES = Struct("<3I")
_HEAD = len(MAGIC) + _SIZES.size
_BLOCK = 16


class TopicFile:
    """The topics that were read from a file."""

    __slots__ = ("_blocks", "_ends", "_path", "counts", "lowered", "names")

    def __init__(self, path: str, data: bytes) -> None:
        if data[: len(MAGIC)] != MAGIC or len(data) < _HEAD:
            raise Damaged(f"{path} is not a file of topics")
        names, ends, blocks = _SIZES.unpack_from(data, len(MAGIC))
        if _HEAD + names + ends + blocks != len(data):
            raise Damaged(f"{path} is not a whole file of topics")
        self._path = path
        listed = [line.split("\t") for line in self._unpack(data[_HEAD : _HEAD + names]).split("\n")]
        self.names = [line[0] for line in listed]
        # For searching: one string is looked through much faster than thousands.
        self.lowered = "\n" + "\n".join(self.names).lower() + "\n"
        self.counts = [int(line[1]) for line in listed]
        self._ends = array("I")
        self._ends.frombytes(data[_HEAD + names : _HEAD + names + ends])
        if sys.byteorder == "big":
            self._ends.byteswap()
        self._blocks = data[_HEAD + names + ends :]

    def _unpack(self, packed: bytes) -> str:
        try:
            return zlib.decompress(packed).decode()
        except (zlib.error, UnicodeDecodeError) as e:
            raise Damaged(f"{self._path} is damaged") from e

    def lines(self, number: int) -> list[Line]:
        """Return the lines of a topic by its number."""
        block = number // _BLOCK
        begin = self._ends[block - 1] if block else 0
        topic = self._unpack(self._blocks[begin : self._ends[block]]).split("\f")[number % _BLOCK]
        lines: list[Line] = []
        for line in topic.split("\n") if topic else []:
            depth, heading, passages = line.split("\t")
            lines.append((int(depth), heading, [_passage(passage) for passage in passages.split()]))
        return lines


def _passage(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    return int(start), int(end or start)


def pack(topics: Sequence[tuple[str, list[Line]]]) -> bytes:
    """Return the file of topics, given in the order of their names."""
    names = "\n".join(f"{name}\t{sum(len(line[2]) for line in lines)}" for name, lines in topics)
    ends, blocks = array("I"), bytearray()
    for first in range(0, len(topics), _BLOCK):
        bodies = ["\n".join(map(_pack_line, lines)) for _, lines in topics[first : first + _BLOCK]]
        blocks += zlib.compress("\f".join(bodies).encode(), 9)
        ends.append(len(blocks))
    if sys.byteorder == "big":
        ends.byteswap()
    sections = (zlib.compress(names.encode(), 9), ends.tobytes(), bytes(blocks))
    return b"".join((MAGIC, _SIZES.pack(*map(len, sections)), *sections))


def _pack_line(line: Line) -> str:
    depth, heading, passages = line
    written = " ".join(str(start) if start == end else f"{start}-{end}" for start, end in passages)
    return f"{depth}\t{' '.join(heading.split())}\t{written}"


def load(path: str) -> TopicFile:
    """Return the topics in a file.

    Raises:
        Damaged: the file is not a whole file of topics.
    """
    with open(path, "rb") as file:
        return TopicFile(path, file.read())
