"""The tools that build the bundled data: cleaning markup, renumbering, and reading references out of the sources."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))

import crossref_sources
import same_words
import texts_cleaning

NOTE = '<note placement="foot"><reference type="annotateRef">1:1 </reference>a note</note>'


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (f"God{NOTE}<w>created</w> the", "God created the"),
        (f"God{NOTE}, who", "God, who"),
        (f"two coins {NOTE}? Not", "two coins? Not"),
        (f"“{NOTE}Blessed", "“Blessed"),
        (f"the end{NOTE}", "the end"),
        ("habitantes <transChange>de</transChange><w>toda</w> la tierra", "habitantes de toda la tierra"),
        ("<q>¶ <w>For</w> God</q>", "For God"),
        ("name \\nd <w>JEHOVAH</w> was", "name JEHOVAH was"),
        ("<l>one</l><l>two</l>", "one two"),
        ("<speaker>Beloved</speaker> Let him", "Let him"),
        ('Amen. <div sID="x" type="glossary"/> Abaddon is', "Amen."),
    ],
)
def test_markup_is_taken_out_and_words_stay_words(raw: str, text: str) -> None:
    assert texts_cleaning.plain(raw)[1] == text


def test_a_psalms_title_is_kept_apart() -> None:
    raw = '<title canonical="true" type="psalm">A Psalm of <w>David</w>.</title> Lord, how'

    assert texts_cleaning.plain(raw) == ("A Psalm of David.", "Lord, how")
    assert texts_cleaning.cut_psalm_title("Salmo de David. A TI, oh Jehová") == ("Salmo de David.", "A TI, oh Jehová")
    assert texts_cleaning.cut_psalm_title("ALELUYA. Load") == ("", "ALELUYA. Load")


def test_a_slot_with_two_verses_is_taken_apart_and_verses_are_carried_to_their_place() -> None:
    verses = {("X", 1, 1): "a", ("X", 2, 1): "b", ("X", 2, 2): "c. And d"}
    texts_cleaning.split_slots(verses, {("X", 2, 2): ("And d",)})
    moved = texts_cleaning.move(verses, {("X", 2, 1, 1): (1, 2), ("X", 2, 2, 3): (2, 1)})

    assert moved == {("X", 1, 1): "a", ("X", 1, 2): "b", ("X", 2, 1): "c.", ("X", 2, 2): "And d"}


def test_a_slot_that_is_not_as_expected_stops_the_tool() -> None:
    with pytest.raises(SystemExit):
        texts_cleaning.split_slots({("X", 1, 1): "a"}, {("X", 1, 1): ("nothing",)})


def test_a_topics_lines_have_depth_heading_and_passages() -> None:
    entry = (
        '<lb/>→ OF ENEMIES <ref osisRef="Matt.5.39-Matt.5.41">Mt 5:39-41</ref>,<ref osisRef="Matt.5.42">42</ref>; with'
        '<list><item>See <ref target="Nave:ENEMY">ENEMY</ref></item></list>'
    )
    lines = crossref_sources.topic_lines(entry)

    assert [(line.depth, line.heading, line.passages) for line in lines] == [
        (0, "Of Enemies", [(40005039, 40005042)]),
        (1, "See Enemy", []),
    ]


@pytest.mark.parametrize(
    ("reference", "passage"),
    [
        ("Exod.6.16-Exod.6.20", (2006016, 2006020)),
        ("1Chr.24", (13024001, 13024031)),
        ("Col.8.16", None),
        ("Nothing.1.1", None),
        ("", None),
    ],
)
def test_a_reference_of_naves_is_a_passage_or_left_out(reference: str, passage: tuple[int, int] | None) -> None:
    assert crossref_sources.osis_passage(reference) == passage


def test_the_notes_of_scofield_and_of_the_web_are_read() -> None:
    scofield = '<reference osisRef="lu 15:4 lu 15:6">x</reference><reference osisRef="Scofield:Mt 4:8">y</reference>'

    assert crossref_sources.scofield_passages(scofield) == [
        ((42015004, 42015004), False), ((42015006, 42015006), False), ((40004008, 40004008), True),
    ]  # fmt: skip
    assert crossref_sources.english_passages("Isaiah 29:16; 45:9; Genesis 18:10,14; Psalm 8:4-6") == [
        (23029016, 23029016), (23045009, 23045009), (1018010, 1018010), (1018014, 1018014), (19008004, 19008006),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "title"),
    [("GRACE OF GOD", "Grace of God"), ("JESUS, THE CHRIST", "Jesus, the Christ"), ("BETH-EL", "Beth-El")],
)
def test_a_name_in_capitals_becomes_a_title(name: str, title: str) -> None:
    assert crossref_sources.title(name) == title


def test_verses_that_share_rare_words_are_found() -> None:
    verses = {n * 1000: f"filler {n} words that differ {n * 7} each time {n * 13}".split() for n in range(1, 40)}
    verses[1001001] = ["blessed", "are", "the", "poor", "in", "spirit", "for", "theirs", "is", "the", "kingdom"]
    verses[42006020] = ["and", "he", "said", "blessed", "are", "the", "poor", "in", "spirit", "for", "yours"]

    assert (1001001, 42006020) in same_words.pairs(verses)
