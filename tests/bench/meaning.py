"""Search by words and meaning together: in an open library, and as a whole command from a cold start.

Embedding 100,000 pieces would take half an hour, so the pieces of these notes get vectors of verses with a bit of two
others in them, as tests/bench/vectors.py makes them; queries are embedded by the real model. What is measured takes the
same time whatever the vectors say.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import scribes
from scribes.adapters.embedder_local import LocalEmbedder
from scribes.config import load
from scribes.services.meaning import Meaning

from . import material, vectors

QUESTIONS = (
    "unearned kindness", "is it okay to be angry", "what happens when we die", "how to pray when I am tired", "grace",
    "the shepherd who looks for one sheep", "money and worry", "forgiving somebody who hurt me", "hope in old age",
    "a father who waits for his son", "rest for the weary", "light in the darkness", "the bread of life", "marriage",
)  # fmt: skip
ROUNDS = 9
EMBEDDED = 24


class Made:
    """The bundled embedder for questions; for pieces, vectors of verses."""

    def __init__(self) -> None:
        self._real = LocalEmbedder()
        self.name, self.digest, self.dimensions = self._real.name, self._real.digest, self._real.dimensions
        self._source = np.random.default_rng(1)
        self._base = vectors.verses_of_web()

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        made: Any = vectors.made(self._base, len(texts), self._source)
        return [row.astype("<f4").tobytes() for row in made]

    def embed_query(self, text: str) -> bytes:
        return self._real.embed_query(text)

    def chosen(self) -> Made:
        return self

    def service(self) -> None:
        return None

    def named(self, name: str) -> Made | None:
        return self if name == self.name else None


def measure(pieces: int = 100_000) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        with scribes.open(settings=load({"HOME": folder, "SCRIBES_KEYSTORE": "file"})) as vault:
            made = Made()
            meaning = Meaning(vault._context, made)
            number = _fill(vault, meaning, pieces)
            _searches(vault, meaning, number)
        _cold(folder)
    _bulk()


def _fill(vault: scribes.Scribes, meaning: Meaning, pieces: int) -> int:
    """Notes of 200 words until there are so many pieces; how many notes."""
    batch = 1_000
    source = material.notes(pieces)
    number = 0
    while meaning.status().pieces < pieces:
        number += vault.notes.add_many([next(source) for _ in range(batch)])
        # In steps bounded by time, so that notes are embedded and not linked.
        while meaning.status().waiting:
            meaning.run(seconds=60)
    with vault._context.engine.read() as tx:
        space = tx.value("SELECT n FROM embedding_space")
    meaning._tidy(space)
    return number


def _searches(vault: scribes.Scribes, meaning: Meaning, number: int) -> None:
    source = random.Random(3)
    asked = [source.choice(QUESTIONS) for _ in range(100)]
    pieces = meaning.status().pieces
    rows = {
        "embed a query": meaning.ask,
        "find, fused, with snippets (embedding the query included)": vault.search.find,
        "find --meaning (embedding the query included)": lambda text: vault.search.find(text, by="meaning"),
        "find --words": lambda text: vault.search.find(text, by="words"),
        "find, fused, among the notes of one tag in 14": lambda text: vault.search.find(f"{text} tag:tag3"),
    }
    print(f"\n| {number:,} notes of 200 words, {pieces:,} pieces, encrypted, open library | p50 ms | p95 ms |")
    print("|---|---|---|")
    for name, run in rows.items():
        half, most = (material.percentile_ms(run, asked, share=share) for share in (0.5, 0.95))
        print(f"| {name} | {half:.1f} | {most:.1f} |")


def _cold(home: str) -> None:
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "import numpy": [sys.executable, "-c", "import numpy"],
        "find": [material.script("scribes"), "find", "unearned kindness"],
        "find --words": [material.script("scribes"), "find", "--words", "kindness"],
        "find --verses": [material.script("scribes"), "find", "--verses", "unearned kindness"],
        "add": [material.script("scribes"), "add", "a note on grace"],
    }
    environment = material.environment(home) | {"SCRIBES_KEYSTORE": "file", "SCRIBES_INDEXING": "manual"}
    taken = material.interleaved_cpu_ms(commands, rounds=ROUNDS, environment=environment)
    behind = material.interleaved_cpu_ms(
        {"pass": commands["pass"], "add": commands["add"]},
        rounds=ROUNDS,
        environment=environment | {"SCRIBES_INDEXING": "background"},
    )
    print("\n| from a cold start | CPU ms | against `python -c pass` | limit |\n|---|---|---|---|")
    for name, limit in {
        "find": "15x",
        "find --words": "3x",
        "find --verses": "15x",
        "import numpy": "",
        "add": "3x",
    }.items():
        print(f"| {name} | {taken[name]:.0f} | {taken[name] / taken['pass']:.1f}x | {limit} |")
    print(f"| add, with indexing behind it | {behind['add']:.0f} | {behind['add'] / behind['pass']:.1f}x | 3x |")
    peak = subprocess.run(
        [sys.executable, "-c", PEAK, *commands["find"]], env=environment, capture_output=True, text=True, check=True
    )
    print(f"\nMemory of a search process: {int(peak.stdout.split()[-1]) / 1024:.0f} MB (limit 250)")


PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def _bulk() -> None:
    """Notes of 200 words embedded on one core, pieces and all."""
    from scribes.domain import chunking

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    notes = [chunking.pieces(note.title, note.body, ()) for note in material.notes(EMBEDDED)]
    print("\n| embedding notes of 200 words | notes a CPU second | pieces a CPU second |\n|---|---|---|")
    for name, embedder in _embedders().items():
        embedder.embed(["warm"])
        start = time.process_time()
        for pieces in notes:
            embedder.embed([piece.text for piece in pieces])
        spent = time.process_time() - start
        print(f"| {name} | {EMBEDDED / spent:.1f} | {sum(map(len, notes)) / spent:.0f} |")


def _embedders() -> dict[str, Any]:
    from scribes.adapters.embedder_local.light import LightEmbedder

    return {"local: MiniLM, numpy": LocalEmbedder(), "light: static word pieces, numpy": LightEmbedder()}
