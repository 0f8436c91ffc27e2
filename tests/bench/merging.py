"""Merging pairs of edits of one note: Scribes, `git merge-file` and pycrdt; what they lose, and what they cost."""

from __future__ import annotations

import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pycrdt

from scribes.domain.diff import diff
from scribes.domain.merge import merge_texts

from .merge_pairs import MARKERS, Pair, judge, pairs, words

ROUNDS = 15
Merged = tuple[str, list[str]]


def measure() -> None:
    """Print the tables."""
    found = pairs()
    systems: dict[str, Callable[[Pair], Merged]] = {
        "Scribes": by_scribes,
        "git merge-file": by_git,
        "git merge-file --union": lambda pair: by_git(pair, "--union"),
        "pycrdt, edits by words": by_pycrdt,
    }
    print(f"\n| {len(found)} pairs of edits | flagged | with something garbled | garbled sentences | lost words |")
    print("|---|---|---|---|---|")
    for name, merge in systems.items():
        flagged, bad, garbled, lost = 0, 0, 0, 0
        for pair in found:
            text, conflicts = merge(pair)
            judged = judge(pair, text, conflicts)
            flagged, bad = flagged + bool(conflicts), bad + bool(judged.garbled)
            garbled, lost = garbled + len(judged.garbled), lost + len(judged.lost)
        print(f"| {name} | {flagged} | {bad} | {garbled} | {lost} |")
    _kinds(found)
    _times()


def by_scribes(pair: Pair) -> Merged:
    """The merged text, and what is flagged in it."""
    text, clashes = merge_texts(pair.base, pair.ours, pair.theirs)
    return text, [clash.merged for clash in clashes]


def by_git(pair: Pair, *options: str) -> Merged:
    """The text with conflict markers, where there are any."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for file, text in zip(files, (pair.ours, pair.base, pair.theirs), strict=True):
            # Without a last line end git joins what it puts side by side: that is its file format, not its merge.
            file.write_text(text if text.endswith("\n") or not text else text + "\n", encoding="utf-8")
        command = ["git", "merge-file", "-p", "-q", *options, *map(str, files)]
        text = subprocess.run(command, capture_output=True, check=False).stdout.decode()
    return text, [text] * bool(MARKERS.search(text))


def by_pycrdt(pair: Pair) -> Merged:
    """The text that two replicas have after they exchanged their updates."""
    replicas = _replicas(pair)
    replicas[0].apply_update(replicas[1].get_update(replicas[0].get_state()))
    return str(replicas[0]["text"]), []


def _replicas(pair: Pair) -> list[pycrdt.Doc[pycrdt.Text]]:
    """Two documents that grew from one; their numbers are fixed, since ties are broken by them."""
    first: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc(client_id=1)
    first["text"] = pycrdt.Text(pair.base)
    replicas = []
    for number, side in enumerate((pair.ours, pair.theirs), 2):
        replica: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc(client_id=number)
        replica["text"] = pycrdt.Text()
        replica.apply_update(first.get_update())
        _edit(replica, pair.base, side)
        replicas.append(replica)
    return replicas


def _edit(replica: pycrdt.Doc[pycrdt.Text], base: str, text: str) -> None:
    shared = replica["text"]
    with replica.transaction():
        for start, removed, inserted in reversed(diff(base, text)):
            # pycrdt counts bytes of UTF-8.
            first, last = (len(base[:at].encode()) for at in (start, start + removed))
            del shared[first:last]
            if inserted:
                shared.insert(first, inserted)


def _kinds(found: list[Pair]) -> None:
    kinds: dict[str, list[bool]] = {}
    for pair in found:
        kinds.setdefault(pair.kind, []).append(bool(by_scribes(pair)[1]))
    print("\n| kind of pair | pairs | flagged by Scribes |\n|---|---|---|")
    for kind, flagged in kinds.items():
        print(f"| {kind} | {len(flagged)} | {sum(flagged)} |")


def _times() -> None:
    """Medians of CPU for two edits of a note of 2,000 words, as it lies in paragraphs and as one line."""
    source = random.Random(1)
    base = "\n\n".join(" ".join(f"w{source.randrange(800)}" for _ in range(80)) + "." for _ in range(25)) + "\n"
    print("\n| two edits of a note of 2,000 words | in paragraphs | as one line |\n|---|---|---|")
    rows: dict[str, list[float]] = {}
    for text in (base, " ".join(base.split())):
        pair = Pair("", text, _with_word(text, 90), _with_word(text, -90))
        assert len(words(text)) == 2_000
        rows.setdefault("Scribes", []).append(_taken_ms(lambda pair=pair: by_scribes(pair)))
        rows.setdefault("git merge-file, the process with it", []).append(_taken_ms(lambda pair=pair: by_git(pair)))
        rows.setdefault("pycrdt, both documents made anew", []).append(_taken_ms(lambda pair=pair: by_pycrdt(pair)))
        rows.setdefault("pycrdt, the exchange alone", []).append(_exchanged_ms(pair))
    for name, taken in rows.items():
        cells = [f"{ms:.2f} ms, {ms / own:.1f}x" for ms, own in zip(taken, rows["Scribes"], strict=True)]
        print(f"| {name} | {' | '.join(cells)} |")


def _with_word(text: str, at: int) -> str:
    tokens = text.split(" ")
    tokens.insert(at, "changed")
    return " ".join(tokens)


def _taken_ms(run: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def _exchanged_ms(pair: Pair) -> float:
    """What pycrdt takes where the documents lie in memory, with their history, and the edits are known."""
    taken = []
    for _ in range(ROUNDS):
        replicas = _replicas(pair)
        start = time.perf_counter()
        replicas[0].apply_update(replicas[1].get_update(replicas[0].get_state()))
        str(replicas[0]["text"])
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    measure()
