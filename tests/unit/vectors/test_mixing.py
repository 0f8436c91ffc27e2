"""What stands around a piece, mixed into its vector."""

from __future__ import annotations

import struct

import pytest

from scribes.errors import InvalidInput
from scribes.vectors.mixing import mixed


def vector(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def values(data: bytes) -> list[float]:
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def test_a_piece_alone_stays_as_it_is() -> None:
    assert values(mixed(vector(3, 4), [])) == pytest.approx([0.6, 0.8])
    assert values(mixed(vector(3, 4), [vector(3, 4)])) == pytest.approx([0.6, 0.8])


def test_the_mean_of_what_is_around_counts_as_much_as_the_piece() -> None:
    assert values(mixed(vector(1, 0), [vector(0, 1), vector(0, 5)])) == pytest.approx([0.5**0.5, 0.5**0.5])


def test_the_title_counts_a_little() -> None:
    x, y = values(mixed(vector(1, 0), [vector(1, 0)], vector(0, 9)))

    assert 0.09 < y / x < 0.11


def test_zeros_and_opposites_give_a_vector_all_the_same() -> None:
    assert values(mixed(vector(0, 0), [vector(0, 0)], vector(0, 0))) == [0, 0]
    assert values(mixed(vector(1, 0), [vector(-1, 0)])) == [0, 0]


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(InvalidInput):
        mixed(vector(float("nan"), 1), [])
