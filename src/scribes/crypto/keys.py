"""The data key of a vault: what is derived from it, and how a passphrase or a recovery key wraps it.

A vault has one random 256-bit data key. It never encrypts anything itself: each use has a sub-key derived with keyed
BLAKE2b, so that no two uses can meet. A *slot* holds the data key sealed with ChaCha20-Poly1305 under a key that comes
from a passphrase (Argon2id) or from a recovery key; the vault's id and the slot's own parameters are authenticated
with it. (docs/explanation/encryption.md)
"""

from __future__ import annotations

import os

from ..canonical import blake2b, encode
from ..errors import Damaged, InvalidInput, WrongKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Slot = dict[str, Any]

KEY_BYTES = 32
MIN_MEMORY_KIB, MIN_PASSES, LANES = 64 * 1024, 3, 4
# A header from elsewhere must not make us take all memory or run for hours.
MAX_MEMORY_KIB, MAX_PASSES, MAX_LANES = 4 * 1024 * 1024, 1_000, 64
MIN_PASSPHRASE = 8
# Crockford's base32: no I, L, O, U; what is easily misread is taken for what was meant.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "\n": None, "\t": None})
SECRET_CHARS, CHECK_CHARS, GROUP = 32, 4, 4


def new_key() -> bytes:
    """A random 256-bit key."""
    return os.urandom(KEY_BYTES)


def subkey(data_key: bytes, purpose: str) -> bytes:
    """The 32-byte key for one purpose (at most 16 bytes of name). Source: BLAKE2 (RFC 7693), keyed, personalised."""
    return blake2b(b"", digest_size=KEY_BYTES, key=data_key, person=purpose.encode()).digest()


def key_check(data_key: bytes, vault: bytes) -> str:
    """32 hex digits that tell whether a key belongs to a vault, and nothing about the key."""
    return blake2b(vault, digest_size=16, key=data_key, person=b"scribes.check").hexdigest()


def passphrase_slot(
    data_key: bytes,
    passphrase: str,
    *,
    vault: bytes,
    memory_kib: int = MIN_MEMORY_KIB,
    passes: int = MIN_PASSES,
) -> Slot:
    """A slot that a passphrase opens; at least 64 MiB and 3 passes, about 0.25 s on one core of 2020.

    Raises: InvalidInput.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise InvalidInput(
            "the passphrase is too short", hint=f"at least {MIN_PASSPHRASE} characters; four words are good"
        )
    if not MIN_MEMORY_KIB <= memory_kib <= MAX_MEMORY_KIB or not MIN_PASSES <= passes <= MAX_PASSES:
        raise InvalidInput(
            f"Argon2id with {memory_kib} KiB and {passes} passes is outside what is safe",
            hint=f"at least {MIN_MEMORY_KIB} KiB and {MIN_PASSES} passes",
        )
    slot: Slot = {
        "kind": "passphrase",
        "kdf": "argon2id",
        "memory_kib": memory_kib,
        "passes": passes,
        "lanes": LANES,
        "salt": os.urandom(16).hex(),
    }
    return _sealed(slot, data_key, _argon2id(slot, passphrase), vault)


def recovery_slot(data_key: bytes, recovery_key: str, *, vault: bytes) -> Slot:
    """A slot that the recovery key opens. It holds 160 random bits, so no slow derivation is needed."""
    slot: Slot = {"kind": "recovery", "kdf": "blake2b", "salt": os.urandom(16).hex()}
    return _sealed(slot, data_key, _from_recovery(slot, recovery_key), vault)


def open_slot(slot: Slot, secret: str, *, vault: bytes) -> bytes:
    """The data key in a slot.

    Raises: WrongKey, InvalidInput (a recovery key with a slip of the pen), Damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    kind = slot.get("kind")
    try:
        wrapping = _from_recovery(slot, secret) if kind == "recovery" else _argon2id(slot, secret)
        nonce, sealed = bytes.fromhex(slot["nonce"]), bytes.fromhex(slot["sealed"])
        return ChaCha20Poly1305(wrapping).decrypt(nonce, sealed, _bound_to(slot, vault))
    except InvalidTag:
        name = "recovery key" if kind == "recovery" else "passphrase"
        raise WrongKey(f"this is not the {name} of this vault") from None
    except (KeyError, TypeError, ValueError) as e:
        raise Damaged("a slot in the key header is malformed", hint="scribes doctor --fix mends the header") from e


def new_recovery_key() -> str:
    """A fresh recovery key: nine groups of four characters, the last one a checksum."""
    return new_code(SECRET_CHARS)


def normal_recovery_key(text: str) -> str:
    """The recovery key as printed, from what somebody typed: any case, any spacing, O for 0, I or L for 1.

    Raises: InvalidInput, saying what is wrong with it.
    """
    return normal_code(text, chars=SECRET_CHARS, what="recovery key")


def new_code(chars: int) -> str:
    """A fresh secret that people can type: so many characters of five random bits and a checksum, by fours."""
    number = int.from_bytes(os.urandom((chars * 5 + 7) // 8), "big")
    secret = "".join(ALPHABET[number >> 5 * place & 31] for place in range(chars))
    return _grouped(secret + _checksum(secret))


def normal_code(text: str, *, chars: int, what: str) -> str:
    """A secret as printed, from what somebody typed.

    Raises: InvalidInput, saying what is wrong with it.
    """
    plain = text.strip().upper().translate(MISREAD)
    if len(plain) != chars + CHECK_CHARS:
        raise InvalidInput(
            f"a {what} has {chars + CHECK_CHARS} characters, this has {len(plain)}",
            hint=f"{_words((chars + CHECK_CHARS) // GROUP)} groups of four; spaces, hyphens and case do not matter",
        )
    foreign = sorted(set(plain) - set(ALPHABET))
    if foreign:
        raise InvalidInput(f"{foreign[0]!r} is never part of a {what}", hint="letters and digits without I, L, O, U")
    if _checksum(plain[:chars]) != plain[chars:]:
        raise InvalidInput(
            f"there is a slip in the {what}: its checksum does not fit", hint="compare it letter by letter"
        )
    return _grouped(plain)


def _words(number: int) -> str:
    return {6: "six", 9: "nine"}.get(number, str(number))


def _sealed(slot: Slot, data_key: bytes, wrapping: bytes, vault: bytes) -> Slot:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    nonce = os.urandom(12)
    sealed = ChaCha20Poly1305(wrapping).encrypt(nonce, data_key, _bound_to(slot, vault))
    return {**slot, "nonce": nonce.hex(), "sealed": sealed.hex()}


def _bound_to(slot: Slot, vault: bytes) -> bytes:
    """What is authenticated with a slot: the vault it belongs to and how its key is derived."""
    public = {name: value for name, value in slot.items() if name not in ("nonce", "sealed")}
    return encode({"vault": vault.hex(), **public}).encode()


def _argon2id(slot: Slot, passphrase: str) -> bytes:
    import unicodedata

    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    memory_kib, passes, lanes = int(slot["memory_kib"]), int(slot["passes"]), int(slot["lanes"])
    if not (0 < memory_kib <= MAX_MEMORY_KIB and 0 < passes <= MAX_PASSES and 0 < lanes <= MAX_LANES):
        raise ValueError("Argon2id parameters out of range")
    derivation = Argon2id(
        salt=bytes.fromhex(slot["salt"]), length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory_kib
    )
    return derivation.derive(unicodedata.normalize("NFC", passphrase).encode())


def _from_recovery(slot: Slot, recovery_key: str) -> bytes:
    plain = normal_recovery_key(recovery_key).replace("-", "").encode()
    return blake2b(plain, digest_size=KEY_BYTES, salt=bytes.fromhex(slot["salt"]), person=b"scribes.recovery").digest()


def _checksum(secret: str) -> str:
    number = int.from_bytes(blake2b(secret.encode(), digest_size=4, person=b"scribes.checksum").digest(), "big")
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(CHECK_CHARS))


def _grouped(plain: str) -> str:
    return "-".join(plain[at : at + GROUP] for at in range(0, len(plain), GROUP))
