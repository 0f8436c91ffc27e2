"""Speed of finding references, side by side with other libraries, in one run: MB/s and microseconds of CPU time.

    python tests/bench/bench_references.py

`pythonbible` and `topos-bible` are development dependencies; a line says where one is not installed.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Search = Callable[[str], object]

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

MEGABYTE = 1_000_000
REFERENCES = (
    *("John 3:16", "Rom 8:28-30", "1 Cor 13:4", "Psalm 23", "Gen 1:1, 3", "Isa. 53:5", "Matthew 5:3-12", "2 Tim 3:16"),
    *("Eph 2:8-9", "Heb 11", "Phil 4:13", "Jas 1:2-4; 3:1", "Luke 15:11–32", "1 John 4:8", "Prov 3:5,6", "Acts 2:42"),
)
DENSE = (
    "John 3:16",
    "Rom 8:28-30",
    "1 Cor 13:4",
    "Ps 23:1",
    "Isa 53:5",
    "Matt 5:3-12",
    "2 Tim 3:16",
    "Eph 2:8-9",
    "Heb 11:1",
)
SENTENCES = (
    "The preacher began with the waiting of the people, and how long a night can be.",
    "What struck me was that nobody in the story asks for what he is given.",
    "Grace is not a wage; it comes first, and what we do comes after.",
    "We sang for 20 minutes and prayed for the 3 families who moved away.",
    "He said it twice, slowly: you are not your own.",
    "I want to come back to this on Thursday and read the whole chapter.",
    "A question for the circle: where did you see patience this week?",
)
SHORT = "Sermon on John 3:16 and Rom 8"


def sparse(size: int) -> str:
    """Return notes in which nothing is quoted."""
    chosen = random.Random(1)
    lines: list[str] = []
    total = 0
    while total < size:
        lines.append(chosen.choice(SENTENCES))
        total += len(lines[-1]) + 1
    return " ".join(lines)[:size]


def notes(size: int, references: int = 2000) -> str:
    """Return notes with references spread evenly."""
    chosen = random.Random(2)
    step = size // references
    body = sparse(size)
    pieces = (body[at : at + step - 16] + " " + chosen.choice(REFERENCES) + ". " for at in range(0, size, step))
    return "".join(pieces)[:size]


def dense(size: int) -> str:
    """Return nothing but references."""
    chosen = random.Random(3)
    return "; ".join(chosen.choice(DENSE) for _ in range(size // 9))[:size]


def seconds(search: Search, text: str, *, times: int) -> float:
    """Return the least CPU time of a search over some tries."""
    best = float("inf")
    for _ in range(times):
        begin = time.process_time()
        search(text)
        best = min(best, time.process_time() - begin)
    return best


def searches() -> Iterable[tuple[str, Search]]:
    """Return the libraries that are installed, ours first."""
    from scribes.scripture import find

    yield "scribes", find
    try:
        from topos_bible import OffsetUnit, Topos

        topos = Topos()
        yield "topos-bible", lambda text: topos.search(text, OffsetUnit.CHAR)
        # Its offsets in characters cost it more the longer the text is; in bytes it is what Rust can do.
        yield "  in bytes", lambda text: topos.search(text, OffsetUnit.BYTE)
    except ImportError:
        print("topos-bible is not installed: left out")
    try:
        import pythonbible  # type: ignore[import-untyped]

        yield "pythonbible", pythonbible.get_references
    except ImportError:
        print("pythonbible is not installed: left out")


def main() -> None:
    """Print the table."""
    texts = {"1 MB of notes": notes(MEGABYTE), "sparse": sparse(MEGABYTE), "dense": dense(MEGABYTE)}
    rows: list[tuple[str, dict[str, float], float]] = []
    for name, search in searches():
        search(SHORT)
        slow = name == "pythonbible"
        speeds = {}
        for kind, text in texts.items():
            # pythonbible takes minutes for a megabyte of references; a tenth tells its speed.
            part = text[: MEGABYTE // 10] if slow else text
            speeds[kind] = len(part) / 1e6 / seconds(search, part, times=1 if slow else 3)
        repeat = [SHORT] * (100 if slow else 2000)
        short = seconds(lambda _, search=search, repeat=repeat: [search(text) for text in repeat], "", times=3)  # type: ignore[misc]
        rows.append((name, speeds, short / len(repeat) * 1e6))
    print(f"{'CPU time':14}" + "".join(f"{kind:>20}" for kind in texts) + f"{'one short string':>20}")
    ours = rows[0]
    for name, speeds, short in rows:
        cells = "".join(f"{speed:>8.2f} MB/s {speed / ours[1][kind]:>5.2f}x" for kind, speed in speeds.items())
        print(f"{name:14}{cells}{short:>11.1f} us {ours[2] / short:>5.2f}x")
    print("x: speed over that of scribes (more than 1 is faster than scribes)")


if __name__ == "__main__":
    main()
