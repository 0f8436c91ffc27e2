"""`python -m tests.api_fuzz [NUMBER] [PHASE …]`: at least NUMBER requests, 5,000 by default."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.server.town import Town

from . import PHASES, Report, asked, by_status


def main(wanted: int, phases: tuple[str, ...]) -> int:
    """Ask, and print what came of it."""
    begun, total, failures = time.monotonic(), 0, 0
    rounds = 0
    while total < wanted:
        with tempfile.TemporaryDirectory() as folder, Town(Path(folder) / "server").opened() as town:
            per = max(3, (wanted - total) // (2 * len(town.operations)))
            report = asked(town, examples=per, phases=phases, seed=rounds + 1)
        total, failures, rounds = total + report.total, failures + len(report.failures), rounds + 1
        show(report)
        if not report.total:
            break
    print(f"{total} requests in {time.monotonic() - begun:.0f} s, {failures} failures")
    return 1 if failures or total < wanted else 0


def show(report: Report) -> None:
    """The failures of a round, its figures, and what never went well."""
    for (operation, title), text in sorted(report.failures.items()):
        print(f"--- {operation}: {title} ({report.times[operation, title]} times)\n{text}\n")
    print(dict(report.cases), dict(sorted(by_status(report).items())))
    print("never went well:", ", ".join(report.never_done()))


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(int(words[0]) if words else 5000, tuple(words[1:]) or PHASES))
