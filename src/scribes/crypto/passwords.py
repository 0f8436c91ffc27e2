"""What a client makes of the password of an account at a server, so that the password itself never leaves it.

    master = Argon2id(password, salt | e-mail)
    auth   = HKDF(master, "scribes auth")      what the server is sent, as "s1$" and base64
    kek    = HKDF(master, "scribes kek")       what may seal keys that lie at the server, which it never sees

Who has what the server keeps can neither make `kek` of it nor try passwords without paying Argon2id for each.
"""

from __future__ import annotations

from ..errors import InvalidInput, Unavailable
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PREFIX = "s1$"
MIN_PASSWORD = 8
MIN_MEMORY_KIB, MIN_PASSES, MIN_LANES = 64 * 1024, 3, 4
# A server must not make us take all memory or run for hours.
MAX_MEMORY_KIB, MAX_PASSES, MAX_LANES = 1024 * 1024, 64, 64
SALT_BYTES, MAX_SALT_BYTES, KEY_BYTES = 16, 64, 32


@record
class Cost:
    """What deriving costs, and the account's salt, as the server says them before a login."""

    memory_kib: int
    passes: int
    lanes: int
    salt: bytes


@record
class PasswordKeys:
    """What follows from a password: `auth` proves it to the server, `kek` seals what that may keep and not read."""

    auth: bytes
    kek: bytes

    @property
    def password(self) -> str:
        """What stands in the place of the password when the client signs up or in."""
        from base64 import b64encode

        return PREFIX + b64encode(self.auth).decode()


def cost_in(answer: Mapping[str, Any]) -> Cost:
    """The cost that a server asks for.

    Raises: Unavailable, where it asks for less than is safe, or for more than any machine should give.
    """
    from base64 import b64decode

    try:
        kdf, salt = answer["kdf"], b64decode(answer["salt"], validate=True)
        numbers = [answer[name] for name in ("m", "t", "p")]
    except (KeyError, TypeError, ValueError):
        kdf, salt, numbers = "", b"", []
    if kdf != "argon2id" or len(numbers) != 3 or not all(type(one) is int for one in numbers):
        raise Unavailable("the server says nothing of how a password is derived", hint="is it a server of Scribes?")
    memory, passes, lanes = numbers
    if memory < MIN_MEMORY_KIB or passes < MIN_PASSES or lanes < MIN_LANES or len(salt) < SALT_BYTES:
        raise Unavailable(
            "the server asks for a weaker derivation of the password than is safe", hint="nothing was sent to it"
        )
    if memory > MAX_MEMORY_KIB or passes > MAX_PASSES or lanes > MAX_LANES or len(salt) > MAX_SALT_BYTES:
        raise Unavailable(
            "the server asks for more work on the password than is sensible", hint="nothing was sent to it"
        )
    return Cost(memory, passes, lanes, salt)


def keys_of(password: str, *, email: str, cost: Cost) -> PasswordKeys:
    """What follows from a password for one account.

    Source: RFC 9106 (Argon2id), RFC 5869 (HKDF with SHA-256, without salt).
    Raises: InvalidInput.
    """
    import unicodedata

    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    if len(password) < MIN_PASSWORD:
        raise InvalidInput("the password is too short", hint=f"at least {MIN_PASSWORD} characters; four words are good")
    derivation = Argon2id(
        salt=cost.salt + normal_email(email).encode(),
        length=KEY_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    master = derivation.derive(unicodedata.normalize("NFC", password).encode())
    return PasswordKeys(_expanded(master, b"scribes auth"), _expanded(master, b"scribes kek"))


def normal_email(email: str) -> str:
    """An address in the one spelling that is derived from: NFC, lower case, nothing around it."""
    import unicodedata

    return unicodedata.normalize("NFC", email.strip()).lower()


def _expanded(master: bytes, info: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master)
