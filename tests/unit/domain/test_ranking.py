"""How hits by words, meaning and passages become one order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scribes.domain import ranking
from scribes.domain.query import parse
from scribes.domain.ranking import Evidence

EVIDENCE = st.builds(
    Evidence,
    st.floats(0, 30),
    st.booleans(),
    st.none() | st.floats(-1, 1),
    st.none() | st.integers(0, 6),
)


def test_meaning_is_the_ground_and_words_part_what_is_alike() -> None:
    found = {1: Evidence(0.0, False, 0.60), 2: Evidence(4.0, False, 0.58), 3: Evidence(4.0, False, 0.30)}
    assert [n for n, _ in ranking.ordered(found, 2, 0.3)] == [2, 1, 3]


def test_a_note_on_the_passage_stands_first_the_nearest_one_before_others() -> None:
    found = {1: Evidence(2.0, False, 0.6), 2: Evidence(0.0, False, 0.3, 3), 3: Evidence(0.0, False, 0.3, 0)}
    assert [n for n, _ in ranking.ordered(found, 2, 0.3)] == [3, 2, 1]


def test_nonsense_finds_nothing() -> None:
    least = ranking.chance(5_000)
    assert 0.2 < least < 0.25
    assert ranking.chance(0) <= ranking.chance(100) < least < ranking.chance(1_000_000) < 0.4
    assert ranking.ordered({1: Evidence(0.0, False, least - 0.01), 2: Evidence(0.0, False, None)}, 2, least) == []


def test_a_note_that_is_not_embedded_is_neither_first_nor_last_for_that() -> None:
    found = {
        1: Evidence(1.0, False, 0.7),
        2: Evidence(1.0, False, None),
        3: Evidence(1.0, False, 0.5),
        4: Evidence(1.0, False, 0.3),
    }
    order = [n for n, _ in ranking.ordered(found, 2, 0.3)]
    assert (order[0], order[-1]) == (1, 4)


def test_of_notes_alike_the_later_one_comes_first() -> None:
    found = {n: Evidence(1.0, False, 0.5) for n in (3, 9, 4)}
    assert [n for n, _ in ranking.ordered(found, 2, 0.3)] == [9, 4, 3]


@given(st.dictionaries(st.integers(1, 50), EVIDENCE, max_size=20))
def test_every_hit_has_a_reason_and_the_order_is_that_of_the_scores(found: dict[int, Evidence]) -> None:
    best = ranking.ordered(found, 2, 0.3)
    assert [score for _, score in best] == sorted((score for _, score in best), reverse=True)
    for n, _ in best:
        evidence = found[n]
        near = evidence.cosine is not None and evidence.cosine >= 0.3
        assert evidence.words or near or evidence.nearness is not None


@given(EVIDENCE, st.floats(0.1, 10))
def test_more_words_never_lower_a_note(evidence: Evidence, more: float) -> None:
    richer = Evidence(evidence.words + more, evidence.has_all, evidence.cosine, evidence.nearness)
    rival = Evidence(1.0, False, 0.5)
    before = ranking.ordered({1: rival, 2: evidence, 3: Evidence(1.0, False, 0.4)}, 2, 0.3)
    after = ranking.ordered({1: rival, 2: richer, 3: Evidence(1.0, False, 0.4)}, 2, 0.3)
    places = [[n for n, _ in best].index(2) if 2 in dict(best) else 9 for best in (before, after)]
    assert places[1] <= places[0]


def test_words_that_say_nothing_are_left_out_unless_there_are_no_others() -> None:
    assert ranking.telling(parse("is it okay to be angry?")).words == "okay angry?"
    assert ranking.telling(parse("who am I")).words == "who am I"


def test_all_words_lift_a_name_to_the_top() -> None:
    found = {1: Evidence(2.0, False, 0.60), 2: Evidence(2.0, True, 0.35)}
    assert [n for n, _ in ranking.ordered(found, 1, 0.3)] == [2, 1]
    assert [n for n, _ in ranking.ordered(found, 4, 0.3)] == [1, 2]


def test_verses_by_words_alone_and_by_both() -> None:
    assert [verse for verse, _ in ranking.ordered_verses({10: 3.0, 20: 5.0}, (), {}, 2, 0.3)] == [20, 10]
    assert [verse for verse, _ in ranking.ordered_verses({10: 3.0, 20: 5.0}, {10}, {}, 2, 0.3)] == [10, 20]
    both = ranking.ordered_verses({10: 3.0}, (), {10: 0.4, 20: 0.6, 30: 0.1}, 2, 0.3)
    assert [verse for verse, _ in both] == [20, 10]


def test_a_verse_takes_part_in_what_stands_beside_it() -> None:
    cosines = {1001: 0.5, 1002: 0.5, 1003: 0.9, 2001: 0.5}
    assert ranking.with_beside(cosines, 2001) == 0.5
    assert ranking.with_beside(cosines, 1002) == 0.8 * 0.5 + 0.2 * 0.7
    assert ranking.with_beside(cosines, 1001) < ranking.with_beside(cosines, 1002)
