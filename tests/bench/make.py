"""Make a vault of so many notes in the home folder of the environment, and say the rate and the peak memory."""

from __future__ import annotations

import resource
import sys
import time

import scribes

from .material import notes


def main() -> None:
    """Make it."""
    count = int(sys.argv[1])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    with scribes.open() as vault:
        vault.notes.add_many(notes(count))
    rate = count / (time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{rate:,.0f} a CPU second (making their text included), peak memory {peak:.0f} MB ({before:.0f} before)")


main()
