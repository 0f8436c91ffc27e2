"""Chunks of a file at rest: each sealed by itself, bound to its file and its place in it.

nonce 12 | ChaCha20-Poly1305 of the chunk, with "scribes.chunk", the file's id and the chunk's number beside it
"""

from __future__ import annotations

import os

from ..canonical import blake2b
from ..errors import Damaged

NONCE_BYTES, PERSON = 12, b"scribes.chunk"


def seal(key: bytes, file: bytes, number: int, content: bytes) -> bytes:
    """A chunk sealed under the key of its file, which `key` and the file's id give."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    nonce = os.urandom(NONCE_BYTES)
    return nonce + ChaCha20Poly1305(_key(key, file)).encrypt(nonce, content, _beside(file, number))


def opened(key: bytes, file: bytes, number: int, sealed: bytes) -> bytes:
    """The chunk.

    Raises: Damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return ChaCha20Poly1305(_key(key, file)).decrypt(nonce, content, _beside(file, number))
    except (InvalidTag, ValueError) as e:
        raise Damaged("a part of a stored file is not what was written") from e


def _key(key: bytes, file: bytes) -> bytes:
    return blake2b(file, digest_size=32, key=key, person=PERSON).digest()


def _beside(file: bytes, number: int) -> bytes:
    return PERSON + file + number.to_bytes(8, "big")
