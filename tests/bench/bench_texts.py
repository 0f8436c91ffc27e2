"""Reading, searching and cross references, timed: `python tests/bench/bench_texts.py [OPENBIBLE.zip]`.

CPU time, medians, and as a ratio to a plain dict lookup (warm) or to `python -c pass` (cold), since machines differ.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from scribes.scripture import crossrefs, openbible, texts, topics

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = ("faith", "love", "jesus wept", "justified by faith", "the lord is my shepherd", "in the beginning", "the")
RAREST = ("I am", "fear not", '"son of man"', '"and the of"', "lord god almighty heaven earth", "xyzzy")


def cpu_us(call: Callable[[], object], *, times: int = 200) -> float:
    """Return the median CPU time of a call in microseconds."""
    spent = []
    for _ in range(times):
        began = time.process_time_ns()
        call()
        spent.append(time.process_time_ns() - began)
    return median(spent) / 1000


def cold_ms(code: str, *, times: int = 9) -> float:
    """Return the median CPU time in milliseconds of a Python process that runs `code`."""
    spent = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(ROOT / "src")})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return median(spent) * 1000


def main(votes: str | None = None) -> None:
    """Print the table; with OpenBible's cross references, what importing them takes too."""
    table = dict.fromkeys(range(40_000))
    lookup = cpu_us(lambda: [table[n] for n in range(0, 10_000, 10)]) / 1000

    def show(name: str, us: float) -> None:
        print(f"{name:52} {us:10.1f} us  {us / lookup:10.0f} x a dict lookup")

    show("a dict lookup", lookup)
    text = texts._open("web", None)

    def unkept(start: int, end: int) -> Callable[[], object]:
        def call() -> object:
            text._kept.clear()
            return texts.read(start, end)

        return call

    show("read Romans 8:28-30, chapter kept", cpu_us(lambda: texts.read(45008028, 45008030)))
    show("read Romans 8:28-30, chapter not kept", cpu_us(unkept(45008028, 45008030)))
    show("read Romans 8, chapter not kept", cpu_us(unkept(45008001, 45008039)))
    show("read Psalm 119, chapter not kept", cpu_us(unkept(19119001, 19119176)))
    show("read Psalm 119, chapter kept", cpu_us(lambda: texts.read(19119001, 19119176)))
    for words in WORDS + RAREST:
        show(f"search {words}", cpu_us(lambda words=words: texts.search(words), times=41))  # type: ignore[misc]
    show("cross references of John 3:16", cpu_us(lambda: crossrefs.of(43003016, 43003016)))
    show("cross references of Romans 8:28-30", cpu_us(lambda: crossrefs.of(45008028, 45008030)))
    show("cross references of Romans 8", cpu_us(lambda: crossrefs.of(45008001, 45008039)))
    show("topics of John 3:16", cpu_us(lambda: topics.of(43003016, 43003016)))
    show("topics named faith", cpu_us(lambda: topics.find("faith")))
    if votes:
        imported(votes, show)
    cold()


def imported(path: str, show: Callable[[str, float], None]) -> None:
    """Time an import of the OpenBible.info download, and its lookups."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        report = openbible.import_file(path, folder)
        table = Path(folder) / crossrefs.IMPORTED
        print(f"imported {report.rows:,} rows ({report.bad} bad) in {time.process_time() - began:.1f} s CPU, ", end="")
        print(f"{table.stat().st_size:,} bytes")
        for name, start, end in (("John 3:16", 43003016, 43003016), ("Romans 8:28-30", 45008028, 45008030)):
            us = cpu_us(lambda start=start, end=end: crossrefs.of(start, end, path=table))  # type: ignore[misc]
            show(f"imported cross references of {name}", us)


def cold() -> None:
    """Time a process that does one thing and ends."""
    nothing = cold_ms("pass")
    print(f"{'python -c pass':52} {nothing:10.1f} ms")
    for name, code in (
        ("import texts", "import scribes.scripture.texts"),
        ("read Romans 8:28-30", "from scribes.scripture import texts; texts.read(45008028, 45008030)"),
        ("search justified by faith", "from scribes.scripture import texts; texts.search('justified by faith')"),
        ("cross references of John 3:16", "from scribes.scripture import crossrefs; crossrefs.of(43003016, 43003016)"),
        ("topics named faith", "from scribes.scripture import topics; topics.find('faith')"),
    ):
        ms = cold_ms(code)
        print(f"{'cold: ' + name:52} {ms:10.1f} ms  {ms / nothing:10.2f} x python -c pass")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
