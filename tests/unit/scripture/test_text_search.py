"""Search over the verses of a text."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.errors import Damaged
from scribes.scripture import text_file, texts, word_index

DATA = Path(texts.__file__).parent / "data/texts"


def first(words: str, **options: object) -> int:
    return texts.search(words, limit=1, **options)[0].ordinal  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "ordinal"),
    [
        ("jesus wept", 43011035),
        ("grace upon grace", 43001016),
        ("forgive us our debts", 40006012),
        ("IN THE BEGINNING GOD", 1001001),
    ],
)
def test_words_find_the_verse_they_stand_in_side_by_side(words: str, ordinal: int) -> None:
    assert first(words) == ordinal


def test_accents_and_capitals_do_not_matter() -> None:
    assert first("AMO DIOS AL MUNDO HIJO", translation="rv1909") == 43003016


def test_all_hits_have_all_the_words() -> None:
    hits = texts.search("faith hope love", limit=50)

    assert hits
    assert all({"faith", "hope", "love"} <= set(word_index.fold(hit.text)) for hit in hits)


def test_a_word_alone_finds_every_verse_that_has_it() -> None:
    hits = {hit.ordinal for hit in texts.search("Melchizedek", limit=100)}
    scanned = {v.ordinal for v in texts.read(0, 99_999_999) if "melchizedek" in word_index.fold(v.text)}

    assert hits == scanned


def test_other_endings_come_after_the_word_itself() -> None:
    hits = texts.search("propitiation", limit=20, translation="kjv")

    assert "propitiation" in hits[0].text


def test_quoted_words_have_to_stand_side_by_side() -> None:
    hits = texts.search('"son of man"', limit=200, translation="kjv", within=(40001001, 40028020))

    assert len(hits) > 20
    assert all("son of man" in " ".join(word_index.fold(hit.text)) for hit in hits)


def test_a_search_within_a_passage_stays_in_it() -> None:
    hits = texts.search("faith", limit=100, within=(45001001, 45016027))

    assert hits
    assert all(45001001 <= hit.ordinal <= 45016027 for hit in hits)


def test_when_no_verse_has_all_words_those_with_the_rarest_come() -> None:
    assert "Zebulun" in texts.search("Zebulun spaceship", limit=1)[0].text


@pytest.mark.parametrize("words", ["", "   ", "!!!", '""', "xyzzy", "spaceship"])
def test_words_no_verse_has_find_nothing(words: str) -> None:
    assert texts.search(words) == []


def test_a_limit_of_none_finds_nothing() -> None:
    assert texts.search("faith", limit=0) == []


@given(st.text(max_size=60))
def test_no_typed_text_makes_the_search_fail(typed: str) -> None:
    assert len(texts.search(typed, limit=3)) <= 3


def test_a_text_without_its_index_is_searched_all_the_same(tmp_path: Path) -> None:
    shutil.copy(DATA / "kjv.scripture", tmp_path / "mine.scripture")

    assert first("jesus wept", translation="mine", folder=tmp_path) == 43011035


@pytest.mark.parametrize(
    "index", [b"", b"nonsense", (DATA / "web.words").read_bytes(), (DATA / "kjv.words").read_bytes()[:-3]]
)
def test_an_index_of_another_text_or_a_damaged_one_is_made_again(tmp_path: Path, index: bytes) -> None:
    (tmp_path / "mine.scripture").write_bytes(text_file.pack({43011035: "Jesus wept."}, {"code": "mine"}))
    (tmp_path / "mine.words").write_bytes(index)

    assert first("wept", translation="mine", folder=tmp_path) == 43011035


@given(st.sets(st.integers(0, 5000)), st.integers(5001, 6000))
def test_slots_come_back_out_of_the_index_as_they_went_in(slots: set[int], size: int) -> None:
    packed = word_index._pack_places(sorted(slots), size)
    if packed[0] == 2:
        import zlib

        places = word_index.slots_of(int.from_bytes(zlib.decompress(packed[1:]), "little"))
    else:
        import zlib

        places = word_index._places(zlib.decompress(packed[1:]) if packed[0] else packed[1:])

    assert places == sorted(slots)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("God’s own", ["god", "own"]),
        ("don't", ["dont"]),
        ("Él amó á Jehová", ["el", "amo", "a", "jehova"]),
        ("太初有道", ["太", "初", "有", "道"]),
        ("태초에", ["태", "초", "에"]),
        ("בְּרֵאשִׁית", ["בראשית"]),
        ("well-known", ["well", "known"]),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert word_index.fold(text) == words


def test_a_file_that_is_no_index_is_damaged() -> None:
    with pytest.raises(Damaged):
        word_index.WordIndex("x", b"SCRWORD1" + bytes(20))
