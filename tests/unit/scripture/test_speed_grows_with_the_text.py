"""Ten megabytes cost ten times what one costs: work is counted as lines run, so that a busy machine changes nothing."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from scribes.scripture import find

HOSTILE = {
    "a list without end": "Gen 1:1" + ",2" * 500,
    "chapters without end": "Gen 1" + "-2" * 500,
    "bare verses": "Rom 8:1 " + "v. 5 " * 200,
    "headings": "# Rom 8\n" * 150,
    "unknown words": " ".join(f"Gal{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}tian 3:16" for i in range(80)),
    "number words": "John three " * 100,
    "open brackets": "John 3:16" + "(" * 1000,
    "blanks": "John" + " " * 1000 + "3:16",
    "backquotes": "` " * 500 + "1",
    "prefaces": "letter of the " * 80 + "John 3:16",
    "digits": "1" * 1000,
    "notes": "On Sunday we read John 3:16 and 1 Cor 13, then prayed. " * 20,
}


def lines_run(text: str) -> int:
    """Return how many lines of Python a search runs."""
    count = 0

    def trace(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        find(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_four_times_the_text_is_at_most_about_four_times_the_work(text: str) -> None:
    find(text * 4)

    assert lines_run(text * 4) <= 4.6 * lines_run(text) + 500


def test_ten_megabytes_are_read_to_the_end() -> None:
    line = "We sang, and somebody read from the letter; nobody counted the chairs in the back of the hall.\n"
    text = line * (10_000_000 // len(line)) + "John 3:16"

    assert [span.begin for span in find(text)] == [len(text) - 9]
