"""Asking the product: the corpora in fresh encrypted vaults, indexed, and every question in every way."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator

import scribes
from scribes.config import load
from scribes.errors import InvalidInput, ScribesError
from scribes.scripture.word_index import fold

from . import material, measures
from .material import Question

WAYS = ("words", "any word", "meaning", "rank fusion", "fused")
DEPTH = 100

Orders = dict[str, list[int | str]]


def ask_all(report: dict[str, object]) -> Iterator[tuple[Question, Orders]]:
    """Every question with the order of answers of each way; what indexing took goes into the report."""
    questions = material.note_questions()
    with tempfile.TemporaryDirectory() as home:
        settings = load({"HOME": home, "SCRIBES_KEYSTORE": "file"})
        for corpus, folder in material.folders().items():
            with scribes.open(os.path.join(home, f"{corpus}.scribes"), settings=settings) as vault:
                report[corpus] = _index(vault, str(folder))
                names = {note.body.strip(): name for name, note in material.notes_in(folder).items()}
                asked = [question for question in questions if question.corpus == corpus]
                for question in asked:
                    yield question, _notes(vault, question.text, names)
                if corpus == "own":
                    for question in material.verse_questions():
                        yield question, _verses(vault, question.text)


def _index(vault: scribes.Scribes, folder: str) -> dict[str, object]:
    taken = vault.imports.markdown(folder)
    start = time.process_time()
    vault.meaning.run()
    status = vault.meaning.status()
    return {
        "notes": status.notes,
        "pieces": status.pieces,
        "embedder": status.embedder,
        "waiting": status.waiting,
        "cpu_s": round(time.process_time() - start, 1),
        "imported": taken.added,
    }


def _notes(vault: scribes.Scribes, text: str, names: dict[str, str]) -> Orders:
    def find(query: str, by: str) -> list[str]:
        try:
            hits = vault.search.find(query, limit=DEPTH, by=by)
        except InvalidInput:
            return []
        return [names[hit.note.body.strip()] for hit in hits]

    plain = text.replace('"', "")
    by_meaning = find(plain, "meaning")
    any_word = find(" OR ".join(f'"{word}"' for word in fold(plain)), "words")
    return _ways(find(text, "words"), any_word, by_meaning, find(text, "both"))


def _verses(vault: scribes.Scribes, text: str) -> Orders:
    def find(by: str) -> list[int]:
        try:
            return [hit.ordinal for hit in vault.scripture.find_verses(text, limit=DEPTH, by=by)]
        except ScribesError:
            return []

    words = [verse.ordinal for verse in vault.scripture.search(text, limit=DEPTH)]
    return _ways(words, find("words"), find("meaning"), find("both"))


def _ways(words: measures.Found, any_word: measures.Found, meaning: measures.Found, fused: measures.Found) -> Orders:
    orders = (words, any_word, meaning, measures.by_rank(any_word, meaning), fused)
    return {way: list(order) for way, order in zip(WAYS, orders, strict=True)}
