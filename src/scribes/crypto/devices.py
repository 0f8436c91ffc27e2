"""The keys of a device: one signs what it writes, one opens what is sealed for it. They never leave the device.

Also what is sealed for one receiver (HPKE), what is sealed under the key of a space, and how people compare keys.
"""

from __future__ import annotations

import os

from ..canonical import blake2b
from ..errors import Damaged
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

KEY_BYTES, SALT_BYTES, NONCE = 32, 16, bytes(12)
# The books in the order of the canon, in short: words that people who compare keys know how to say.
BOOKS = (
    "Genesis", "Exodus", "Leviticus", "Numbers", "Deuteronomy", "Joshua", "Judges", "Ruth", "Samuel", "Kings",
    "Chronicles", "Ezra", "Nehemiah", "Esther", "Job", "Psalms", "Proverbs", "Ecclesiastes", "Song", "Isaiah",
    "Jeremiah", "Lamentations", "Ezekiel", "Daniel", "Hosea", "Joel", "Amos", "Obadiah", "Jonah", "Micah", "Nahum",
    "Habakkuk", "Zephaniah", "Haggai", "Zechariah", "Malachi", "Matthew", "Mark", "Luke", "John", "Acts", "Romans",
    "Corinthians", "Galatians", "Ephesians", "Philippians", "Colossians", "Thessalonians", "Timothy", "Titus",
    "Philemon", "Hebrews", "James", "Peter", "Jude", "Revelation",
)  # fmt: skip
FINGERPRINT_PARTS, NUMBERS = 6, 99


@record
class DeviceKeys:
    """A device's id (16 bytes) and its private keys, 32 bytes each: Ed25519 and X25519."""

    id: bytes
    sign: bytes
    box: bytes

    def public(self) -> DevicePublic:
        """What others know of the device."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        signing = Ed25519PrivateKey.from_private_bytes(self.sign).public_key().public_bytes_raw()
        opening = X25519PrivateKey.from_private_bytes(self.box).public_key().public_bytes_raw()
        return DevicePublic(self.id, signing, opening)


@record
class DevicePublic:
    """A device's id and its public keys."""

    id: bytes
    sign: bytes
    box: bytes


def new_device_keys(id: bytes) -> DeviceKeys:
    """Fresh keys for a device."""
    return DeviceKeys(id, os.urandom(KEY_BYTES), os.urandom(KEY_BYTES))


def keys_from_secret(secret: bytes, purpose: bytes) -> DeviceKeys:
    """The keys that follow from a secret, such as that of an invitation; the id too."""
    parts = [
        blake2b(bytes([number]), digest_size=KEY_BYTES, key=secret, person=purpose).digest() for number in range(3)
    ]
    return DeviceKeys(parts[0][:16], parts[1], parts[2])


def member_id(first_device: DevicePublic) -> bytes:
    """The id of the account that a first device founds: BLAKE2b-128 of its public keys."""
    return blake2b(first_device.sign + first_device.box, digest_size=16, person=b"scribes.member").digest()


def sign(seed: bytes, message: bytes) -> bytes:
    """The Ed25519 signature of a message."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is that of a public key over a message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def seal_for(box: bytes, message: bytes, *, about: bytes) -> bytes:
    """A message that only the holder of an X25519 key can open, bound to what it is about.

    Source: RFC 9180 (HPKE), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
    Raises: Damaged, where the public key is none.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    try:
        return bytes(_suite().encrypt(message, X25519PublicKey.from_public_bytes(box), about))
    except ValueError as e:
        raise Damaged("a public key is malformed") from e


def open_for(box: bytes, sealed: bytes, *, about: bytes) -> bytes:
    """The message that was sealed for a private key.

    Raises: Damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        return bytes(_suite().decrypt(sealed, X25519PrivateKey.from_private_bytes(box), about))
    except (InvalidTag, ValueError) as e:
        raise Damaged("a key was not sealed for this device, or was altered") from e


def seal_under(key: bytes, message: bytes, *, purpose: bytes, about: bytes = b"") -> bytes:
    """A message sealed under a shared key: a salt of 16 bytes, then ChaCha20-Poly1305 under a key made with that."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    salt = os.urandom(SALT_BYTES)
    # A key for this salt alone, so that a nonce is used once however often a machine is copied or set back.
    return salt + ChaCha20Poly1305(salted(key, salt, purpose)).encrypt(NONCE, message, about)


def open_under(key: bytes, sealed: bytes, *, purpose: bytes, about: bytes = b"") -> bytes:
    """What was sealed under a shared key.

    Raises: Damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    cipher = ChaCha20Poly1305(salted(key, sealed[:SALT_BYTES].ljust(SALT_BYTES, b"\0"), purpose))
    try:
        return cipher.decrypt(NONCE, sealed[SALT_BYTES:], about)
    except (InvalidTag, ValueError) as e:
        raise Damaged("what was sealed does not open with this key, or was altered") from e


def salted(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    """The key for one message. Source: BLAKE2 (RFC 7693), keyed, salted, personalised."""
    return blake2b(b"", digest_size=KEY_BYTES, key=key, salt=salt, person=purpose).digest()


def fingerprint(*parts: bytes) -> str:
    """What people compare: six times a book and a number, 75 bits of a hash, such as "Ruth 41, Acts 7, …"."""
    number = int.from_bytes(blake2b(b"".join(parts), digest_size=32, person=b"scribes.compare").digest(), "big")
    words = []
    for _ in range(FINGERPRINT_PARTS):
        number, place = divmod(number, len(BOOKS) * NUMBERS)
        words.append(f"{BOOKS[place // NUMBERS]} {place % NUMBERS + 1}")
    return ", ".join(words)


def _suite() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
