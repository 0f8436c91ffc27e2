"""Log entries: a header in clear, a body, a signature. The body of a bundle is sealed, that of a control entry is not.

    version 1 | type 1 | flags 2 | space 16 | device 16 | epoch 4 | number 8 | previous 32 | salt 16     (96 bytes)
    body
    signature 64

Numbers are big-endian. The signature is the device's, over everything before it; a sealed body is bound to the whole
header. So an entry cannot be moved to another space, device, place or epoch. (docs/reference/wire.md)
"""

from __future__ import annotations

import os
import struct

from ..errors import Damaged, NewerFormat
from ..records import record
from .devices import NONCE, is_signed, salted, sign

VERSION = 1
BUNDLE, CONTROL = 1, 2
SNAPSHOT = 1
"""A flag: this bundle stands for entries before it (docs/reference/wire.md#snapshots)."""
HEADER = struct.Struct(">BBH16s16sIQ32s16s")
SIGNATURE_BYTES, TAG_BYTES, LENGTH_BYTES = 64, 16, 4
# A note has at most 16 million characters; its bundle stays below this, however badly it packs.
MAX_ENTRY_BYTES = 80 * 1024 * 1024
FIRST = bytes(32)
"""What stands for the previous entry in a device's first."""
PURPOSE = b"scribes.bundle"


@record
class Header:
    """The clear part of an entry: who wrote it where, as which entry of theirs, and under which key."""

    type: int
    space: bytes
    device: bytes
    epoch: int
    number: int
    previous: bytes
    flags: int = 0
    salt: bytes = bytes(16)

    def to_bytes(self) -> bytes:
        """The 96 bytes."""
        return HEADER.pack(
            VERSION, self.type, self.flags, self.space, self.device, self.epoch, self.number, self.previous, self.salt
        )


@record
class Entry:
    """An entry as it lies in a log, taken apart; nothing is verified yet. `id` is the SHA-256 of all its bytes."""

    header: Header
    body: bytes
    raw: bytes
    id: bytes

    def is_by(self, public: bytes) -> bool:
        """Whether the holder of a signing key wrote this."""
        return is_signed(public, self.raw[:-SIGNATURE_BYTES], self.raw[-SIGNATURE_BYTES:])

    def opened(self, epoch_key: bytes) -> bytes:
        """The content of a sealed body.

        Raises: Damaged.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        key = salted(epoch_key, self.header.salt, PURPOSE)
        try:
            padded = ChaCha20Poly1305(key).decrypt(NONCE, self.body, self.raw[: HEADER.size])
        except (InvalidTag, ValueError, OverflowError) as e:
            raise Damaged("an entry does not open with the key of its epoch") from e
        size = int.from_bytes(padded[:LENGTH_BYTES], "big")
        if len(padded) != LENGTH_BYTES + padded_size(size) or any(padded[LENGTH_BYTES + size :]):
            raise Damaged("an entry is padded in another way than it says")
        return padded[LENGTH_BYTES : LENGTH_BYTES + size]


def sealed(header: Header, content: bytes, *, epoch_key: bytes, sign_key: bytes) -> Entry:
    """A bundle: the content padded, sealed under the epoch's key, and signed."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    salt = os.urandom(16)
    clear = Header(
        BUNDLE, header.space, header.device, header.epoch, header.number, header.previous, header.flags, salt
    ).to_bytes()
    padded = len(content).to_bytes(LENGTH_BYTES, "big") + content.ljust(padded_size(len(content)), b"\0")
    body = ChaCha20Poly1305(salted(epoch_key, salt, PURPOSE)).encrypt(NONCE, padded, clear)
    return _signed(clear + body, sign_key)


def in_clear(header: Header, content: bytes, *, sign_key: bytes) -> Entry:
    """A control entry: who belongs to a space is no secret to those who keep its log."""
    return _signed(header.to_bytes() + content, sign_key)


def parse(raw: bytes) -> Entry:
    """An entry taken apart.

    Raises: Damaged, NewerFormat.
    """
    if not HEADER.size + SIGNATURE_BYTES <= len(raw) <= MAX_ENTRY_BYTES:
        raise Damaged(f"an entry of a log has {len(raw)} bytes")
    version, type, flags, space, device, epoch, number, previous, salt = HEADER.unpack_from(raw)
    if version != VERSION or type not in (BUNDLE, CONTROL):
        raise NewerFormat("an entry of a log is of a kind this Scribes does not know", hint="update Scribes")
    # A database keeps 63 bits.
    if not 0 < number < 1 << 63 or (type == BUNDLE and epoch < 1):
        raise Damaged("an entry of a log has no number or no epoch")
    from hashlib import sha256

    header = Header(type, space, device, epoch, number, previous, flags, salt)
    return Entry(header, raw[HEADER.size : -SIGNATURE_BYTES], raw, sha256(raw).digest())


def padded_size(size: int) -> int:
    """The length that hides a length: at most 12 % more.

    Source: Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with PURBs (PADMÉ).
    """
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    mask = (1 << exponent - exponent.bit_length()) - 1
    return size + mask & ~mask


def _signed(unsigned: bytes, sign_key: bytes) -> Entry:
    return parse(unsigned + sign(sign_key, unsigned))
