"""Meaning at little cost: a table with a row for each word piece, and the mean of a text's rows, in numpy alone."""

from __future__ import annotations

import os

from scribes.adapters.embedder_local import weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scribes.adapters.embedder_local.table import Table
    from scribes.adapters.embedder_local.wordpiece import WordPieces

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "light.weights")


class LightEmbedder:
    """The bundled table. Making one reads a page of its file; numpy is imported when embedding begins.

    Raises:
        Damaged: the bundled file is missing or not whole.
    """

    def __init__(self, path: str | os.PathLike[str] = FILE) -> None:
        self._weights = weights.Weights(os.fspath(path))
        self.name = self._weights.about.get("name", "")
        self.digest = self._weights.digest
        self.dimensions = self._weights.number("dimensions")
        self._model: tuple[WordPieces, Table] | None = None

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return a unit vector for each text, as little-endian float32; of a long text, its first 254 tokens."""
        if not texts:
            return []
        pieces, table = self._loaded()
        # The marks of start and end are the same in every text, and say nothing.
        found = table.vectors([pieces.tokens(text)[1:-1] for text in texts]).astype("<f4", copy=False)
        return [vector.tobytes() for vector in found]

    def embed_query(self, text: str) -> bytes:
        """Return the unit vector of a question: the table makes no difference between questions and texts."""
        return self.embed((text,))[0]

    def is_whole(self) -> bool:
        """Tell whether the table's file is what was bundled; reads all of it."""
        return self._weights.is_whole()

    def _loaded(self) -> tuple[WordPieces, Table]:
        if self._model is None:
            import scribes.vectors  # noqa: F401 - loads numpy, with one thread
            from scribes.adapters.embedder_local.table import Table
            from scribes.adapters.embedder_local.wordpiece import WordPieces

            tensors = self._weights.tensors()
            self._model = (
                WordPieces(weights.vocabulary(tensors), most_tokens=self._weights.number("tokens")),
                Table(tensors["rows"], tensors["rows.scale"], unknown=self._weights.number("unknown")),
            )
        return self._model
