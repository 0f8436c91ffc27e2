"""`python -m tests.histories 20000 [first seed]`: random histories on all cores; the seeds that fail, with why."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import traceback

from . import driver


def _one(seed: int) -> tuple[int, str]:
    try:
        driver.run(seed)
    except BaseException:
        return seed, traceback.format_exc()
    return seed, ""


def main(number: int, first: int) -> int:
    begun, failed = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 2) as pool:
        for done, (seed, why) in enumerate(pool.imap_unordered(_one, range(first, first + number), chunksize=5), 1):
            if why:
                failed += 1
                print(f"seed {seed}:\n{why}", flush=True)
            if done % 500 == 0:
                print(f"{done} histories, {failed} failed, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{number} histories, {failed} failed, {time.monotonic() - begun:.0f} s")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
