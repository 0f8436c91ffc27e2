"""The verses by meaning: the file, and what is nearest."""

from __future__ import annotations

from pathlib import Path
from struct import pack, unpack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribes.adapters.embedder_local import LocalEmbedder
from scribes.errors import Damaged, InvalidInput, NewerFormat
from scribes.scripture import texts
from scribes.scripture.text_file import load
from scribes.vectors import verses
from scribes.vectors.rows import cosines

DIGEST = bytes(range(16))
ORDINALS = [1001001, 1001002, 43003016, 45008028, 66022021]


def vector(*numbers: float) -> bytes:
    return pack(f"<{len(numbers)}f", *numbers)


@pytest.fixture
def few(tmp_path: Path) -> verses.VerseVectors:
    made = {ordinal: vector(*(float((n * 7 + k * 3) % 11 - 5) for k in range(8))) for n, ordinal in enumerate(ORDINALS)}
    (tmp_path / "few").write_bytes(verses.pack(made, digest=DIGEST, stamp=7))
    return verses.VerseVectors(str(tmp_path / "few"))


@pytest.fixture(scope="module")
def bundled() -> verses.VerseVectors:
    return verses.opened()


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    return LocalEmbedder()


def test_the_bundled_rows_are_of_this_embedder_and_this_text(
    bundled: verses.VerseVectors, embedder: LocalEmbedder
) -> None:
    web = texts.named("web")

    assert web is not None
    assert bundled.digest == embedder.digest
    assert bundled.dimensions == embedder.dimensions
    assert bundled.stamp == load(web.path).stamp


def test_every_verse_has_a_row(bundled: verses.VerseVectors) -> None:
    known = [verse.ordinal for verse in texts.read(0, 99_999_999) if verse.ordinal % 1000 and verse.text.strip()]

    assert [ordinal for ordinal, _ in bundled.rows()] == known


def test_rows_are_the_vectors_of_their_verses(bundled: verses.VerseVectors, embedder: LocalEmbedder) -> None:
    rows = dict(bundled.rows())
    for ordinal in list(rows)[::1500]:
        (verse,) = texts.read(ordinal, ordinal)

        assert cosines(embedder.embed([verse.text])[0], [rows[ordinal]])[0] > 0.999, verse


def test_a_question_finds_verses_that_share_no_word_with_it(embedder: LocalEmbedder) -> None:
    found = verses.nearest(embedder.embed_query("alcohol makes idiots of people"), 10)

    assert 20020001 in dict(found)


def test_nearest_are_the_highest_cosines_in_order(few: verses.VerseVectors) -> None:
    query = vector(1, 2, 3, 4, -4, -3, -2, 1)
    expected = sorted(
        zip(ORDINALS, cosines(query, [row for _, row in few.rows()]), strict=True), key=lambda pair: -pair[1]
    )
    found = few.nearest(query, 3)

    assert [ordinal for ordinal, _ in found] == [ordinal for ordinal, _ in expected[:3]]
    assert [cosine for _, cosine in found] == pytest.approx([cosine for _, cosine in expected[:3]], abs=1e-6)


@pytest.mark.parametrize(("limit", "count"), [(-1, 0), (0, 0), (1, 1), (5, 5), (100, 5)])
def test_limit_is_kept(few: verses.VerseVectors, limit: int, count: int) -> None:
    assert len(few.nearest(vector(*range(8)), limit)) == count


@pytest.mark.parametrize(
    ("within", "expected"),
    [((1001002, 45008028), ORDINALS[1:4]), ((0, 1 << 40), ORDINALS), ((-5, 1001001), ORDINALS[:1]),
     ((45008029, 66022020), []), ((66022021, 1001001), []), ((99999999, 99999999), [])],
)  # fmt: skip
def test_only_verses_within_a_passage_are_found(
    few: verses.VerseVectors, within: tuple[int, int], expected: list[int]
) -> None:
    query = vector(1, 2, 3, 4, -4, -3, -2, 1)
    every = dict(few.nearest(query, 5))
    found = dict(few.nearest(query, 5, within=within))

    assert sorted(found) == expected
    assert found == pytest.approx({ordinal: every[ordinal] for ordinal in expected}, abs=1e-6)


def test_cosines_are_those_of_the_verses_asked_for(few: verses.VerseVectors) -> None:
    query = vector(5, 0, 1, 0, 0, 2, 0, -1)
    every = dict(few.nearest(query, 5))
    found = few.cosines(query, [66022021, 1001001, 1001001, 99, -5, 1 << 40])

    assert [ordinal for ordinal, _ in found] == [1001001, 66022021]
    assert dict(found) == pytest.approx({ordinal: every[ordinal] for ordinal in (1001001, 66022021)}, abs=1e-6)
    assert few.cosines(query, []) == []


def test_a_query_without_direction_is_near_to_nothing(few: verses.VerseVectors) -> None:
    assert {cosine for _, cosine in few.nearest(bytes(32), 5)} == {0.0}


@pytest.mark.parametrize("query", [b"", b"abc", vector(1, 2), vector(*[float("nan")] * 8), vector(*[float("inf")] * 8)])
def test_a_query_of_another_kind_is_refused(few: verses.VerseVectors, query: bytes) -> None:
    with pytest.raises(InvalidInput):
        few.nearest(query, 5)
    with pytest.raises(InvalidInput):
        few.cosines(query, ORDINALS)


@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False), min_size=4, max_size=4).filter(any))
@settings(deadline=None, max_examples=100)
def test_cosines_stay_between_minus_one_and_one(numbers: list[float]) -> None:
    data = verses.pack({1001001: vector(1, 2, 3, 4), 1001002: vector(*numbers)}, digest=DIGEST, stamp=1)
    row = np.frombuffer(data[-4:], np.int8)

    assert max(abs(int(n)) for n in row) == 127
    assert -1 <= cosines(vector(*numbers), [row.tobytes()])[0] <= 1


def test_the_same_vectors_give_the_same_file() -> None:
    made = {ordinal: vector(1.0, float(n), -3.0) for n, ordinal in enumerate(ORDINALS)}
    shuffled = dict(sorted(made.items(), reverse=True))

    assert verses.pack(made, digest=DIGEST, stamp=1) == verses.pack(shuffled, digest=DIGEST, stamp=1)


def test_vectors_of_several_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput):
        verses.pack({1: vector(1, 2), 2: vector(1, 2, 3)}, digest=DIGEST, stamp=1)
    with pytest.raises(InvalidInput):
        verses.pack({1: vector(0, 0)}, digest=DIGEST, stamp=1)


@pytest.mark.parametrize("cut", [0, 5, 35, 36, 64, 100, -1])
def test_a_file_that_ends_early_is_damaged(tmp_path: Path, cut: int) -> None:
    data = verses.pack({ordinal: vector(1, 2, 3) for ordinal in ORDINALS}, digest=DIGEST, stamp=1)
    (tmp_path / "cut").write_bytes(data[:cut])

    with pytest.raises(Damaged):
        verses.VerseVectors(str(tmp_path / "cut"))


def test_a_file_that_is_none_is_damaged_and_a_later_one_is_newer(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"something else " * 10)
    (tmp_path / "later").write_bytes(b"SCRVERS2" + bytes(100))

    for name in ("none", "other"):
        with pytest.raises(Damaged):
            verses.VerseVectors(str(tmp_path / name))
    with pytest.raises(NewerFormat):
        verses.VerseVectors(str(tmp_path / "later"))


def test_the_file_says_how_many_verses_of_how_many_dimensions_it_has(few: verses.VerseVectors) -> None:
    rows = few.rows()

    assert (few.digest, few.stamp, few.dimensions, len(rows)) == (DIGEST, 7, 8, 5)
    assert all(max(map(abs, unpack("8b", row))) == 127 for _, row in rows)
