"""First letters, and typed words held against a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain.recitation import (
    EXTRA,
    KINDS,
    MISSING,
    RIGHT,
    WRONG,
    accuracy,
    compare,
    count_words,
    first_letters,
    proposed,
)

ROMANS = "And we know that all things work together for the good, “of those who love God”."


def kinds(expected: str, typed: str) -> list[tuple[str, str, str]]:
    return [(word.kind, word.expected, word.typed) for word in compare(expected, typed) if word.kind != RIGHT]


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        (ROMANS, "A w k t a t w t f t g, “o t w l G”."),
        ("Don’t be far-off; ‘tis 12 o'clock—now", "D b f; ‘t 1 o—n"),
        ("E\u0301tienne élu", "E\u0301 é"),
        ("神爱世人，甚至将他的独生子", "神，甚"),
        ("יְהוָה רֹעִי", "יְ רֹ"),
        ("", ""),
        ("…!", "…!"),
    ],
)
def test_first_letters_keep_punctuation(text: str, letters: str) -> None:
    assert first_letters(text) == letters


def test_words_are_uncovered_from_the_beginning() -> None:
    assert first_letters(ROMANS, shown=3) == "And we know t a t w t f t g, “o t w l G”."
    assert first_letters(ROMANS, shown=count_words(ROMANS)) == ROMANS


@given(st.text(), st.integers(0, 30))
def test_uncovering_never_loses_a_letter(text: str, shown: int) -> None:
    assert first_letters(text, shown=count_words(text)) == text
    assert len(first_letters(text, shown=shown)) <= len(first_letters(text, shown=shown + 1)) <= len(text)


def test_case_punctuation_and_quotes_do_not_matter() -> None:
    assert kinds("“Don’t be afraid,” he said.", "don't BE afraid he said") == []


def test_missing_wrong_and_extra_words_are_told_apart() -> None:
    assert kinds("We know that all things work", "we knew all the things work") == [
        (WRONG, "know", "knew"),
        (MISSING, "that", ""),
        (EXTRA, "", "the"),
    ]


def test_in_a_script_without_spaces_each_sign_counts() -> None:
    assert kinds("神爱世人", "神愛世人") == [(WRONG, "爱", "愛")]


@given(st.text(), st.text())
def test_both_texts_can_be_read_in_the_comparison(expected: str, typed: str) -> None:
    compared = compare(expected, typed)

    assert [word.expected for word in compared if word.expected] == [
        word.expected for word in compare(expected, "") if word.expected
    ]
    assert [word.typed for word in compared if word.typed] == [word.typed for word in compare("", typed)]
    assert all(word.kind in KINDS for word in compared)
    assert 0 <= accuracy(compared) <= 1


@given(st.text())
def test_a_text_is_itself(text: str) -> None:
    assert all(word.kind == RIGHT for word in compare(text, text))
    assert proposed(compare(text, text)) == 3


@pytest.mark.parametrize(("slips", "rating"), [(0, 3), (1, 2), (2, 1), (16, 1)])
def test_the_answer_follows_from_the_faults(slips: int, rating: int) -> None:
    words = ROMANS.split()

    assert proposed(compare(ROMANS, " ".join(["x"] * slips + words[slips:]))) == rating
