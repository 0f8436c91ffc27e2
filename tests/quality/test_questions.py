"""The questions are what they claim to be."""

from __future__ import annotations

import pytest

from scribes.scripture import texts
from tests.quality import material, measures
from tests.quality.material import Question

VERSES = material.verse_questions()
NOTES = material.note_questions()


@pytest.mark.parametrize("questions", [VERSES, NOTES], ids=["verses", "notes"])
def test_no_question_stands_there_twice_and_the_halves_are_alike(questions: list[Question]) -> None:
    asked = [(question.corpus, question.text.lower()) for question in questions]
    halves = [sum(question.half == half for question in questions) for half in (material.DEV, material.HELD_OUT)]

    assert len(set(asked)) == len(asked)
    assert sum(halves) == len(questions)
    assert abs(halves[0] - halves[1]) <= 4


def test_every_passage_that_answers_is_there() -> None:
    for question in VERSES:
        for start, end in question.answers:
            found = [verse.ordinal for verse in texts.read(int(start), int(end))]

            assert found, question.text
            assert (found[0], found[-1]) == (start, end), question.text


def test_questions_share_few_words_with_their_answers() -> None:
    shares = [material.shared_words(question) for question in VERSES if question.group == "verses"]

    assert max(shares) <= 0.5
    assert sum(shares) / len(shares) < 0.2


def test_every_note_that_answers_is_there() -> None:
    names = {corpus: set(material.notes_in(folder)) for corpus, folder in material.folders().items()}

    for question in NOTES:
        assert set(question.answers) <= names[question.corpus], question.text


def test_the_measures_are_those_of_the_books() -> None:
    question = Question("dev", "sin", "?", ((5, 6), (9, 9)))

    assert measures.score(question, [5, 6, 9]).mrr == 1
    assert measures.score(question, [1, 9]).mrr == 0.5
    assert measures.score(question, [5, 9]).ndcg == 1
    assert measures.score(question, [5, 6]).ndcg < 0.7
    assert measures.score(question, [*range(20, 30), 5]).hit == 0
    assert measures.score(question, []).mrr == 0
    assert measures.by_rank([1, 2], [2, 3])[0] == 2
