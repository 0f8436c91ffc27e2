"""Pages of logs as bytes: what is written is read, and what is malformed is said to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain.frames import (
    ends_in,
    framed,
    from_base64,
    id_in,
    numbers_in,
    page_about,
    page_in_bytes,
    page_to_bytes,
    page_to_json,
    said_in,
    to_base64,
    unframed,
)
from scribes.errors import Malformed
from scribes.models.sync import Page

HEADS = st.dictionaries(
    st.binary(min_size=16, max_size=16), st.tuples(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
)
PAGES = st.builds(
    Page, st.lists(st.binary(max_size=50), max_size=5).map(tuple), st.text(), st.booleans(), st.text(), HEADS
)


@given(PAGES)
def test_a_page_goes_and_comes(page: Page) -> None:
    assert page_in_bytes(page_to_bytes(page, remote="ab")) == (page, page_in_bytes(page_to_bytes(page, remote="ab"))[1])
    said = page_to_json(page)
    assert page_about(said, [from_base64(one) for one in said["entries"]]) == page


@given(st.lists(st.binary(max_size=300)))
def test_parts_go_and_come(parts: list[bytes]) -> None:
    assert unframed(framed(parts)) == parts


@given(st.binary(max_size=60))
def test_any_bytes_are_a_page_or_malformed(data: bytes) -> None:
    for read in (unframed, page_in_bytes, said_in):
        try:
            read(data)
        except Malformed:
            pass


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0", b"\0\0\0\1", b"\0\0\0\2a", b"\xff\xff\xff\xffabc", b"\0\0\0\1a\0"])
def test_a_body_that_ends_too_early_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        unframed(data)


@pytest.mark.parametrize(
    "said", [None, [], "x", {"zz": 1}, {"00": 1}, {"0" * 32: "1"}, {"0" * 32: True}, {"0" * 32: -1}, {"0" * 32: 2**63}]
)
def test_numbers_that_are_none_are_malformed(said: object) -> None:
    with pytest.raises(Malformed):
        numbers_in(said)
    with pytest.raises(Malformed):
        ends_in({"0" * 32: [1, "0" * 64], **said} if isinstance(said, dict) else said)


@pytest.mark.parametrize("said", [None, 5, "A" * 32, "0" * 31, " " + "0" * 32, "0" * 34, "é" * 32])
def test_ids_that_are_none_are_malformed(said: object) -> None:
    with pytest.raises(Malformed):
        id_in(said)


@pytest.mark.parametrize("said", [None, 5, "=", "a", "é", "ab cd=", "YQ==\n", b"YQ=="])
def test_base64_that_is_none_is_malformed(said: object) -> None:
    with pytest.raises(Malformed):
        from_base64(said)
    assert from_base64(to_base64(b"\0\xff")) == b"\0\xff"


@pytest.mark.parametrize("data", [b"", b"1", b"[]", b"1.5", b'{"a":1.5}', b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_object_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        said_in(data)
