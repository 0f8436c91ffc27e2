"""`python -m tests.bench`: what Scribes costs, beside something everybody knows, in one run. Prints Markdown.

`quick` measures small vaults only; `keep FOLDER` keeps the vaults it makes, so that the next run need not make them;
`million` searches a million vectors too, which takes ten minutes and 4 GB of memory.
"""

from __future__ import annotations

import os
import sys
import tempfile

# Before numpy is loaded: what is measured is one core, as the command line uses it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from . import (
    bench_references,
    bench_texts,
    cold,
    library,
    links,
    meaning,
    merging,
    passages,
    serving,
    syncing,
    timing,
    vectors,
)


def main(arguments: list[str]) -> None:
    """Measure and print."""
    sizes = [1_000, 10_000] if "quick" in arguments else [1_000, 10_000, 100_000]
    kept = arguments[arguments.index("keep") + 1] if "keep" in arguments else None
    with tempfile.TemporaryDirectory() as folder:
        homes = library.make_vaults(sizes, kept or folder)
        cold.measure(homes)
        library.measure(homes[sizes[-1]], sizes[-1])
    passages.measure()
    vectors.measure([20_000 if "quick" in arguments else 100_000, *([1_000_000] if "million" in arguments else [])])
    meaning.measure(20_000 if "quick" in arguments else 100_000)
    links.measure()
    merging.measure()
    syncing.measure(2_000 if "quick" in arguments else 10_000)
    serving.measure(10_000 if "quick" in arguments else 100_000)
    timing.measure(10_000 if "quick" in arguments else 100_000)
    print("\nFinding references, and reading texts:\n")
    bench_references.main()
    bench_texts.main()


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main(sys.argv[1:])
