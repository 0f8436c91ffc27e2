"""Cells: vectors that lie near one another, found by the row of their centre, so that a search looks at a few only."""

from __future__ import annotations

import numpy as np

from ..errors import Damaged
from .rows import LARGEST, floats, products, unit, units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .rows import Floats

# Rows a centre that the centres are learnt from, and how often they are moved: more of either gains next to nothing.
SAMPLE_A_CELL = 20
ROUNDS = 5
BLOCK = 4_096


def number_for(vectors: int) -> int:
    """How many cells so many vectors should have."""
    return max(1, int(2.5 * float(vectors) ** 0.5))


def learnt(rows: Sequence[bytes], number: int) -> bytes:
    """The centres of `number` cells, or of as many as there are rows, as rows side by side (k-means by cosine).

    Source: Dhillon and Modha, Concept decompositions for large sparse text data using clustering, 2001.
    """
    table = units(rows, len(rows[0]))
    # Rows at even steps, not at random: the same sample gives the same cells.
    centres = table[np.linspace(0, len(table) - 1, min(number, len(table))).astype(np.int64)].copy()
    for _ in range(ROUNDS):
        _move(centres, table, _nearest(table, centres))
    largest = np.abs(centres).max(axis=1, keepdims=True)
    scaled = centres / np.where(largest > 0, largest, np.float32(1)) * np.float32(LARGEST)
    return np.rint(scaled).astype(np.int8).tobytes()


def assigned(rows: Sequence[bytes], centres: bytes) -> list[int]:
    """For each row the position of the centre that is nearest to it.

    Raises: Damaged.
    """
    if not rows:
        return []
    listed: list[int] = _nearest(units(rows, len(rows[0])), _centres(centres, len(rows[0]))).tolist()
    return listed


def by_nearness(query: bytes, centres: bytes) -> list[tuple[float, int]]:
    """The cosine of a query (float32) with each centre, and its position; the nearest first.

    Raises: InvalidInput, Damaged.
    """
    wanted = unit(floats(query))
    found = products(_centres(centres, len(wanted)), wanted)
    order = np.argsort(-found, kind="stable")
    return list(zip(found[order].tolist(), order.tolist(), strict=True))


def _centres(centres: bytes, dimensions: int) -> Floats:
    if not centres or len(centres) % dimensions:
        raise Damaged("the cells of the vectors are damaged", hint="scribes index --rebuild makes them anew")
    return units([centres[start : start + dimensions] for start in range(0, len(centres), dimensions)], dimensions)


def _nearest(table: Floats, centres: Floats) -> NDArray[np.int64]:
    found = np.empty(len(table), np.int64)
    for start in range(0, len(table), BLOCK):
        found[start : start + BLOCK] = (table[start : start + BLOCK] @ centres.T).argmax(axis=1)
    return found


def _move(centres: Floats, table: Floats, cells: NDArray[np.int64]) -> None:
    """Put each centre in the middle of its vectors; one that has none stays where it is."""
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
    sums = np.add.reduceat(table[order], starts, axis=0)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    centres[cells[order][starts]] = sums / np.where(lengths > 0, lengths, np.float32(1))
