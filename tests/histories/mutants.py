"""Planted faults: the source with one thing broken, which the random histories must notice; all: `nox -s mutants`.

python -m tests.histories.mutants [name …]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "scribes"
SEEDS, TIMEOUT_S = 400, 900


@dataclass(frozen=True)
class Mutant:
    """A fault: in a file, a text that stands there once, and what is put in its place."""

    name: str
    file: str
    before: str
    after: str
    seeds: int = SEEDS


MUTANTS = (
    # The state of an item
    Mutant(
        "a deletion beats an edit",
        "domain/merge.py",
        "if not changed[0 if ours is None else 1] and base is None:",
        "if base is None:",
    ),
    Mutant(
        "a tag that one side added is dropped",
        "domain/merge.py",
        "if key not in base or (key in ours and key in theirs)]",
        "if key in ours and key in theirs]",
    ),
    Mutant(
        "a tag that one side removed comes back",
        "domain/merge.py",
        "if key not in base or (key in ours and key in theirs)]",
        "]",
    ),
    Mutant(
        "the base of a merge is empty",
        "domain/graph.py",
        'before, known, _ = self._contents[base] if base else ("", {}, ())',
        'before, known, _ = ("", {}, ())',
    ),
    Mutant(
        "of several heads only the first two are merged",
        "domain/graph.py",
        "for number, base in enumerate(self._bases(heads), 1):",
        "for number, base in list(enumerate(self._bases(heads), 1))[:1]:",
    ),
    Mutant(
        "heads are ordered as they came",
        "domain/graph.py",
        "return tuple(sorted(runs, key=lambda number: _age(self._runs[number].changes[-1])))",
        "return tuple(sorted(runs, key=lambda number: hash(self._runs[number].changes[-1]) ^ id(self)))",
    ),
    Mutant(
        "an edit of a merge stands on the merge",
        "services/writing.py",
        "    return {**gone, **changed}, diff(first.text, text)",
        "    return {**gone, **changed}, diff(graph.state().text, text)",
    ),
    Mutant(
        "an edit of a merge names one head",
        "services/writing.py",
        "    parents = split_ids(stored.heads)",
        "    parents = split_ids(stored.heads)[:1]",
    ),
    # Reading a log
    Mutant(
        "a row is made of the new changes alone",
        "services/arrivals.py",
        "graph = Graph(changes.of_item(tx, item, name) if history is None else history)",
        "graph = Graph(changes.of_item(tx, item, name)[-1:] if history is None else history)",
    ),
    # (That what waits is passed over is noticed by the ends of the chains, and read again: no fault of its own.)
    Mutant(
        "a log that was set back and filled again is read from where one was",
        "services/pulling.py",
        "            is_other = self._is_forked or waits or self._lacks_something(page)\n",
        "            is_other = False\n",
    ),
    Mutant(
        "an entry is known by its number alone",
        "services/pulling.py",
        "        if known.hash == entry.id:\n",
        "        if True:\n",
    ),
    Mutant(
        "keys of earlier epochs are not followed",
        "services/account.py",
        "while epoch > 1 and epoch - 1 not in known and epoch in begun:",
        "while False:",
    ),
    # Writing into it
    Mutant(
        "changes are marked as sent before they are",
        "services/pushing.py",
        "        self._remote.append(self._space.id, [entry.raw for entry, _ in batch])\n        with",
        "        with self._engine.write() as tx:\n"
        "            for entry, part in batch:\n"
        "                logs.mark_sent(tx, [change.id for change in part], 0)\n"
        "        self._remote.append(self._space.id, [entry.raw for entry, _ in batch])\n        with",
    ),
    Mutant(
        "only the first of several changes is sent",
        "services/pushing.py",
        "(self.bundle(part, seen if not number else {}), part) for",
        "(self.bundle(part[:1], seen if not number else {}), part) for",
    ),
    Mutant(
        "what a log lost is not given back",
        "services/pushing.py",
        "        self._give_back()\n        self._change_keys()",
        "        self._change_keys()",
    ),
    Mutant(
        "a bundle is sealed under the first key",
        "services/pushing.py",
        "            epoch_key=self._keys[self.ring.epoch],",
        "            epoch_key=self._keys[1],",
    ),
    Mutant(
        "what an entry brought that gave way counts as sent",
        "storage/logs.py",
        "    if before is not None and before.hash != entry.id:\n",
        "    if False:\n",
        seeds=1_500,
    ),
    # Who belongs to a space
    Mutant(
        "removing somebody keeps the key",
        "domain/keyring.py",
        "    return _rotated(_without(ring, ring.devices_of(member), _cuts(body), member=member), body)",
        "    return _without(ring, ring.devices_of(member), _cuts(body), member=member)",
    ),
    Mutant(
        "nobody changes the key after somebody left",
        "services/pushing.py",
        "        if self.ring.is_stale:\n",
        "        if False:\n",
    ),
)


def is_caught(mutant: Mutant) -> bool:
    """Whether some history fails with the fault planted, and none of those first seeds fails without it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "tests").mkdir()
        for name in ("__init__.py", "histories"):
            source = ROOT / "tests" / name
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, copy / "tests" / name)
        file = copy / "src" / "scribes" / mutant.file
        text = file.read_text(encoding="utf-8")
        assert text.count(mutant.before) == 1, f"{mutant.name}: its place is gone"
        file.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
        return _fails(copy, mutant.seeds)


def _fails(copy: Path, seeds: int) -> bool:
    program = (
        "import sys\n"
        f"sys.path[:0] = [{str(copy)!r}, {str(copy / 'src')!r}]\n"
        "import scribes\n"
        f"assert scribes.__file__.startswith({str(copy)!r})\n"
        "from tests.histories import driver\n"
        f"for seed in range({seeds}):\n"
        "    driver.run(seed)\n"
        "print('not caught')\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode != 0


def main(names: list[str]) -> int:
    """Plant the faults, two at a time; those that nobody noticed."""
    chosen = [mutant for mutant in MUTANTS if not names or any(name in mutant.name for name in names)]
    missed = []

    def plant(mutant: Mutant) -> tuple[Mutant, bool, float]:
        begun = time.monotonic()
        return mutant, is_caught(mutant), time.monotonic() - begun

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for mutant, caught, took_s in pool.map(plant, chosen):
            print(f"{'caught' if caught else 'MISSED'}  {took_s:5.0f} s  {mutant.name}", flush=True)
            if not caught:
                missed.append(mutant)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} planted faults were caught")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
