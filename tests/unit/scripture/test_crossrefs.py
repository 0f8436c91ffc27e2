"""Cross references and topics."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.errors import Damaged, InvalidInput, NewerFormat, NotFound
from scribes.scripture import canon, crossrefs, passage_table, topics

LINKS = Path(crossrefs.BUNDLED).parent


def test_a_quotation_leads_to_what_it_quotes_and_back() -> None:
    there = crossrefs.of(45009013, 45009013)
    back = crossrefs.of(39001002, 39001003)

    assert (39001002, 39001003, "quotes") in [(r.start, r.end, r.reason) for r in there]
    assert (45009013, "quoted by") in [(r.start, r.reason) for r in back]


def test_parallel_accounts_are_linked() -> None:
    assert 42011002 in [r.start for r in crossrefs.of(40006009, 40006009, limit=3)]
    assert 14036002 in [r.start for r in crossrefs.of(12023031, 12023031)]


def test_the_strongest_come_first_and_each_says_why() -> None:
    found = crossrefs.of(43003016, 43003016, limit=12)

    assert len(found) == 12
    assert [r.weight for r in found] == sorted((r.weight for r in found), reverse=True)
    assert all(r.reason and r.weight > 0 for r in found)


def test_a_passage_is_not_linked_with_itself() -> None:
    found = crossrefs.of(45008001, 45008039, limit=500)

    assert found
    assert all(r.end < 45008001 or r.start > 45008039 for r in found)


def test_every_link_leads_to_a_verse_of_the_canon() -> None:
    table = crossrefs.open_table(crossrefs.BUNDLED)
    rows = [row for book in range(1, 67) for row in table.rows(*canon.whole_book(book))]

    assert len(rows) > 200_000
    assert all(canon.is_verse(start) and canon.is_verse(end) and start <= end for start, end, _, _ in rows)


def test_most_verses_that_people_cite_have_links() -> None:
    verses = [canon.ordinal(45, chapter, 1) for chapter in range(1, 17)] + [19023001, 1001001, 43003016, 58011001]

    assert sum(bool(crossrefs.of(verse, verse)) for verse in verses) >= 18


def test_the_bundled_data_is_small() -> None:
    assert sum(path.stat().st_size for path in LINKS.iterdir()) <= 3_300_000


def test_a_turned_passage_is_refused() -> None:
    with pytest.raises(InvalidInput):
        crossrefs.of(43003016, 43003015)
    with pytest.raises(InvalidInput):
        topics.of(43003016, 43003015)


def test_a_missing_table_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no table"):
        crossrefs.of(1001001, 1001001, path=tmp_path / "none.links")


def table(tmp_path: Path, rows: list[tuple[int, int, int, int, int, str]]) -> Path:
    path = tmp_path / "own.links"
    path.write_bytes(passage_table.pack(rows, {"name": "own"}))
    return path


def test_a_passage_linked_from_several_verses_counts_for_each(tmp_path: Path) -> None:
    path = table(
        tmp_path, [(1001001, 1001001, 43001001, 43001001, 5, "a"), (1001002, 1001002, 43001001, 43001001, 7, "b")]
    )

    assert crossrefs.of(1001001, 1001002, path=path) == [crossrefs.CrossRef(43001001, 43001001, 12, "b")]


def test_what_was_voted_down_is_left_out(tmp_path: Path) -> None:
    path = table(
        tmp_path, [(1001001, 1001001, 43001001, 43001001, -5, "a"), (1001001, 1001001, 43001002, 43001002, 0, "a")]
    )

    assert crossrefs.of(1001001, 1001001, path=path) == []


def test_a_passage_over_chapters_is_found_from_each(tmp_path: Path) -> None:
    path = table(tmp_path, [(1001030, 1003002, 43001001, 43001001, 5, "a")])

    assert [bool(crossrefs.of(v, v, path=path)) for v in (1001029, 1001030, 1002010, 1003002, 1003003)] == [
        False, True, True, True, False,
    ]  # fmt: skip


VERSES = st.integers(1, 40).map(lambda verse: 19119000 + verse)


@given(
    st.lists(st.tuples(VERSES, st.integers(0, 9), VERSES, st.integers(-9, 9)), min_size=1), VERSES, st.integers(0, 9)
)
def test_a_table_finds_just_the_rows_that_overlap(rows: list[tuple[int, int, int, int]], start: int, more: int) -> None:
    full = [(first, first + length, other, other, weight, "r") for first, length, other, weight in rows]
    found = passage_table.PassageTable("x", passage_table.pack(full, {})).rows(start, start + more)

    assert sorted(found) == sorted((r[2], r[3], r[4], 0) for r in full if r[0] <= start + more and r[1] >= start)


def test_a_damaged_table_is_damaged(tmp_path: Path) -> None:
    data = table(tmp_path, [(1001001, 1001001, 43001001, 43001001, 5, "a")]).read_bytes()
    with pytest.raises(Damaged):
        passage_table.PassageTable("x", data[:-1])
    with pytest.raises(Damaged):
        passage_table.PassageTable("x", b"hello")
    with pytest.raises(NewerFormat):
        passage_table.PassageTable("x", data.replace(b"SCRLINK1", b"SCRLINK2"))


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(InvalidInput):
        passage_table.pack([], {})


def test_a_topic_is_found_by_its_name_then_by_its_beginning_then_by_its_words() -> None:
    names = [topic.name for topic in topics.find("faith")]

    assert names[0] == "Faith"
    assert names[1] == "Faithfulness"
    assert "Fight of Faith" in names
    assert topics.find("grace GOD")[0].name == "Grace of God"


@pytest.mark.parametrize("words", ["", "  ", "xyzzy", "\n", "\t"])
def test_a_topic_nobody_wrote_of_is_not_found(words: str) -> None:
    assert topics.find(words) == []


def test_there_are_as_many_topics_as_in_the_source() -> None:
    assert len(topics._topics().names) == 5_320
    assert sum(topics._topics().counts) == 70_180


def test_a_topic_shows_its_lines_with_headings_and_passages() -> None:
    lines = topics.lines("aaron")

    assert lines[0].heading == "Lineage of"
    assert (2006016, 2006020) in lines[0].passages


def test_an_unknown_topic_is_not_found_and_the_hint_names_near_ones() -> None:
    with pytest.raises(NotFound) as caught:
        topics.lines("faithf")

    assert "Faithfulness" in (caught.value.hint or "")


def test_a_passage_knows_its_topics() -> None:
    assert "Love" in [topic.name for topic in topics.of(45008028, 45008028)]
    assert "Shepherd" in [topic.name for topic in topics.of(19023001, 19023001)]
