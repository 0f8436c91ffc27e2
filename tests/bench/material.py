"""Notes to measure on: made words with the frequencies of English, the same ones every run."""

from __future__ import annotations

import itertools
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
VOCABULARY = 20_000
SYLLABLES = ["ba", "ce", "di", "fo", "gra", "ho", "in", "ju", "ki", "lo", "me", "na", "or", "pe", "qui", "re", "so", "tu"]
KNOWN = ["the", "and", "of", "to", "lord", "that", "god", "in", "grace", "faith", "hope", "love", "mercy", "covenant"]


def vocabulary() -> tuple[list[str], list[float]]:
    """Words and their cumulative weights, by Zipf's law; some are words of the field."""
    made = ("".join(parts) for size in (2, 3, 4) for parts in itertools.product(SYLLABLES, repeat=size))
    words = [*KNOWN, *itertools.islice(made, VOCABULARY - len(KNOWN))]
    return words, list(itertools.accumulate(1 / rank for rank in range(3, len(words) + 3)))


def notes(count: int, *, seed: int = 1) -> Iterator[NewNote]:
    """So many notes of 200 words in four paragraphs, with speakers, dates and tags."""
    source = random.Random(seed)
    words, weights = vocabulary()
    first = datetime(2010, 1, 3, 10, 30, tzinfo=UTC)
    for number in range(count):
        picked = source.choices(words, cum_weights=weights, k=WORDS_A_NOTE)
        paragraphs = [" ".join(picked[at : at + 50]).capitalize() + "." for at in range(0, WORDS_A_NOTE, 50)]
        yield NewNote(
            title=" ".join(source.choices(words, cum_weights=weights, k=5)).capitalize(),
            body="\n\n".join(paragraphs),
            occurred_at=first + timedelta(hours=number),
            speaker=f"Speaker {number % 40}",
            tags=(KNOWN[number % len(KNOWN)], f"tag{number % 500}"),
        )


def interleaved_cpu_ms(commands: dict[str, list[str]], *, rounds: int, environment: dict[str, str]) -> dict[str, float]:
    """The median CPU time of whole processes, all of them run in turn so that a busy machine slows each alike."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            taken[name].append(spent * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def environment(home: str) -> dict[str, str]:
    """A clean environment with its home in a folder; byte code is cached, as for an installed program."""
    return {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}


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
