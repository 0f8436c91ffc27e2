"""How the text of a change is packed: canonical JSON, deflated with a dictionary of common words.

The first byte names the coding, so that a better one can come beside it. The dictionary makes a note of 200 words a
ninth smaller (docs/decisions/0012); a small edit costs little more than its words.
"""

from __future__ import annotations

import os
import zlib

from ..canonical import decode
from ..errors import Damaged, NewerFormat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CODING = b"\x01"
LEVEL = 3
# A change's body is text people wrote: no honest one inflates beyond this.
MAX_BYTES = 256 * 1024 * 1024
# A list takes thirty times the memory of its text: of a text that is so large, no more numbers, lists and the like.
LARGE_BYTES, MOST_PARTS = 4 * 1024 * 1024, 2_000_000
_dictionaries: dict[bytes, bytes] = {}


def pack(content: str, *, level: int = LEVEL) -> bytes:
    """Canonical JSON as it is stored."""
    deflate = zlib.compressobj(
        level, zlib.DEFLATED, -15, zlib.DEF_MEM_LEVEL, zlib.Z_DEFAULT_STRATEGY, _dictionary(CODING)
    )
    return CODING + deflate.compress(content.encode()) + deflate.flush()


def unpack(body: bytes, *, most_bytes: int = MAX_BYTES) -> tuple[str, dict[str, Any]]:
    """The canonical JSON in a stored body, and what it says; of one that inflates beyond `most_bytes`, nothing.

    Raises: Damaged, NewerFormat.
    """
    if body[:1] != CODING:
        raise NewerFormat(
            "a change in the history is packed in a way this Scribes does not know", hint="update Scribes"
        )
    try:
        inflate = zlib.decompressobj(-15, _dictionary(CODING))
        plain = inflate.decompress(body[1:], most_bytes)
        if len(plain) > LARGE_BYTES and _has_many_parts(plain):
            raise Damaged("a change in the history has too many parts")
        text = plain.decode() if inflate.eof else ""
        content = decode(text) if inflate.eof else None
    except (zlib.error, ValueError, RecursionError) as e:
        raise Damaged("a change in the history cannot be read") from e
    if not isinstance(content, dict):
        raise Damaged("a change in the history is malformed")
    return text, content


def _has_many_parts(plain: bytes) -> bool:
    """Whether a JSON text has very many texts, numbers, lists and objects; what stands inside a text does not count."""
    import re

    parts = end = 0
    for match in re.finditer(rb'"[^"\\]*(?:\\.[^"\\]*)*"', plain, re.DOTALL):
        parts += 1 + sum(plain.count(mark, end, match.start()) for mark in (b"[", b"{", b","))
        end = match.end()
        if parts > MOST_PARTS:
            return True
    return parts + sum(plain.count(mark, end) for mark in (b"[", b"{", b",")) > MOST_PARTS


def _dictionary(coding: bytes) -> bytes:
    if coding not in _dictionaries:
        with open(os.path.join(os.path.dirname(__file__), f"dictionary-{coding[0]}.txt"), "rb") as file:
            _dictionaries[coding] = file.read()
    return _dictionaries[coding]
