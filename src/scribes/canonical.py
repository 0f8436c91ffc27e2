"""Canonical JSON: one spelling for one value, so that a change has one id everywhere.

Keys sorted by code point, no white space, UTF-8 without ASCII escapes, integers only (no floats). Written by hand
because importing `json` costs 0.7 times a bare interpreter on every `scribes add`.
"""

from __future__ import annotations

try:
    from _json import encode_basestring, make_encoder
except ImportError:  # an interpreter without the C accelerator
    from json.encoder import py_encode_basestring as encode_basestring

    make_encoder: Any = None  # type: ignore[no-redef]

try:  # `hashlib` costs 0.2 times a bare interpreter on every command; this is the same function
    from _blake2 import blake2b as blake2b  # noqa: PLC0414 - handed on
except ImportError:
    from hashlib import blake2b as blake2b  # noqa: PLC0414

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def encode(value: Any) -> str:
    """The canonical JSON text of None, bool, int, str, lists, tuples and dicts with string keys.

    Raises: TypeError.
    """
    return "".join(_encoder(value, 0)) if _encoder else encode_slowly(value)


def encode_slowly(value: Any) -> str:
    """The same as `encode`, in Python: the definition, and what runs where there is no C encoder."""
    if isinstance(value, str):
        return str(encode_basestring(value))
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(encode_slowly, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode_basestring(key)}:{encode_slowly(value[key])}" for key in sorted(value)) + "}"
    return str(_refuse(value))


def decode(text: str) -> Any:
    """The value of a JSON text, in any spelling, that `encode` could write: there are no floats in it.

    Raises: ValueError, RecursionError.
    """
    global _decoder
    if _decoder is None:
        from json import JSONDecoder

        _decoder = JSONDecoder(parse_float=_no_number, parse_constant=_no_number)
    return _decoder.decode(text)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text[:20]} is no whole number")


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} has no canonical form")


_decoder: Any = None
# The encoder behind json.dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False), without importing `json`.
_encoder: Any = make_encoder and make_encoder(  # type: ignore[truthy-function]
    None, _refuse, encode_basestring, None, ":", ",", True, False, False
)
