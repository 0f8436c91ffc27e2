"""Train the table of the light embedder: `python tools/train_static.py [--check]`.

Takes nothing but what is in the repository: the bundled model, the bundled texts and their vectors, and Nave's topics.
Three stages: each word piece alone through the model, cut down to 256 dimensions; the model's vectors of verses and
headings imitated, those of a verse by every translation; then verses found by another translation and by the headings
they stand under. Verses that a question of the tests has for an answer, and those much like them, take no part (see
docs/decisions/0023-a-static-half.md). Needs numpy and about ten minutes of one core.

The seed is fixed. Whatever rounds otherwise (another processor, a change to how the model is computed) gives other
bytes, and 800 steps carry that on: so `--check` compares rows by cosine. It writes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]

from build_embedder import eight_bits
from scribes.adapters.embedder_local import LocalEmbedder, weights
from scribes.adapters.embedder_local.light import FILE
from scribes.scripture import texts, topic_file
from scribes.vectors import verses as verse_vectors
from static_training import Pair, Training, rate_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ids = NDArray[np.intp]
    Verses = dict[int, Ids]

HELD_OUT = Path(__file__).with_name("static_held_out.txt")
TOPICS = ROOT / "src/scribes/scripture/data/links/nave.topics"
LAST = 99_999_999
SEED = 1
DIMENSIONS, TOKENS = 256, 256
# Where the words of the vocabulary begin, the commonest first; before them stand marks, letters and signs.
FIRST_WORD, UNKNOWN = 1996, 100
# Rows of the same training are at least so much alike; those of another had a mean of 0.93.
LIKE_BUNDLED = 0.99
# A verse this near to a held-out one, by the untrained table, is held out with it.
NEAR = 0.8
# Passages of a topic: of a long one the first verses; of a topic with many, some.
MOST_OF_PASSAGE, MOST_OF_TOPIC = 3, 12
# Headings that say nothing.
EMPTY_HEADINGS = ("General scriptures concerning", "Miscellany of Minor Sub-Topics", "Instances of")
IMITATE = {"steps": 500, "batch": 1024, "rate": 3e-3}
CONTRAST = {"steps": 300, "batch": 512, "rate": 1e-3, "temperature": 0.06}
TRANSLATIONS = ("web", "kjv")
ABOUT = {
    "name": "light",
    "model": "a word-piece table made from sentence-transformers/all-MiniLM-L6-v2",
    "licence": "Apache-2.0",
    "tokenizer": "wordpiece uncased",
    "pooling": "sum",
    "prefixes": "",
    "dimensions": str(DIMENSIONS),
    "tokens": str(TOKENS),
    "unknown": str(UNKNOWN),
}


class Source:
    """The bundled model, the tokens of the bundled texts, and which verses may be learnt from."""

    def __init__(self, vectors: str) -> None:
        embedder = LocalEmbedder()
        self.model = embedder
        self.pieces, self.transformer = embedder._loaded()
        self.vocabulary = {
            name: tensor
            for name, tensor in weights.Weights(embedder._weights.path).tensors().items()
            if name.startswith("vocabulary.")
        }
        self.texts = {code: self._verses(code) for code in TRANSLATIONS}
        bundled = verse_vectors.VerseVectors(vectors)
        if bundled.digest != embedder.digest:
            raise SystemExit("the vectors of the verses are of another model: run tools/build_verse_vectors.py first")
        self.vectors = {ordinal: np.frombuffer(row, np.int8).astype(np.float32) for ordinal, row in bundled.rows()}

    def tokens(self, text: str) -> Ids:
        """Return the tokens of a text without its two ends."""
        return np.array(self.pieces.tokens(text)[1:-1], np.intp)

    def _verses(self, code: str) -> Verses:
        found = texts.read(0, LAST, translation=code)
        return {v.ordinal: self.tokens(v.text) for v in found if v.ordinal % 1000 and v.text.strip()}


def main() -> int:
    """Train the table, and write it or compare it with the one that is bundled."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="compare with the bundled file; write nothing")
    arguments.add_argument("--vectors", default=verse_vectors.FILE, help="the vectors of the WEB's verses")
    arguments.add_argument("--imitate", type=int, default=IMITATE["steps"], help="steps of the second stage")
    arguments.add_argument("--contrast", type=int, default=CONTRAST["steps"], help="steps of the third stage")
    arguments.add_argument("--rate", type=float, default=CONTRAST["rate"], help="rate of the third stage")
    arguments.add_argument("--out", type=Path, default=Path(FILE))
    options = arguments.parse_args()
    source = Source(options.vectors)
    data = packed(
        source, trained(source, imitate=options.imitate, contrast=options.contrast, contrast_rate=options.rate)
    )
    print(f"{len(data):,} bytes")
    if options.check:
        return 0 if is_as_bundled(data, options.out) else 1
    options.out.write_bytes(data)
    return 0


def trained(source: Source, *, imitate: int, contrast: int, contrast_rate: float) -> Floats:
    """Return the table after so many steps of the second and third stage."""
    alone = pieces_alone(source)
    middle = alone.mean(axis=0)
    axes = principal(alone - middle)
    table = first_table((alone - middle) @ axes)
    closed = held_out(source.texts["web"], table)
    print(f"{len(closed):,} verses are held out")
    topics = headings(source, closed)
    if imitate:
        examples, targets = to_imitate(source, topics, closed, axes)
        print(f"imitate {len(examples):,} texts")
        rng, training = np.random.default_rng(SEED), Training(table)
        for step in range(imitate):
            chosen = rng.integers(0, len(examples), IMITATE["batch"])
            rate = rate_at(step, imitate, IMITATE["rate"])
            loss = training.imitate([examples[n] for n in chosen], targets[chosen], rate)
            report(step, imitate, loss)
    if contrast:
        rng, training = np.random.default_rng(SEED), Training(table)
        kinds = (translations(source, closed), by_topic(source, topics, rng))
        print("contrast", " and ".join(f"{len(pairs):,} pairs" for pairs in kinds))
        for step in range(contrast):
            half = int(CONTRAST["batch"]) // 2
            batch = [pairs[n] for pairs in kinds for n in rng.integers(0, len(pairs), half)]
            loss = training.contrast(batch, CONTRAST["temperature"], rate_at(step, contrast, contrast_rate))
            report(step, contrast, loss)
    return table


def is_as_bundled(data: bytes, bundled: Path) -> bool:
    """Tell whether a file has the bundled rows, but for what rounding in another order makes of them."""
    if bundled.read_bytes() == data:
        print("as bundled")
        return True
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / bundled.name
        built.write_bytes(data)
        ours, theirs = (
            unit(weights.Weights(str(path)).tensors()["rows"].astype(np.float32)) for path in (built, bundled)
        )
    cosines = np.einsum("ij,ij->i", ours, theirs)
    print(f"other bytes; cosines of the rows: mean {cosines.mean():.4f}, lowest {cosines.min():.4f}")
    return bool(cosines.mean() > LIKE_BUNDLED)


def report(step: int, steps: int, loss: float) -> None:
    """Say now and then how far the training is."""
    if step % 100 == 99 or step + 1 == steps:
        print(f"  step {step + 1} of {steps}: {loss:.4f}", file=sys.stderr)


def pieces_alone(source: Source) -> Floats:
    """Return the model's vector of each word piece by itself, between start and end."""
    start, end = source.pieces.tokens("")
    count = len(source.vocabulary["vocabulary.ids"])
    return source.transformer.vectors([(start, id, end) for id in range(count)])


def principal(centred: Floats) -> Floats:
    """Return the directions in which vectors differ most, as columns."""
    _, directions = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(directions[:, ::-1][:, :DIMENSIONS], np.float32)


def first_table(directions: Floats) -> Floats:
    """Return rows in the directions of the pieces, common words short: the logarithm of a word's rank is its length.

    Source: Minishlab, model2vec (2024), which weighs by rank for want of frequencies.
    """
    lengths = np.log1p(np.maximum(np.arange(len(directions)) - FIRST_WORD + 1, 0.5))
    table = directions / np.linalg.norm(directions, axis=1, keepdims=True) * lengths[:, None]
    return np.ascontiguousarray(table / np.sqrt((lengths**2).mean()), np.float32)


def held_out(verses: Verses, table: Floats) -> set[int]:
    """Return the verses that no example may have: those of the list, and those of much the same wording."""
    listed = {
        ordinal
        for line in HELD_OUT.read_text("utf-8").split()
        for ordinal in range(int(line.partition("-")[0]), int(line.rpartition("-")[2]) + 1)
    }
    ordinals = list(verses)
    units = Training(table).pooled(list(verses.values())).units
    answers = units[[ordinal in listed for ordinal in ordinals]]
    near = np.concatenate([(part @ answers.T).max(axis=1) for part in np.array_split(units, 20)]) >= NEAR
    return listed | {ordinal for ordinal, is_near in zip(ordinals, near, strict=True) if is_near}


def headings(source: Source, closed: set[int]) -> list[tuple[int, str, list[int]]]:
    """Return each line of Nave's with passages: the topic's number, topic and heading, and the verses to learn from."""
    topics = topic_file.load(str(TOPICS))
    web = source.texts["web"]
    found: list[tuple[int, str, list[int]]] = []
    for number, name in enumerate(topics.names):
        above = ""
        for depth, heading, passages in topics.lines(number):
            if not depth:
                above = heading
            said = heading if not depth else f"{above} {heading}"
            for empty in EMPTY_HEADINGS:
                said = said.replace(empty, "").strip(" .")
            verses: list[int] = []
            for start, end in passages:
                passage = [v for v in range(start, min(end, start + MOST_OF_PASSAGE - 1) + 1) if v in web]
                # A passage with an answer in it is left out whole.
                verses += passage if not any(v in closed for v in range(start, end + 1)) else []
            found.append((number, f"{name}: {said}" if said else name, verses))
    return found


def to_imitate(
    source: Source, topics: list[tuple[int, str, list[int]]], closed: set[int], axes: Floats
) -> tuple[list[Ids], Floats]:
    """Return texts and the model's vectors for them, in the table's dimensions; another translation has the WEB's."""
    examples: list[Ids] = []
    targets: list[Floats] = []
    for verses in source.texts.values():
        for ordinal, tokens in verses.items():
            if ordinal in source.vectors and ordinal not in closed:
                examples.append(tokens)
                targets.append(source.vectors[ordinal])
    said = sorted({text for _, text, _ in topics})
    examples += map(source.tokens, said)
    of_verses = unit(np.array(targets, np.float32))
    of_headings = source.transformer.vectors([source.pieces.tokens(text) for text in said])
    whole = np.concatenate([of_verses, of_headings])
    return examples, unit((whole - whole.mean(axis=0)) @ axes)


def translations(source: Source, closed: set[int]) -> list[Pair]:
    """Return the pairs of a verse in two translations."""
    first, *others = source.texts.values()
    return [
        Pair(tokens, other[ordinal], ordinal, -1)
        for other in others
        for ordinal, tokens in first.items()
        if ordinal in other and ordinal not in closed
    ]


def by_topic(source: Source, topics: list[tuple[int, str, list[int]]], rng: np.random.Generator) -> list[Pair]:
    """Return the pairs of a heading and a verse, of each topic a few, so that none is heard above the others."""
    of_topic: dict[int, list[tuple[str, int]]] = {}
    for number, said, verses in topics:
        of_topic.setdefault(number, []).extend((said, verse) for verse in verses)
    pairs: list[Pair] = []
    for number, named in of_topic.items():
        chosen = rng.permutation(len(named))[:MOST_OF_TOPIC]
        pairs += [
            Pair(source.tokens(named[n][0]), source.texts["web"][named[n][1]], named[n][1], number) for n in chosen
        ]
    return pairs


def unit(vectors: Floats) -> Floats:
    """Return vectors at length 1."""
    units: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units


def packed(source: Source, table: Floats) -> bytes:
    """Return the file of a table."""
    rows, scale = eight_bits(np.ascontiguousarray(table.T), DIMENSIONS)
    return weights.pack(
        ABOUT, source.vocabulary | {"rows": np.ascontiguousarray(rows.T), "rows.scale": scale.reshape(-1)}
    )


if __name__ == "__main__":
    raise SystemExit(main())
