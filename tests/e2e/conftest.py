"""What the end-to-end tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .machine import Machine


def pytest_addoption(parser: pytest.Parser) -> None:
    """The switch that writes what happens into the transcripts: pytest tests/e2e --update-transcripts."""
    parser.addoption("--update-transcripts", action="store_true", help="rewrite what tests/e2e/*.txt expect")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nobody has used Scribes yet."""
    return Machine(tmp_path)
