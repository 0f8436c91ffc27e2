import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain.diff import apply, diff
from scribes.errors import Damaged

texts = st.text(alphabet=st.sampled_from("ab \n\té漢😀.,"), max_size=200)


@given(texts, texts)
def test_applying_a_difference_gives_the_new_text(old: str, new: str) -> None:
    assert apply(old, diff(old, new)) == new


@given(texts)
def test_equal_texts_have_no_difference(text: str) -> None:
    assert diff(text, text) == []


@given(texts, texts)
def test_edits_ascend_and_stay_inside_the_old_text(old: str, new: str) -> None:
    position = 0
    for start, removed, _ in diff(old, new):
        assert start >= position
        position = start + removed

    assert position <= len(old)


def test_one_changed_word_in_a_long_text_is_a_small_edit() -> None:
    lines = [f"line {number} of the sermon on grace" for number in range(400)]
    old = "\n".join(lines)
    lines[200] = lines[200].replace("grace", "mercy")

    assert sum(len(inserted) + removed for _, removed, inserted in diff(old, "\n".join(lines))) <= 12


def test_unrelated_long_texts_stay_linear() -> None:
    source = random.Random(1)
    old, new = (" ".join(str(source.random()) for _ in range(20_000)) for _ in range(2))

    assert apply(old, diff(old, new)) == new


@pytest.mark.parametrize(
    "edits", [[[5, 1, ""]], [[0, 9, "x"]], [[2, 1, ""], [1, 1, ""]], [["0", 1, ""]], [[0, -1, ""]]]
)
def test_edits_that_do_not_fit_are_damage(edits: list[list[int | str]]) -> None:
    with pytest.raises(Damaged):
        apply("abc", edits)


@pytest.mark.parametrize("old", ["word " * 5_000, "a\n\n" * 5_000, " ".join(f"w{n % 50}" for n in range(5_000))])
def test_repetitive_texts_are_compared_without_trouble(old: str) -> None:
    new = "start " + old[:9_000] + " middle " + old[9_500:]
    edits = diff(old, new)

    assert apply(old, edits) == new


def test_edits_at_both_ends_of_a_long_paragraph_stay_small() -> None:
    words = [f"word{number}" for number in range(3_000)]
    old = " ".join(words)
    words[10], words[2_990] = "changed", "changed"

    assert sum(len(inserted) + removed for _, removed, inserted in diff(old, " ".join(words))) < 60
