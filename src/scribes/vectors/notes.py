"""How alike whole notes are: what a note is about, beside what all notes of a vault are about.

The mean of a note's pieces is mostly what all its writer's notes have in common. So the mean of all notes, and the
directions that part them into large groups (languages, sermons and lists), are taken away first: the *view*. What is
left of a note is its *sense*, kept as whole numbers that are small enough for float32 to add them up without rounding:
a cosine comes out the same in any order and from both sides.
"""

from __future__ import annotations

import numpy as np

from ..domain.links import A_PAGE, SQUARE_BYTES, View
from ..errors import Damaged
from .rows import products

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# The mean of a few notes is no mean yet: it is drawn to nothing as if so many more stood beside them, and what counts
# as alike is higher by so much.
EARLY, EARLY_ALIKE = 10, 0.35
ALIKE = 0.40
# A direction is taken away where it holds more than this share of what parts the notes, and there are many of them.
SHARE, MOST_DIRECTIONS, MANY = 0.06, 8, 100
ROUNDS = 24
EXACT = 1 << 24
BLOCK = 512


def view_of(means: Sequence[bytes], dimensions: int) -> View:
    """The view for notes with these means (see `mean`)."""
    table = np.frombuffer(b"".join(means), "<f4").reshape(-1, dimensions)
    centre = table.sum(axis=0, dtype=np.float64) / (len(table) + EARLY)
    directions = _directions(table.astype(np.float64)) if len(table) >= MANY else np.zeros((0, dimensions))
    return View(centre.astype("<f4").tobytes(), directions.astype("<f4").tobytes(), len(table))


def mean(rows: Sequence[bytes]) -> bytes:
    """The mean of rows of signed bytes by their directions, of length 1, as float32."""
    return _unit(_unit(_ints(rows)).mean(axis=0)).astype("<f4").tobytes()


def sense(middle: bytes, view: View) -> bytes:
    """What is left of a note's mean in a view, as signed bytes."""
    return _small(_seen(np.frombuffer(middle, "<f4").astype(np.float64), view)).tobytes()


def threshold(view: View) -> float:
    """From which cosine on two notes count as alike."""
    return ALIKE + EARLY_ALIKE * EARLY / (EARLY + view.notes)


def put_on_page(page: bytes | None, place: int, found: bytes | None, dimensions: int) -> bytes:
    """A page with the sense of a note at a place, or with none there; behind the senses stand their squared lengths."""
    page = page or bytes(A_PAGE * (dimensions + SQUARE_BYTES))
    rows = bytearray(page)
    row = found or bytes(dimensions)
    rows[place * dimensions : (place + 1) * dimensions] = row
    numbers = np.frombuffer(row, np.int8).astype(np.int64)
    at = A_PAGE * dimensions + place * SQUARE_BYTES
    rows[at : at + SQUARE_BYTES] = int(numbers @ numbers).to_bytes(SQUARE_BYTES, "little")
    return bytes(rows)


class Senses:
    """The senses of many notes, asked for those alike: page by page, as they are kept."""

    def __init__(self, pages: Sequence[tuple[int, bytes]], dimensions: int) -> None:
        data, size = b"".join(rows for _, rows in pages), A_PAGE * (dimensions + SQUARE_BYTES)
        if len(data) != len(pages) * size:
            raise Damaged("the senses of notes are not whole", hint="scribes doctor --fix makes them anew")
        whole = np.frombuffer(data, np.uint8).reshape(-1, size)
        table = whole[:, : A_PAGE * dimensions].view(np.int8).reshape(-1, dimensions)
        self._table = table.astype(np.float32)
        self._squares = np.ascontiguousarray(whole[:, A_PAGE * dimensions :]).view("<u4").reshape(-1).astype(np.float32)
        numbers = np.array([number for number, _ in pages], dtype=np.int64)
        self._keys = (numbers[:, None] * A_PAGE + np.arange(A_PAGE)).reshape(-1)

    def alike(self, me: int, mine: bytes, least: float) -> list[tuple[int, int]]:
        """The notes at least so much like one, and their cosines in thousandths."""
        wanted = np.frombuffer(mine, np.int8).astype(np.float32)
        return self._chosen(me, products(self._table, wanted), float(wanted @ wanted), least)

    def all_alike(self, least: float) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """The same for each note that has a sense, in the order of their keys."""
        table, squares = self._table, self._squares
        for start in range(0, len(table), BLOCK):
            block = table[start : start + BLOCK] @ table.T
            for at in np.flatnonzero(squares[start : start + BLOCK]):
                me = int(self._keys[start + at])
                yield me, self._chosen(me, block[at], float(squares[start + at]), least)

    def _chosen(self, me: int, found: Floats, square: float, least: float) -> list[tuple[int, int]]:
        squares = self._squares
        if not square:
            return []
        # Whole numbers below 2**24: nothing was rounded so far. A little more than enough is looked at closely.
        near = np.flatnonzero(found >= np.sqrt(squares * np.float32(square)) * np.float32(least * 0.999))
        near = near[squares[near] > 0]
        cosines = found[near].astype(np.float64) / np.sqrt(squares[near].astype(np.float64) * square)
        scores = np.rint(cosines * 1000).astype(np.int64)
        fits = (scores >= round(least * 1000)) & (self._keys[near] != me)
        return list(zip(self._keys[near][fits].tolist(), scores[fits].tolist(), strict=True))


class Pieces:
    """The pieces of a note by their rows, ready to be compared with those of others in a view."""

    def __init__(self, rows: Sequence[bytes], view: View) -> None:
        self._table = _small(_seen(_unit(_ints(rows)), view)).astype(np.float32)
        squares = np.einsum("ij,ij->i", self._table, self._table)
        self._lengths = np.sqrt(np.maximum(squares, 1).astype(np.float64))

    def best_pair(self, other: Pieces) -> tuple[int, int]:
        """Which of these is most like which of another note's; the first where several are."""
        whole = (self._table @ other._table.T).astype(np.float64)
        cosines = whole / np.multiply.outer(self._lengths, other._lengths)
        here, there = divmod(int(cosines.argmax()), cosines.shape[1])
        return here, there


def _seen(means: NDArray[np.float64], view: View) -> NDArray[np.float64]:
    """Means, or pieces, without what is taken away."""
    dimensions = means.shape[-1]
    left: NDArray[np.float64] = means - np.frombuffer(view.centre, "<f4")
    directions = np.frombuffer(view.directions, "<f4").reshape(-1, dimensions).astype(np.float64)
    if len(directions):
        left -= (left @ directions.T) @ directions
    return left


def _small(table: NDArray[np.float64]) -> NDArray[np.int8]:
    """Each row scaled to whole numbers, so small that the product of two is a number float32 holds exactly."""
    largest = min(127, int((EXACT / table.shape[-1]) ** 0.5))
    peaks = np.abs(table).max(axis=-1, keepdims=True)
    scaled: NDArray[np.int8] = np.rint(table * (largest / np.where(peaks > 0, peaks, 1))).astype(np.int8)
    return scaled


def _directions(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """The directions that part notes into groups: the strongest, where they are strong enough."""
    apart = table - table.mean(axis=0)
    total = float((apart * apart).sum())
    many = min(MOST_DIRECTIONS, *apart.shape)
    # Iterated from a fixed beginning, so that the same notes give the same directions.
    found = np.cos(np.outer(np.arange(apart.shape[1]) + 1.0, np.arange(many) + 1.0))
    for _ in range(ROUNDS):
        found, _rest = np.linalg.qr(apart.T @ (apart @ found))
    shares = ((apart @ found) ** 2).sum(axis=0) / (total or 1.0)
    return np.ascontiguousarray(found[:, shares > SHARE].T)


def _unit(table: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(table, axis=-1, keepdims=True)
    scaled: NDArray[np.float64] = table / np.where(lengths > 0, lengths, 1.0)
    return scaled


def _ints(rows: Sequence[bytes]) -> NDArray[np.float64]:
    return np.frombuffer(b"".join(rows), np.int8).reshape(len(rows), -1).astype(np.float64)
