"""Weaving two texts that grew from one: lines first, then words inside lines that both sides changed.

A text is a row of parts (lines, or words and single other characters) with white space between them. What only one
side changed is taken; what both changed is kept twice and flagged. White space is merged for each pair of neighbours
by itself, so an inserted paragraph stays a paragraph and no two words become one. (domain/merge.py has the rules.)
"""

from __future__ import annotations

from ..records import record
from .diff import matches
from .moves import follow
from .parts import (
    LINE,
    WORD,
    Place,
    Text,
    are_alike,
    clusters,
    common,
    hunks_between,
    paired,
    read,
    solid,
    trimmed,
    unbalanced,
    unbalanced_in,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .diff import Run
    from .parts import Hunk, Spans, Trio

SENTENCE_ENDS = frozenset(".!?…。！？")
NOWHERE = -9
BASE, OURS, THEIRS = range(3)


@record
class _Piece:
    """A stretch of the merged text; where its first and last part stand in each text, and whose its ends are."""

    text: str
    left: tuple[int, ...]
    right: tuple[int, ...]
    first_of: int
    last_of: int


def weave(base: str | None, ours: str, theirs: str, places: list[Place]) -> tuple[str, list[str]]:
    """The merged text, and the words in it that are doubled; every place that a side changed is appended to `places`.

    No base: the common words are it.
    """
    head, tail, middles = trimmed([ours, theirs] if base is None else [base, ours, theirs], "\n")
    texts = [read(text, LINE) for text in middles]
    if base is None:
        trio, hunks = common(texts[0], texts[1], _evenly(texts[0], texts[1]))
        return head + _Weaver(trio, hunks, places, known=False).woven() + tail, []
    before, mine, other = texts
    hunks = [_changes(before, side, lines=True) for side in (mine, other)]
    followed = follow(before, (mine, other), hunks, places)
    if followed:
        hunks = [_changes(before, side, lines=True) for side in (mine, other)]
    woven = _Weaver((before, mine, other), hunks, places).woven()
    # Where an edit followed a moved line, the places do not say what the sides wrote.
    doubled, lost = (
        unbalanced(middles[BASE], middles[OURS], middles[THEIRS], woven) if followed else unbalanced_in(places)
    )
    if lost:
        # Where lines are alike, each side may be read as removing another of them: then all that both say stays.
        woven = f"{middles[OURS].rstrip()}\n\n{middles[THEIRS].lstrip()}"
        places[:] = [Place(middles[BASE], middles[OURS], middles[THEIRS], woven, True)]
    return head + woven + tail, doubled


def _weave_words(base: str | None, ours: str, theirs: str, places: list[Place], between: str) -> str:
    """The merged text of lines that both sides changed; `between` stands between whole lines that are both kept."""
    head, tail, middles = trimmed([ours, theirs] if base is None else [base, ours, theirs], " \t\n")
    texts = [read(text, WORD) for text in middles]
    ends = (not head or head.endswith("\n"), not tail)
    if base is None:
        runs = solid(_evenly(texts[0], texts[1]), texts[0], texts[1])
        trio, hunks = common(texts[0], texts[1], runs)
    else:
        trio = (texts[0], texts[1], texts[2])
        hunks = [_changes(trio[BASE], trio[side], lines=False) for side in (OURS, THEIRS)]
    weaver = _Weaver(trio, hunks, places, known=base is not None, words=True, ends=ends, between=between)
    return head + weaver.woven() + tail


class _Weaver:
    """The merge of three texts of one grain; lines that both sides changed are handed to one for their words."""

    def __init__(
        self,
        trio: Trio,
        hunks: list[list[Hunk]],
        places: list[Place],
        *,
        known: bool = True,
        words: bool = False,
        ends: tuple[bool, bool] = (True, True),
        between: str = "\n",
    ) -> None:
        self._trio, self._hunks, self._places = trio, hunks, places
        self._known, self._words, self._ends, self._between = known, words, ends, between

    def woven(self) -> str:
        """The merged text."""
        pieces: list[_Piece] = []
        at = (0, 0, 0)
        size = len(self._trio[BASE].parts)
        for spans in clusters(self._hunks[0], self._hunks[1], self._trio):
            if spans[BASE][0] > at[BASE]:
                pieces.append(self._stable(at, spans[BASE][0] - at[BASE]))
            pieces += [piece for piece in self._resolved(spans) if piece.text]
            at = (spans[BASE][1], spans[OURS][1], spans[THEIRS][1])
        if size > at[BASE]:
            pieces.append(self._stable(at, size - at[BASE]))
        return self._joined(pieces)

    def _stable(self, at: tuple[int, int, int], length: int) -> _Piece:
        """What no side changed, but for the white space inside."""
        text, start = self._trio[BASE], at[BASE]
        inner = [side.gaps[first + 1 : first + length] for side, first in zip(self._trio, at, strict=True)]
        if inner[OURS] == inner[BASE] == inner[THEIRS]:
            said = text.said((start, start + length))
        else:
            gaps = [_three(*found) for found in zip(*inner, strict=True)]
            said = Text(text.parts[start : start + length], ["", *gaps, ""]).said((0, length))
        return _Piece(said, at, tuple(first + length - 1 for first in at), OURS, OURS)

    def _resolved(self, spans: Spans) -> list[_Piece]:
        """What the sides make of a stretch that at least one of them changed."""
        base, ours, theirs = (text.parts[start:end] for text, (start, end) in zip(self._trio, spans, strict=True))
        if theirs in (base, ours):
            return self._taken(spans, OURS)
        if base == ours:
            return self._taken(spans, THEIRS)
        if not base:
            return self._both_came(spans)
        if not ours or not theirs:
            return self._kept(spans, OURS if ours else THEIRS)
        start, end = _shared(ours, theirs)
        rests = [side[start : len(side) - end] for side in (ours, theirs)]
        if base[:start] == ours[:start] and len(base) >= start:
            base = base[start:]
        if end and base[-end:] == ours[-end:]:
            base = base[:-end]
        if base in rests:
            return self._taken(spans, THEIRS if rests[0] == base else OURS)
        if not all(rests):
            # Both made the same of it, and one wrote more; or left there what the other removed.
            side = OURS if rests[0] else THEIRS
            more = set(rests[side - 1])
            return self._taken(spans, side) if more.isdisjoint(base) else self._kept(spans, side)
        return self._both_changed(spans)

    def _taken(self, spans: Spans, side: int) -> list[_Piece]:
        """One side's words; nothing is in doubt."""
        said = self._note(spans, self._trio[side].said(spans[side]), flagged=False)
        if spans[BASE][0] == spans[BASE][1]:
            return [self._inserted(spans, said, side)]
        return [self._piece(spans, said, side, side)]

    def _kept(self, spans: Spans, side: int) -> list[_Piece]:
        """What one side changed and the other removed."""
        said = self._note(spans, self._trio[side].said(spans[side]), flagged=True)
        return [self._piece(spans, said, side, side)]

    def _both_came(self, spans: Spans) -> list[_Piece]:
        """What both sides inserted at one spot: what they have in common once."""
        ours, theirs = (self._trio[side].parts[slice(*spans[side])] for side in (OURS, THEIRS))
        if not self._known:
            return self._both_changed(spans)
        if not self._words:
            return self._whole_lines(spans, _evenly(Text(ours, []), Text(theirs, [])))
        start, end = _shared(ours, theirs)
        if start + end in (len(ours), len(theirs)):
            return self._taken(spans, OURS if len(ours) > len(theirs) else THEIRS)
        start, end = self._whole_sentences(spans, start, end)
        runs = [(0, 0, start)] * bool(start)
        return self._whole_lines(spans, runs + [(len(ours) - end, len(theirs) - end, end)] * bool(end))

    def _whole_lines(self, spans: Spans, runs: list[Run]) -> list[_Piece]:
        """Two insertions one behind the other, but what stands in both (`runs`) once."""
        ours, theirs = spans[OURS], spans[THEIRS]
        pieces: list[_Piece] = []
        at, at_new = ours[0], theirs[0]
        none = (NOWHERE, NOWHERE)
        for start, start_new, length in [*runs, (ours[1] - ours[0], theirs[1] - theirs[0], 0)]:
            first, first_new = ours[0] + start, theirs[0] + start_new
            for found, side in (
                ((none, (at, first), none), OURS),
                ((none, none, (at_new, first_new)), THEIRS),
                ((none, (first, first + length), (first_new, first_new + length)), OURS),
            ):
                if found[side][0] < found[side][1]:
                    said = self._note(found, self._trio[side].said(found[side]), flagged=False)
                    pieces.append(self._piece(found, said, side, side))
            at, at_new = first + length, first_new + length
        return pieces

    def _both_changed(self, spans: Spans) -> list[_Piece]:
        """What both sides made of one stretch, each in its way: its words are looked at, or both are kept."""
        ours, theirs = (self._trio[side].parts[slice(*spans[side])] for side in (OURS, THEIRS))
        start, end = _shared(ours, theirs)
        if self._words:
            start, end = self._whole_sentences(spans, start, end)
        core = self._without(spans, start, end)
        pieces = []
        if start:
            pieces += self._agreed(spans, core, first=True)
        pieces += [self._core(core)]
        if end:
            pieces += self._agreed(spans, core, first=False)
        return pieces

    def _without(self, spans: Spans, start: int, end: int) -> Spans:
        """The spans without what the sides have in common at their ends, and the base with them."""
        base, ours, theirs = spans
        parts, mine = self._trio[BASE].parts, self._trio[OURS].parts
        first, last = base
        if first + start <= last and parts[first : first + start] == mine[ours[0] : ours[0] + start]:
            first += start
        if last - end >= first and parts[last - end : last] == mine[ours[1] - end : ours[1]]:
            last -= end
        return (first, last), (ours[0] + start, ours[1] - end), (theirs[0] + start, theirs[1] - end)

    def _agreed(self, spans: Spans, core: Spans, *, first: bool) -> list[_Piece]:
        """What both sides say before or behind the core of a stretch."""
        outer = zip(spans, core, strict=True)
        cut = [(whole[0], inner[0]) if first else (inner[1], whole[1]) for whole, inner in outer]
        found = (cut[BASE], cut[OURS], cut[THEIRS])
        said = self._note(found, self._trio[OURS].said(found[OURS]), flagged=False)
        return [self._piece(found, said, OURS, OURS)]

    def _core(self, spans: Spans) -> _Piece:
        said = [text.said(span) for text, span in zip(self._trio, spans, strict=True)]
        between = self._line_break(spans)
        if not self._words and (self._known or are_alike(said[OURS], said[THEIRS])):
            base = said[BASE] if self._known else None
            places: list[Place] = []
            woven = _weave_words(base, said[OURS], said[THEIRS], places, between)
            if not unbalanced_in(places)[1]:
                self._places += places
                return self._piece(spans, woven, OURS, THEIRS)
        if self._words:
            between = self._sentence_break(spans, between)
        both = f"{said[OURS]}{between}{said[THEIRS]}"
        if not any(map(_says_something, said[OURS] + said[THEIRS])):
            # Two kinds of dashes or bullets side by side help nobody; the later one stands, and is flagged.
            both = said[THEIRS]
        return self._piece(spans, self._note(spans, both, flagged=True), OURS, THEIRS)

    def _line_break(self, spans: Spans) -> str:
        """What stands between two versions of whole lines: an empty line where paragraphs have one."""
        ours, theirs = self._trio[OURS], self._trio[THEIRS]
        after = ours.gaps[spans[OURS][1]] if spans[OURS][1] < len(ours.parts) else ""
        before = theirs.gaps[spans[THEIRS][0]] if spans[THEIRS][0] else ""
        return max(("\n" * gap.count("\n") for gap in (after, before, self._between)), key=len)

    def _sentence_break(self, spans: Spans, line_break: str) -> str:
        """What stands between two versions of some words; the mark that ends two sentences stands behind each."""
        ends = {self._part(side, spans[side][1]) for side in (OURS, THEIRS)}
        sides = [(side, spans[side][0]) for side in (OURS, THEIRS)]
        mark = ends.pop() if len(ends) == 1 and all(self._begins(side, at) for side, at in sides) else ""
        mark = mark if mark in SENTENCE_ENDS else ""
        starts = all(self._begins(side, at, line=True) for side, at in sides)
        stops = all(self._begins(side, spans[side][1] + len(mark), line=True) for side in (OURS, THEIRS))
        return mark + (line_break if starts and stops else " ")

    def _part(self, side: int, at: int) -> str:
        parts = self._trio[side].parts
        return parts[at] if 0 <= at < len(parts) else ""

    def _begins(self, side: int, at: int, *, line: bool = False) -> bool:
        """Whether a sentence or a line begins at a part, or the text ends there."""
        text = self._trio[side]
        if "\n" in text.gaps[at] or (at == 0 and self._ends[0]) or (at == len(text.parts) and self._ends[1]):
            return True
        return not line and self._part(side, at - 1) in SENTENCE_ENDS

    def _whole_sentences(self, spans: Spans, start: int, end: int) -> tuple[int, int]:
        """How much of what two stretches share at their ends is whole sentences: half of one is nothing to share."""
        ours, theirs = spans[OURS], spans[THEIRS]
        while start and not (self._begins(OURS, ours[0] + start) and self._begins(THEIRS, theirs[0] + start)):
            start -= 1
        while end and not (self._begins(OURS, ours[1] - end) and self._begins(THEIRS, theirs[1] - end)):
            end -= 1
        return start, end

    def _note(self, spans: Spans, merged: str, *, flagged: bool) -> str:
        said = [text.said(span) for text, span in zip(self._trio, spans, strict=True)]
        self._places.append(Place(said[BASE], said[OURS], said[THEIRS], merged, flagged))
        return merged

    def _inserted(self, spans: Spans, said: str, side: int) -> _Piece:
        """An insertion. White space that the other side changed goes behind it, but before what begins a sentence."""
        piece = self._piece(spans, said, side, side)
        if self._words and self._begins(side, spans[side][0]) and said[-1] not in SENTENCE_ENDS:
            return _Piece(said, tuple(span[0] for span in spans), piece.right, side, side)
        return _Piece(said, piece.left, tuple(span[1] - 1 for span in spans), side, side)

    def _piece(self, spans: Spans, said: str, first_of: int, last_of: int) -> _Piece:
        left = tuple(start if start < end else NOWHERE for start, end in spans)
        right = tuple(end - 1 if start < end else NOWHERE for start, end in spans)
        return _Piece(said, left, right, first_of, last_of)

    def _joined(self, pieces: list[_Piece]) -> str:
        """The pieces with the white space that belongs between them."""
        sides = [text for text in self._trio if text.parts] if pieces else [t for t in self._trio if not t.parts]
        first, last = ([text.gaps[end] for text in sides] for end in (0, -1))
        if not pieces:
            return max(first, key=_strength, default="")
        full = len(sides) == 3
        said = [_three(*first) if full else max(first, key=_strength)]
        for number, piece in enumerate(pieces):
            if number:
                said.append(self._gap(pieces[number - 1], piece))
            said.append(piece.text)
        said.append(_three(*last) if full else max(last, key=_strength))
        return "".join(said)

    def _gap(self, before: _Piece, after: _Piece) -> str:
        """The white space between two pieces, from the texts in which they are neighbours."""
        neighbours = zip(self._trio, before.right, after.left, strict=True)
        base, ours, theirs = (text.gaps[to] if to == at + 1 else None for text, at, to in neighbours)
        if ours is not None and theirs is not None:
            gap = _three(ours if base is None else base, ours, theirs)
        elif ours is not None or theirs is not None:
            gap = ours or theirs or ""
        else:
            gap = self._loose_gap(before, after) if base is None else base
        if not self._words:
            return gap if "\n" in gap else "\n"
        return gap or " " * (_in_word(before.text[-1]) and _in_word(after.text[0]))

    def _loose_gap(self, before: _Piece, after: _Piece) -> str:
        """The white space between two pieces that are neighbours nowhere."""
        behind = self._trio[before.last_of].gaps[before.right[before.last_of] + 1]
        ahead = self._trio[after.first_of].gaps[after.left[after.first_of]]
        if self._words and not ahead and not _says_something(after.text[0]):
            return ""
        strongest = max(behind, ahead, key=_strength)
        return strongest or " " * (_says_something(before.text[-1]) and _says_something(after.text[0]))


def _changes(base: Text, side: Text, *, lines: bool) -> list[Hunk]:
    """What a side changed in the base."""
    hunks = hunks_between(solid(matches(base.parts, side.parts), base, side, lines=lines), base, side)
    return paired(hunks, base, side) if lines else hunks


def _evenly(ours: Text, theirs: Text) -> list[Run]:
    """What both texts have in common, the same whichever is called ours."""
    if ours.parts <= theirs.parts:
        return matches(ours.parts, theirs.parts)
    return [(at, start, length) for start, at, length in matches(theirs.parts, ours.parts)]


def _three(base: str, ours: str, theirs: str) -> str:
    """White space that at most one side changed; or the one that parts more, where both did."""
    if ours in (base, theirs):
        return theirs
    return ours if theirs == base else max(ours, theirs, key=_strength)


def _strength(gap: str) -> tuple[int, int, str]:
    return gap.count("\n"), len(gap), gap


def _in_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _says_something(letter: str) -> bool:
    """Whether a character is part of a word, or a sign that means something by itself."""
    return _in_word(letter) or (letter >= "\u2100" and not letter.isspace()) or "\u0300" <= letter < "\u2000"


def _shared(ours: Sequence[str], theirs: Sequence[str]) -> tuple[int, int]:
    """How many parts two stretches have in common at their start, and behind those at their end."""
    size = min(len(ours), len(theirs))
    start = next((at for at in range(size) if ours[at] != theirs[at]), size)
    end = next((at for at in range(size - start) if ours[-1 - at] != theirs[-1 - at]), size - start)
    return start, end
