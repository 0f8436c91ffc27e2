"""Accuracy on the two sets of cases that lie beside the project, where they are at hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from passages import verses_found, verses_of

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases"
SUITE, NOTES = CASES / "references_suite_sample.json", CASES / "references_notes_sample.json"

needs_cases = pytest.mark.skipif(
    not SUITE.exists(), reason="the sets of cases are not beside the project (../shared/cases)"
)


def passed(cases: list[dict[str, Any]]) -> tuple[Counter[str], Counter[str]]:
    """Return how many cases of each group there are, and how many give the expected set of verses."""
    total: Counter[str] = Counter(case["group"] for case in cases)
    right: Counter[str] = Counter(
        case["group"] for case in cases if verses_found(case["text"]) == verses_of(case["osis"])
    )
    return total, right


@needs_cases
def test_the_suite_sample_passes_to_95_percent_and_without_names_of_books_to_88() -> None:
    total, right = passed(json.loads(SUITE.read_text(encoding="utf-8"))["cases"])
    others = total.total() - total["books"]

    assert right.total() / total.total() >= 0.95, right
    assert (right.total() - right["books"]) / others >= 0.88, right


@needs_cases
def test_the_notes_sample_passes_to_96_percent_with_every_negative() -> None:
    total, right = passed(json.loads(NOTES.read_text(encoding="utf-8")))

    assert right.total() / total.total() >= 0.96, right
    assert right["negative"] == total["negative"]
