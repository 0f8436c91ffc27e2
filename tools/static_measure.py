"""Measure a static table alone and beside the bundled model: `python tools/static_measure.py [--notes DIR]`.

The questions are those of tests/quality. The share of the table (`a` in `[(1-a) model, a table]`), and that of the
words, are chosen on the half called dev; the other half is then compared once, with intervals by bootstrap over
questions. `--notes` is a folder of notes for the queries of the corpus "morning"; without it, only those to our own
notes count.
"""

from __future__ import annotations

import argparse
import os
import re
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src")]

from scribes.adapters.embedder_local import LocalEmbedder
from scribes.adapters.embedder_local.light import FILE, LightEmbedder
from scribes.domain import chunking
from scribes.scripture import canon, texts
from scribes.vectors import mixing
from scribes.vectors import verses as verse_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scribes.ports import Embedder

    Floats = NDArray[np.float32]
    Ranks = NDArray[np.int64]

QUALITY = ROOT / "tests/quality"
LAST = 99_999_999
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
WORDS = (0.0, 0.002, 0.005, 0.01, 0.02)
SAMPLES, SEED = 10_000, 1


class Asked(NamedTuple):
    """Questions to one collection: their halves, cosines by the model and by the table, words, the right places."""

    is_dev: NDArray[np.bool_]
    model: Floats
    table: Floats
    words: Floats
    answers: list[list[int]]

    def ranks(self, share: float, words: float = 0.0) -> Ranks:
        """Return the place of the best right answer of each question, from 1."""
        scores = (1 - share) * self.model + share * self.table + words * self.words
        return np.array(
            [min(1 + int((row > row[n]).sum()) for n in right) for row, right in zip(scores, self.answers, strict=True)]
        )


def main() -> int:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--table", default=FILE)
    arguments.add_argument("--vectors", default=verse_vectors.FILE, help="the model's vectors of the WEB's verses")
    arguments.add_argument("--notes", type=Path, help="the notes of the corpus morning")
    options = arguments.parse_args()
    model, table = LocalEmbedder(), LightEmbedder(options.table)
    show("verses", [of_verses(model, table, options.vectors)])
    folders = {"own": QUALITY / "notes"} | ({"morning": options.notes} if options.notes else {})
    show("notes", [of_notes(model, table, corpus, folder) for corpus, folder in folders.items()])
    return 0


def show(name: str, collections: Sequence[Asked]) -> None:
    """Print what one kind of search gives: each alone, then together with the share that is best on dev."""
    is_dev = np.concatenate([asked.is_dev for asked in collections])

    def ranks(share: float, words: float = 0.0) -> Ranks:
        return np.concatenate([asked.ranks(share, words) for asked in collections])

    print(f"\n{name}: {is_dev.sum()} dev, {(~is_dev).sum()} held out; hit@10 / MRR / mean log2 of the rank")
    for share in (*SHARES, 1.0):
        found = ranks(share)
        print(f"  table {share:.1f}   dev {figures(found[is_dev])}   held out {figures(found[~is_dev])}")
    chosen = max(SHARES[1:], key=lambda share: merit(ranks(share)[is_dev]))
    compare(f"meaning, table {chosen}", ranks(0.0), ranks(chosen), is_dev)
    alone = max(WORDS, key=lambda words: merit(ranks(0.0, words)[is_dev]))
    both = max(((s, w) for s in SHARES[1:] for w in WORDS), key=lambda pair: merit(ranks(*pair)[is_dev]))
    with_words, with_both = ranks(0.0, alone), ranks(*both)
    print(f"  words {alone}: dev {figures(with_words[is_dev])}   held out {figures(with_words[~is_dev])}")
    print(
        f"  words {both[1]}, table {both[0]}: dev {figures(with_both[is_dev])}   held out {figures(with_both[~is_dev])}"
    )
    compare("with words", with_words, with_both, is_dev)


def figures(ranks: Ranks) -> str:
    """Return hit@10, MRR and the mean logarithm of the rank."""
    return f"{(ranks <= 10).mean():.3f} / {(1 / ranks).mean():.3f} / {np.log2(ranks).mean():.2f}"


def merit(ranks: Ranks) -> float:
    """Return what a share is chosen by: hit@10 and MRR together."""
    return float((ranks <= 10).mean() + (1 / ranks).mean())


def compare(name: str, before: Ranks, after: Ranks, is_dev: NDArray[np.bool_]) -> None:
    """Print by how much `after` is better, with 95 % intervals over questions."""
    for half, chosen in (("dev", is_dev), ("held out", ~is_dev)):
        gains = {
            "hit@10": (after <= 10).astype(float) - (before <= 10),
            "MRR": 1 / after - 1 / before,
            "log2 rank": np.log2(before) - np.log2(after),
        }
        said = ", ".join(f"{measure} {interval(gain[chosen])}" for measure, gain in gains.items())
        print(f"  gain of {name}, {half}: {said}")


def interval(gains: NDArray[np.float64]) -> str:
    """Return a mean with its interval."""
    rng = np.random.default_rng(SEED)
    means = gains[rng.integers(0, len(gains), (SAMPLES, len(gains)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{gains.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def of_verses(model: Embedder, table: Embedder, vectors: str) -> Asked:
    """Return the questions to the verses of the World English Bible."""
    rows = [line.split("\t") for line in (QUALITY / "questions.tsv").read_text("utf-8").splitlines()[1:]]
    asked = [text for _, _, text, _ in rows]
    verses = {v.ordinal: v.text for v in texts.read(0, LAST) if v.ordinal % 1000 and v.text.strip()}
    place = {ordinal: n for n, ordinal in enumerate(verses)}
    bundled = dict(verse_vectors.VerseVectors(vectors).rows())
    by_model = unit(np.array([np.frombuffer(bundled[ordinal], np.int8) for ordinal in verses], np.float32))
    return Asked(
        np.array([half == "dev" for half, *_ in rows]),
        embedded(model, asked) @ by_model.T,
        embedded(table, asked) @ embedded(table, list(verses.values())).T,
        by_words(list(verses.values()), asked),
        [[place[verse] for verse in ordinals(answers) if verse in place] for *_, answers in rows],
    )


def of_notes(model: Embedder, table: Embedder, corpus: str, folder: Path) -> Asked:
    """Return the queries to the notes of a folder; a note is as near as its nearest piece."""
    rows = [line.split("\t") for line in (QUALITY / "note_queries.tsv").read_text("utf-8").splitlines()[1:]]
    rows = [row for row in rows if row[1] == corpus]
    asked = [row[3] for row in rows]
    notes = {path.stem: note(path.read_text("utf-8")) for path in sorted(folder.glob("*.md"))}
    pieces = [chunking.pieces(*parts) for parts in notes.values()]
    starts = np.cumsum([0, *map(len, pieces[:-1])])
    best = [
        np.maximum.reduceat(embedded(embedder, asked) @ in_their_place(embedder, pieces).T, starts, axis=1)
        for embedder in (model, table)
    ]
    names = list(notes)
    return Asked(
        np.array([row[0] == "dev" for row in rows]),
        best[0],
        best[1],
        by_words([" ".join(parts) for parts in notes.values()], asked),
        [[names.index(answer) for answer in row[4].split()] for row in rows],
    )


def in_their_place(embedder: Embedder, notes: Sequence[Sequence[chunking.Piece]]) -> Floats:
    """Return the vectors of all pieces, each with what stands around it mixed in, as the index has them."""
    found: list[bytes] = []
    for pieces in notes:
        own = embedder.embed([piece.text for piece in pieces])
        title = own[0] if pieces[0].begin < 0 else None
        found += [
            mixing.mixed(own[at], own[places.start : places.stop], title if at else None)
            for at, places in enumerate(chunking.around(pieces))
        ]
    return np.frombuffer(b"".join(found), "<f4").reshape(len(found), -1)


def note(text: str) -> tuple[str, str]:
    """Return title and body of a note with front matter."""
    _, head, body = text.split("---", 2) if text.startswith("---") else ("", "", text)
    title = re.search(r'^title: "?(.*?)"?$', head, re.MULTILINE)
    return title[1] if title else "", body.strip()


def ordinals(answers: str) -> list[int]:
    """Return the verses of answers such as `Rom.8.28-Rom.8.30 1John.4.8`."""
    found: list[int] = []
    for passage in answers.split():
        start, _, end = passage.partition("-")
        found += range(ordinal(start), ordinal(end or start) + 1)
    return found


def ordinal(osis: str) -> int:
    """Return the ordinal of a verse written as in OSIS."""
    book, chapter, verse = osis.split(".")
    first = canon.OSIS.index("Gen")
    return canon.ordinal(canon.OSIS.index(book) - first + 1, int(chapter), int(verse))


def embedded(embedder: Embedder, said: Sequence[str]) -> Floats:
    """Return the vectors of texts as rows."""
    return np.frombuffer(b"".join(embedder.embed(said)), "<f4").reshape(len(said), -1)


def by_words(collection: Sequence[str], asked: Sequence[str]) -> Floats:
    """Return how well each text fits the words of each question: bm25, any of the words, the higher the better."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='porter unicode61 remove_diacritics 2')")
    database.executemany("INSERT INTO t(rowid, text) VALUES (?, ?)", enumerate(collection, 1))
    found = np.zeros((len(asked), len(collection)), np.float32)
    for row, question in zip(found, asked, strict=True):
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        for number, score in database.execute("SELECT rowid, bm25(t) FROM t WHERE t MATCH ?", (words,)):
            row[number - 1] = -score
    return found


def unit(vectors: Floats) -> Floats:
    """Return vectors at length 1."""
    units: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units


if __name__ == "__main__":
    raise SystemExit(main())
