"""The arithmetic of vectors, over bytes: no SQL, and the only part of the core that loads numpy."""

from __future__ import annotations

import os
import sys

_THREADS = "OPENBLAS_NUM_THREADS"


def _import_numpy() -> None:
    """Import numpy with one thread for its mathematics, unless the environment asks for more.

    Starting a thread for each core doubles the time that importing numpy takes, and one query is too small to share.
    """
    if "numpy" in sys.modules or _THREADS in os.environ:
        return
    os.environ[_THREADS] = "1"
    try:
        import numpy as np  # noqa: F401 - imported for what it does at its first import
    finally:
        # Programs we start, such as an editor, are not ours to limit.
        del os.environ[_THREADS]


_import_numpy()
