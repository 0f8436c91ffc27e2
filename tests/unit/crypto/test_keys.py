import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.crypto import header as headers
from scribes.crypto.keys import (
    ALPHABET,
    key_check,
    new_key,
    new_recovery_key,
    normal_recovery_key,
    open_slot,
    passphrase_slot,
    recovery_slot,
    subkey,
)
from scribes.errors import Damaged, InvalidInput, NewerFormat, ScribesError, WrongKey

VAULT, KEY = b"v" * 16, b"k" * 32


def test_the_passphrase_opens_its_slot_and_no_other_does() -> None:
    slot = passphrase_slot(KEY, "four good words here", vault=VAULT)

    assert open_slot(slot, "four good words here", vault=VAULT) == KEY
    with pytest.raises(WrongKey):
        open_slot(slot, "four good words herE", vault=VAULT)
    assert (slot["kdf"], slot["memory_kib"], slot["passes"]) == ("argon2id", 65536, 3)


def test_a_slot_of_another_vault_or_with_changed_parameters_does_not_open() -> None:
    slot = recovery_slot(KEY, key := new_recovery_key(), vault=VAULT)

    with pytest.raises(WrongKey):
        open_slot(slot, key, vault=b"w" * 16)
    with pytest.raises(WrongKey):
        open_slot({**slot, "kdf": "none"}, key, vault=VAULT)


@pytest.mark.parametrize("parameters", [{"memory_kib": 1024}, {"passes": 1}, {"memory_kib": 10**9}])
def test_unsafe_parameters_are_refused(parameters: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        passphrase_slot(KEY, "four good words here", vault=VAULT, **parameters)


def test_a_header_that_asks_for_all_memory_is_damage() -> None:
    slot = passphrase_slot(KEY, "four good words here", vault=VAULT)

    with pytest.raises(Damaged):
        open_slot({**slot, "memory_kib": 2**40}, "four good words here", vault=VAULT)


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(InvalidInput, match="too short"):
        passphrase_slot(KEY, "1234567", vault=VAULT)


def test_the_recovery_key_forgives_spelling_and_finds_slips() -> None:
    key = new_recovery_key()
    sloppy = key.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    assert normal_recovery_key(sloppy) == key
    assert open_slot(recovery_slot(KEY, key, vault=VAULT), normal_recovery_key(sloppy), vault=VAULT) == KEY


@given(st.integers(0, 31), st.sampled_from(ALPHABET))
def test_one_wrong_letter_in_a_recovery_key_is_noticed(position: int, letter: str) -> None:
    plain = new_recovery_key().replace("-", "")
    wrong = plain[:position] + letter + plain[position + 1 :]

    if wrong != plain:
        with pytest.raises(InvalidInput, match="slip"):
            normal_recovery_key(wrong)


@pytest.mark.parametrize("text", ["", "ABCD", "U" * 36, "!" * 36])
def test_what_is_no_recovery_key_says_what_is_wrong(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        normal_recovery_key(text)

    assert caught.value.hint


def test_subkeys_for_different_purposes_differ() -> None:
    assert len({subkey(KEY, "scribes.file"), subkey(KEY, "scribes.blobs"), KEY}) == 3
    assert subkey(KEY, "scribes.file").hex() == subkey(KEY, "scribes.file").hex()


def test_a_header_survives_its_bytes_and_is_recognised_without_a_parser() -> None:
    header = headers.new_header(VAULT, KEY, recovery_key=new_recovery_key(), passphrase=None, at_rest="file")

    assert headers.read(header.to_bytes()) == header
    assert headers.identify(header.to_bytes()) == (VAULT, key_check(KEY, VAULT))
    assert header.fits(KEY)
    assert not header.fits(new_key())


@given(st.binary(max_size=300))
def test_a_foreign_header_is_refused_with_our_own_error(data: bytes) -> None:
    headers.identify(data)
    with pytest.raises(ScribesError):
        headers.read(data)


def test_a_newer_header_says_so() -> None:
    header = headers.new_header(VAULT, KEY, recovery_key=new_recovery_key(), passphrase=None, at_rest="file")
    content = json.loads(header.to_bytes()) | {"version": 99}

    with pytest.raises(NewerFormat):
        headers.read(json.dumps(content).encode())
