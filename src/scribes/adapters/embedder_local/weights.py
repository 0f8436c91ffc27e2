"""A model in one file that is mapped into memory: what it says of itself, then its tensors.

Layout, all numbers little-endian: the magic; 16 bytes of digest, a BLAKE2b of all that follows them; the size of the
header (u32); the header, UTF-8 lines `key=value` and, for each tensor, `tensor=<name> <type> <shape> <begin>`; then the
tensors, each at a multiple of 64 bytes from the start of the file (`begin`), with zeros between.

Only the header is read when the file is opened; of the tensors, the pages that are touched.
"""

from __future__ import annotations

from struct import Struct

from scribes.canonical import blake2b
from scribes.errors import Damaged, NewerFormat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from scribes.adapters.embedder_local.wordpiece import Vocabulary

    Shape = tuple[int, ...]

FILE = "minilm-l6-v2.weights"
DIGEST_BYTES = 16
_MAGIC = b"SCREMBD1"
_HEAD = Struct(f"<8s{DIGEST_BYTES}sI")
_ALIGNED = 64
_MOST_HEADER_BYTES = 1 << 20
_HINT = "install scribes again"


class Weights:
    """A model's file: its digest, what it says of itself, and its tensors."""

    def __init__(self, path: str) -> None:
        """Read the header of a file.

        Raises:
            Damaged: there is no such file, or it is not a model, or not whole.
            NewerFormat: a newer Scribes wrote it.
        """
        self.path = path
        self.about: dict[str, str] = {}
        self._places: dict[str, tuple[str, Shape, int]] = {}
        try:
            with open(path, "rb") as file:
                self.digest, header = _header(path, file.read(_HEAD.size), file.read)
                size_bytes = file.seek(0, 2)
        except OSError as e:
            raise Damaged("the embedding model cannot be read", hint=_HINT) from e
        for line in header.split("\n"):
            key, _, value = line.partition("=")
            if key == "tensor":
                self._place(value)
            else:
                self.about[key] = value
        if self._end() > size_bytes:
            raise Damaged(f"{path} is not a whole model: it ends early", hint=_HINT)

    def _place(self, line: str) -> None:
        try:
            name, kind, shape, begin = line.split(" ")
            self._places[name] = (kind, tuple(int(n) for n in shape.split("x")), int(begin))
        except ValueError as e:
            raise Damaged(f"{self.path} is not a whole model: {line!r} names no tensor", hint=_HINT) from e

    def _end(self) -> int:
        return max((begin + int(kind[-1]) * _count(shape) for kind, shape, begin in self._places.values()), default=0)

    def number(self, key: str) -> int:
        """Return a number the header gives.

        Raises:
            Damaged: it gives none.
        """
        value = self.about.get(key, "")
        if not value.isdecimal():
            raise Damaged(f"{self.path} does not say its {key}", hint=_HINT)
        return int(value)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the tensors by name, read from the mapped file as they are used. Imports numpy."""
        import mmap

        import numpy as np

        with open(self.path, "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return {
            name: np.frombuffer(mapped, kind, _count(shape), begin).reshape(shape)
            for name, (kind, shape, begin) in self._places.items()
        }

    def is_whole(self) -> bool:
        """Tell whether the digest is that of the content; reads the whole file."""
        found = blake2b(digest_size=DIGEST_BYTES)
        with open(self.path, "rb") as file:
            file.seek(len(_MAGIC) + DIGEST_BYTES)
            while part := file.read(1 << 20):
                found.update(part)
        return found.digest() == self.digest


def vocabulary(tensors: Mapping[str, NDArray[Any]]) -> Vocabulary:
    """Return the vocabulary among the tensors."""
    words, begins, ids = (tensors[f"vocabulary.{part}"] for part in ("words", "begins", "ids"))
    # In the byte order of this machine, which is all that a memoryview can read.
    numbers = [array.astype(array.dtype.newbyteorder("=")).data for array in (begins, ids)]
    return words.tobytes(), numbers[0], numbers[1]


def _header(path: str, head: bytes, read: Any) -> tuple[bytes, str]:
    """Return the digest and the header's text, from the first bytes and a function that reads on."""
    if len(head) < _HEAD.size or head[:7] != _MAGIC[:7]:
        raise Damaged(f"{path} is not an embedding model", hint=_HINT)
    magic, digest, header_bytes = _HEAD.unpack(head)
    if magic != _MAGIC:
        raise NewerFormat(f"{path} was written by a newer Scribes", hint="update Scribes")
    header = read(min(header_bytes, _MOST_HEADER_BYTES))
    if len(header) != header_bytes:
        raise Damaged(f"{path} is not a whole model: its header ends early", hint=_HINT)
    return digest, header.decode("utf-8", "replace")


def pack(about: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the file of a model; the same tensors in the same order give the same bytes."""
    # The header gives where tensors begin, and its length moves them: places are found for a header of known length.
    lines = [f"{key}={value}" for key, value in about.items()]
    header_bytes = len(_header_of(lines, tensors, 10**8))
    header = _header_of(lines, tensors, _HEAD.size + header_bytes).ljust(header_bytes, b"\n")
    body = bytearray(header)
    for tensor in tensors.values():
        body += bytes(-(_HEAD.size + len(body)) % _ALIGNED)
        body += tensor.astype(tensor.dtype.newbyteorder("<")).tobytes()
    rest = header_bytes.to_bytes(4, "little") + bytes(body)
    return _MAGIC + blake2b(rest, digest_size=DIGEST_BYTES).digest() + rest


def _header_of(lines: list[str], tensors: Mapping[str, NDArray[Any]], begin: int) -> bytes:
    listed = list(lines)
    for name, tensor in tensors.items():
        begin += -begin % _ALIGNED
        shape = "x".join(map(str, tensor.shape))
        listed.append(f"tensor={name} {tensor.dtype.newbyteorder('<').str} {shape} {begin}")
        begin += tensor.nbytes
    return "\n".join(listed).encode()


def _count(shape: Shape) -> int:
    count = 1
    for length in shape:
        count *= length
    return count
