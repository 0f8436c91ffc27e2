"""Sync: a first sync beside importing the same notes, one changed note, and what lies at the remote beside the text."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import scribes
from scribes.config import load

from . import material

NOTES = 10_000
EDITS = 20


def measure(notes: int = NOTES) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        _first(folder, notes)
    with tempfile.TemporaryDirectory() as folder:
        _log_of_one_note(folder)
    with tempfile.TemporaryDirectory() as folder:
        over_http(folder, notes)


def _open(folder: str, name: str) -> scribes.Scribes:
    settings = load({"HOME": os.path.join(folder, name), "SCRIBES_KEYSTORE": "file", "SCRIBES_DEVICE": name})
    return scribes.open(settings=settings)


def _pair(folder: str) -> tuple[scribes.Scribes, scribes.Scribes, scribes.Scribes]:
    """Two devices of one person, and the vault that keeps their log."""
    first, second, relay = (_open(folder, name) for name in ("first", "second", "relay"))
    remote = relay.as_remote()
    for vault in (first, second):
        vault.attach(remote)
    first.sync.set_up(remote, kind="scribes", place=remote.name)
    code = second.devices.ask(remote, kind="scribes", place=remote.name).code
    first.devices.let_in(code)
    second.devices.is_let_in()
    return first, second, relay


def _cpu(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def _first(folder: str, number: int) -> None:
    first, second, relay = _pair(folder)
    taken = list(material.notes(number))
    imported_s = _cpu(lambda: first.notes.add_many(taken))
    pushed_s = _cpu(first.sync.run)
    pulled_s = _cpu(second.sync.run)
    assert second.notes.count() == number
    print(f"\n| {number:,} notes of 200 words, in-process remote | notes a CPU second | beside the import |")
    print("|---|---|---|")
    rows = {"import": imported_s, "first sync: push": pushed_s, "first sync: pull and apply": pulled_s}
    for name, seconds in rows.items():
        print(f"| {name} | {number / seconds:,.0f} | {imported_s / seconds:.2f}x |")
    text = sum(len(note.title.encode()) + len(note.body.encode()) for note in taken)
    with relay._context.engine.read() as tx:
        stored = int(tx.value("SELECT sum(length(raw)) FROM relay_entry"))
    print(f"\nAt the remote: {stored / text:.2f}x the plain text ({text / 1e6:.1f} MB).")
    _changed(first, second)
    for vault in (first, second, relay):
        vault.close()


def _changed(first: scribes.Scribes, second: scribes.Scribes) -> None:
    """One changed note, from one device to the other; and a sync with nothing new."""
    one = first.notes.recent()[0]
    through, idle = [], []
    for number in range(30):
        first.notes.append(one.id, f"And once more, number {number}.")
        start = time.perf_counter()
        first.sync.run()
        second.sync.run()
        through.append(time.perf_counter() - start)
        start = time.perf_counter()
        second.sync.run()
        idle.append(time.perf_counter() - start)
    through.sort()
    idle.sort()
    print(
        f"\nOne changed note, written by one device and taken in by the other: {through[15] * 1e3:.1f} ms"
        f" (p95 {through[28] * 1e3:.1f}); a sync with nothing new {idle[15] * 1e3:.1f} ms."
    )


def _log_of_one_note(folder: str) -> None:
    """A note of 200 words with 20 edits: what its log takes, by how often it was synchronised, and after compacting."""
    source, note = random.Random(3), next(iter(material.notes(1)))
    print(f"\n| a note of 200 words with {EDITS} edits, in the log | beside its text |\n|---|---|")
    for every in (EDITS, 5, 1):
        first, second, relay = _pair(os.path.join(folder, str(every)))
        first.sync.run()
        before = _size(relay)
        made = first.notes.add_new(note)
        for number in range(1, EDITS + 1):
            words = first.notes.get(made.id).body.split(" ")
            words.insert(source.randrange(len(words)), source.choice(("grace", "mercy", "peace")))
            first.notes.change(made.id, scribes.NotePatch(body=" ".join(words)))
            if number % every == 0:
                first.sync.run()
        text = len(note.title.encode()) + len(first.notes.get(made.id).body.encode())
        print(f"| synchronised every {every} edits | {(_size(relay) - before) / text:.2f}x |")
        if every == 1:
            first.sync.compact()
            print(f"| the same, compacted (all of the log) | {_size(relay) / text:.2f}x |")
        for vault in (first, second, relay):
            vault.close()


def over_http(folder: str, number: int) -> None:
    """A first sync through a server in a process of its own beside the one through a remote in this process, in turns;
    and what an idle sync of three spaces takes.
    """
    from tests.server.serving import Served

    print(f"\n| first sync of {number:,} notes | in this process, s | over HTTP, s | ratio |\n|---|---|---|---|")
    taken = list(material.notes(number))
    first, second, relay = _pair(os.path.join(folder, "here"))
    first.notes.add_many(taken)
    here = [_wall(vault.sync.run) for vault in (first, second)]
    for vault in (first, second, relay):
        vault.close()
    with Served(Path(folder) / "served", mode="development", index_meaning="false") as served:
        first, second = (_open(os.path.join(folder, "there"), name) for name in ("first", "second"))
        first.servers.log_in(served.url, email="anna@example.org", password="four words are good", is_new=True)
        second.servers.log_in(served.url, email="anna@example.org", password="four words are good")
        code = second.devices.ask(second.servers.remote(served.url), kind="server", place=served.url).code
        first.devices.let_in(code)
        second.devices.is_let_in()
        first.notes.add_many(taken)
        there = [_wall(vault.sync.run) for vault in (first, second)]
        assert second.notes.count() == number
        for name, one, other in zip(("push", "pull and apply"), here, there, strict=True):
            print(f"| {name} | {one:.2f} | {other:.2f} | {other / one:.2f}x |")
        print(f"| both | {sum(here):.2f} | {sum(there):.2f} | {sum(there) / sum(here):.2f}x |")
        for name in ("Bethel", "Hebron"):
            first.circles.create(name)
        first.sync.run()
        idle = sorted(_wall(first.sync.run) for _ in range(31))
        print(f"\nA sync with nothing new, three spaces over HTTP, one request: {idle[15] * 1e3:.1f} ms.")
        for vault in (first, second):
            vault.close()


def _wall(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _size(relay: scribes.Scribes) -> int:
    with relay._context.engine.read() as tx:
        return int(tx.value("SELECT coalesce(sum(length(raw)), 0) FROM relay_entry"))


if __name__ == "__main__":
    measure()
