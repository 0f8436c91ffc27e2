"""Pages: the keys of many vectors and their sign bits, side by side, to be scanned at once.

A key is a signed integer of 8 bytes; the signs of a vector are a bit a dimension (1 where it is above zero), filled up
to whole words of 8 bytes. All little-endian.
"""

from __future__ import annotations

import numpy as np

from ..errors import Damaged
from .rows import floats, products

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Sequence

    from numpy.typing import NDArray

    from .rows import Floats

    Page = tuple[bytes, bytes]
    """The keys and the signs of its vectors."""

WORD_BYTES = 8
KEY_BYTES = 8
# What of a page of the file (sqlite_file.PAGE_BYTES) is left for keys and signs: a page that fits is read in one go.
ROOM_BYTES = 7_900
# How many vectors are compared at a time: their bits stay in the processor's cache.
STRIDE = 16_384
# A scan brings ten times the vectors that are asked for to the second, finer look; of many, twice as many.
COARSE_TIMES, COARSE_MANY, COARSE_MANY_TIMES = 10, 5_000, 2


def room(dimensions: int) -> int:
    """How many vectors a page takes."""
    return max(1, ROOM_BYTES // (KEY_BYTES + _words(dimensions) * WORD_BYTES))


def page(keys: Sequence[int], rows: Sequence[bytes]) -> Page:
    """A page of some vectors, from their keys and rows."""
    packed = np.array(keys, "<i8").tobytes()
    if not rows:
        return packed, b""
    values = np.frombuffer(b"".join(rows), np.int8).reshape(len(rows), -1)
    return packed, _bits(values > 0).tobytes()


def joined(first: Page, second: Page) -> Page:
    """Two pages as one."""
    return first[0] + second[0], first[1] + second[1]


def cut(page: Page, start: int, stop: int) -> Page:
    """The vectors of a page from one place to another."""
    keys, signs = page
    width = len(signs) * KEY_BYTES // len(keys) if keys else 0
    return keys[start * KEY_BYTES : stop * KEY_BYTES], signs[start * width : stop * width]


def keys_of(keys: bytes) -> list[int]:
    """The keys of a page.

    Raises: Damaged.
    """
    listed: list[int] = np.frombuffer(_checked(keys, KEY_BYTES), "<i8").tolist()
    return listed


def numbers_in(pages: Sequence[bytes], keys: Collection[int]) -> list[int]:
    """How many of some keys each page has, of which only the keys are given.

    Raises: Damaged.
    """
    if not pages:
        return []
    ends = np.cumsum([len(_checked(one, KEY_BYTES)) // KEY_BYTES for one in pages])
    found = np.isin(np.frombuffer(b"".join(pages), "<i8"), np.array(list(keys), np.int64))
    reached = np.concatenate([[0], np.cumsum(found)])[ends]
    numbers: list[int] = np.diff(reached, prepend=0).tolist()
    return numbers


def without(page: Page, gone: Container[int], dimensions: int) -> Page:
    """A page without some vectors.

    Raises: Damaged.
    """
    keys, signs = _arrays([page], dimensions)
    kept = np.array([key not in gone for key in keys.tolist()], bool)
    return keys[kept].tobytes(), signs[kept].tobytes()


def candidates(query: bytes, pages: Iterable[Page], reach: int, only: Collection[int] | None = None) -> list[int]:
    """The keys of the vectors that are likely to be nearest to a query (float32), the likeliest first, `reach` at most;
    with `only` of these keys.

    First by the number of signs that differ from the query's; the best of these by the sum of the query's components
    with the signs of the vector, which is nearly their cosine (docs/decisions/0021).

    Raises: InvalidInput, Damaged.
    """
    wanted = floats(query)
    keys, signs = _arrays(pages, len(wanted))
    if only is not None:
        chosen = np.isin(keys, np.array(list(only), np.int64))
        keys, signs = keys[chosen], signs[chosen]
    if len(keys) > reach:
        coarse = max(COARSE_MANY_TIMES * reach, min(COARSE_TIMES * reach, COARSE_MANY))
        near = _smallest(_differing(signs, wanted), coarse)
        keys, signs = keys[near], signs[near]
    order = np.argsort(-_agreement(signs, wanted), kind="stable")[:reach]
    listed: list[int] = keys[order].tolist()
    return listed


def _arrays(pages: Iterable[Page], dimensions: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The keys and signs of some pages, a vector a row."""
    width = _words(dimensions)
    listed = list(pages)
    for keys, signs in listed:
        if len(_checked(keys, KEY_BYTES)) * width * WORD_BYTES != len(signs) * KEY_BYTES:
            raise _damaged()
    all_signs = np.frombuffer(b"".join(signs for _, signs in listed), "<u8").reshape(-1, width)
    return np.frombuffer(b"".join(keys for keys, _ in listed), "<i8"), all_signs


def _words(dimensions: int) -> int:
    return -(-dimensions // (8 * WORD_BYTES))


def _bits(positive: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Truth values as bits, a row of whole words for each row."""
    packed = np.packbits(positive, axis=1)
    fill = -packed.shape[1] % WORD_BYTES
    return np.ascontiguousarray(np.pad(packed, ((0, 0), (0, fill)))).view("<u8")


def _differing(signs: NDArray[np.uint64], wanted: Floats) -> NDArray[np.uint16]:
    """How many signs of each vector differ from the query's."""
    mine = _bits(wanted[None, :] > 0)[0]
    found = np.empty(len(signs), np.uint16)
    for start in range(0, len(signs), STRIDE):
        # A word at a time: a sum along the short rows is several times slower.
        counts = np.bitwise_count(signs[start : start + STRIDE] ^ mine)
        total = found[start : start + STRIDE]
        total[:] = counts[:, 0]
        for word in range(1, counts.shape[1]):
            total += counts[:, word]
    return found


def _smallest(distances: NDArray[np.uint16], number: int) -> NDArray[np.int64]:
    """The places of the smallest `number` distances and of all that are equal to the last of them."""
    reached = np.cumsum(np.bincount(distances))
    return np.flatnonzero(distances <= np.searchsorted(reached, number))


def _agreement(signs: NDArray[np.uint64], wanted: Floats) -> Floats:
    bits = np.unpackbits(signs.view(np.uint8), axis=1, count=len(wanted))
    return products(bits.astype(np.float32), wanted)


def _checked(keys: bytes, size: int) -> bytes:
    if len(keys) % size:
        raise _damaged()
    return keys


def _damaged() -> Damaged:
    return Damaged("a page of vectors is damaged", hint="scribes index --rebuild makes them anew")
