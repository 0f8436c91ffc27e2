"""Identifiers: UUIDv7 as 16 bytes inside, as text outside."""

from __future__ import annotations

import os

from .errors import InvalidInput


def new_id(now_us: int) -> bytes:
    """A new UUIDv7 (16 bytes) for an instant in microseconds since 1970.

    Source: RFC 9562 section 5.7; the 12 bits after the millisecond hold its fraction, so ids of one device ascend.
    """
    milliseconds, fraction_us = divmod(now_us, 1000)
    raw = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    fraction = fraction_us * 4096 // 1000
    raw[6] = 0x70 | fraction >> 8
    raw[7] = fraction & 0xFF
    raw[8] = 0x80 | raw[8] & 0x3F
    return bytes(raw)


def to_text(raw: bytes) -> str:
    """The canonical UUID text of 16 bytes."""
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def from_text(text: str) -> bytes:
    """The 16 bytes of a UUID's text.

    Raises: InvalidInput.
    """
    try:
        raw = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        raw = b""
    if len(raw) != 16:
        raise InvalidInput(f"{text!r} is not an id")
    return raw
