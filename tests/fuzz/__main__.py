"""`python -m tests.fuzz [NUMBER [SEED]]`: fuzzes with so many inputs, and with `atheris` too where it is installed.

Each part runs in a process of its own, so that its memory is its own too.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from tests.fuzz import targets

NUMBER, PART = 1_000_000, 100_000
COVERAGE_GUIDED = 40_000


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    done = 0
    while done < number:
        some = min(PART, number - done)
        part = [sys.executable, "-m", "tests.fuzz", "part", str(some), str(seed)]
        subprocess.run(part, check=True)
        done, seed = done + some, seed + 1
    guided = 0
    if _has_atheris():
        for name in ("plain", "entry", "control", "append"):
            subprocess.run(
                [sys.executable, "-m", "tests.fuzz.guided", name, f"-runs={COVERAGE_GUIDED}", "-max_len=4096",
                 "-verbosity=0", "-print_final_stats=0", f"-seed={seed}", "-rss_limit_mb=2048"],
                check=True,
            )  # fmt: skip
            guided += COVERAGE_GUIDED
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    seconds = time.monotonic() - began
    print(f"{done} inputs and {guided} guided by coverage, {seconds:.0f} s, {peak_mib} MiB at most: errors of ours")


def part(number: int, seed: int) -> None:
    try:
        counts = targets.run(number, seed)
    finally:
        targets.close()
    print(f"seed {seed}:", ", ".join(f"{name} {taken} of {total} taken" for name, (total, taken) in counts.items()))


def _has_atheris() -> bool:
    from importlib.util import find_spec

    return find_spec("atheris") is not None


if __name__ == "__main__":
    if sys.argv[1:2] == ["part"]:
        part(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
