"""Canonical JSON and its hash: one spelling for one value, so that a change has one id everywhere.

Keys sorted by code point, no white space, UTF-8 without ASCII escapes, integers only (no floats). Written by hand
because importing `json` costs 0.7 times a bare interpreter on every `scribes add`.
"""

from __future__ import annotations

try:
    from _json import encode_basestring as _quote
except ImportError:  # an interpreter without the C accelerator
    from json.encoder import py_encode_basestring as _quote

try:  # `hashlib` costs 0.2 times a bare interpreter on every command; this is the same function
    from _blake2 import blake2b as blake2b  # noqa: PLC0414 - handed on
except ImportError:
    from hashlib import blake2b as blake2b  # noqa: PLC0414

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def encode(value: Any) -> str:
    """The canonical JSON text of None, bool, int, str, lists, tuples and dicts with string keys."""
    if isinstance(value, str):
        return _quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(encode, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quote(key)}:{encode(value[key])}" for key in sorted(value)) + "}"
    raise TypeError(f"{type(value).__name__} has no canonical form")


def digest(value: Any) -> bytes:
    """BLAKE2b-128 of the canonical text of a value."""
    return blake2b(encode(value).encode("utf-8", "surrogatepass"), digest_size=16).digest()
