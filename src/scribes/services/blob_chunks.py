"""Files in chunks of 1 MiB, each sealed at rest: written piece by piece, read from any place on."""

from __future__ import annotations

from ..crypto import chunks
from ..errors import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..ports import Blobs

CHUNK_BYTES = 1024 * 1024


class BlobChunks:
    """Files by their ids (16 bytes) over a store of blobs."""

    def __init__(self, store: Blobs, key: bytes) -> None:
        self._store, self._key = store, key

    def append(self, id: bytes, at: int, content: bytes) -> None:
        """Put bytes behind the first `at` of a file; what lay there, of a try that nobody counted, is gone.

        Raises: StorageFull, Damaged.
        """
        rest = memoryview(content)
        while rest:
            number, start = divmod(at, CHUNK_BYTES)
            piece = rest[: CHUNK_BYTES - start]
            before = self._chunk(id, number)[:start] if start else b""
            if len(before) < start:
                raise Damaged("a part of a stored file is shorter than what was taken")
            self._store.put(_name(id, number), chunks.seal(self._key, id, number, before + bytes(piece)))
            at, rest = at + len(piece), rest[len(piece) :]

    def read(self, id: bytes, begin: int, stop: int) -> Iterator[bytes]:
        """The bytes of a file from one place to another, a chunk at a time.

        Raises: Damaged.
        """
        while begin < stop:
            number, start = divmod(begin, CHUNK_BYTES)
            piece = self._chunk(id, number)[start : start + stop - begin]
            if not piece:
                raise Damaged("a part of a stored file is shorter than what was taken")
            yield piece
            begin += len(piece)

    def remove(self, id: bytes, size: int) -> None:
        """Forget a file of so many bytes, its last chunk first: so what is left of it can be removed again."""
        for number in reversed(range(-(-size // CHUNK_BYTES))):
            self._store.remove(_name(id, number))

    def _chunk(self, id: bytes, number: int) -> bytes:
        sealed = self._store.get(_name(id, number))
        if sealed is None:
            raise Damaged("a part of a stored file is missing")
        return chunks.opened(self._key, id, number, sealed)


def _name(id: bytes, number: int) -> str:
    return f"{id.hex()}.{number}"
