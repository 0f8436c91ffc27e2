"""Pages and entries of logs as bytes on their way between a client and a server (docs/reference/wire.md, Over HTTP).

In the binary form every part has its length before it (4 bytes, big-endian): in an answer first a JSON text, then the
entries. In the JSON form the entries are base64 in the same object.
"""

from __future__ import annotations

from ..canonical import decode, encode
from ..errors import Malformed
from ..models.sync import Page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Heads = dict[bytes, tuple[int, bytes]]

LENGTH_BYTES, ID_BYTES, HASH_BYTES = 4, 16, 32
MAX_NUMBER = (1 << 63) - 1
BINARY, JSON = "application/octet-stream", "application/json"


def framed(parts: Sequence[bytes]) -> bytes:
    """Parts in one body, each with its length before it."""
    return b"".join(piece for part in parts for piece in (len(part).to_bytes(LENGTH_BYTES, "big"), part))


def unframed(data: bytes) -> list[bytes]:
    """The parts of a body.

    Raises: Malformed.
    """
    parts, at = [], 0
    while at < len(data):
        start = at + LENGTH_BYTES
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data) or start > len(data):
            raise Malformed("a body ends within one of its parts")
        parts.append(data[start:at])
    return parts


def page_to_bytes(page: Page, **more: str) -> bytes:
    """A page in the binary form."""
    return framed([encode({**about(page), **more}).encode(), *page.entries])


def page_in_bytes(data: bytes) -> tuple[Page, dict[str, Any]]:
    """The page in a binary body, and all that its JSON says.

    Raises: Malformed.
    """
    first, *entries = unframed(data) or [b""]
    said = said_in(first)
    return page_about(said, entries), said


def page_to_json(page: Page) -> dict[str, Any]:
    """A page in the JSON form."""
    return {**about(page), "entries": [to_base64(raw) for raw in page.entries]}


def about(page: Page) -> dict[str, Any]:
    """What a page says beside its entries."""
    heads = {device.hex(): [number, hash.hex()] for device, (number, hash) in page.heads.items()}
    return {"cursor": page.cursor, "generation": page.generation, "heads": heads, "more": page.more}


def page_about(said: dict[str, Any], entries: Sequence[bytes] = ()) -> Page:
    """The page that something is said about.

    Raises: Malformed.
    """
    cursor, generation, more = said.get("cursor"), said.get("generation"), said.get("more")
    if not isinstance(cursor, str) or not isinstance(generation, str) or not isinstance(more, bool):
        raise Malformed("a page of a log is malformed")
    return Page(tuple(entries), cursor, more, generation, ends_in(said.get("heads")))


def ends_in(said: object) -> Heads:
    """The ends of chains, by device.

    Raises: Malformed.
    """
    ends: Heads = {}
    for device, end in _items(said):
        if not isinstance(end, list) or len(end) != 2:
            raise Malformed("the end of a chain is malformed")
        ends[id_in(device)] = (number_in(end[0]), id_in(end[1], size=HASH_BYTES))
    return ends


def numbers_in(said: object) -> dict[bytes, int]:
    """Numbers by device.

    Raises: Malformed.
    """
    return {id_in(device): number_in(number) for device, number in _items(said)}


def number_in(said: object) -> int:
    """A number of a chain.

    Raises: Malformed.
    """
    if type(said) is not int or not 0 <= said <= MAX_NUMBER:
        raise Malformed("the number of an entry is malformed")
    return said


def id_in(said: object, *, size: int = ID_BYTES) -> bytes:
    """An id, or anything of a fixed size, from lower-case hex.

    Raises: Malformed.
    """
    try:
        raw = bytes.fromhex(said) if isinstance(said, str) else b""
    except ValueError:
        raw = b""
    if len(raw) != size or raw.hex() != said:
        raise Malformed(f"{size} bytes in lower-case hex were expected")
    return raw


def said_in(data: bytes) -> dict[str, Any]:
    """The JSON object in some bytes.

    Raises: Malformed.
    """
    try:
        said = decode(data.decode())
    except (ValueError, RecursionError) as e:
        raise Malformed("a JSON object was expected") from e
    if not isinstance(said, dict):
        raise Malformed("a JSON object was expected")
    return said


def to_base64(raw: bytes) -> str:
    """Bytes as text in JSON."""
    from base64 import b64encode

    return b64encode(raw).decode()


def from_base64(said: object) -> bytes:
    """The bytes in a text.

    Raises: Malformed.
    """
    from base64 import b64decode

    try:
        return b64decode(said, validate=True) if isinstance(said, str) else _no_base64()
    except ValueError as e:
        raise Malformed("base64 was expected") from e


def _no_base64() -> bytes:
    raise Malformed("base64 was expected")


def _items(said: object) -> list[tuple[str, Any]]:
    if not isinstance(said, dict):
        raise Malformed("an object by device was expected")
    return list(said.items())
