"""A table of word-piece vectors in training: the mean of a text's rows, its gradient, Adam on the rows that were used.

Source: Kingma and Ba, Adam (2015); van den Oord et al., InfoNCE (2018), in both directions over a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ids = NDArray[np.intp]

WARM_UP_STEPS, LAST_RATE = 50, 0.05
MEAN_DECAY, SQUARE_DECAY = 0.9, 0.99


class Pair(NamedTuple):
    """Two texts that belong together, the verse they are about, and the topic (-1 for two translations)."""

    left: Ids
    right: Ids
    verse: int
    topic: int


class Pooled(NamedTuple):
    """Texts as unit vectors, and what the way back needs."""

    ids: Ids
    lengths: Ids
    units: Floats
    norms: Floats


class Training:
    """A table (tokens, dimensions) of float32, changed in place, and the state of Adam."""

    def __init__(self, table: Floats) -> None:
        self.table = table
        self._mean = np.zeros_like(table)
        self._square = np.zeros_like(table)
        self._steps = 0

    def pooled(self, texts: Sequence[Ids]) -> Pooled:
        """Return the unit vector of each text; no text may be empty."""
        lengths = np.array([len(text) for text in texts])
        ids = np.concatenate(texts)
        sums = np.add.reduceat(self.table[ids], np.cumsum(lengths) - lengths, axis=0)
        norms = np.linalg.norm(sums, axis=1, keepdims=True) + np.float32(1e-9)
        return Pooled(ids, lengths, sums / norms, norms)

    def imitate(self, texts: Sequence[Ids], targets: Floats, rate: float) -> float:
        """Turn each text towards its target (a unit vector); return the mean of 1 - cosine before the step."""
        pooled = self.pooled(texts)
        self._step([(pooled, targets / np.float32(-len(texts)))], rate)
        return float(1 - np.einsum("ij,ij->i", pooled.units, targets).mean())

    def contrast(self, pairs: Sequence[Pair], temperature: float, rate: float) -> float:
        """Make each text find its partner among those of the batch; return the loss before the step.

        What has the same verse or the same topic is no wrong answer and is left out.
        """
        left, right = (self.pooled(side) for side in ([p.left for p in pairs], [p.right for p in pairs]))
        logits = left.units @ right.units.T / np.float32(temperature)
        verses, topics = np.array([p.verse for p in pairs]), np.array([p.topic for p in pairs])
        alike = (verses[:, None] == verses) | ((topics[:, None] == topics) & (topics >= 0))
        np.fill_diagonal(alike, val=False)
        logits[alike] = -1e4
        across, down = softmax(logits), softmax(logits.T).T
        own = np.arange(len(pairs))
        loss = -float(np.log(across[own, own] + 1e-12).mean() + np.log(down[own, own] + 1e-12).mean()) / 2
        slope = across + down
        slope[own, own] -= 2
        slope /= np.float32(2 * len(pairs) * temperature)
        self._step([(left, slope @ right.units), (right, slope.T @ left.units)], rate)
        return loss

    def _step(self, sides: Sequence[tuple[Pooled, Floats]], rate: float) -> None:
        """Change the rows that texts were made of, given the gradient at each text's unit vector."""
        ids = np.concatenate([pooled.ids for pooled, _ in sides])
        slopes = np.concatenate([np.repeat(through_norm(pooled, g), pooled.lengths, axis=0) for pooled, g in sides])
        order = np.argsort(ids, kind="stable")
        starts = np.flatnonzero(np.diff(ids[order], prepend=-1))
        used, slope = ids[order][starts], np.add.reduceat(slopes[order], starts, axis=0)
        self._steps += 1
        mean = self._mean[used] = MEAN_DECAY * self._mean[used] + (1 - MEAN_DECAY) * slope
        square = self._square[used] = SQUARE_DECAY * self._square[used] + (1 - SQUARE_DECAY) * slope * slope
        mean = mean / np.float32(1 - MEAN_DECAY**self._steps)
        square = square / np.float32(1 - SQUARE_DECAY**self._steps)
        self.table[used] -= np.float32(rate) * mean / (np.sqrt(square) + np.float32(1e-8))


def through_norm(pooled: Pooled, slope: Floats) -> Floats:
    """Return the gradient at the sums, given that at the unit vectors: what points along a vector changes nothing."""
    along = np.einsum("ij,ij->i", pooled.units, slope)[:, None]
    back: Floats = (slope - pooled.units * along) / pooled.norms
    return back


def softmax(logits: Floats) -> Floats:
    """Return each row as shares of 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def rate_at(step: int, steps: int, most: float) -> float:
    """Return the rate of a step: up over the first ones, then down in a straight line."""
    return most * min(1, (step + 1) / WARM_UP_STEPS) * max(LAST_RATE, 1 - step / steps)
