"""The table: tokens in, unit vectors out. The sum of a text's rows, scaled to length 1.

How much a word counts is the length of its row: "the" has a short one.
"""

from __future__ import annotations

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# The rows of so many tokens stay in the cache: with eight times as many, half as many texts are embedded in a second.
_TOKENS_AT_ONCE = 1_024


class Table:
    """Rows of signed bytes (tokens, dimensions), and a float16 for each that makes them floats."""

    def __init__(self, rows: NDArray[np.int8], scale: NDArray[np.float16], *, unknown: int) -> None:
        self._rows = rows
        self._scale = scale
        self._unknown = unknown

    def vectors(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Return a unit vector for each text, given as its tokens: an array (texts, dimensions)."""
        found = np.empty((len(texts), self._rows.shape[1]), np.float32)
        begin = 0
        while begin < len(texts):
            stop, tokens = begin, 0
            while stop < len(texts) and (stop == begin or tokens + len(texts[stop]) <= _TOKENS_AT_ONCE):
                tokens += len(texts[stop])
                stop += 1
            found[begin:stop] = self._sums(texts[begin:stop])
            begin = stop
        lengths = np.sqrt(np.einsum("ij,ij->i", found, found))
        # Rows can in principle cancel out; such a text says as much as an unknown word.
        if not lengths.all():
            found[lengths == 0] = self._floats(np.array([self._unknown]))
            lengths = np.sqrt(np.einsum("ij,ij->i", found, found))
        found /= lengths[:, None]
        return found

    def _sums(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Return the sum of the rows of each text; of an empty one, the row of an unknown word."""
        filled = [text or (self._unknown,) for text in texts]
        starts = np.cumsum([0, *map(len, filled[:-1])])
        floats = self._floats(np.concatenate([np.asarray(text, np.intp) for text in filled]))
        sums: Floats = np.add.reduceat(floats, starts, axis=0)
        return sums

    def _floats(self, ids: NDArray[np.intp]) -> Floats:
        floats: Floats = self._rows[ids].astype(np.float32)
        floats *= self._scale[ids, None].astype(np.float32)
        return floats
