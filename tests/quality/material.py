"""The questions, their answers, and the notes they are asked of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scribes import frontmatter
from scribes.domain.ranking import EMPTY_WORDS
from scribes.models.notes import NewNote
from scribes.scripture import parse, texts
from scribes.scripture.word_index import fold

HERE = Path(__file__).parent
OWN = HERE / "notes"
MORNING = HERE.parents[2] / "shared" / "corpus" / "morning"
DEV, HELD_OUT = "dev", "held-out"
NAVIGATION = ("name", "exact")
ENDINGS = ("ing", "edly", "ed", "ies", "es", "s", "ly")


@dataclass(frozen=True)
class Question:
    """What somebody types; `answers` are file names of notes, or ranges of verse ordinals."""

    half: str
    kind: str
    text: str
    answers: tuple[str, ...] | tuple[tuple[int, int], ...]
    corpus: str = "verses"

    @property
    def group(self) -> str:
        """Navigation is looking for what one knows to be there: a name, a phrase remembered."""
        return "navigation" if self.kind in NAVIGATION else "verses" if self.corpus == "verses" else "notes"


def verse_questions() -> list[Question]:
    """The questions to the Bible."""
    return [
        Question(half, kind, text, tuple(parse(osis).passage for osis in answers.split()))
        for half, kind, text, answers in _lines("questions.tsv")
    ]


def note_questions() -> list[Question]:
    """The questions to the notes of the corpora that are here."""
    return [
        Question(half, kind, text, tuple(answers.split()), corpus)
        for half, corpus, kind, text, answers in _lines("note_queries.tsv")
        if corpus in folders()
    ]


def folders() -> dict[str, Path]:
    """The folders of notes, by the name of the corpus; the large one is not part of the project."""
    return {"own": OWN} | ({"morning": MORNING} if MORNING.is_dir() else {})


def notes_in(folder: Path) -> dict[str, NewNote]:
    """The notes of a folder by the names of their files, without the ending."""
    return {
        file.stem: frontmatter.read(file.read_text(encoding="utf-8"), fallback_title=file.stem)
        for file in sorted(folder.glob("*.md"))
    }


def shared_words(question: Question) -> float:
    """Which part of a question's telling words stands in the one answer that has most of them."""
    asked = _stems(question.text)
    best = 0
    for start, end in question.answers:
        text = " ".join(verse.text for verse in texts.read(int(start), int(end)))
        best = max(best, len(asked & _stems(text)))
    return best / len(asked) if asked else 0.0


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in fold(text) if word not in EMPTY_WORDS and re.fullmatch("[a-z]+", word)}


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _lines(name: str) -> Iterator[list[str]]:
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        next(file)
        for line in file:
            yield line.rstrip("\n").split("\t")
