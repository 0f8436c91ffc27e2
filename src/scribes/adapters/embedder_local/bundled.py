"""What the bundled embedders have in common: a file of weights, of which a page is read before embedding begins."""

from __future__ import annotations

from scribes.adapters.embedder_local import weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scribes.vectors.rows import Floats


class Bundled:
    """An embedder that came with Scribes. Making one reads a page of its file; numpy is imported when embedding begins.

    Raises:
        Damaged: the bundled file is missing or not whole.
    """

    def __init__(self, path: str) -> None:
        self._weights = weights.Weights(path)
        self.name = self._weights.about.get("name", "")
        self.digest = self._weights.digest
        self.dimensions = self._weights.number("dimensions")

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return a unit vector for each text, as little-endian float32; of a long text, its first 254 tokens."""
        if not texts:
            return []
        return [vector.tobytes() for vector in self._vectors(texts).astype("<f4", copy=False)]

    def embed_query(self, text: str) -> bytes:
        """Return the unit vector of a question: the bundled models make no difference between questions and texts."""
        return self.embed((text,))[0]

    def is_whole(self) -> bool:
        """Tell whether the file is what was bundled; reads all of it."""
        return self._weights.is_whole()

    if TYPE_CHECKING:

        def _vectors(self, texts: Sequence[str]) -> Floats:
            """Return a row for each text; every embedder has its own way."""
