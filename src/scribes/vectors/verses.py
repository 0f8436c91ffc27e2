"""The verses of the World English Bible by meaning: a row of signed bytes for each, in a file that is mapped.

Layout, all numbers little-endian: the magic; the digest of the embedder that made the rows; their number, their
dimensions, and the stamp of the text they were made of (u32 each); then, each section at a multiple of 64 bytes, the
ordinals (u32, ascending), the length of each row (float32), and the rows. Made by tools/build_verse_vectors.py.

All rows are compared: at 3 ms for all verses a first look at signs saves nothing.
"""

from __future__ import annotations

import os
from struct import Struct

import numpy as np

from ..errors import Damaged, InvalidInput, NewerFormat
from .rows import floats, products, row, unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .rows import Floats

FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scripture/data/texts/web.vectors")
_MAGIC = b"SCRVERS1"
_HEAD = Struct("<8s16sIII")
_ALIGNED = 64
# So many rows as floats stay in a processor's cache.
_AT_ONCE = 512
_HINT = "install scribes again"
_OPEN: dict[str, VerseVectors] = {}


class VerseVectors:
    """The rows of a text's verses."""

    __slots__ = ("_lengths", "_ordinals", "_rows", "digest", "dimensions", "stamp")

    def __init__(self, path: str) -> None:
        """Map a file.

        Raises: Damaged, NewerFormat.
        """
        import mmap

        try:
            with open(path, "rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as e:
            raise Damaged("the vectors of the verses cannot be read", hint=_HINT) from e
        self.digest, count, self.dimensions, self.stamp = _header(path, mapped[: _HEAD.size])
        ordinals, lengths, rows, end = _places(count, self.dimensions)
        if len(mapped) != end:
            raise Damaged(f"{path} has {len(mapped)} bytes instead of {end}", hint=_HINT)
        self._ordinals: NDArray[np.uint32] = np.frombuffer(mapped, "<u4", count, ordinals)
        self._lengths: Floats = np.frombuffer(mapped, "<f4", count, lengths)
        self._rows: NDArray[np.int8] = np.frombuffer(mapped, np.int8, count * self.dimensions, rows).reshape(count, -1)

    def nearest(self, query: bytes, limit: int, *, within: tuple[int, int] | None = None) -> list[tuple[int, float]]:
        """The ordinals of the verses nearest to a query (float32), with their cosines, the nearest first.

        `within` is a passage, as its first and last ordinal.

        Raises: InvalidInput.
        """
        wanted = self._wanted(query)
        first, stop = self._slice(within)
        found = np.empty(stop - first, np.float32)
        buffer = np.empty((_AT_ONCE, self.dimensions), np.float32)
        for start in range(0, len(found), _AT_ONCE):
            part = self._rows[first + start : min(first + start + _AT_ONCE, stop)]
            table = buffer[: len(part)]
            np.copyto(table, part)
            # Three times as fast as `products`; what needs no thread of its own wakes none in a process with one.
            np.dot(table, wanted, out=found[start : start + _AT_ONCE])
        found /= self._lengths[first:stop]
        limit = max(0, min(limit, len(found)))
        best = np.argpartition(-found, limit - 1)[:limit] if limit else np.empty(0, np.intp)
        # Of verses that are equally near, the one that stands first.
        best = best[np.lexsort((best, -found[best]))]
        return self._listed(first + best, found[best])

    def _slice(self, within: tuple[int, int] | None) -> tuple[int, int]:
        if within is None:
            return 0, len(self._ordinals)
        low, high = (max(0, min(ordinal, (1 << 32) - 1)) for ordinal in within)
        first = int(self._ordinals.searchsorted(np.uint32(low)))
        return first, max(first, int(self._ordinals.searchsorted(np.uint32(high), side="right")))

    def cosines(self, query: bytes, ordinals: Sequence[int]) -> list[tuple[int, float]]:
        """The cosines of some verses with a query (float32), by ordinal; verses the text lacks are left out.

        Raises: InvalidInput.
        """
        wanted = self._wanted(query)
        asked = np.array(sorted({ordinal for ordinal in ordinals if 0 <= ordinal < 1 << 32}), np.uint32)
        places = np.flatnonzero(np.isin(self._ordinals, asked, assume_unique=True))
        return self._listed(places, products(self._rows[places].astype(np.float32), wanted) / self._lengths[places])

    def rows(self) -> list[tuple[int, bytes]]:
        """All rows by ordinal."""
        return list(zip(self._ordinals.tolist(), map(bytes, self._rows), strict=True))

    def _wanted(self, query: bytes) -> Floats:
        wanted = unit(floats(query))
        if len(wanted) != self.dimensions:
            raise InvalidInput(f"a query of {len(wanted)} numbers for verses of {self.dimensions}")
        return wanted

    def _listed(self, places: NDArray[np.intp], cosines: Floats) -> list[tuple[int, float]]:
        ordinals: list[int] = self._ordinals[places].tolist()
        numbers: list[float] = cosines.clip(-1.0, 1.0).tolist()
        return list(zip(ordinals, numbers, strict=True))


def nearest(query: bytes, limit: int, *, within: tuple[int, int] | None = None) -> list[tuple[int, float]]:
    """The ordinals of the verses nearest to a query (float32), with their cosines, the nearest first.

    `within` is a passage, as its first and last ordinal.

    Raises: InvalidInput, Damaged.
    """
    return opened().nearest(query, limit, within=within)


def cosines(query: bytes, ordinals: Sequence[int]) -> list[tuple[int, float]]:
    """The cosines of some verses with a query (float32), by ordinal; verses the text lacks are left out.

    Raises: InvalidInput, Damaged.
    """
    return opened().cosines(query, ordinals)


def opened(path: str = FILE) -> VerseVectors:
    """The vectors in a file, mapped once for the process.

    Raises: Damaged, NewerFormat.
    """
    if path not in _OPEN:
        _OPEN[path] = VerseVectors(path)
    return _OPEN[path]


def pack(vectors: dict[int, bytes], *, digest: bytes, stamp: int) -> bytes:
    """The file of some vectors (float32) by ordinal, made by the embedder of a digest; the same give the same bytes.

    Raises: InvalidInput.
    """
    ordinals = sorted(vectors)
    rows = [row(vectors[ordinal]) for ordinal in ordinals]
    dimensions = len(rows[0]) if rows else 0
    if any(len(one) != dimensions or not any(one) for one in rows):
        raise InvalidInput("vectors of several lengths, or without direction")
    table = np.frombuffer(b"".join(rows), np.int8).reshape(len(rows), -1)
    # Summed as integers, so that the bytes are the same wherever they are made.
    lengths = np.sqrt((table.astype(np.int64) ** 2).sum(1).astype(np.float64)).astype("<f4")
    data = bytearray(_HEAD.pack(_MAGIC, digest, len(rows), dimensions, stamp))
    for section in (np.array(ordinals, "<u4"), lengths, table):
        data += bytes(-len(data) % _ALIGNED)
        data += section.tobytes()
    return bytes(data)


def _header(path: str, head: bytes) -> tuple[bytes, int, int, int]:
    if len(head) < _HEAD.size or head[:7] != _MAGIC[:7]:
        raise Damaged(f"{path} holds no vectors of verses", hint=_HINT)
    magic, digest, count, dimensions, stamp = _HEAD.unpack(head)
    if magic != _MAGIC:
        raise NewerFormat(f"{path} was written by a newer Scribes", hint="update Scribes")
    if not count or not dimensions:
        raise Damaged(f"{path} holds no vectors of verses", hint=_HINT)
    return digest, count, dimensions, stamp


def _places(count: int, dimensions: int) -> tuple[int, int, int, int]:
    """Where the sections begin, and where the last ends."""
    places = [_HEAD.size]
    for size in (4 * count, 4 * count, count * dimensions):
        begin = places[-1] + -places[-1] % _ALIGNED
        places[-1:] = [begin, begin + size]
    return places[0], places[1], places[2], places[3]
