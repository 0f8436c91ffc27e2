"""Search among vectors in the encrypted file, beside a plain product of a float32 matrix with the query in memory.

The vectors are made from those of the verses: each is a weighted sum of two or three verses that follow one another, as
pieces of notes are stretches of text, plus up to 0.7 of the difference of two verses picked at random, which moves it
as other words would; then scaled to length 1. Independent random numbers would be unlike any text: nothing is near
anything in them. The queries are real questions, those of tests/quality.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from scribes.adapters.embedder_local import LocalEmbedder
from scribes.adapters.engine_sqlite import SqliteEngine
from scribes.storage import embedding_spaces, migrations, vector_pages, vectors
from scribes.vectors import verses

KEY = bytes(range(32))
QUESTIONS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "quality", "questions.tsv")
SPACE, A_NOTE, BATCH, QUERIES, TURN = 1, 10, 1_000, 200, 20
TAG = "note.n IN (SELECT note_n FROM note_label WHERE kind = 'tag' AND name = ?)"
Answer = tuple[float, float, list[int]]
"""Seconds, seconds of the processor, and what was found."""
FILTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "among the notes of one tag in 500": (TAG, ("tag7",)),
    "among the notes of one tag in 14": (TAG, ("kind3",)),
    "among the notes of one speaker in 40": ("note.speaker = ?", ("Speaker 3",)),
}


def measure(sizes: Iterable[int] = (100_000,)) -> None:
    """Print the tables: what keeping vectors costs, and what a search does."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "v.scribes")
            source = np.random.default_rng(1)
            base = verses_of_web()
            table, queries = made(base, size, source), _questions()
            _keep(path, table)
            _search(path, table, queries)
            _memory(path, queries)


def verses_of_web() -> Any:
    """The vectors of the verses of the World English Bible, a row each, as unit vectors."""
    listed = [value for _, value in verses.opened().rows()]
    return _unit(np.frombuffer(b"".join(listed), np.int8).reshape(len(listed), -1).astype(np.float32))


def _questions() -> Any:
    """Their vectors, a row each."""
    with open(QUESTIONS, encoding="utf-8") as file:
        next(file)
        texts = [line.split("\t")[2] for line in file]
    embedder = LocalEmbedder()
    every = max(1, len(texts) // QUERIES)
    return np.stack([np.frombuffer(embedder.embed_query(text), "<f4") for text in texts[::every]])


def _unit(table: Any) -> Any:
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    return table


def _differences(base: Any, count: int, source: Any) -> Any:
    return _unit(base[source.integers(0, len(base), count)] - base[source.integers(0, len(base), count)])


def made(base: Any, count: int, source: Any) -> Any:
    table = np.empty((count, base.shape[1]), np.float32)
    for start in range(0, count, 50_000):
        part = min(50_000, count - start)
        first = source.integers(0, len(base) - 3, part)
        weights = source.random((part, 3), np.float32)
        weights[:, 2] *= source.random(part) < 0.5
        stretch = _unit(sum(weights[:, at, None] * base[first + at] for at in range(3)))
        moved = 0.7 * source.random((part, 1), np.float32) * _differences(base, part, source)
        table[start : start + part] = _unit(stretch + moved)
    return table


def _keep(path: str, table: Any) -> None:
    """Put the vectors into a new file in batches, with all upkeep after each, and print what that takes."""
    engine = SqliteEngine(path, KEY, create=True)
    with engine.write() as tx:
        migrations.upgrade(tx)
        tx.run("INSERT INTO space (n, id, kind, mode, name, created_us) VALUES (1, x'01', 'personal', 'sealed', '', 0)")
        embedding_spaces.create(
            tx, digest=b"d", embedder="x", dimensions=table.shape[1], chunker=1, probe=b"", active=True
        )
    putting, learning, steps = 0.0, 0.0, []
    for start in range(0, len(table), BATCH):
        began = time.perf_counter()
        rows = [(n.to_bytes(16, "little"), vectors.row(table[n].tobytes())) for n in range(start, start + BATCH)]
        with engine.write() as tx:
            _put(tx, rows, start)
        putting += time.perf_counter() - began
        more = True
        while more:
            began = time.perf_counter()
            with engine.write() as tx:
                more = vector_pages.fold_in(tx, SPACE)
            steps.append(time.perf_counter() - began)
        began = time.perf_counter()
        with engine.read() as tx:
            sample = vector_pages.to_learn_from(tx, SPACE)
        if sample:
            centres = vector_pages.cells_of(sample)
            with engine.write() as tx:
                vector_pages.put_cells(tx, SPACE, centres)
        learning += time.perf_counter() - began
    with engine.read() as tx:
        parts = dict(tx.rows("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    engine.close()
    names = ("vector", "sqlite_autoindex_vector_1", "vector_page", "vector_page_cell", "vector_cells")
    pieces = parts["piece"] + parts["piece_vector"]
    print(
        f"\n| keeping {len(table):,} vectors of {table.shape[1]} dimensions | |\n|---|---|"
        f"\n| quantising and putting, with notes and pieces | {len(table) / putting:,.0f} a second |"
        f"\n| folding 10,000 in, all later moves included | {sum(steps) / len(table) * 1e4:.1f} s |"
        f"\n| a step of it: p50, p95 | {_ms(steps, 0.5):.0f}, {_ms(steps, 0.95):.0f} ms |"
        f"\n| learning cells, outside any transaction | {learning:.1f} s |"
        f"\n| bytes a vector: rows and index of hashes, pages and cells, pieces |"
        f" {sum(parts.get(name, 0) for name in names[:2]) / len(table):.0f},"
        f" {sum(parts.get(name, 0) for name in names[2:]) / len(table):.0f}, {pieces / len(table):.0f} |"
    )


def _put(tx: Any, rows: list[tuple[bytes, bytes]], start: int) -> None:
    keys = list(vectors.put(tx, SPACE, rows).values())
    for at in range(0, len(keys), A_NOTE):
        number = (start + at) // A_NOTE
        n = tx.run(
            "INSERT INTO note (id, space_id, heads, occurred_us, occurred_offset, created_us, changed_us, title,"
            " speaker, venue, series, tags, topics, body) VALUES (?, 1, x'', ?, 0, 0, 0, '', ?, '', '', '', '', ?)",
            (number.to_bytes(16, "big"), number, f"Speaker {number % 40}", "x" * 1_200),
        )
        tags = (f"tag{number % 500}", f"kind{number % 14}")
        tx.run_many("INSERT INTO note_label VALUES ('tag', ?, ?)", [(tag, n) for tag in tags])
        places = [(120 * place, 120 * place + 110, key) for place, key in enumerate(keys[at : at + A_NOTE])]
        vectors.put_pieces(tx, n, SPACE, places)


def _search(path: str, table: Any, queries: Any) -> None:
    engine = SqliteEngine(path, KEY)
    with engine.read() as tx:
        places = {n: int.from_bytes(hash, "little") for n, hash in tx.rows("SELECT n, hash FROM vector")}
    found: dict[str, list[Answer]] = {"one by one": [], "open library": []}
    for start in range(0, len(queries), TURN):
        # In turn, so that a busy machine slows both alike; not each after each, for the table empties all caches.
        turn = queries[start : start + TURN]
        found["one by one"] += [_timed(lambda: _one_by_one(table, query)) for query in turn]  # noqa: B023
        found["open library"] += [_timed(lambda: _nearest(engine, query, places)) for query in turn]  # noqa: B023
    more: dict[str, Callable[[Any], list[int]]] = {"a new connection each": lambda query: _cold(path, query, places)}
    for name, among in FILTERS.items():
        more[name] = lambda query, among=among: _nearest(engine, query, places, among)
    for name, ask in more.items():
        found[name] = [_timed(lambda: ask(query)) for query in queries[:50]]  # noqa: B023
    engine.close()
    _print(len(table), found)


def _print(size: int, found: dict[str, list[Answer]]) -> None:
    truth = [set(best) for _, _, best in found["one by one"]]
    brute = statistics.median(taken for taken, _, _ in found["one by one"])
    print(
        f"\n| the ten nearest of {size:,}, encrypted | p50 ms | p95 ms | CPU p50, p95 | beside one by one | recall@10 |"
        "\n|---|---|---|---|---|---|"
    )
    for name, answers in found.items():
        times, spent = [taken for taken, _, _ in answers], [cpu for _, cpu, _ in answers]
        hits = [len(truth[at].intersection(best)) / 10 for at, (_, _, best) in enumerate(answers)]
        share = "" if name in FILTERS else f"{statistics.mean(hits):.3f}"
        print(
            f"| {name} | {_ms(times, 0.5):.1f} | {_ms(times, 0.95):.1f} | {_ms(spent, 0.5):.1f}, {_ms(spent, 0.95):.1f}"
            f" | {statistics.median(times) / brute:.2f}x | {share} |"
        )


def _one_by_one(table: Any, query: Any) -> list[int]:
    cosines = table @ query
    best: list[int] = np.argpartition(-cosines, 10)[:10].tolist()
    return best


def _nearest(engine: SqliteEngine, query: Any, places: dict[int, int], among: Any = None) -> list[int]:
    with engine.read() as tx:
        return [places[n] for n, _ in vectors.nearest(tx, SPACE, query.tobytes(), 10, among=among)]


def _cold(path: str, query: Any, places: dict[int, int]) -> list[int]:
    engine = SqliteEngine(path, KEY)
    try:
        return _nearest(engine, query, places)
    finally:
        engine.close()


def _timed(call: Callable[[], list[int]]) -> Answer:
    began, spent = time.perf_counter(), time.process_time()
    answer = call()
    return time.perf_counter() - began, time.process_time() - spent, answer


def _ms(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] * 1000


def _memory(path: str, queries: Any) -> None:
    """The peak of a process that only searches, beside one that only loads numpy."""
    told = os.path.join(os.path.dirname(path), "queries.npy")
    np.save(told, queries)
    peaks = []
    for arguments in ([], [path, told]):
        command = [sys.executable, "-m", "tests.bench.vectors", *arguments]
        peaks.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    print(f"\nMemory of a process that searches, all queries: {peaks[1]:.0f} MB; with numpy alone: {peaks[0]:.0f} MB.")


def _searching(arguments: list[str]) -> None:
    """What `_memory` runs: ask all queries and print the peak of memory in MB."""
    if arguments:
        engine = SqliteEngine(arguments[0], KEY)
        for query in np.load(arguments[1]):
            with engine.read() as tx:
                vectors.nearest(tx, SPACE, query.tobytes(), 10)
    with open("/proc/self/status", encoding="ascii") as file:
        # Not getrusage: its peak counts the parent, whose copy this process was before it became another program.
        print(next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024)


if __name__ == "__main__":
    _searching(sys.argv[1:])
