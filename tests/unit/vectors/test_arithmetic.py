from __future__ import annotations

import itertools
import math
import random
import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scribes.errors import Damaged, InvalidInput
from scribes.vectors import cells, pages, rows

np = pytest.importorskip("numpy")
DIMENSIONS = 96
numbers = st.floats(-1e3, 1e3, width=32, allow_subnormal=False)


def packed(values: list[float]) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def clustered(count: int, *, groups: int, spread: float, seed: int) -> list[bytes]:
    """Vectors around some directions, as texts lie around subjects; the same every run."""
    source = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((groups, DIMENSIONS))
    found = centres[source.integers(0, groups, count)] + spread * source.standard_normal((count, DIMENSIONS))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return [one.astype("<f4").tobytes() for one in found]


def exactly(first: bytes, second: bytes) -> float:
    a, b = (np.frombuffer(one, "<f4").astype(float) for one in (first, second))
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


@given(st.lists(numbers, min_size=1, max_size=64))
def test_a_row_is_within_half_a_step_of_its_vector(values: list[float]) -> None:
    largest = max(map(abs, values))
    row = struct.unpack(f"{len(values)}b", rows.row(packed(values)))

    assert max(map(abs, row)) == (127 if largest else 0)
    assert all(
        abs(value - number * largest / 127) <= largest / 254 * 1.001 for value, number in zip(values, row, strict=True)
    )


@given(st.data(), st.integers(2, 64))
def test_the_cosine_with_a_row_is_within_its_error_bound(data: st.DataObject, size: int) -> None:
    query, vector = (data.draw(st.lists(numbers, min_size=size, max_size=size)) for _ in range(2))
    assume(any(query) and any(vector))

    [cosine] = rows.cosines(packed(query), [rows.row(packed(vector))])

    # Half a step of 1/127 of the largest in each dimension, against a vector at least as long as its largest.
    assert abs(cosine - exactly(packed(query), packed(vector))) <= 1.02 * math.sqrt(size) / 254 + 1e-4


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_only_the_direction_of_a_vector_counts(scale: float) -> None:
    vector = [0.25, -1.0, 0.5]

    assert rows.row(packed([scale * value for value in vector])) == rows.row(packed(vector))
    assert rows.cosines(packed([scale * value for value in vector]), [rows.row(packed(vector))])[0] > 0.999


def test_zeros_are_near_nothing() -> None:
    row = rows.row(packed([0.0, 0.0]))

    assert rows.cosines(packed([1.0, 0.0]), [row, bytes([127, 0])]) == [0.0, 1.0]
    assert rows.cosines(packed([0.0, 0.0]), [bytes([127, 0])]) == [0.0]


@pytest.mark.parametrize("vector", [b"", b"abc", packed([1.0, math.nan]), packed([math.inf])])
def test_what_is_no_vector_is_refused(vector: bytes) -> None:
    with pytest.raises(InvalidInput):
        rows.row(vector)
    with pytest.raises(InvalidInput):
        rows.cosines(vector, [])


def test_a_row_of_the_wrong_length_is_damage() -> None:
    with pytest.raises(Damaged):
        rows.cosines(packed([1.0, 0.0]), [b"\x01\x02\x03"])


@given(st.integers(1, 200), st.lists(st.integers(1, 2**62), unique=True, max_size=20), st.data())
def test_pages_join_and_cut_and_lose_what_is_taken_out(dimensions: int, keys: list[int], data: st.DataObject) -> None:
    values = [random.Random(key).randbytes(dimensions) for key in keys]
    at = data.draw(st.integers(0, len(keys)))
    gone = set(data.draw(st.lists(st.sampled_from(keys)))) if keys else set()
    whole = pages.page(keys, values)

    halves = pages.page(keys[:at], values[:at]), pages.page(keys[at:], values[at:])

    assert pages.joined(*halves) == whole
    assert (pages.cut(whole, 0, at), pages.cut(whole, at, len(keys))) == halves
    assert pages.numbers_in([half[0] for half in halves], gone) == [
        len(gone & set(keys[:at])), len(gone & set(keys[at:])),
    ]  # fmt: skip
    left = [(key, value) for key, value in zip(keys, values, strict=True) if key not in gone]
    assert pages.without(whole, gone, dimensions) == pages.page(*map(list, zip(*left, strict=True))) if left else True


def test_a_page_of_the_default_model_fits_into_a_page_of_the_file() -> None:
    from scribes.sqlite_file import PAGE_BYTES

    keys, signs = pages.page(range(pages.room(384)), [bytes(384)] * pages.room(384))

    assert pages.room(384) > 100
    # What SQLite and the cipher keep of a page, the row's other columns included.
    assert len(keys) + len(signs) < PAGE_BYTES - 200


def test_the_nearest_are_among_the_candidates() -> None:
    vectors = clustered(5_000, groups=40, spread=0.9, seed=1)
    listed = [rows.row(vector) for vector in vectors]
    stored = [pages.page(range(at, at + 500), listed[at : at + 500]) for at in range(0, 5_000, 500)]
    found = 0
    for query in clustered(40, groups=40, spread=0.9, seed=2):
        cosines = rows.cosines(query, listed)
        best = sorted(range(5_000), key=lambda n: -cosines[n])[:10]
        reached = pages.candidates(query, stored, 200)
        assert len(set(reached)) == 200
        found += len(set(best) & set(reached))

    assert found / 400 >= 0.95


@pytest.mark.parametrize("word", [0, 1, 2])
def test_every_sign_counts_in_the_first_look(word: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "COARSE_TIMES", 1)
    monkeypatch.setattr(pages, "COARSE_MANY_TIMES", 1)
    unlike = bytearray([1] * 192)
    # The sign of each dimension of one word is another; the rest is as in the query.
    unlike[64 * word : 64 * word + 64] = b"\xff" * 64
    page = pages.page(range(500), [bytes(unlike)] * 495 + [bytes([1] * 192)] * 5)

    assert pages.candidates(packed([1.0] * 192), [page], 5) == [495, 496, 497, 498, 499]


def test_candidates_come_by_likeness_and_weigh_the_query() -> None:
    """What differs in a component that the query makes much of comes after what differs in one it makes little of."""
    alike, little, much = bytes([9, 9, 9]), bytes([9, 9, 0x80]), bytes([0x80, 9, 9])
    page = pages.page([1, 2, 3], [much, little, alike])

    assert pages.candidates(packed([1.0, 0.5, 0.1]), [page], 3) == [3, 2, 1]
    assert pages.candidates(packed([1.0, 0.5, 0.1]), [page], 1) == [3]


def test_candidates_can_be_of_some_keys_only() -> None:
    vectors = clustered(400, groups=4, spread=0.5, seed=6)
    page = pages.page(range(400), [rows.row(vector) for vector in vectors])
    every = pages.candidates(vectors[7], [page], 400)

    assert every[0] == 7
    assert pages.candidates(vectors[7], [page], 400, range(0, 400, 2)) == [key for key in every if key % 2 == 0]
    assert pages.candidates(vectors[7], [page], 400, ()) == []


def test_no_page_and_an_empty_page_have_no_candidates() -> None:
    assert pages.candidates(packed([1.0, 2.0]), [], 5) == []
    assert pages.candidates(packed([1.0, 2.0]), [pages.page([], [])], 5) == []


@pytest.mark.parametrize(("keys", "signs"), [(-1, 0), (0, -1), (-8, 0), (0, 8)])
def test_a_damaged_page_is_said_to_be_damaged(keys: int, signs: int) -> None:
    whole = pages.page([1, 2], [bytes([1] * 65)] * 2)
    page = (whole[0][: len(whole[0]) + keys], (whole[1] + b"\0" * 8)[: len(whole[1]) + signs])

    with pytest.raises(Damaged):
        pages.candidates(packed([1.0] * 65), [page], 5)


def test_vectors_of_a_cell_lie_together() -> None:
    vectors = clustered(2_000, groups=10, spread=0.15, seed=3)
    listed = [rows.row(vector) for vector in vectors]
    centres = cells.learnt(listed, 20)
    found = cells.assigned(listed, centres)

    for row, cell in itertools.islice(zip(listed, found, strict=True), 200):
        as_query = np.frombuffer(row, np.int8).astype("<f4").tobytes()
        cosine, nearest = cells.by_nearness(as_query, centres)[0]
        assert nearest == cell or math.isclose(cosine, dict(map(reversed, cells.by_nearness(as_query, centres)))[cell])
        assert cosine > 0.8


def test_cells_are_the_same_every_time_and_of_any_rows() -> None:
    listed = [rows.row(vector) for vector in clustered(300, groups=5, spread=0.3, seed=4)]

    assert cells.learnt(listed, 12) == cells.learnt(listed, 12)
    assert len(cells.learnt(listed[:3], 12)) == 3 * DIMENSIONS
    # All alike, and all zeros: cells without vectors of their own.
    assert len(cells.learnt([listed[0]] * 50, 4)) == 4 * DIMENSIONS
    assert cells.assigned([bytes(DIMENSIONS)] * 2, cells.learnt([bytes(DIMENSIONS)] * 50, 4)) == [0, 0]


@pytest.mark.parametrize("centres", [b"", b"x" * (DIMENSIONS + 1)])
def test_damaged_cells_are_said_to_be_damaged(centres: bytes) -> None:
    with pytest.raises(Damaged):
        cells.assigned([bytes(DIMENSIONS)], centres)
    with pytest.raises(Damaged):
        cells.by_nearness(packed([1.0] * DIMENSIONS), centres)
