"""The graph of notes: 10,000 notes from scratch, and what one save changes. The vectors are made up."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

import scribes
from scribes.config import load
from scribes.scripture import canon, format
from scribes.services import linking
from scribes.storage import embedding_spaces, links, vectors

NOTES, PIECES, DIMENSIONS, TOPICS = 10_000, 8, 384, 300
# Three in ten references are to these; the benediction stands in one note of twenty.
FAVOURITES = [(45, 8), (43, 3), (19, 23), (40, 5), (40, 6), (49, 2), (46, 13), (23, 53), (50, 4), (58, 11)]
BENEDICTION = "2 Cor 13:14"
SAVES = 60


def measure(notes: int = NOTES) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load({"HOME": folder, "SCRIBES_KEYSTORE": "file"})
        with scribes.open(settings=settings) as vault:
            vault.notes.add_many(_written(random.Random(1), notes))
            space = _embed(vault, notes)
            vault.passages.catch_up()
            start = time.process_time()
            vault.links.rebuild()
            whole_s = time.process_time() - start
            with vault._context.engine.read() as tx:
                kinds = tx.rows("SELECT kind, count(*) FROM link GROUP BY kind ORDER BY kind")
                size = tx.value("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'link%'")
            plain, saved, waiting = _saves(vault, space)
            shown = _questions(vault)
    print(f"\n| the graph of {notes:,} notes, {PIECES} pieces and about 6 references each | |\n|---|---|")
    print(f"| from scratch, CPU | {whole_s:.1f} s |")
    listed = ", ".join(f"{number:,} {('same passage', 'linked passage', 'similar')[kind]}" for kind, number in kinds)
    print(f"| entries in lists | {listed} |")
    print(f"| its tables | {size / 1e6:.1f} MB |")
    half, most = statistics.median(saved), sorted(saved)[int(len(saved) * 0.95)]
    print(f"| linking one note that was saved, p50, p95 | {half:.1f} ms, {most:.1f} ms |")
    base = statistics.median(plain)
    print(f"| the same beside saving it | {half / base:.1f}x of {base:.1f} ms |")
    print(f"| others to be linked again after it, mean, most | {statistics.mean(waiting):.1f}, {max(waiting)} |")
    for name, taken in shown.items():
        print(f"| {name} | {taken:.1f} ms |")


def _written(source: random.Random, notes: int) -> Iterator[scribes.NewNote]:
    first = datetime(2010, 1, 3, tzinfo=UTC)
    for number in range(notes):
        places = [_reference(source) for _ in range(source.randint(2, 10))]
        body = "\n\n".join(f"Words on {place}, and what follows from it." for place in places)
        body += f"\n\nWe closed with {BENEDICTION}." if source.random() < 0.05 else ""
        yield scribes.NewNote(f"Note {number} on {places[0]}", body, first + timedelta(hours=number))


def _reference(source: random.Random) -> str:
    book, chapter = source.choice(FAVOURITES) if source.random() < 0.3 else (source.randint(1, 66), 0)
    chapter = chapter or source.randint(1, canon.chapters(book))
    last = canon.last_verse(book, chapter)
    start = canon.ordinal(book, chapter, source.randint(1, last))
    kind = source.random()
    if kind < 0.5:
        return format(start, start)
    if kind < 0.9:
        return format(start, min(start + source.randint(1, 15), canon.whole_chapter(book, chapter)[1]))
    return format(*canon.whole_chapter(book, chapter))


def _embed(vault: scribes.Scribes, notes: int) -> int:
    """Vectors around a few hundred topics, with much in common: as sentences of one writer have."""
    source = np.random.default_rng(1)
    common, topics = source.normal(size=DIMENSIONS), source.normal(size=(TOPICS, DIMENSIONS))
    with vault._context.engine.write() as tx:
        space = embedding_spaces.create(
            tx, digest=b"x" * 16, embedder="bench", dimensions=DIMENSIONS, chunker=1, probe=b"", active=True
        )
        for n in range(1, notes + 1):
            _put_pieces(tx, n, space, _rows(source, common, topics))
        tx.run("DELETE FROM to_index")
    return space


def _rows(source: np.random.Generator, common: np.ndarray, topics: np.ndarray) -> list[bytes]:
    about = topics[source.integers(TOPICS)]
    table = common + 0.7 * about + 1.6 * source.normal(size=(PIECES, DIMENSIONS))
    return [bytes(row) for row in np.rint(127 * table / np.abs(table).max(axis=1, keepdims=True)).astype(np.int8)]


def _put_pieces(tx: scribes.ports.Tx, n: int, space: int, rows: list[bytes]) -> None:  # type: ignore[name-defined]
    hashes = [n.to_bytes(8, "big") + position.to_bytes(8, "big") for position in range(len(rows))]
    keys = vectors.put(tx, space, list(zip(hashes, rows, strict=True)))
    vectors.put_pieces(tx, n, space, [(0, 10, keys[hash]) for hash in hashes])


def _saves(vault: scribes.Scribes, space: int) -> tuple[list[float], list[float], list[int]]:
    """Milliseconds of CPU that saving takes, and linking after it; how many other notes wait then."""
    source, numbers = random.Random(2), np.random.default_rng(2)
    common, topics = numbers.normal(size=DIMENSIONS), numbers.normal(size=(TOPICS, DIMENSIONS))
    plain, saved, waiting = [], [], []
    for new in _written(source, SAVES):
        start = time.process_time()
        vault.notes.add_new(new)
        plain.append((time.process_time() - start) * 1000)
        with vault._context.engine.write() as tx:
            n = int(tx.value("SELECT max(n) FROM note"))
            _put_pieces(tx, n, space, _rows(numbers, common, topics))
        start = time.process_time()
        with vault._context.engine.write() as tx:
            linking.update_in(tx, n)
        saved.append((time.process_time() - start) * 1000)
        with vault._context.engine.read() as tx:
            waiting.append(links.count_waiting(tx))
        vault.links.catch_up()
    return plain, saved, waiting


def _questions(vault: scribes.Scribes) -> dict[str, float]:
    ids = [note.id for note in vault.notes.recent(limit=40)]
    asked = {
        "the links of a note": lambda: [vault.links.of(id) for id in ids],
        "two steps around a note": lambda: [vault.links.around(id) for id in ids[:4]],
        "suggestions": lambda: [vault.links.suggestions()],
        "orphans": lambda: [vault.links.orphans()],
    }
    taken = {}
    for name, ask in asked.items():
        start = time.process_time()
        number = len(ask())
        taken[name] = (time.process_time() - start) * 1000 / number
    return taken


if __name__ == "__main__":
    measure()
