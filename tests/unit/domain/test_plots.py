"""Numbers as plots: what is more looks like more, nothing gets lost, and nothing is wider than it should be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scribes.domain import plots

VALUES = st.lists(st.integers(0, 1_000), max_size=60)


def height(lines: list[str], column: int) -> int:
    marks = [line[column] if column < len(line) else " " for line in lines]
    return sum(plots.EIGHTHS.find(mark) for mark in marks if mark in plots.EIGHTHS)


def test_columns_grow_from_the_ground() -> None:
    assert plots.columns([0, 1, 4, 8]) == ["·▁▄█"]
    assert plots.columns([0, 4, 8, None, 16], rows=2) == ["    █", "·▄█ █"]
    assert plots.columns([]) == [""]
    assert plots.columns([0, 0]) == ["··"]
    assert plots.columns([0.5, None, 1.0], most=1.0) == ["▄ █"]


def test_bars_grow_to_the_right() -> None:
    assert plots.bar(8, 8, width=3) == "███"
    assert plots.bar(4, 8, width=3) == "█▌"
    assert plots.bar(0, 8, width=3) == ""
    assert plots.bar(1, 1_000, width=3) == "▏"


@given(VALUES, st.integers(1, 5))
def test_more_is_never_lower_and_something_is_never_nothing(values: list[int], rows: int) -> None:
    lines = plots.columns(values, rows=rows)
    heights = [height(lines, at) for at in range(len(values))]

    assert len(lines) == rows
    assert all(len(line) <= len(values) for line in lines)
    for one, mine in zip(values, heights, strict=True):
        assert (mine > 0) == (one > 0)
        assert all(mine <= other for another, other in zip(values, heights, strict=True) if one <= another)
    if any(values):
        assert max(heights) == 8 * rows


@given(VALUES, st.integers(1, 80))
def test_what_is_gathered_fits_and_adds_up(values: list[int], width: int) -> None:
    found, each = plots.gathered(values, width=width)

    assert len(found) <= width
    assert sum(found) == sum(values)
    assert values == [] or found[-1] == sum(values[-each:])


@given(st.integers(0, 1_000), st.integers(0, 1_000), st.integers(1, 1_000))
def test_more_is_never_lighter(one: int, other: int, most: int) -> None:
    shades = [plots.SHADES.index(plots.shade(value, most)) for value in sorted((one, other))]

    assert shades == sorted(shades)
    assert plots.shade(most, most) == plots.SHADES[-1]
    assert (plots.shade(one, most) == plots.SHADES[0]) == (one == 0)
