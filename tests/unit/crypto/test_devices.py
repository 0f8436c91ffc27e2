"""Keys of devices: what is sealed for one opens there alone, and people compare words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scribes.crypto.devices import (
    BOOKS,
    DeviceKeys,
    fingerprint,
    is_signed,
    keys_from_secret,
    member_id,
    open_for,
    open_under,
    seal_for,
    seal_under,
    sign,
)
from scribes.errors import Damaged
from tests.fuzz.by_hand import Pen, some_bytes

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "control.json").read_bytes())
KEY = some_bytes("key", 32)
ANNA, CARL = Pen("anna"), Pen("carl")


def test_what_is_sealed_for_a_device_opens_there_alone() -> None:
    letter = seal_for(ANNA.public.box, b"the key", about=b"epoch 1")

    assert open_for(ANNA.keys.box, letter, about=b"epoch 1") == b"the key"
    for box, about in ((CARL.keys.box, b"epoch 1"), (ANNA.keys.box, b"epoch 2"), (ANNA.keys.box, b"")):
        with pytest.raises(Damaged):
            open_for(box, letter, about=about)


@pytest.mark.parametrize("size", [0, 1, 31, 32, 47, 48, 54])
def test_a_cut_letter_does_not_open(size: int) -> None:
    letter = seal_for(ANNA.public.box, b"the key", about=b"")

    with pytest.raises(Damaged):
        open_for(ANNA.keys.box, letter[:size], about=b"")


def test_every_flipped_bit_of_a_letter_is_noticed() -> None:
    letter = seal_for(ANNA.public.box, b"the key", about=b"")
    opened = []
    for bit in range(len(letter) * 8):
        altered = bytearray(letter)
        altered[bit // 8] ^= 1 << bit % 8
        try:
            opened.append((bit, open_for(ANNA.keys.box, bytes(altered), about=b"")))
        except Damaged:
            continue

    # Not even the bit of an X25519 key that its arithmetic passes over: HPKE binds the bytes as they were sent.
    assert opened == []


@pytest.mark.parametrize("box", [b"", bytes(31), bytes(33), bytes(32)])
def test_nothing_is_sealed_for_what_is_no_key(box: bytes) -> None:
    with pytest.raises(Damaged):
        seal_for(box, b"the key", about=b"")


def test_what_is_sealed_under_a_key_opens_with_it_and_with_what_it_is_about() -> None:
    sealed = seal_under(KEY, b"words", purpose=b"scribes.before", about=b"space")

    assert open_under(KEY, sealed, purpose=b"scribes.before", about=b"space") == b"words"
    for key, purpose, about in (
        (some_bytes("other", 32), b"scribes.before", b"space"),
        (KEY, b"scribes.ask", b"space"),
        (KEY, b"scribes.before", b"other"),
    ):
        with pytest.raises(Damaged):
            open_under(key, sealed, purpose=purpose, about=about)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 31, 36])
def test_what_was_cut_does_not_open(size: int) -> None:
    with pytest.raises(Damaged):
        open_under(KEY, seal_under(KEY, b"words", purpose=b"x")[:size], purpose=b"x")


def test_the_same_words_are_never_sealed_alike() -> None:
    assert len({seal_under(KEY, b"words", purpose=b"x") for _ in range(20)}) == 20
    assert len({seal_for(ANNA.public.box, b"words", about=b"") for _ in range(20)}) == 20


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(33), b"\xff" * 32])
def test_a_key_that_is_none_has_signed_nothing(public: bytes) -> None:
    assert not is_signed(public, b"words", sign(ANNA.keys.sign, b"words"))
    assert not is_signed(ANNA.public.sign, b"words", b"")


def test_a_fingerprint_is_six_places_and_another_for_other_keys() -> None:
    words = fingerprint(ANNA.public.sign, ANNA.public.box)
    parts = [part.rsplit(" ", 1) for part in words.split(", ")]

    assert len(parts) == 6
    assert all(book in BOOKS and 1 <= int(number) <= 99 for book, number in parts)
    assert words != fingerprint(CARL.public.sign, CARL.public.box)
    assert len(set(BOOKS)) == len(BOOKS)


def test_keys_from_a_secret_are_as_ever() -> None:
    for vector in VECTORS["keys_from_secret"]:
        keys = keys_from_secret(vector["secret"].encode(), vector["purpose"].encode())

        assert [keys.id.hex(), keys.sign.hex(), keys.box.hex()] == [vector["id"], vector["sign"], vector["box"]]
        public = keys.public()
        assert [public.sign.hex(), public.box.hex()] == [vector["public_sign"], vector["public_box"]]
        assert member_id(public).hex() == vector["member"]
        assert fingerprint(public.sign, public.box) == vector["fingerprint"]


def test_a_stored_sealed_key_opens_as_ever() -> None:
    for vector in VECTORS["hpke"]:
        opened = open_for(
            bytes.fromhex(vector["box"]), bytes.fromhex(vector["sealed"]), about=bytes.fromhex(vector["info"])
        )

        assert opened.hex() == vector["plain"]


def test_our_suite_is_that_of_rfc_9180() -> None:
    """RFC 9180, A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, base mode, sequence number 0.

    Its ciphertexts have associated data, which the suite of `cryptography` does not take; so the plain text is sealed
    here with the key and the nonce that the RFC gives, and without any, and must open.
    """
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    vector = {name: bytes.fromhex(value) for name, value in VECTORS["rfc9180"].items() if name != "source"}
    cipher = ChaCha20Poly1305(vector["key"])
    assert cipher.encrypt(vector["base_nonce"], vector["pt"], vector["aad"]) == vector["ct"]
    sealed = vector["enc"] + cipher.encrypt(vector["base_nonce"], vector["pt"], b"")

    assert open_for(vector["skRm"], sealed, about=vector["info"]) == vector["pt"]


def test_device_keys_say_nothing_of_themselves_by_accident() -> None:
    keys = DeviceKeys(bytes(16), bytes(32), bytes(32))

    assert keys.public().id == keys.id
    assert keys.sign not in (keys.public().sign, keys.public().box)
