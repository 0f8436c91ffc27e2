"""Choosing the constants: sizes of pieces, what is mixed in, and what a word is worth, each measured with the others
as they are in the product. Prints hit@10, nDCG@10 and MRR, which half is which in the heading; nothing is changed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import apsw
import numpy as np

from scribes.adapters.embedder_local import LocalEmbedder
from scribes.domain import chunking
from scribes.domain.ranking import EMPTY_WORDS
from scribes.errors import ScribesError
from scribes.models.notes import NewNote
from scribes.scripture import texts
from scribes.scripture.word_index import fold
from scribes.storage.search import WEIGHTS
from scribes.vectors import mixing, verses

from . import material, measures
from .material import DEV, HELD_OUT, Question

SIZES = (12, 25, 40, 60, 120)
WEEK = 7
FIELDS = "title, body, speaker, venue, series, tags, topics"
TOKENS = "porter unicode61 remove_diacritics 2"
ALL_WORDS = 0.3
WORD_IN_VERSE, BESIDE = 0.0025, 0.2
FIRST_DEUTEROCANONICAL = 67_000_000

Numbers = np.ndarray
Scorer = Callable[[Question], dict[str, float] | dict[int, float]]


def main() -> None:
    """Measure everything that was chosen."""
    embed = _Vectors(LocalEmbedder())
    questions = material.note_questions()
    print(f"hit@10 nDCG@10 MRR; {DEV} | {HELD_OUT} | navigation, both halves\n")
    corpora = {name: material.notes_in(folder) for name, folder in material.folders().items()}
    for size in SIZES:
        with _pieces_of(size):
            cut = {name: _cut(notes) for name, notes in corpora.items()}
            number = sum(len(pieces) for notes in cut.values() for pieces in notes.values())
            for how in ("best", "mean", "best and three", "mixed"):
                _show(f"{size} words, {number} pieces, {how}", questions, _by_meaning(embed, cut, how))
    cut = {name: _cut(notes) for name, notes in corpora.items()}
    meaning = _by_meaning(embed, cut, "mixed")
    for any_word in (True, False):
        for weight in (0.005, 0.01, 0.015, 0.02, 0.03):
            fused = _fused(meaning, _Words(corpora), weight=weight, any_word=any_word)
            _show(f"{weight} a point of bm25, {'any word' if any_word else 'all words'}", questions, fused)
    if "morning" in corpora:
        for how in ("best", "mean", "mixed"):
            _weeks(embed, corpora["morning"], questions, how)
    _verses(embed)


class _Vectors:
    """Vectors of texts, each made once."""

    def __init__(self, embedder: LocalEmbedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Numbers] = {}

    def of(self, wanted: list[str]) -> Numbers:
        missing = [text for text in dict.fromkeys(wanted) if text not in self._known]
        for text, vector in zip(missing, self._embedder.embed(missing), strict=True):
            self._known[text] = np.frombuffer(vector, "<f4")
        return np.stack([self._known[text] for text in wanted])


@contextmanager
def _pieces_of(words: int) -> Iterator[None]:
    """Pieces of another size, with as much around them as the usual ones have."""
    before = chunking.WORDS, chunking.LIMIT_WORDS, chunking.LIMIT_CHARACTERS, chunking.AROUND
    chunking.WORDS, chunking.LIMIT_WORDS, chunking.LIMIT_CHARACTERS = words, 2 * words, 22 * words
    chunking.AROUND = max(1, round(before[3] * before[0] / words))
    try:
        yield
    finally:
        chunking.WORDS, chunking.LIMIT_WORDS, chunking.LIMIT_CHARACTERS, chunking.AROUND = before


def _cut(notes: dict[str, NewNote]) -> dict[str, list[chunking.Piece]]:
    return {name: chunking.pieces(note.title, note.body) for name, note in notes.items()}


def _by_meaning(embed: _Vectors, cut: dict[str, dict[str, list[chunking.Piece]]], how: str) -> Scorer:
    tables = {
        corpus: {name: _table(embed, pieces, how) for name, pieces in notes.items() if pieces}
        for corpus, notes in cut.items()
    }

    def score(question: Question) -> dict[str, float]:
        asked = embed.of([question.text.replace('"', "")])[0]
        found = {}
        for name, table in tables[question.corpus].items():
            cosines = np.sort(table @ asked)[::-1]
            found[name] = float(cosines[0])
            if how == "best and three":
                found[name] += 0.3 * float(cosines[:3].mean())
        return found

    return score


def _table(embed: _Vectors, pieces: list[chunking.Piece], how: str) -> Numbers:
    """The vectors of a note's pieces as they would be stored."""
    table = embed.of([piece.text for piece in pieces])
    if how == "mean":
        return _unit(table.mean(0))[None]
    if how != "mixed":
        return table
    rows = [vector.tobytes() for vector in table]
    title = rows[0] if pieces[0].begin < 0 else None
    mixed = [
        mixing.mixed(rows[at], rows[places.start : places.stop], title if at else None)
        for at, places in enumerate(chunking.around(pieces))
    ]
    return np.frombuffer(b"".join(mixed), "<f4").reshape(len(mixed), -1)


@dataclass
class _Words:
    """bm25 as the product has it, over a bare table."""

    corpora: dict[str, dict[str, NewNote]]

    def __post_init__(self) -> None:
        self._tables = {}
        for corpus, notes in self.corpora.items():
            table = apsw.Connection(":memory:")
            table.execute(f"CREATE VIRTUAL TABLE t USING fts5 ({FIELDS}, tokenize = '{TOKENS}')")
            table.executemany(
                f"INSERT INTO t (rowid, {FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (n, one.title, one.body, one.speaker, one.venue, one.series, " ".join(one.tags), "")
                    for n, one in enumerate(notes.values())
                ],
            )
            self._tables[corpus] = (table, list(notes))

    def weigh(self, question: Question, *, any_word: bool) -> dict[str, float]:
        table, names = self._tables[question.corpus]
        match = (" OR " if any_word else " AND ").join(f'"{word}"' for word in _telling(question.text))
        sql = f"SELECT rowid, -bm25(t, {WEIGHTS}) FROM t WHERE t MATCH ?"
        return {names[n]: weight for n, weight in table.execute(sql, (match,))}


def _fused(meaning: Scorer, words: _Words, *, weight: float, any_word: bool) -> Scorer:
    def score(question: Question) -> dict[str, float]:
        found = dict(meaning(question))
        for name, points in words.weigh(question, any_word=any_word).items():
            found[name] += weight * points
        if any_word:
            for name in words.weigh(question, any_word=False):
                found[name] += ALL_WORDS / len(_telling(question.text))
        return found

    return score


def _weeks(embed: _Vectors, notes: dict[str, NewNote], questions: list[Question], how: str) -> None:
    """The same where half of the notes are as long as seven: what is said once in 3,000 words has to be found too."""
    names = list(notes)
    random.Random(1).shuffle(names)
    merged: dict[str, NewNote] = {}
    answers: dict[str, str] = {}
    while names:
        week = [names.pop() for _ in range(min(len(names), WEEK if len(merged) % 8 == 0 else 1))]
        merged[week[0]] = NewNote(
            title=notes[week[0]].title if len(week) == 1 else "", body="\n\n".join(notes[name].body for name in week)
        )
        answers |= dict.fromkeys(week, week[0])
    asked = [
        Question(one.half, one.kind, one.text, tuple({answers[str(name)] for name in one.answers}), one.corpus)
        for one in questions
        if one.corpus == "morning"
    ]
    _show(f"half of the text in notes of a week, {how}", asked, _by_meaning(embed, {"morning": _cut(merged)}, how))


def _verses(embed: _Vectors) -> None:
    """What verses beside it, and words, are worth for a verse."""
    questions = material.verse_questions()
    try:
        rows = [row for row in verses.opened().rows() if row[0] < FIRST_DEUTEROCANONICAL]
    except ScribesError:
        print("The vectors of the verses are not here.")
        return
    table = np.stack([np.frombuffer(row, np.int8) for _, row in rows]).astype(np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    ordinals = [ordinal for ordinal, _ in rows]
    chapters = np.array(ordinals) // 1000

    def by(beside: float, weight: float) -> Scorer:
        def score(question: Question) -> dict[int, float]:
            cosines = table @ embed.of([question.text.replace('"', "")])[0]
            same = chapters[1:] == chapters[:-1]
            before, after = np.zeros_like(cosines), np.zeros_like(cosines)
            before[1:], after[:-1] = np.where(same, cosines[:-1], 0), np.where(same, cosines[1:], 0)
            neighbours = np.maximum(1, np.r_[False, same].astype(int) + np.r_[same, False])
            found = dict(
                zip(ordinals, ((1 - beside) * cosines + beside * (before + after) / neighbours).tolist(), strict=True)
            )
            if weight:
                for ordinal, points in texts.weighed(question.text, limit=100).items():
                    if ordinal in found:
                        found[ordinal] += weight * points
            return found

        return score

    for beside in (0.0, 0.1, BESIDE, 0.3):
        _show(f"verses, {beside} of the verses beside it", questions, by(beside, 0.0))
    for weight in (WORD_IN_VERSE, 0.005, 0.0075, 0.01, 0.02):
        _show(f"verses, {weight} a point of bm25", questions, by(BESIDE, weight))


def _show(what: str, questions: list[Question], scorer: Scorer) -> None:
    scores: dict[str, list[measures.Score]] = {DEV: [], HELD_OUT: [], "navigation": []}
    for question in questions:
        found = scorer(question)
        order = sorted(found, key=lambda one: -found[one])[:100]  # type: ignore[index]
        group = "navigation" if question.group == "navigation" else question.half
        scores[group].append(measures.score(question, order))  # type: ignore[arg-type]
    print(f"{what:48s} {' | '.join(str(measures.mean(some)) for some in scores.values())}", flush=True)


def _telling(text: str) -> list[str]:
    words = list(dict.fromkeys(fold(text)))
    return [word for word in words if word not in EMPTY_WORDS] or words


def _unit(vector: Numbers) -> Numbers:
    return np.asarray(vector / np.linalg.norm(vector))
