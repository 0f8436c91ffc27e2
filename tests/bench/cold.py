"""Whole commands from a cold start: CPU time of the process against that of `python -c pass`, run in turn."""

from __future__ import annotations

import sys

from .material import environment, interleaved_cpu_ms, script

ROUNDS = 15
HOT = {
    "add": ["add", "a note on grace"],
    "list": ["list"],
    "find --words": ["find", "--words", "grace"],
    "show": ["show", "1"],
}
OTHERS = {
    "overview": [],
    "history": ["history", "1"],
    "tags": ["tags"],
    "trash list": ["trash", "list"],
    "drafts": ["drafts"],
    "key show": ["key", "show"],
    "today": ["today"],
    "stats": ["stats"],
    "jobs run": ["jobs", "run"],
    "remind": ["remind", "pray for Ruth", "tomorrow 8am"],
}
LIMITS = {"add": 3.0, "list": 3.0, "find --words": 3.0, "--version": 1.5, "import scribes": 1.3}
READING_LIMIT = 8.0


def measure(homes: dict[int, str]) -> None:
    """Print the ratios, at every size of the vault for the hot commands."""
    ratios: dict[str, dict[int, float]] = {}
    for size, home in homes.items():
        commands = {"pass": [sys.executable, "-c", "pass"]}
        commands |= {name: [script("scribes"), *words] for name, words in HOT.items()}
        if size == 10_000:
            commands |= {name: [script("scribes"), *words] for name, words in OTHERS.items()}
            commands["--version"] = [script("scribes"), "--version"]
            commands["import scribes"] = [sys.executable, "-c", "import scribes"]
        taken = interleaved_cpu_ms(commands, rounds=ROUNDS, environment=environment(home))
        for name, spent in taken.items():
            ratios.setdefault(name, {})[size] = spent / taken["pass"]
        print(f"\n{size:,} notes: `python -c pass` takes {taken['pass']:.1f} ms of CPU\n")
    sizes = list(homes)
    print("| command | " + " | ".join(f"{size:,} notes" for size in sizes) + " | largest / smallest | limit |")
    print("|---" * (len(sizes) + 3) + "|")
    for name, row in ratios.items():
        if name == "pass":
            continue
        cells = [f"{row[size]:.2f}x" if size in row else "" for size in sizes]
        growth = f"{row[sizes[-1]] / row[sizes[0]]:.2f}" if len(row) == len(sizes) else ""
        limit = LIMITS.get(name, READING_LIMIT)
        print(f"| {name} | {' | '.join(cells)} | {growth} | {limit:.1f}x |")
