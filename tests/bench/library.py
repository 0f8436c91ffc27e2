"""The open library: making vaults, importing beside bare FTS5, searching, and what each part of the file costs."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable

import apsw

import scribes
from scribes.config import load

from . import material

RATE_NOTES = 20_000
FTS = "title, body, speaker, venue, series, tags, topics"
OPTIONS = "tokenize = 'porter unicode61 remove_diacritics 2', prefix = '3'"


def make_vaults(sizes: list[int], folder: str) -> dict[int, str]:
    """The home folder of a vault of each size; the peak memory of the process that made the largest is printed."""
    homes = {}
    for size in sizes:
        homes[size] = os.path.join(folder, f"home-{size}")
        if os.path.isdir(homes[size]):
            continue
        os.makedirs(homes[size])
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.make", str(size)],
            env=material.environment(homes[size]), capture_output=True, text=True, check=True,
        )  # fmt: skip
        print(f"\n{size:,} notes imported: {done.stdout.strip()}")
    return homes


def measure(home: str, size: int) -> None:
    """Print import rates, search times and the parts of the file."""
    _rates()
    with scribes.open(settings=load({"HOME": home})) as vault:
        _searches(vault, size)
        _parts(vault)


def _rates() -> None:
    notes = list(material.notes(RATE_NOTES))
    plain = [(n.title, n.body, n.speaker, n.venue, n.series, "\n".join(n.tags), "") for n in notes]
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        rates = {
            "Scribes, encrypted, with history": _timed(lambda: _import(folder, notes)),
            "bare FTS5 table, unencrypted": _timed(lambda: _bare(folder, plain)),
            "plain table + external-content FTS5 kept by triggers, unencrypted": _timed(
                lambda: _by_triggers(folder, plain)
            ),
        }
    ours = rates["Scribes, encrypted, with history"]
    print(f"\n| importing {RATE_NOTES:,} notes of 200 words | notes a CPU second | Scribes against it |\n|---|---|---|")
    for name, rate in rates.items():
        print(f"| {name} | {rate:,.0f} | {ours / rate:.2f}x |")


def _timed(run: Callable[[], None]) -> float:
    start = time.process_time()
    run()
    return RATE_NOTES / (time.process_time() - start)


def _import(folder: str, notes: list[scribes.NewNote]) -> None:
    with scribes.open(
        os.path.join(folder, "n.scribes"), settings=load({"HOME": folder, "SCRIBES_KEYSTORE": "file"})
    ) as s:
        s.notes.add_many(notes)


def _bare(folder: str, rows: list[tuple[str, ...]]) -> None:
    db = _database(folder, "bare.db")
    db.execute(f"CREATE VIRTUAL TABLE t USING fts5 ({FTS}, {OPTIONS})")
    _insert(db, f"INSERT INTO t ({FTS}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def _by_triggers(folder: str, rows: list[tuple[str, ...]]) -> None:
    """As the documentation of FTS5 shows it."""
    db = _database(folder, "triggers.db")
    db.execute(f"CREATE TABLE note (n INTEGER PRIMARY KEY, {FTS})")
    db.execute(f"CREATE VIRTUAL TABLE t USING fts5 ({FTS}, content = 'note', content_rowid = 'n', {OPTIONS})")
    new = ", ".join(f"new.{name}" for name in FTS.split(", "))
    db.execute(f"CREATE TRIGGER a AFTER INSERT ON note BEGIN INSERT INTO t (rowid, {FTS}) VALUES (new.n, {new}); END")
    _insert(db, f"INSERT INTO note ({FTS}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def _database(folder: str, name: str) -> apsw.Connection:
    db = apsw.Connection(os.path.join(folder, name))
    db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    return db


def _insert(db: apsw.Connection, sql: str, rows: list[tuple[str, ...]]) -> None:
    for start in range(0, len(rows), 2_000):
        with db:
            db.executemany(sql, rows[start : start + 2_000])
    db.close()


def _searches(vault: scribes.Scribes, size: int) -> None:
    def by_words(text: str) -> object:
        return vault.search.find(text, by="words")

    source = random.Random(5)
    notes = vault.notes.recent(limit=400)
    words = [word.strip(".,;:!?\"'“”‘’").lower() for note in notes for word in note.body.split()]
    words = [word for word in words if word.isalpha()]
    lines = [line.split() for note in notes for line in note.body.split("\n") if len(line.split()) > 6]
    picked = [source.choice(lines) for _ in range(200)]
    starts = [source.randrange(len(line) - 3) for line in picked]
    rows = {
        "find a word": [source.choice(words) for _ in range(200)],
        "find two words": [f"{source.choice(words)} {source.choice(words)}" for _ in range(200)],
        "find a phrase of three words": [
            '"' + " ".join(line[at : at + 3]).replace('"', "") + '"' for line, at in zip(picked, starts, strict=True)
        ],
        "find the words of most notes": ["the", "and", "of", "to", "in"] * 10,
        "find a prefix of three letters": [word[:3] + "*" for word in words[:5000:25] if len(word) >= 3],
    }
    print(f"\n| {size:,} notes, open library, snippets included | p50 ms | p95 ms |\n|---|---|---|")
    for name, queries in rows.items():
        half, most = (material.percentile_ms(by_words, queries, share=share) for share in (0.5, 0.95))
        print(f"| {name} | {half:.1f} | {most:.1f} |")
    listing = ["x"] * 100
    half, most = (material.percentile_ms(lambda _: vault.notes.recent(), listing, share=share) for share in (0.5, 0.95))
    print(f"| list | {half:.1f} | {most:.1f} |")


def _parts(vault: scribes.Scribes) -> None:
    with vault._context.engine.read() as tx:
        text = tx.value("SELECT sum(length(CAST(title AS BLOB)) + length(CAST(body AS BLOB))) FROM note")
        parts = tx.rows("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 12")
    whole = os.path.getsize(vault.path)
    print(f"\n| part of the file | times the text ({text / 1e6:.0f} MB) |\n|---|---|")
    for name, size in parts:
        print(f"| {name} | {size / text:.3f} |")
    print(f"| **the file** | **{whole / text:.2f}** |")
