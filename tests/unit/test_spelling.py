"""How many slips part two words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scribes.services.spelling import mistakes

WORDS = st.text("abc", max_size=7)


def test_slips() -> None:
    assert mistakes("propitation", "propitiation") == 1
    assert mistakes("recieve", "receive") == 1
    assert mistakes("tithng", "tithing") == 1
    assert mistakes("dryness", "dress") == 2
    assert mistakes("", "abc") == 3


@given(WORDS, WORDS)
def test_they_are_the_same_either_way_and_none_for_the_same_word(one: str, other: str) -> None:
    assert mistakes(one, other) == mistakes(other, one)
    assert (mistakes(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= mistakes(one, other) <= max(len(one), len(other))
