"""The key of a server, from its secret."""

from __future__ import annotations

from ..canonical import blake2b


def key_of(secret: str) -> bytes:
    """The 32-byte key that all keys of a server are derived from. The secret is random, so nothing slow is needed."""
    return blake2b(secret.encode(), digest_size=32, person=b"scribes.server").digest()
