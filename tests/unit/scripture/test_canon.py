"""The canon: counts, ordinals, and walking from verse to verse."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scribes.scripture import canon

books = st.integers(1, canon.LAST_BOOK)


@st.composite
def verses(draw: st.DrawFn) -> int:
    book = draw(books)
    chapter = draw(st.integers(1, canon.chapters(book)).filter(lambda number: canon.last_verse(book, number) > 0))
    return canon.ordinal(book, chapter, draw(st.integers(1, canon.last_verse(book, chapter))))


def test_the_protestant_canon_has_the_verses_of_the_king_james_and_one_more() -> None:
    genesis, revelation = canon.whole_book(1), canon.whole_book(canon.PROTESTANT_BOOKS)

    # 3 John 15 is counted, because most texts but the King James have it.
    assert len(canon.expand(genesis[0], revelation[1])) == 31_102 + 1


def test_an_ordinal_can_be_read_by_a_person() -> None:
    assert canon.ordinal(45, 8, 28) == 45_008_028
    assert canon.split(45_008_028) == (45, 8, 28)


def test_books_are_known_by_osis_and_usfm_id_in_any_case() -> None:
    assert canon.book_number("1Cor") == canon.book_number("1co") == canon.book_number("1COR") == 46
    assert canon.book_number("Ps151") == canon.LAST_BOOK == 85
    assert canon.book_number("Nowhere") is None


def test_there_is_no_verse_beyond_the_last() -> None:
    assert canon.is_verse(canon.ordinal(65, 1, 25))
    assert not canon.is_verse(canon.ordinal(65, 1, 26))
    assert not canon.is_verse(canon.ordinal(65, 5, 1))
    assert not canon.is_verse(canon.ordinal(99, 1, 1))


def test_verse_0_is_there_only_where_a_psalm_has_a_title() -> None:
    assert canon.is_verse(canon.ordinal(canon.PSALMS, 3, 0))
    assert not canon.is_verse(canon.ordinal(canon.PSALMS, 1, 0))
    assert not canon.is_verse(canon.ordinal(45, 8, 0))
    assert sum(canon.has_title(canon.PSALMS, chapter) for chapter in range(1, 151)) == 116


def test_the_rest_of_esther_starts_in_chapter_10() -> None:
    rest_of_esther = canon.book_number("AddEsth")
    assert rest_of_esther is not None

    assert canon.whole_book(rest_of_esther)[0] == canon.ordinal(rest_of_esther, 10, 1)


def test_a_range_is_expanded_across_chapters_and_books() -> None:
    malachi_to_matthew = canon.expand(canon.ordinal(39, 4, 5), canon.ordinal(40, 1, 2))

    assert malachi_to_matthew == [39_004_005, 39_004_006, 40_001_001, 40_001_002]


def test_a_title_is_expanded_only_where_the_passage_starts_at_it() -> None:
    assert canon.expand(19_003_000, 19_003_002) == [19_003_000, 19_003_001, 19_003_002]
    assert 19_003_000 not in canon.expand(19_002_012, 19_003_001)


@given(verses())
def test_the_verse_after_the_verse_before_is_the_verse(verse: int) -> None:
    before, after = canon.previous_verse(verse), canon.next_verse(verse)

    assert before is None or canon.next_verse(before) == verse
    assert after is None or canon.previous_verse(after) == verse


@given(verses(), st.integers(0, 3_000_000))
def test_expanding_gives_existing_verses_in_order(start: int, length: int) -> None:
    found = canon.expand(start, start + length)

    assert found[0] == start
    assert found == sorted(set(found))
    assert all(canon.is_verse(verse) and verse <= start + length for verse in found)
