"""Fuzzing that is guided by coverage: `python -m tests.fuzz.guided TARGET [options of libFuzzer]`."""

from __future__ import annotations

import random
import sys

import atheris

with atheris.instrument_imports(include=["scribes.crypto", "scribes.domain", "scribes.storage", "scribes.canonical"]):
    from scribes.errors import ScribesError
    from tests.fuzz import targets


def main() -> None:
    name = sys.argv.pop(1)
    target = targets.TARGETS[name]

    def one_input(data: bytes) -> None:
        try:
            target(data)
        except ScribesError:
            pass

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        """Structure first; then what libFuzzer does."""
        if seed % 3:
            return targets.make(random.Random(seed), name)[:max_size]
        return atheris.Mutate(data, max_size)

    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


main()
