"""Writing a passage and reading it back, and what people type into a search box."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribes.errors import InvalidInput
from scribes.scripture import canon, find, format, parse

STYLES = ("osis", "usfm", "short", "long")
EVERY_VERSE = canon.expand(canon.whole_book(1)[0], canon.whole_book(canon.LAST_BOOK)[1])


@st.composite
def passages(draw: st.DrawFn) -> tuple[int, int]:
    first = draw(st.integers(0, len(EVERY_VERSE) - 1))
    last = min(first + draw(st.one_of(st.integers(0, 40), st.integers(0, 4000))), len(EVERY_VERSE) - 1)
    start, end = EVERY_VERSE[first], EVERY_VERSE[last]
    kind = draw(st.sampled_from(("verses", "chapters", "books")))
    if kind == "chapters":
        return canon.whole_chapter(*canon.split(start)[:2])[0], canon.whole_chapter(*canon.split(end)[:2])[1]
    if kind == "books":
        return canon.whole_book(canon.split(start)[0])[0], canon.whole_book(canon.split(end)[0])[1]
    return start, end


@settings(max_examples=400)
@given(passages(), st.sampled_from(STYLES))
def test_what_is_written_reads_back_as_the_same_passage(passage: tuple[int, int], style: str) -> None:
    assert parse(format(*passage, style=style)).passage == passage


@settings(max_examples=300)
@given(passages().filter(lambda passage: passage[1] < 67_000_000 and passage[0] // 1000 == passage[1] // 1000))
def test_a_passage_within_a_chapter_is_found_in_a_sentence(passage: tuple[int, int]) -> None:
    written = format(*passage, style="long")
    spans = find(f'We read "{written}" together.')

    whole_book = written in canon.LONG
    assert whole_book or [span.passage for span in spans] == [passage]


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("osis", "Rom.8.28-Rom.8.30"),
        ("usfm", "ROM 8:28-30"),
        ("short", "Rom 8:28–30"),
        ("long", "Romans 8:28–30"),
    ],
)
def test_each_style_writes_verses_of_one_chapter(style: str, written: str) -> None:
    assert format(45_008_028, 45_008_030, style=style) == written


def test_whole_chapters_and_books_are_written_without_their_verses() -> None:
    assert format(*canon.whole_chapter(45, 8)) == "Rom.8"
    assert format(*canon.whole_chapter(19, 23), style="long") == "Psalm 23"
    assert format(*canon.whole_book(65), style="long") == "Jude"
    assert format(canon.whole_book(1)[0], canon.whole_book(5)[1], style="long") == "Genesis – Deuteronomy"
    assert format(1_050_026, 2_001_005, style="short") == "Gen 50:26 – Exod 1:5"


def test_formatting_what_is_no_passage_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no style"):
        format(45_008_028, 45_008_028, style="fancy")
    with pytest.raises(InvalidInput, match="no passage"):
        format(45_008_030, 45_008_028)
    with pytest.raises(InvalidInput, match="no passage"):
        format(45_099_001, 45_099_001)


@pytest.mark.parametrize(
    ("typed", "osis"),
    [
        ("jn 3 16", "John.3.16"),
        ("1cor13:4-7", "1Cor.13.4-1Cor.13.7"),
        ("romans", "Rom"),
        ("roma 8", "Rom.8"),
        ("romens 8", "Rom.8"),
        ("mark 5", "Mark.5"),
        ("is 53", "Isa.53"),
        ("job 3", "Job.3"),
        ("the gospel of john", "John"),
        ("first john 4", "1John.4"),
        ("II tim 3", "2Tim.3"),
        ("jude 3", "Jude.1.3"),
        ("Gen-Exod", "Gen.1.1-Exod.40.38"),
        ("psalm 151:2", "Ps151.1.2"),
        ("Tobit 4:5", "Tob.4.5"),
    ],
)
def test_a_search_box_guesses_more_than_running_text(typed: str, osis: str) -> None:
    assert parse(typed).passage == parse(osis).passage


@pytest.mark.parametrize("typed", ["", "hello", "John 99", "John 3:99", "5:1", "ps 23 & 27", "²", "Jude 5:1"])
def test_what_names_no_single_passage_is_refused_with_a_hint(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(typed)

    assert refused.value.hint
