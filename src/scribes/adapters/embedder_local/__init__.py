"""Meaning computed on this machine: all-MiniLM-L6-v2 with 8-bit weights, in numpy alone, with nothing downloaded."""

from __future__ import annotations

import os

from scribes.adapters.embedder_local import weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scribes.adapters.embedder_local.transformer import Transformer
    from scribes.adapters.embedder_local.wordpiece import WordPieces

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", weights.FILE)


class LocalEmbedder:
    """The bundled model. Making one reads a page of its file; numpy is imported when embedding begins.

    Raises:
        Damaged: the bundled file is missing or not whole.
    """

    def __init__(self, path: str | os.PathLike[str] = FILE) -> None:
        self._weights = weights.Weights(os.fspath(path))
        self.name = self._weights.about.get("name", "")
        self.digest = self._weights.digest
        self.dimensions = self._weights.number("dimensions")
        self._model: tuple[WordPieces, Transformer] | None = None

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return a unit vector for each text, as little-endian float32; of a long text, its first 254 tokens."""
        if not texts:
            return []
        pieces, transformer = self._loaded()
        found = transformer.vectors([pieces.tokens(text) for text in texts]).astype("<f4", copy=False)
        return [vector.tobytes() for vector in found]

    def embed_query(self, text: str) -> bytes:
        """Return the unit vector of a question: this model makes no difference between questions and texts."""
        return self.embed((text,))[0]

    def is_whole(self) -> bool:
        """Tell whether the model's file is what was bundled; reads all of it."""
        return self._weights.is_whole()

    def _loaded(self) -> tuple[WordPieces, Transformer]:
        if self._model is None:
            import scribes.vectors  # noqa: F401 - loads numpy, with one thread
            from scribes.adapters.embedder_local.transformer import Transformer
            from scribes.adapters.embedder_local.wordpiece import WordPieces

            tensors = self._weights.tensors()
            self._model = (
                WordPieces(weights.vocabulary(tensors), most_tokens=self._weights.number("tokens")),
                Transformer(tensors, layers=self._weights.number("layers"), heads=self._weights.number("heads")),
            )
        return self._model
