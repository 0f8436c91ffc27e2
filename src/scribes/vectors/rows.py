"""Vectors as they are stored: rows of signed bytes, and their cosines with a query.

A vector as an embedder gives it is `dimensions` little-endian float32. A row is as many signed bytes, scaled so that
the largest is 127 or -127: its length says nothing, only its direction counts.
"""

from __future__ import annotations

import numpy as np

from ..errors import Damaged, InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LARGEST = 127
FLOAT_BYTES = 4


def row(vector: bytes) -> bytes:
    """A vector as a row; of all zeros where the vector is.

    Raises: InvalidInput, when something in it is not a finite number.
    """
    values = floats(vector)
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return bytes(len(values))
    scaled = np.rint(values / np.float32(largest) * np.float32(LARGEST))
    return bytes(scaled.astype(np.int8).data)


def cosines(query: bytes, rows: Sequence[bytes]) -> list[float]:
    """The cosine of a query (float32) with each row, between -1 and 1; 0 where either is all zeros.

    Raises: InvalidInput, Damaged.
    """
    wanted = unit(floats(query))
    table = _table(rows, len(wanted))
    found: list[float] = (products(table, wanted) / _lengths(table)).clip(-1.0, 1.0).tolist()
    return found


def floats(vector: bytes) -> Floats:
    """The numbers of a vector.

    Raises: InvalidInput.
    """
    if not vector or len(vector) % FLOAT_BYTES:
        raise InvalidInput(f"{len(vector)} bytes are no vector of float32")
    values = np.frombuffer(vector, "<f4")
    if not np.isfinite(values).all():
        raise InvalidInput("a vector holds what is not a number", hint="the embedder is broken, or not what it was")
    return values


def units(rows: Sequence[bytes], dimensions: int) -> Floats:
    """Rows as float32 unit vectors, one below the other; a row of zeros stays one.

    Raises: Damaged.
    """
    table = _table(rows, dimensions)
    table /= _lengths(table)[:, None]
    return table


def products(table: Floats, vector: Floats) -> Floats:
    """The product of each row of a table with a vector."""
    # Not by `@`: BLAS wakes its threads for so little, which costs many times the product on a busy machine.
    return np.asarray(np.einsum("ij,j->i", table, vector), np.float32)


def unit(vector: Floats) -> Floats:
    """A vector scaled to length 1; zeros stay zeros."""
    largest = np.abs(vector).max(initial=0.0)
    if largest == 0.0:
        return vector
    # By the largest first, so that the squares of very small or very large numbers stay finite.
    scaled = vector / largest
    return np.asarray(scaled / np.float32(np.linalg.norm(scaled)), np.float32)


def _table(rows: Sequence[bytes], dimensions: int) -> Floats:
    if any(len(one) != dimensions for one in rows):
        raise Damaged("a stored vector has the wrong length", hint="scribes index --rebuild makes them anew")
    return np.frombuffer(b"".join(rows), np.int8).reshape(-1, dimensions).astype(np.float32)


def _lengths(table: Floats) -> Floats:
    """The length of each row, 1 for one of zeros."""
    lengths = np.sqrt(np.einsum("ij,ij->i", table, table))
    return np.where(lengths > 0, lengths, np.float32(1))
