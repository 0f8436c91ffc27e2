"""Meaning at little cost: a table with a row for each word piece, and the mean of a text's rows, in numpy alone."""

from __future__ import annotations

import os

from scribes.adapters.embedder_local import weights
from scribes.adapters.embedder_local.bundled import Bundled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scribes.adapters.embedder_local.table import Table
    from scribes.adapters.embedder_local.wordpiece import WordPieces
    from scribes.vectors.rows import Floats

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "light.weights")


class LightEmbedder(Bundled):
    """The bundled table.

    Raises:
        Damaged: the bundled file is missing or not whole.
    """

    def __init__(self, path: str | os.PathLike[str] = FILE) -> None:
        super().__init__(os.fspath(path))
        self._model: tuple[WordPieces, Table] | None = None

    def _vectors(self, texts: Sequence[str]) -> Floats:
        pieces, table = self._loaded()
        # The marks of start and end are the same in every text, and say nothing.
        return table.vectors([pieces.tokens(text)[1:-1] for text in texts])

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
