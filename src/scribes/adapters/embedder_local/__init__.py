"""Meaning computed on this machine: all-MiniLM-L6-v2 with 8-bit weights, in numpy alone, with nothing downloaded."""

from __future__ import annotations

import os

from scribes.adapters.embedder_local import weights
from scribes.adapters.embedder_local.bundled import Bundled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scribes.adapters.embedder_local.transformer import Transformer
    from scribes.adapters.embedder_local.wordpiece import WordPieces
    from scribes.vectors.rows import Floats

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", weights.FILE)


class LocalEmbedder(Bundled):
    """The bundled model.

    Raises:
        Damaged: the bundled file is missing or not whole.
    """

    def __init__(self, path: str | os.PathLike[str] = FILE) -> None:
        super().__init__(os.fspath(path))
        self._model: tuple[WordPieces, Transformer] | None = None

    def _vectors(self, texts: Sequence[str]) -> Floats:
        pieces, transformer = self._loaded()
        return transformer.vectors([pieces.tokens(text) for text in texts])

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
