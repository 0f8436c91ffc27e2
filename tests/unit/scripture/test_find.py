"""Finding references in text: hand-written cases, context, offsets, and what must never happen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import verses_found, verses_of

from scribes.errors import InvalidInput
from scribes.scripture import canon, find
from scribes.scripture.lexicon import LANGUAGES


def written_cases() -> list[tuple[str, str]]:
    """Return text and passages of each line of cases.txt."""
    lines = (Path(__file__).parent / "cases.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.rpartition("=>") for line in lines[HEADER_LINES:])
    return [(ESCAPE.sub(lambda code: chr(int(code[1], 16)), text[:-1]), osis.strip()) for text, _, osis in pairs]


HEADER_LINES = 3
ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
CASES = written_cases()
FRAGMENTS = [
    "John",
    "Rom",
    "1 Cor",
    "Ps",
    "Jude",
    "II",
    "is",
    "Gensis",
    "chapter",
    "v.",
    "vv",
    "verse",
    "title",
    "ff",
    "f",
]
FRAGMENTS += [
    "a",
    "of",
    "the",
    "to",
    "-",
    "–",
    ":",
    ".",
    ",",
    ";",
    "(",
    ")",
    " ",
    "\n",
    "\n\n",
    "# ",
    "3",
    "16",
    "151",
    "0",
]
FRAGMENTS += [
    "12345",
    "three",
    "xxiii",
    "23rd",
    "1st",
    "NIV",
    "http://x/",
    "`",
    "@",
    "%",
    "pm",
    "İ",
    "\ud800",
    "章",
    "²",
]


@pytest.mark.parametrize(("text", "osis"), CASES, ids=[case[0][:60] for case in CASES])
def test_a_text_gives_exactly_these_verses(text: str, osis: str) -> None:
    assert verses_found(text) == verses_of(osis)


def test_a_span_says_where_it_stands_and_how_it_was_found() -> None:
    text = "Grace: see Rom. 8:28–30, 35 and then v. 37."
    first, second, third = find(text)

    assert (first.text, first.osis, first.how) == ("Rom. 8:28–30", "Rom.8.28-Rom.8.30", "explicit")
    assert (second.text, second.osis) == ("35", "Rom.8.35")
    assert third.osis == "Rom.8.37"
    assert all(text[span.begin : span.stop] == span.text for span in (first, second, third))


def test_confidence_falls_with_the_evidence() -> None:
    def confidence(text: str) -> float:
        return find(text)[0].confidence

    full, short, chapter, weak = map(confidence, ("Romans 8:28", "Rom 8:28", "Romans 8", "Mark 5"))

    assert full > short > chapter > weak
    assert short > confidence("Romens 8:28") > confidence("Corinthians 13:4")


def test_a_bare_verse_belongs_to_the_last_passage_of_its_block() -> None:
    spans = find("John 3:16 and Rom 8:1 were read.\nThe preacher stayed at verse 5 for long.")

    assert [(span.osis, span.how) for span in spans[2:]] == [("Rom.8.5", "context")]


def test_a_bare_verse_in_another_block_belongs_to_the_heading_or_the_note() -> None:
    body = "\n\nIn v. 5 we see it."

    assert [span.osis for span in find("# Romans 8" + body)] == ["Rom.8", "Rom.8.5"]
    assert [span.osis for span in find("Romans 8" + body)] == ["Rom.8"]
    assert [span.osis for span in find(body, context=canon.whole_chapter(43, 3))] == ["John.3.5"]


def test_a_verse_read_under_a_heading_keeps_the_book_of_the_heading() -> None:
    text = "# John 3\n\nSo does Rom 8:1.\n\nIn v. 16 he gives, in v. 17 he saves. In ch. 4 she comes, in v. 7 to draw."

    osis = [span.osis for span in find(text)]

    assert osis == ["John.3", "Rom.8.1", "John.3.16", "John.3.17", "John.4", "John.4.7"]


def test_a_heading_counts_less_than_the_block_and_the_note_least() -> None:
    block = find("Rom 8:1. He rests. In v. 5 we see it.")[-1]
    heading = find("# Romans 8\n\nIn v. 5 we see it.")[-1]
    note = find("In v. 5 we see it.", context=canon.whole_chapter(45, 8))[-1]

    assert block.osis == heading.osis == note.osis == "Rom.8.5"
    assert block.confidence > heading.confidence > note.confidence


def test_a_bare_verse_that_does_not_exist_there_is_nothing() -> None:
    assert [span.osis for span in find("Rom 8:1 says. In v. 99 too.")] == ["Rom.8.1"]


def test_references_that_do_not_exist_are_reported_on_request() -> None:
    text = "Jude 5:1, Genesis 999 and John 3:16"
    missing = [span.text for span in find(text, missing=True) if not span.exists]

    assert [span.osis for span in find(text)] == ["John.3.16"]
    assert missing == ["Jude 5:1", "Genesis 999"]
    assert "Genesis 999" in repr(find(text, missing=True)[1])


def test_the_deuterocanon_is_found_on_request_only() -> None:
    text = "Tobit 4:5; Sir 2:1; 1 Macc 3:4"

    assert find(text) == []
    assert [span.osis for span in find(text, deuterocanon=True)] == ["Tob.4.5", "Sir.2.1", "1Macc.3.4"]


@pytest.mark.parametrize(
    ("language", "text", "osis"),
    [
        ("es", "Lean Juan 3:16, 1 Corintios 13,4-7 y Sal 23. Hechos 2 personas", "John.3.16 1Cor.13.4-1Cor.13.7 Ps.23"),
        (
            "de",
            "Joh 3,16.18; Röm 8,28-30 und 1. Mose 1,1; Joh 3,16-4,2",
            "John.3.16-John.4.2 Rom.8.28-Rom.8.30 Gen.1.1",
        ),
        (
            "fr",
            "Jean 3.16; 1 Corinthiens 13:4-7; Ésaïe 53.5 ; Psaume 23 verset 4",
            "John.3.16 1Cor.13.4-1Cor.13.7 Isa.53.5 Ps.23.4",
        ),
        ("pt", "João 3:16; Rm 8.28; 1 Co 13,4; Salmos 23", "John.3.16 Rom.8.28 1Cor.13.4 Ps.23"),
        (
            "sw",
            "Yohana 3:16; Warumi 8:28-30; 1 Wakorintho 13:4; Zaburi 23",
            "John.3.16 Rom.8.28-Rom.8.30 1Cor.13.4 Ps.23",
        ),
        ("zh", "约翰福音3:16；罗马书8章28节；诗篇23篇；林前13：4-7", "John.3.16 Rom.8.28 Ps.23 1Cor.13.4-1Cor.13.7"),
        ("ko", "요한복음 3:16; 롬 8:28-30; 시편 23편 4절", "John.3.16 Rom.8.28-Rom.8.30 Ps.23.4"),
    ],
)
def test_every_language_finds_its_own_names(language: str, text: str, osis: str) -> None:
    spans = find(text, languages=(language,))

    assert frozenset(verse for span in spans for verse in canon.expand(span.start, span.end)) == verses_of(osis)


def test_two_languages_are_found_together() -> None:
    found = find("Juan 3:16 and John 3:17", languages=("en", "es"))

    assert [span.osis for span in found] == ["John.3.16", "John.3.17"]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidInput, match="language"):
        find("John 3:16", languages=("tlh",))


@settings(max_examples=300)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(FRAGMENTS), max_size=14).map(" ".join)),
    st.sampled_from(LANGUAGES),
    st.booleans(),
)
def test_no_text_makes_it_raise_and_every_span_is_in_order_and_exists(text: str, language: str, missing: bool) -> None:
    end_of_last = 0
    for span in find(text, languages=("en", language), missing=missing, context=(45_008_001, 45_008_039)):
        assert text[span.begin : span.stop] == span.text
        assert end_of_last <= span.begin < span.stop
        assert not span.exists or (span.start <= span.end and canon.is_verse(span.start) and canon.is_verse(span.end))
        end_of_last = span.stop
