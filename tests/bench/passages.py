"""Passages in notes: the question "what have I written on …" at 200,000 references, and what finding costs."""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import scribes
from scribes.config import load
from scribes.domain import passages as rules
from scribes.scripture import canon, format
from scribes.services.passages import passage_of
from scribes.storage import passages as stored

from . import material

NOTES, A_NOTE = 20_000, 10
# Three in ten references are to these; Romans 8 alone then has more than 3,000.
FAVOURITES = [(45, 8), (43, 3), (19, 23), (40, 5), (40, 6), (49, 2), (46, 13), (23, 53), (50, 4), (58, 11)]
FAVOURITES += [(1, 1), (43, 1), (45, 3), (45, 5), (45, 12), (48, 5), (49, 6), (19, 51), (20, 3), (59, 1)]
ASKED = ("Romans 8", "Rom 8:28", "Rom 8:28-30", "Psalm 23", "John 3:16", "Jude", "Obadiah 3", "Romans")
ROUNDS = 15


def measure() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load({"HOME": folder, "SCRIBES_KEYSTORE": "file"})
        with scribes.open(settings=settings) as vault:
            vault.notes.add_many(_referring())
            _questions(vault)
    _finding()
    _cold()


def _referring() -> Iterator[scribes.NewNote]:
    source = random.Random(1)
    first = datetime(2010, 1, 3, tzinfo=UTC)
    for number in range(NOTES):
        body = "\n".join(f"On {_reference(source)}." for _ in range(A_NOTE))
        yield scribes.NewNote(f"Note {number}", body, first + timedelta(hours=number))


def _reference(source: random.Random) -> str:
    if source.random() < 0.3:
        book, chapter = source.choice(FAVOURITES)
    else:
        book = source.randint(1, 66)
        chapter = source.randint(1, canon.chapters(book))
    last = canon.last_verse(book, chapter)
    verse = source.randint(1, last)
    kind = source.random()
    if kind < 0.6:
        passage = canon.ordinal(book, chapter, verse), canon.ordinal(book, chapter, verse)
    elif kind < 0.85:
        passage = canon.ordinal(book, chapter, verse), canon.ordinal(book, chapter, min(last, verse + 4))
    elif kind < 0.97:
        passage = canon.whole_chapter(book, chapter)
    else:
        until = min(chapter + 2, canon.chapters(book))
        passage = canon.ordinal(book, chapter, 1), canon.whole_chapter(book, until)[1]
    return format(*passage, style="long")


def _questions(vault: scribes.Scribes) -> None:
    with vault._context.engine.read() as tx:
        total = stored.count(tx)
    print(
        f"\n| {total:,} references in {NOTES:,} notes | overlap it | the query, ms | s.passages.on, ms |"
        "\n|---|---|---|---|"
    )
    for asked in ASKED:
        start, end = passage_of(asked)
        with vault._context.engine.read() as tx:
            overlapping = tx.value('SELECT count(*) FROM note_ref WHERE start <= ? AND "end" >= ?', (end, start))
            query = _median_ms(lambda: stored.nearest(tx, start, end, limit=20))  # noqa: B023
        whole = _median_ms(lambda: vault.passages.on(asked, limit=20))  # noqa: B023
        print(f"| {asked} | {overlapping:,} | {query:.2f} | {whole:.2f} |")


def _median_ms(call: Callable[[], object], times: int = 50) -> float:
    call()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def _finding() -> None:
    """What finding costs an import: notes of 200 words with two references, with none, and without looking."""
    plain = list(material.notes(4_000))
    source = random.Random(2)
    referring = [
        scribes.NewNote(note.title, f"{note.body}\n\nSee {_reference(source)} and {_reference(source)}.")
        for note in plain
    ]
    kinds = {"two references": referring, "none, no digit": plain}
    print(
        "\n| notes of 200 words with | CPU us a note, finding alone | importing | importing without finding |"
        "\n|---|---|---|---|"
    )
    for name, notes in kinds.items():
        contents = [rules_content(note) for note in notes]
        began = time.process_time()
        for content in contents:
            rules.references_of(content)
        alone = (time.process_time() - began) / len(notes) * 1e6
        importing = _import_us(notes)
        real = rules.references_of
        rules.references_of = lambda _: ()
        try:
            without = _import_us(notes)
        finally:
            rules.references_of = real
        print(f"| {name} | {alone:.0f} | {importing:.0f} | {without:.0f} |")


def rules_content(note: scribes.NewNote) -> object:
    """The content that a note becomes."""
    from scribes.domain.notes import content_of_new

    return content_of_new(note, datetime(2026, 1, 1, tzinfo=UTC))


def _import_us(notes: list[scribes.NewNote]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        settings = load({"HOME": folder, "SCRIBES_KEYSTORE": "file"})
        with scribes.open(settings=settings) as vault:
            began = time.process_time()
            vault.notes.add_many(notes)
            return (time.process_time() - began) / len(notes) * 1e6


def _cold() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = material.environment(folder) | {"SCRIBES_KEYSTORE": "file"}
        text = os.path.join(folder, "text.txt")
        with open(text, "w", encoding="utf-8") as file:
            file.write("Sermon on John 3:16 and Rom 8\nnothing here\nv. 5\n")
        program = material.script("scribes")
        words = {
            "add, no digit": ["add", "a note on grace"],
            "add, with a reference": ["add", "a note on Rom 8:28"],
            "scan --lines": ["scan", "--lines", text],
            'refs "Romans 8"': ["refs", "Romans 8"],
            'read "Rom 8:28-30"': ["read", "Rom 8:28-30"],
            'xref "John 3:16"': ["xref", "John 3:16"],
            "topics faith": ["topics", "faith"],
        }
        commands = {"pass": [sys.executable, "-c", "pass"]} | {name: [program, *line] for name, line in words.items()}
        taken = material.interleaved_cpu_ms(commands, rounds=ROUNDS, environment=home)
    print(f"\n| from a cold start | against `python -c pass` ({taken['pass']:.1f} ms of CPU) |\n|---|---|")
    for name in words:
        print(f"| {name} | {taken[name] / taken['pass']:.2f}x |")


if __name__ == "__main__":
    measure()
