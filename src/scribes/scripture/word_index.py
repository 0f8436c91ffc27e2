"""The word index of a text, in a file beside it: how words are folded, and in which slots each stands.

Layout, all numbers little-endian: the magic, a stamp of the text (u32), three section sizes (u32), then
0 words: zlib; the words of the text, sorted, a line each
1 table: zlib; u16 a word, the size of its postings; then one byte a slot, its number of words
2 postings: a byte for the kind, then the slots of a word, in whichever way is shortest: gaps between slots in groups of
  7 bits (0), the same by zlib (1), or a bitmap by zlib (2)
"""

from __future__ import annotations

import re
import sys
import zlib
from array import array
from bisect import bisect_left
from itertools import accumulate
from struct import Struct
from unicodedata import normalize

from scribes.errors import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAGIC = b"SCRWORD1"
SUFFIX = ".words"
_HEAD = Struct("<8s4I")
_LONGEST_ENDING = 3
_LEAST_FOR_ENDINGS = 4
# Only words like "the" are in more verses; to rank them all would cost more than a search may.
_MOST_SLOTS = 8_000

# Chinese, Japanese and Korean are written without spaces or with few: each character is a word of its own.
_WORD = re.compile(r"[぀-ヿ㐀-鿿豈-﫿가-힯]|(?:[^\W_぀-ヿ㐀-鿿豈-﫿가-힯]|(?<=\w)'(?=\w))+")
# Accents, and the vowel points of Hebrew and Arabic.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670]+")


def fold(text: str) -> list[str]:
    """Return the words of a text as the index has them: small letters, no accents, no possessive s."""
    text = text.lower().replace("’", "'").replace("“", " ").replace("”", " ").replace("‘", " ").replace("—", " ")
    if not text.isascii():
        # Korean syllables fall apart too; composing again after the accents are gone puts them back.
        text = normalize("NFC", _MARKS.sub("", normalize("NFKD", text)))
    return [_bare(word) if "'" in word else word for word in _WORD.findall(text)]


def _bare(word: str) -> str:
    return word.removesuffix("'s").replace("'", "")


def pack(slots: Sequence[str], stamp: int) -> bytes:
    """Return the index file of a text, given the text of every slot and the stamp of the text's file."""
    places: dict[str, list[int]] = {}
    lengths = bytearray()
    for slot, verse in enumerate(slots):
        words = fold(verse)
        lengths.append(min(len(words), 255))
        for word in set(words):
            places.setdefault(word, []).append(slot)
    words = sorted(places)
    packed = [_pack_places(places[word], len(slots)) for word in words]
    sizes = b"".join(len(postings).to_bytes(2, "little") for postings in packed)
    sections = (zlib.compress("\n".join(words).encode(), 9), zlib.compress(sizes + lengths, 9), b"".join(packed))
    return b"".join((_HEAD.pack(MAGIC, stamp, *map(len, sections)), *sections))


def _pack_places(places: list[int], slots: int) -> bytes:
    gaps = bytearray()
    before = -1
    for place in places:
        gap = place - before - 1
        before = place
        while gap > 127:
            gaps.append(gap & 127 | 128)
            gap >>= 7
        gaps.append(gap)
    ways = [b"\0" + bytes(gaps)]
    if len(places) > 16:
        ways.append(b"\1" + zlib.compress(gaps, 9))
    if len(places) > slots // 100:
        ways.append(b"\2" + zlib.compress(_bitmap(places, slots).to_bytes((slots + 7) // 8, "little"), 9))
    return min(ways, key=len)


def _places(gaps: bytes) -> list[int]:
    places: list[int] = []
    place, gap, shift = -1, 0, 0
    for byte in gaps:
        if byte > 127:
            gap |= (byte & 127) << shift
            shift += 7
        else:
            place += 1 + (gap | byte << shift)
            places.append(place)
            gap = shift = 0
    return places


def _bitmap(places: Iterable[int], slots: int) -> int:
    bits = bytearray((slots + 7) // 8)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


class WordIndex:
    """The index of one text: for each word the slots it stands in, as a bitmap in an integer."""

    __slots__ = ("_data", "_ends", "_path", "_postings", "lengths", "slots", "stamp", "words")

    def __init__(self, path: str, data: bytes) -> None:
        self._path = path
        self._data = data
        if len(data) < _HEAD.size or data[:8] != MAGIC:
            raise Damaged(f"{path} is not a word index")
        _, self.stamp, words_size, table_size, postings_size = _HEAD.unpack_from(data)
        self._postings = _HEAD.size + words_size + table_size
        if self._postings + postings_size != len(data):
            raise Damaged(f"{path} is not a whole word index")
        self.words = self._unpack(data[_HEAD.size : _HEAD.size + words_size]).decode().split("\n")
        table = self._unpack(data[_HEAD.size + words_size : self._postings])
        sizes = array("H")
        sizes.frombytes(table[: 2 * len(self.words)])
        if sys.byteorder == "big":
            sizes.byteswap()
        self._ends = list(accumulate(sizes, initial=self._postings))
        # The number of words in each slot, 255 where there are more.
        self.lengths = table[2 * len(self.words) :]
        self.slots = len(self.lengths)

    def _unpack(self, packed: bytes) -> bytes:
        try:
            return zlib.decompress(packed)
        except zlib.error as e:
            raise Damaged(f"{self._path} is damaged") from e

    def bits(self, words: Iterable[str]) -> int:
        """Return the slots that have any of these words, as a bitmap."""
        bits = 0
        for word in words:
            number = bisect_left(self.words, word)
            if number == len(self.words) or self.words[number] != word:
                continue
            postings = self._data[self._ends[number] : self._ends[number + 1]]
            kind, packed = postings[0], postings[1:]
            if kind == 2:
                bits |= int.from_bytes(self._unpack(packed), "little")
            else:
                bits |= _bitmap(_places(self._unpack(packed) if kind else packed), self.slots)
        return bits

    def endings(self, word: str) -> list[str]:
        """Return the words that are this one with an ending: love, loved, loves, loveth."""
        if len(word) < _LEAST_FOR_ENDINGS:
            return []
        endings: list[str] = []
        for other in self.words[(first := bisect_left(self.words, word)) : first + 40]:
            if not other.startswith(word):
                break
            if 0 < len(other) - len(word) <= _LONGEST_ENDING:
                endings.append(other)
        return endings


def slots_of(bits: int) -> list[int]:
    """Return the slots in a bitmap, ascending, the first 8,000 of them."""
    found: list[int] = []
    for number, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little")):
        if byte:
            found += [number * 8 + bit for bit in _BITS[byte]]
            if len(found) > _MOST_SLOTS:
                break
    return found


_BITS = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))
