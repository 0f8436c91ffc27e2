"""Lines that one side of a merge moved, and the edits of the other side that must move with them."""

from __future__ import annotations

from .parts import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .parts import Hunk, Span, Text

    Splice = tuple[Span, list[str], list[str]]


def follow(base: Text, sides: tuple[Text, Text], hunks: list[list[Hunk]], places: list[Place]) -> bool:
    """Whether lines were moved by one side that the other changed: then the texts are changed in place.

    The edit is carried to where the lines went; lines that both moved go to one of the places. Moved by one and
    removed by the other, they stay, and are flagged.
    """
    moved = [_moved(base, side, hunks[n]) for n, side in enumerate(sides)]
    if not moved[0] and not moved[1]:
        return False
    splices: list[list[Splice]] = [[], []]
    for mover in (0, 1):
        for to, hunk in _edits_of_moved(moved[mover], moved[1 - mover], hunks[1 - mover]):
            low, high, start, end = hunk
            if start == end:
                said = base.said((low, high))
                places.append(Place(said, *((said, "") if mover == 0 else ("", said)), said, True))
            else:
                splices[mover].append(((to, to + high - low), *_cut(sides[1 - mover], (start, end))))
                splices[1 - mover].append(((start, end), *_cut(base, (low, high))))
    # Which of two places a line goes to must not depend on which side is called ours.
    loser = 0 if sides[0].parts <= sides[1].parts else 1
    targets = [_targets(found) for found in hunks]
    for line in moved[0].keys() & moved[1].keys():
        if targets[0][moved[0][line]] != targets[1][moved[1][line]]:
            splices[loser].append(((moved[loser][line], moved[loser][line] + 1), [], []))
    for side, found in zip(sides, splices, strict=True):
        for span, parts, gaps in sorted(found, key=lambda splice: splice[0], reverse=True):
            _splice(side, span, parts, gaps)
    return any(splices)


def _edits_of_moved(moved: dict[int, int], kept: dict[int, int], hunks: list[Hunk]) -> Iterator[tuple[int, Hunk]]:
    """The hunks of a side that change lines which the other side moved, and where those lines went.

    `kept` are the lines that the side itself moved: it has nothing to say about those at their old place.
    """
    put = set(kept.values())
    for hunk in _line_by_line(hunks):
        low, high, start, end = hunk
        to = _block(moved, low, high)
        if to is not None and kept.keys().isdisjoint(range(low, high)) and put.isdisjoint(range(start, end)):
            yield to, hunk


def _moved(base: Text, side: Text, hunks: list[Hunk]) -> dict[int, int]:
    """The lines that a side took away from one place and put, unaltered, at another: base line to line of the side."""
    from collections import Counter

    gone = {line: number for number, (low, high, _, _) in enumerate(hunks) for line in range(low, high)}
    came = {
        side.parts[line]: (line, number)
        for number, (_, _, start, end) in enumerate(hunks)
        for line in range(start, end)
    }
    # What one hunk takes and brings stays where it is.
    found = {line: base.parts[line] for line in gone if came.get(base.parts[line], (0, gone[line]))[1] != gone[line]}
    if not found:
        return {}
    # A line that stands more than once says nothing about where it went.
    often = Counter(base.parts), Counter(side.parts)
    return {
        line: came[said][0]
        for line, said in found.items()
        if often[0][said] == often[1][said] == 1 and any(map(str.isalnum, said))
    }


def _line_by_line(hunks: list[Hunk]) -> list[Hunk]:
    """Hunks with as many lines on either side as one for each line."""
    single = []
    for low, high, start, end in hunks:
        if high - low == end - start:
            single += [(low + n, low + n + 1, start + n, start + n + 1) for n in range(high - low)]
        else:
            single.append((low, high, start, end))
    return single


def _block(moved: dict[int, int], low: int, high: int) -> int | None:
    """Where lines went, if they went together; lines between two moved ones go with them."""
    if low == high:
        before, behind = moved.get(low - 1), moved.get(low)
        return behind if before is not None and behind == before + 1 else None
    to = moved.get(low)
    together = to is not None and all(moved.get(line) == to + line - low for line in range(low, high))
    return to if together else None


def _targets(hunks: list[Hunk]) -> dict[int, Span]:
    """For each line that came, the base lines of its hunk."""
    return {line: (low, high) for low, high, start, end in hunks for line in range(start, end)}


def _cut(text: Text, span: Span) -> tuple[list[str], list[str]]:
    """The parts of a span and the white space inside it."""
    return text.parts[slice(*span)], text.gaps[span[0] + 1 : span[1]]


def _splice(text: Text, span: Span, parts: list[str], gaps: list[str]) -> None:
    """Put parts, and the white space inside them, in the place of others."""
    start, end = span
    if parts and start < end:
        text.gaps[start + 1 : end] = gaps
    elif parts:
        # Between two lines: the white space there stands before and behind what comes.
        text.gaps[start + 1 : start + 1] = [*gaps, text.gaps[start]]
    else:
        # The stronger of the two gaps around what goes would do; at the end of the text only the last one will.
        at = start if end == len(text.parts) else start + 1
        del text.gaps[at : at + end - start]
    text.parts[start:end] = parts
