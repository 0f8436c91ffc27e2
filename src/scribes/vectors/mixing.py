"""What stands around a piece, mixed into its vector: how much of it is measured (docs/explanation/quality.md)."""

from __future__ import annotations

import numpy as np

from .rows import floats, unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What the mean of the pieces around it, and the title of the note, count beside the piece itself.
AROUND, TITLE = 1.0, 0.2


def mixed(own: bytes, around: Sequence[bytes], title: bytes | None = None) -> bytes:
    """A piece's vector with those around it (its own may be among them) and its title's, of length 1; all float32.

    Raises: InvalidInput, when something in one of them is not a finite number.
    """
    vector = unit(floats(own))
    if around:
        mean = np.asarray(np.mean([unit(floats(one)) for one in around], axis=0), np.float32)
        vector = vector + np.float32(AROUND) * unit(mean)
    if title is not None:
        vector = vector + np.float32(TITLE) * unit(floats(title))
    return unit(vector).astype("<f4").tobytes()
