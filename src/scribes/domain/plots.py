"""Numbers as small plots for a terminal: columns, bars and shades, in Unicode blocks that need no colour."""

from __future__ import annotations

from math import ceil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

EIGHTHS = " ▁▂▃▄▅▆▇█"
EIGHTHS_ACROSS = " ▏▎▍▌▋▊▉█"
SHADES = "·░▒▓█"


def columns(values: Sequence[float | None], *, rows: int = 1, most: float | None = None) -> list[str]:
    """Values as columns side by side, in lines from the top; the greatest (or `most`) is as high as all of them.

    What is more than nothing shows at least a little; nothing is a dot on the ground, and None, no value, a gap.
    """
    top = max((value for value in values if value), default=0) if most is None else most
    heights = [_eighths(value, top, 8 * rows) for value in values]
    lines = []
    for row in range(rows - 1, -1, -1):
        line = "".join(EIGHTHS[min(max(height - 8 * row, 0), 8)] for height in heights)
        lines.append(line.rstrip() if row else _grounded(line, values))
    return lines


def bar(value: float, most: float, *, width: int) -> str:
    """A value as a bar from left to right, as wide as it is of the most."""
    eighths = _eighths(value, most, 8 * width)
    return EIGHTHS_ACROSS[8] * (eighths // 8) + EIGHTHS_ACROSS[eighths % 8].strip()


def shade(value: float, most: float) -> str:
    """A value as a shade: a dot for nothing, then four steps up to the most; the lowest begin early, so that few show.

    The steps follow the square root, because what is written about most is written about very much more.
    """
    if value <= 0 or most <= 0:
        return SHADES[0]
    part = min(1.0, value / most) ** 0.5
    return SHADES[max(1, ceil(4 * part))]


def gathered(values: Sequence[int], *, width: int) -> tuple[list[int], int]:
    """Values that fit so many columns, several added up in each where they are too many; and how many in each.

    They are gathered from the end, so that the last column is whole.
    """
    each = max(1, -(-len(values) // max(1, width)))
    first = len(values) % each
    ends = range(first if first else each, len(values) + 1, each)
    return [sum(values[max(0, end - each) : end]) for end in ends], each


def _eighths(value: float | None, most: float, whole: int) -> int:
    if not value or value < 0 or most <= 0:
        return 0
    return max(1, min(whole, round(whole * value / most)))


def _grounded(line: str, values: Sequence[float | None]) -> str:
    marks = zip(line, values, strict=True)
    return "".join(SHADES[0] if value is not None and not value else mark for mark, value in marks).rstrip()
