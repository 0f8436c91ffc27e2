"""What a server keeps of a password: a hash on which nobody who has the table alone can try others."""

from __future__ import annotations

import os

# Source: OWASP's Password Storage Cheat Sheet, Argon2id.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
KEY_BYTES, SALT_BYTES = 32, 16
CURRENT = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"


def hash_of(password: str, *, pepper: bytes) -> str:
    """A password's Argon2id hash as a PHC string; `pepper` is a key that does not lie beside it."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    derivation = Argon2id(
        salt=os.urandom(SALT_BYTES),
        length=KEY_BYTES,
        iterations=PASSES,
        lanes=LANES,
        memory_cost=MEMORY_KIB,
        secret=pepper,
    )
    return derivation.derive_phc_encoded(_normal(password))


def is_right(password: str, stored: str, *, pepper: bytes) -> bool:
    """Whether a password is the one that was hashed."""
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(_normal(password), stored, pepper)
    except InvalidKey:
        return False
    return True


def is_current(stored: str) -> bool:
    """Whether a hash costs what new ones cost."""
    return stored.startswith(CURRENT)


def _normal(password: str) -> bytes:
    import unicodedata

    return unicodedata.normalize("NFC", password).encode("utf-8", "replace")
