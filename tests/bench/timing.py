"""Reminders and cards: finding and claiming what is due, firing it, and opening a review session."""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta

import scribes
from scribes.config import load
from scribes.domain.reminders import JOB, REMINDER, ReminderContent
from scribes.domain.reviews import CARD, CardContent
from scribes.ids import new_id
from scribes.services.items import add_in
from scribes.storage import jobs, operations

from .material import environment, interleaved_cpu_ms, script

REMINDERS, DUE, CARDS, ROUNDS = 100_000, 1_000, 20_000, 9
LIMIT_CLAIM_MS, LIMIT_SESSION_MS = 20.0, 150.0


def measure(reminders: int = REMINDERS) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        _reminders(folder, reminders)
    with tempfile.TemporaryDirectory() as folder:
        _cards(folder)


def _reminders(folder: str, number: int) -> None:
    settings = load({"HOME": folder, "SCRIBES_KEYSTORE": "file"})
    due = number // 100
    with scribes.open(settings=settings) as vault:
        made_s = _remind(vault, number, due)
    claimed, plain = [], _plain_table(folder, number, due)
    for _ in range(ROUNDS):
        with scribes.open(settings=settings) as vault:
            engine = vault._context.engine
            start = time.perf_counter()
            with engine.write() as tx:
                found = jobs.claim(tx, lease_us=tx.now_us + 600_000_000, limit=due)
            claimed.append((time.perf_counter() - start) * 1000)
            with engine.write() as tx:
                jobs.release_all(tx)
        assert len(found) == due
    with scribes.open(settings=settings) as vault:
        start = time.perf_counter()
        ran = vault.jobs.run_some(limit=due)
        fired_ms = (time.perf_counter() - start) * 1000
        start = time.perf_counter()
        vault.jobs.run_due()
        look_ms = (time.perf_counter() - start) * 1000
    assert ran.done == due
    half = statistics.median(claimed)
    print(f"\n| {number:,} reminders, {due:,} of them due, the file just opened | |\n|---|---|")
    print(f"| found and claimed | {half:.1f} ms, at most {max(claimed):.1f} (limit {LIMIT_CLAIM_MS:.0f}) |")
    print(f"| the same in a table with an index, not encrypted | {half / plain:.1f}x of {plain:.1f} ms |")
    print(f"| fired: told, their next moment reckoned, all written | {fired_ms / due:.2f} ms each |")
    print(f"| a look when nothing is due | {look_ms:.2f} ms |")
    print(f"| a new reminder with its history and job, many in a transaction | {made_s / number * 1e6:.0f} us |")


def _remind(vault: scribes.Scribes, number: int, due: int) -> float:
    """Reminders in random order: some are due since the last hour, the others in the next years."""
    source, now = random.Random(1), datetime.now(UTC)
    ahead = [now + timedelta(minutes=source.randrange(60, 1_000_000)) for _ in range(number - due)]
    starts = [*ahead, *(now - timedelta(minutes=source.randrange(1, 60)) for _ in range(due))]
    source.shuffle(starts)
    begun = time.perf_counter()
    for first in range(0, number, 5_000):
        with vault._context.engine.write() as tx:
            operation = operations.begin(tx, "bench")
            for moment in starts[first : first + 5_000]:
                wall = moment.replace(tzinfo=None).isoformat(timespec="minutes")
                rule = "FREQ=WEEKLY" if moment.minute % 4 == 0 and moment > now else ""
                content = ReminderContent(text="pray for Ruth", starts=wall, zone="UTC", rule=rule)
                add_in(tx, vault._context, REMINDER, content, operation)
    return time.perf_counter() - begun


def _plain_table(folder: str, number: int, due: int) -> float:
    """What everybody would write: a table, an index on the moment, UPDATE … RETURNING. Median milliseconds."""
    source, now = random.Random(1), time.time_ns() // 1000
    path = os.path.join(folder, "plain.db")
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(
        "CREATE TABLE job (n INTEGER PRIMARY KEY, id BLOB, kind TEXT, key TEXT UNIQUE, payload TEXT, run_us INTEGER,"
        " lease_us INTEGER)"
    )
    db.execute("CREATE INDEX job_run ON job (run_us)")
    moments = [now - source.randrange(1, 10**9) for _ in range(due)]
    moments += [now + source.randrange(10**10, 10**13) for _ in range(number - due)]
    source.shuffle(moments)
    rows = [(new_id(now), JOB, f"remind:{new_id(now).hex()}", "{}", moment) for moment in moments]
    db.executemany("INSERT INTO job (id, kind, key, payload, run_us) VALUES (?, ?, ?, ?, ?)", rows)
    db.commit()
    db.close()
    taken = []
    for _ in range(ROUNDS):
        db = sqlite3.connect(path)
        start = time.perf_counter()
        found = db.execute(
            "UPDATE job SET lease_us = ? WHERE n IN (SELECT n FROM job WHERE run_us <= ? AND lease_us IS NULL"
            " ORDER BY run_us LIMIT ?) RETURNING *",
            (now, now, due),
        ).fetchall()
        db.commit()
        taken.append((time.perf_counter() - start) * 1000)
        assert len(found) == due
        db.execute("UPDATE job SET lease_us = NULL WHERE lease_us IS NOT NULL")
        db.commit()
        db.close()
    return statistics.median(taken)


def _cards(folder: str) -> None:
    settings = load({"HOME": folder, "SCRIBES_KEYSTORE": "file"})
    with scribes.open(settings=settings) as vault:
        verses = _verses(CARDS)
        with vault._context.engine.write() as tx:
            operation = operations.begin(tx, "bench")
            for osis in verses:
                content = CardContent("verse", osis, "", "web")
                add_in(tx, vault._context, CARD, content, operation)
            # As after years of reviewing: most were seen before and are due.
            tx.run("UPDATE card SET reviews = 3, phase = 2, stability = 30.0, difficulty = 5.0 WHERE n % 10 != 0")
            tx.run("UPDATE card SET reviewed_us = due_us - 2592000000000, due_us = due_us - (n % 1000) * 1000000")
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "session": [sys.executable, "-m", "tests.bench.on_terminal", script("scribes"), "review"],
        "terminal": [sys.executable, "-m", "tests.bench.on_terminal", sys.executable, "-c", "pass"],
        "list": [script("scribes"), "review", "-n", "1"],
    }
    taken = interleaved_cpu_ms(commands, rounds=ROUNDS, environment=environment(folder))
    opened = taken["session"] - taken["terminal"]
    print(f"\n| {CARDS:,} cards, nearly all due: CPU over a bare start ({taken['pass']:.1f} ms) | |\n|---|---|")
    print(f"| `scribes review` on a terminal, its first card, `q` | {opened:.0f} ms (limit {LIMIT_SESSION_MS:.0f}) |")
    print(f"| `scribes review -n 1` in a pipe | {taken['list'] - taken['pass']:.0f} ms |")


def _verses(number: int) -> list[str]:
    """So many verses of the Bible, by their OSIS names."""
    from scribes.scripture import canon, format, texts

    read = texts.read(canon.ordinal(1, 1, 1), canon.ordinal(66, 22, 21), translation="web")
    return [format(verse.ordinal, verse.ordinal) for verse in read][:number]
