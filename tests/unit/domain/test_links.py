"""The rules of the graph of notes: what ranges share, what belongs to a verse, links in a text, choices."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain import links as rules
from scribes.domain import wiki
from scribes.domain.notes import content_at
from scribes.errors import InvalidInput
from scribes.models.passages import Reference
from scribes.scripture import canon, crossrefs

ROMANS_8 = canon.whole_chapter(45, 8)
VERSE = (45008028, 45008028)
FEW = (45008026, 45008030)


def alone(*ranges: tuple[int, int]) -> dict[int, int]:
    """How common the verses are where two notes name them."""
    return dict.fromkeys((verse for one in ranges for verse in rules.verses_of(*one)), rules.level(2))


def test_levels_rise_by_powers_of_four() -> None:
    assert [rules.level(notes) for notes in (0, 1, 2, 4, 5, 16, 17, 64, 65, 256, 257, 100_000)] == [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [((VERSE, VERSE), (VERSE, FEW)), ((VERSE, FEW), (VERSE, ROMANS_8)), ((FEW, FEW), (ROMANS_8, ROMANS_8))],
)
def test_ranges_that_are_short_and_alike_share_more(
    stronger: tuple[tuple[int, int], tuple[int, int]], weaker: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    uses = alone(ROMANS_8)

    assert rules.shared(*stronger, uses) > rules.shared(*weaker, uses) > 0


def test_the_rarer_a_verse_the_more_it_says() -> None:
    scores = [rules.shared(VERSE, VERSE, {45008028: rules.level(notes)}) for notes in (2, 5, 17, 65, 257)]

    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == 0
    assert len(set(scores)) == 5


def test_a_rare_verse_in_a_passage_counts_though_others_in_it_are_common() -> None:
    uses = alone(FEW) | {45008028: rules.level(1000)}

    assert rules.shared(FEW, FEW, uses) > 0
    assert rules.shared(VERSE, FEW, uses) == 0


places = st.builds(
    lambda start, length: (45008000 + start, 45008000 + min(start + length, 39)), st.integers(1, 39), st.integers(0, 38)
)


@given(places, places, st.dictionaries(st.sampled_from(rules.verses_of(*ROMANS_8)), st.integers(0, rules.TOO_COMMON)))
def test_what_is_shared_is_the_same_from_both_sides(
    mine: tuple[int, int], theirs: tuple[int, int], uses: dict[int, int]
) -> None:
    score = rules.shared(mine, theirs, uses)

    assert score == rules.shared(theirs, mine, uses)
    assert 0 <= score <= 1000
    assert not score or (mine[0] <= theirs[1] and theirs[0] <= mine[1])


def _index(notes: dict[int, list[tuple[int, int]]]) -> rules.Overlapping:
    return lambda start, end: [
        (n, position, first, last)
        for n, ranges in notes.items()
        for position, (first, last) in enumerate(ranges)
        if first <= end and start <= last
    ]


others = st.sampled_from([(23053004, 23053006), (60002024, 60002024), (44008032, 44008032), (43003016, 43003016)])
named = st.lists(places | others, max_size=5)


@given(named, named)
def test_two_notes_have_the_same_link_from_both_sides(
    mine: list[tuple[int, int]], theirs: list[tuple[int, int]]
) -> None:
    notes = {1: mine, 2: theirs}
    uses: dict[int, int] = {}
    read = {n: rules.ranges_of([_reference(*one) for one in ranges]) for n, ranges in notes.items()}
    for ranges in read.values():
        for verse in rules.uses_of(ranges):
            uses[verse] = uses.get(verse, 0) + 1

    levels = {verse: rules.level(number) for verse, number in uses.items()}
    for find in (rules.same_passage, rules.linked_passage):
        there = find(1, read[1], levels, _index(notes)).get(2)
        back = find(2, read[2], levels, _index(notes)).get(1)
        assert there == (back and (back[0], back[2], back[1]))


def _reference(start: int, end: int) -> Reference:
    return Reference("", start, end, "", -1, -1, 1.0, "explicit")


@pytest.mark.parametrize(
    "place", [(1001001, 39004006), (45001001, 45016027), (5, 3), (99999999, 99999999999), (0, 10**9)]
)
def test_what_is_too_long_or_no_passage_has_no_verses(place: tuple[int, int]) -> None:
    assert rules.verses_of(*place) == ()
    assert rules.ranges_of([_reference(*place)]) == ()


def test_of_a_list_of_hundreds_of_passages_the_first_are_looked_at() -> None:
    many = [_reference(verse, verse) for verse in canon.expand(*canon.whole_book(43))]

    assert len(rules.ranges_of(many)) == rules.RANGES
    assert rules.ranges_of([_reference(*VERSE)] * 500) == ((*VERSE, 0),)


def test_cross_references_lead_both_ways() -> None:
    sample = canon.expand(*canon.whole_book(60)) + canon.expand(*canon.whole_chapter(23, 53))
    one_way = [
        (verse, far)
        for verse in sample
        for far, weight, _ in rules.linked_verses(verse)
        if (verse, weight) not in {(back, known) for back, known, _ in rules.linked_verses(far)}
    ]

    assert one_way == []
    assert rules.reason_between((23053005, 23053005), (60002024, 60002024))


def test_the_table_of_links_agrees_with_the_cross_references() -> None:
    table = crossrefs.open_table(rules.LINKED_TABLE)

    assert table.about["lightest"] == str(rules.LIGHTEST)
    for verse in canon.expand(*canon.whole_book(65)):
        found = [one for one in crossrefs.of(verse, verse, limit=99) if one.weight >= rules.LIGHTEST]
        strong = {one.start for one in found if len(canon.expand(one.start, one.end)) <= rules.REACH}
        assert strong <= {far for far, _, _ in rules.linked_verses(verse)}


# Links in a text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[[One]] and [[two  Words|shown]].", ["one", "two words"]),
        ("[[Title#Part]] [[Sermon #3]] [[#]]", ["title", "sermon #3", "#"]),
        ("`[[code]]` [[link]] ``a ` [[code]]`` [[again]]", ["link", "again"]),
        ("a ` alone [[link]]", ["link"]),
        ("```\n[[code]]\n```\n[[link]]\n~~~~\n[[code]]\n~~~\n[[code]]\n~~~~\n[[after]]", ["link", "after"]),
        ("``` not `a fence [[link]]", ["link"]),
        ("[[]] [[ ]] [[|x]] [[open\nline]] [[[[inner]]", ["inner"]),
        ("![[picture]] - [[in a list]]", ["picture", "in a list"]),
        ("[[" + "x" * 201 + "]]", []),
        ("[[恩典]] [[Größe]] [[STRASSE]]", ["恩典", "grösse", "strasse"]),
    ],
)
def test_links_in_a_text_are_read(text: str, names: list[str]) -> None:
    found = wiki.wiki_links(text)

    assert [name for name, _, _ in found] == names
    assert all(text[begin : begin + 2] == "[[" and text[stop - 2 : stop] == "]]" for _, begin, stop in found)


@given(st.text("[]|`~#ab \n"))
def test_any_text_is_read(text: str) -> None:
    for name, begin, stop in wiki.wiki_links(text):
        assert 0 <= begin < stop <= len(text)
        assert wiki.folded(text[begin + 2 : stop - 2]).startswith(name)


@pytest.mark.parametrize("unit", ["[[", "`", "` `` ", "[[a]]", "[[`", "`[[a]]", "```\n[[", "[[a` "])
def test_four_times_the_text_is_at_most_about_four_times_the_work(unit: str) -> None:
    assert _lines_run(unit * 4000) <= 4.6 * _lines_run(unit * 1000) + 500


def _lines_run(text: str) -> int:
    count = 0

    def trace(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        wiki.wiki_links(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("5f15", True), ("5f1", False), ("grace", False), ("feed", True), ("01a2064b-b000-76a3-94b6-5f153c4a4ee9", True)],
)
def test_what_may_be_a_handle(name: str, is_one: bool) -> None:
    assert wiki.is_handle(name) is is_one


# Choices

ID = "ff" * 16
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n"))


@given(st.lists(st.tuples(st.sampled_from(["link", "dismiss", "later"]), lines, lines), max_size=5).map(tuple))
def test_choices_come_back_from_a_row_and_from_a_change_as_they_were(choices: rules.LinkChoices) -> None:
    assert rules.heard(rules.said(choices)) == choices
    assert rules.checked([list(choice) for choice in choices]) == choices


@pytest.mark.parametrize("links", [[["link"]], [["link", "a\nb", ""]], [["link", 1, ""]], 5, [5]])
def test_malformed_choices_in_a_change_count_as_not_made(links: object) -> None:
    from scribes.domain.changes import State

    assert content_at(State({"occurred": [0, 0], "links": links}, "", b"", 0, 0)).links == ()


def test_there_are_not_endlessly_many_choices() -> None:
    choices: rules.LinkChoices = tuple(("dismiss", f"{number:032x}", "") for number in range(rules.MAX_CHOICES))

    with pytest.raises(InvalidInput, match="more than 1000 choices"):
        rules.linked(choices, ID, "")
    assert rules.dismissed(choices, f"{5:032x}") == choices
