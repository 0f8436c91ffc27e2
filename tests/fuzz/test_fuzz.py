"""A short run of the fuzzer with a fixed seed; `nox -s fuzz` is the long one."""

from __future__ import annotations

import tracemalloc

from tests.fuzz import targets


def test_20_000_altered_inputs_bring_errors_of_ours_alone() -> None:
    try:
        counts = targets.run(20_000, seed=20_261_128)
    finally:
        targets.close()

    assert sum(total for total, _ in counts.values()) == 20_000
    # Some are sound all the same: the fuzzer gets past the first check.
    assert all(taken for _, taken in counts.values())
    assert all(counts[name][0] > counts[name][1] for name in ("plain", "entry", "control", "append"))


def test_no_input_takes_much_memory() -> None:
    tracemalloc.start()
    try:
        targets.run(500, seed=3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        targets.close()

    assert peak < 200 << 20
