"""The model: tokens in, unit vectors out, in numpy alone.

Source: Devlin et al., BERT (2019); Wang et al., MiniLM (2020): word and position rows summed, then layers of attention
and two dense steps, each with a residual and a norm; the mean over the tokens, scaled to length 1.

Texts are not padded: the tokens of several stand below each other in one matrix, and only attention looks at the
texts one by one, those of equal length together. The matrices stay 8-bit in the mapped file and become floats one at a
time in a buffer that stays in the cache; that costs 4 ms a batch, keeping them as floats would cost 42 MB.
"""

from __future__ import annotations

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    # Texts of equal length that stand together: the first row, how many texts, how many tokens each has.
    Group = tuple[int, int, int]

# More tokens at once are no faster, and take memory.
_TOKENS_AT_ONCE = 1024
# Up to so many tokens it is the weights that take time, and beyond the tokens.
_FEW_ROWS = 32
# So many rows of the wide layer stay in a processor's cache while they go through the activation.
_ROWS_AT_ONCE = 48
_EPSILON = np.float32(1e-12)
# GELU with tanh in the place of erf, its two constants fitted to within 0.0003 of it.
_GELU = (np.float32(0.80015567), np.float32(0.0347015))


class Transformer:
    """A model whose tensors are given by name (see tools/build_embedder.py)."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]], *, layers: int, heads: int) -> None:
        self._tensors = tensors
        self._layers = layers
        self._heads = heads
        self._width = tensors["words"].shape[1]
        self._average = np.full(self._width, 1 / self._width, np.float32)
        # Attention divides by the root of a head's width: said once in the weights, and not for every score.
        root = np.float32((self._width / heads) ** -0.5)
        self._scales = {name: t.astype(np.float32)[:, None] for name, t in tensors.items() if name.endswith(".scale")}
        self._biases = {name: t.copy() for name, t in tensors.items() if name.endswith(".bias")}
        for layer in range(layers):
            self._scales[f"{layer}.qkv.scale"][..., : self._width] *= root
            self._biases[f"{layer}.qkv.bias"][: self._width] *= root
        self._most_weights = max(t.size for name, t in tensors.items() if name.endswith(".weight"))

    def vectors(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Return a unit vector for each text, given as its tokens: an array (texts, dimensions)."""
        found = np.empty((len(texts), self._width), np.float32)
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        buffer = np.empty(self._most_weights, np.float32)
        begin = 0
        while begin < len(order):
            stop, rows = begin, 0
            while stop < len(order) and (stop == begin or rows + len(texts[order[stop]]) <= _TOKENS_AT_ONCE):
                rows += len(texts[order[stop]])
                stop += 1
            found[order[begin:stop]] = self._batch([texts[number] for number in order[begin:stop]], buffer)
            begin = stop
        return found

    def _batch(self, texts: Sequence[Sequence[int]], buffer: Floats) -> Floats:
        groups = _groups(texts)
        rows = self._embedded(texts)
        for layer in range(self._layers):
            mixed = self._dense(
                self._attention(self._dense(rows, f"{layer}.qkv", buffer), groups), f"{layer}.joined", buffer
            )
            mixed += rows
            rows = self._norm(mixed, f"{layer}.norm1")
            wide = self._dense(rows, f"{layer}.wide", buffer)
            _activate(wide)
            narrow = self._dense(wide, f"{layer}.narrow", buffer)
            narrow += rows
            rows = self._norm(narrow, f"{layer}.norm2")
        means = [rows[first : first + n * length].reshape(n, length, -1).mean(1) for first, n, length in groups]
        whole: Floats = np.concatenate(means)
        whole /= np.sqrt(np.einsum("ij,ij->i", whole, whole))[:, None]
        return whole

    def _embedded(self, texts: Sequence[Sequence[int]]) -> Floats:
        ids = np.concatenate([np.asarray(text, np.intp) for text in texts])
        positions = np.concatenate([np.arange(len(text)) for text in texts])
        rows: Floats = self._tensors["words"][ids].astype(np.float32)
        rows *= self._scales["words.scale"][ids]
        rows += self._tensors["positions"][positions]
        return self._norm(rows, "norm")

    def _dense(self, rows: Floats, name: str, buffer: Floats) -> Floats:
        """Return `rows @ (weight * scale) + bias`, a new array; each scale is for a column of a block of rows."""
        weight, scale = self._tensors[f"{name}.weight"], self._scales[f"{name}.scale"]
        blocks = buffer[: weight.size].reshape(len(scale), -1, weight.shape[1])
        np.copyto(blocks, weight.reshape(blocks.shape))
        out: Floats
        if len(rows) <= _FEW_ROWS:
            # A product for each block of weights, scaled and summed after: half the time for a short text.
            products = rows.reshape(len(rows), len(scale), -1).swapaxes(0, 1) @ blocks
            products *= scale
            out = products.sum(0)
        else:
            blocks *= scale
            out = rows @ blocks.reshape(weight.shape)
        out += self._biases[f"{name}.bias"]
        return out

    def _attention(self, qkv: Floats, groups: Sequence[Group]) -> Floats:
        heads, width = self._heads, self._width
        mixed = np.empty((len(qkv), width), np.float32)
        for first, count, length in groups:
            stop = first + count * length
            parts = qkv[first:stop].reshape(count, length, 3, heads, width // heads)
            queries, keys, values = (parts[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
            scores = queries @ keys.swapaxes(2, 3)
            # Scores reach 66, close to where the exponential of a float32 ends.
            scores -= scores.max(-1, keepdims=True)
            np.exp(scores, out=scores)
            # Divided after the values are mixed: fewer numbers than the scores in a text of more than 32 tokens.
            sums = scores.sum(-1, keepdims=True)
            out = mixed[first:stop].reshape(count, length, heads, width // heads).transpose(0, 2, 1, 3)
            np.matmul(scores, values, out=out)
            out /= sums
        return mixed

    def _norm(self, rows: Floats, name: str) -> Floats:
        """Return rows with mean 0 and deviation 1, weighed and shifted; changes them in place."""
        rows -= (rows @ self._average)[:, None]
        variance = np.einsum("ij,ij->i", rows, rows)
        variance /= np.float32(self._width)
        variance += _EPSILON
        rows /= np.sqrt(variance)[:, None]
        rows *= self._tensors[f"{name}.weight"]
        rows += self._biases[f"{name}.bias"]
        return rows


def _groups(texts: Sequence[Sequence[int]]) -> list[Group]:
    """Return runs of equal length; the texts are in order of length."""
    groups: list[Group] = []
    row = 0
    for text in texts:
        length = len(text)
        if groups and groups[-1][2] == length:
            groups[-1] = (groups[-1][0], groups[-1][1] + 1, length)
        else:
            groups.append((row, 1, length))
        row += length
    return groups


def _activate(rows: Floats) -> None:
    """Put GELU of each number in its place: x/2 (1 + tanh(x (a + b x^2)))."""
    linear, cubic = _GELU
    room = np.empty((_ROWS_AT_ONCE, rows.shape[1]), np.float32)
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[begin : begin + _ROWS_AT_ONCE]
        inner = room[: len(part)]
        np.multiply(part, part, out=inner)
        inner *= cubic
        inner += linear
        inner *= part
        np.tanh(inner, out=inner)
        inner += np.float32(1)
        inner *= np.float32(0.5)
        part *= inner
