"""The pairs of edits that tests/bench/merging.py compares systems by: Scribes loses and garbles nothing in them."""

import pytest

from scribes.domain.merge import merge_texts
from tests.bench.merge_pairs import Pair, judge, pairs

PAIRS = pairs()
# Kinds in which nothing is in doubt for a person, so that a flag would only be in the way.
EASY = (
    "two places",
    "one sentence",
    "heading",
    "moved, edited",
    "moved by both",
    "removed by both",
    "both append",
    "both prepend",
    "reflow",
    "split",
    "joined",
    "sentence added",
    "same fix",
    "list reordered, edited",
)


def test_there_are_pairs_enough() -> None:
    assert len(PAIRS) >= 200


@pytest.mark.parametrize("kind", sorted({pair.kind for pair in PAIRS}))
def test_no_word_is_lost_and_no_sentence_garbled(kind: str) -> None:
    for pair in PAIRS:
        if pair.kind == kind:
            text, clashes = merge_texts(pair.base, pair.ours, pair.theirs)
            judged = judge(pair, text, [clash.merged for clash in clashes])
            assert (judged.lost, judged.garbled) == ([], []), text


@pytest.mark.parametrize("kind", EASY)
def test_what_is_not_in_doubt_is_not_flagged(kind: str) -> None:
    assert [pair for pair in PAIRS if pair.kind == kind and merge_texts(pair.base, pair.ours, pair.theirs)[1]] == []


def test_what_a_person_must_decide_is_flagged() -> None:
    for pair in PAIRS:
        if pair.kind in {"one word", "removed, edited", "rewritten by both"}:
            assert merge_texts(pair.base, pair.ours, pair.theirs)[1]


def test_the_judge_sees_what_is_wrong() -> None:
    pair = Pair("", "He is risen. Go out.", "He is risen indeed. Go out.", "He is risen. Go out now.")

    assert judge(pair, "He is risen. Go out now.").lost == ["indeed"]
    assert judge(pair, "He is risen indeednow. Go out.").garbled == ["not a word of any side: indeednow"]
    assert judge(pair, "He is risen indeed. He is risen indeed. Go out now.").garbled == ["doubled: He is risen indeed"]
    assert judge(pair, "<<<<<<< a\nHe is risen indeed.\n=======\nGo out now.\n>>>>>>> b\n").garbled == [
        "marker: <<<<<<< a\n"
    ]
