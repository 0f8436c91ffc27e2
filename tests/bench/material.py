"""Notes to measure on, and how processes are measured."""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from scribes import NewNote

WORDS_A_NOTE = 200
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}


def verses() -> list[str]:
    """The verses of the bundled World English Bible: real sentences with the frequencies of real words."""
    from scribes.scripture import canon, texts

    return [verse.text for verse in texts.read(canon.ordinal(1, 1, 1), canon.ordinal(66, 22, 21), translation="web")]


def notes(count: int, *, seed: int = 1) -> Iterator[NewNote]:
    """So many notes of about 200 words: verses picked at random, with speakers, dates and tags; the same every run."""
    source, said = random.Random(seed), verses()
    first = datetime(2010, 1, 3, 10, 30, tzinfo=UTC)
    for number in range(count):
        paragraphs: list[str] = []
        while sum(len(paragraph.split()) for paragraph in paragraphs) < WORDS_A_NOTE:
            paragraphs.append(source.choice(said))
        yield NewNote(
            title=" ".join(source.choice(said).split()[:6]),
            body="\n\n".join(paragraphs),
            occurred_at=first + timedelta(hours=number),
            speaker=f"Speaker {number % 40}",
            tags=(f"tag{number % 14}", f"tag{number % 500}"),
        )


def interleaved_cpu_ms(commands: dict[str, list[str]], *, rounds: int, environment: dict[str, str]) -> dict[str, float]:
    """The median CPU time of whole processes, all of them run in turn so that a busy machine slows each alike."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, env=environment, **SILENT, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            taken[name].append(spent * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def environment(home: str) -> dict[str, str]:
    """A clean environment with its home in a folder; byte code is cached, as for an installed program."""
    return {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC", "SCRIBES_INDEXING": "manual"}


def script(name: str) -> str:
    """A console script of the environment this runs in."""
    return os.path.join(os.path.dirname(sys.executable), name)


def percentile_ms(run: Callable[[str], object], inputs: list[str], *, share: float = 0.95) -> float:
    """The p95 of the wall time of calls, in milliseconds."""
    import time

    taken = []
    for text in inputs:
        start = time.perf_counter()
        run(text)
        taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)[int(len(taken) * share)]
