"""`python -m tests.histories 20000 [first seed]`: random histories on all cores; the seeds that fail, with why."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time

from . import driver


def main(number: int, first: int) -> int:
    begun, failed = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 2, maxtasksperchild=200) as pool:
        for done, (seed, why) in enumerate(pool.imap_unordered(driver.attempt, range(first, first + number)), 1):
            if why:
                failed += 1
                print(f"seed {seed}:\n{why}", flush=True)
            if done % 500 == 0:
                print(f"{done} histories, {failed} failed, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{number} histories, {failed} failed, {time.monotonic() - begun:.0f} s")
    return int(failed > 0)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # So that a seed is the same history each time.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
