"""What a client makes of an account's password: golden vectors, and servers that ask for too little or too much."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from scribes.crypto.passwords import Cost, PasswordKeys, cost_in, keys_of
from scribes.errors import InvalidInput, Unavailable

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "passwords.json").read_bytes())
SALT = b64decode(VECTORS["good"][0]["salt"])


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda vector: vector["email"].strip())
def test_golden_vectors_of_passwords(vector: dict[str, Any]) -> None:
    keys = keys_of(vector["password"], email=vector["email"], cost=cost_in({"kdf": "argon2id", **vector}))

    assert (keys.auth.hex(), keys.kek.hex(), keys.password) == (vector["auth"], vector["kek"], vector["sent"])


def test_the_two_keys_follow_from_one_master_by_hkdf() -> None:
    """HKDF-SHA256 without a salt, written out (RFC 5869)."""
    vector = VECTORS["good"][0]
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    salt = SALT + b"anna@example.org"
    master = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=65536).derive(b"grace upon grace")
    extracted = hmac.digest(bytes(32), master, hashlib.sha256)

    assert hmac.digest(extracted, b"scribes auth\x01", "sha256").hex() == vector["auth"]
    assert hmac.digest(extracted, b"scribes kek\x01", "sha256").hex() == vector["kek"]


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda vector: vector["why"])
def test_a_server_that_asks_for_too_little_or_too_much_gets_nothing(vector: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        cost_in(vector["answer"])


def test_a_short_password_is_refused() -> None:
    with pytest.raises(InvalidInput):
        keys_of("1234567", email="a@b", cost=Cost(65536, 3, 4, SALT))


def test_what_is_sent_is_told_from_a_plain_password() -> None:
    assert PasswordKeys(bytes(32), bytes(32)).password == "s1$" + "A" * 43 + "="
