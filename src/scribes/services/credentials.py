"""What a server proves people by: hashes of their passwords, and the sealed keys that its tokens are signed with."""

from __future__ import annotations

import threading
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode

from ..canonical import blake2b
from ..crypto import stored_passwords
from ..crypto.devices import open_under, seal_under
from ..crypto.keys import new_key
from ..crypto.passwords import (
    KEY_BYTES,
    MIN_LANES,
    MIN_MEMORY_KIB,
    MIN_PASSES,
    MIN_PASSWORD,
    PREFIX,
    SALT_BYTES,
    normal_email,
)
from ..errors import Busy, InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_PASSWORD_CHARS, MIN_DIFFERENT_CHARS = 256, 4
MAX_EMAIL_CHARS = 254
# Each takes 19 MiB and a core: a crowd that signs in must not take all memory.
AT_ONCE, WAIT_S = 4, 10.0
SIGNING, SIGNUP = b"scribes.tokens", b"scribes.signup"


class Passwords:
    """Hashes and compares passwords, a few at a time."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = ""

    def hash_of(self, password: str) -> str:
        """What is kept of a password.

        Raises: Busy.
        """
        with _Turn(self._turns):
            return stored_passwords.hash_of(password, pepper=self._pepper)

    def is_right(self, password: str, stored: str | None) -> bool:
        """Whether a password is the stored one; without one to compare with it takes as long, and is wrong.

        Raises: Busy.
        """
        if stored is None and not self._nobodys:
            self._nobodys = self.hash_of("nobody's")
        with _Turn(self._turns):
            found = stored_passwords.is_right(password, stored or self._nobodys, pepper=self._pepper)
        return found and stored is not None

    def is_current(self, stored: str) -> bool:
        """Whether a hash costs what new ones cost."""
        return stored_passwords.is_current(stored)


class _Turn:
    """One of few at a time."""

    def __init__(self, turns: threading.BoundedSemaphore) -> None:
        self._turns = turns

    def __enter__(self) -> None:
        if not self._turns.acquire(timeout=WAIT_S):
            raise Busy("too many people sign in at once", hint="try again in a moment")

    def __exit__(self, *_: object) -> None:
        self._turns.release()


def is_derived(password: str) -> bool:
    """Whether what stands in the place of a password is a secret derived from it (SYNC.md §2)."""
    return password.startswith(PREFIX)


def check_new_password(password: str) -> None:
    """Refuse what should be nobody's password.

    Raises: InvalidInput, which never quotes it.
    """
    if is_derived(password):
        try:
            raw = b64decode(password[len(PREFIX) :], validate=True)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            raise InvalidInput(f"a password that begins with {PREFIX} is {KEY_BYTES} bytes in base64 after that")
        return
    hint = f"{MIN_PASSWORD} to {MAX_PASSWORD_CHARS} characters; four words are good"
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD_CHARS:
        raise InvalidInput(f"the password has {len(password)} characters", hint=hint)
    if len(set(password)) < MIN_DIFFERENT_CHARS:
        raise InvalidInput("the password is too easily guessed", hint=hint)


def clean_email(email: str) -> str:
    """An address in the one spelling it is kept in.

    Raises: InvalidInput.
    """
    found = normal_email(email)
    name, at, domain = found.rpartition("@")
    whole = bool(name and at and domain) and "@" not in name and not domain.startswith(".") and ".." not in domain
    if not whole or len(found) > MAX_EMAIL_CHARS or not found.isprintable() or set(found) & set(' "(),:;<>[\\]'):
        raise InvalidInput("that is no mail address", hint="such as anna@example.org")
    return found


def derivation(key: bytes, email: str) -> dict[str, Any]:
    """How the password of an address is derived; the same for an address whether or not anybody has it here."""
    salt = blake2b(email.encode(), digest_size=SALT_BYTES, key=key, person=b"scribes.salt").digest()
    return {"m": MIN_MEMORY_KIB, "t": MIN_PASSES, "p": MIN_LANES, "salt": salt.hex()}


def sealed_signup(key: bytes, said: bytes) -> str:
    """What somebody said who signs up, as a code that this server alone can read."""
    return urlsafe_b64encode(seal_under(key, said, purpose=SIGNUP)).decode()


def opened_signup(key: bytes, code: str) -> bytes:
    """What somebody said who signs up.

    Raises: Damaged.
    """
    try:
        raw = urlsafe_b64decode(code.encode("ascii", "replace"))
    except ValueError:
        raw = b""
    return open_under(key, raw, purpose=SIGNUP)


def new_signing_key(key: bytes) -> tuple[bytes, bytes, bytes]:
    """A new Ed25519 key: its private half as it is, the same sealed under `key`, and its public half."""
    from ..crypto.devices import DeviceKeys

    seed = new_key()
    return seed, seal_under(key, seed, purpose=SIGNING), DeviceKeys(b"", seed, seed).public().sign


def opened_signing_key(key: bytes, sealed: bytes) -> bytes:
    """The private half of a signing key.

    Raises: Damaged.
    """
    return open_under(key, sealed, purpose=SIGNING)
