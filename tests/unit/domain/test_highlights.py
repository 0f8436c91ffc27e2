"""The ==marked== words of a note, and what is around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain import highlights as module
from scribes.domain.highlights import (
    HIDDEN,
    MOST_BESIDE,
    MOST_PARAGRAPH,
    highlight,
    highlights,
    marked,
    places,
    unmarked,
    words_marked,
    words_unmarked,
)
from scribes.errors import InvalidInput


def test_marked_words_are_hidden_in_their_paragraph() -> None:
    first, second = highlights("Before.\n\nGrace is ==not earned==; it\nis ==given freely==.\n\nAfter.")

    assert first.words == "not earned"
    assert first.hidden == f"Grace is {HIDDEN}; it is given freely."
    assert second.hidden == f"Grace is not earned; it is {HIDDEN}."
    assert first.whole == second.whole == "Grace is not earned; it is given freely."


def test_of_a_long_paragraph_only_the_sentence_is_shown() -> None:
    filler = "Words upon words. " * (MOST_PARAGRAPH // 10)
    (found,) = highlights(f"{filler}He said: “==Come== to me.” And then. {filler}")

    assert found.whole == "He said: “Come to me.”"


def test_an_item_of_a_list_is_a_paragraph() -> None:
    assert [one.hidden for one in highlights("- one ==a==\n- two ==b==\n1. three ==c==\n## head ==d==")] == [
        f"one {HIDDEN}", f"two {HIDDEN}", f"three {HIDDEN}", f"head {HIDDEN}",
    ]  # fmt: skip


def test_words_may_go_over_a_line_and_are_told_on_one() -> None:
    (found,) = highlights("It is ==by\n  grace== alone")

    assert (found.words, found.whole) == ("by grace", "It is by grace alone")


def test_the_same_words_marked_twice_are_one_highlight() -> None:
    assert [one.hidden for one in highlights("==Grace== first.\n\n==Grace== again.")] == [f"{HIDDEN} first."]


@pytest.mark.parametrize(
    "text",
    [
        "a == b and c == d", "====", "==== a ====", "Title\n=====\n\nText\n=====", "if a==b or c==d:", "== a ==", "==a",
        "`==a==`", "```\n==a==\n```", "~~~\n==a==", "==a\n\nb==",
    ],
)  # fmt: skip
def test_what_is_not_marked_is_no_highlight(text: str) -> None:
    assert highlights(text) == []


def test_code_within_marked_words_stays() -> None:
    (found,) = highlights("use ==the `x=1` way== here")

    assert found.whole == "use the `x=1` way here"


@given(st.text(alphabet="ab=` \n.-", max_size=200))
def test_any_text_has_highlights_or_none(text: str) -> None:
    for one in highlights(text):
        assert HIDDEN in one.hidden
        assert one.words in one.whole
        assert one.hidden.replace(HIDDEN, one.words, 1) == one.whole


def test_a_long_paragraph_is_parted_into_sentences_once_however_much_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    parted = 0
    parts = module._parts

    def counted(*arguments: Any) -> Iterator[tuple[int, int]]:
        nonlocal parted
        parted += arguments[1] is module._SENTENCE
        return parts(*arguments)

    monkeypatch.setattr(module, "_parts", counted)
    found = highlights(" ".join(f"Sentence ==number {number}== ends here." for number in range(2_000)))

    assert len(found) == 2_000
    assert found[-1].hidden == f"Sentence {HIDDEN} ends here."
    assert parted == 1


def test_of_a_sentence_without_an_end_only_so_much_is_told() -> None:
    text = " ".join(f"word ==marked {number}==" for number in range(2_000))
    found = highlights(text)

    assert len(found) == 2_000
    assert max(len(one.whole) for one in found) <= 2 * MOST_BESIDE + 20
    assert not any("=" in one.whole for one in found)
    assert sum(len(one.whole) for one in found) > 2_000 * MOST_BESIDE


def test_one_highlight_is_found_by_its_words_in_any_of_the_texts() -> None:
    assert highlight("b", "Title ==a==", "Body ==b==.") == highlights("Body ==b==.")[0]
    assert highlight("c", "Title ==a==", "Body ==b==.") is None
    assert [one.words for one in highlights("~~~ ==a==", "Body ==b==.", "==c==", limit=1)] == ["b"]


def test_a_text_is_shown_without_its_marks() -> None:
    assert unmarked("Grace is ==not earned==, 1 == 1") == "Grace is not earned, 1 == 1"


@given(st.lists(st.sampled_from(["==a==", "==b c==", "word", "End.", "\n", "x" * 300]), max_size=60))
def test_whatever_stands_around_them_marked_words_are_told_whole(pieces: list[str]) -> None:
    for one in highlights(" ".join(pieces)):
        assert one.hidden.replace(HIDDEN, one.words, 1) == one.whole
        assert "=" not in one.whole


@given(st.text(alphabet="ab =`.\n", max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_a_mark_makes_one_highlight_more_and_is_taken_away_again(text: str, begin: int, stop: int) -> None:
    before = places(text)
    try:
        after = marked(text, begin, stop)
    except InvalidInput:
        return
    new = places(after)

    assert len(new) == len(before) + 1
    assert unmarked(after) == unmarked(text)
    assert all(" ".join(after[start:end].split()) == words for words, start, end in new)


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("All is grace", "is  grace", "All ==is grace=="),
        ("is ==is grace== is grace", "is grace", "is ==is grace== ==is grace=="),
        ("`is grace` is\ngrace", "is grace", "`is grace` ==is\ngrace=="),
    ],
)
def test_words_are_marked_where_they_stand_first_and_can_be(text: str, words: str, found: str) -> None:
    assert words_marked(text, words) == found
    assert words_unmarked(found, words).count("==") == 0
