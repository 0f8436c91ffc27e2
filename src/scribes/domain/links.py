"""The graph of notes: what two notes have in common and how strong that is, and what a person decided about it.

A score depends on the two notes alone and on the levels of the verses they share (in how many notes a verse is named,
by powers of four), and is the same from both sides: so a saved note changes little, and a rebuilt graph is the same.
Scores are thousandths.
"""

from __future__ import annotations

import os

from ..errors import InvalidInput
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..models.passages import Reference

    LinkChoice = tuple[str, str, str]
    LinkChoices = tuple[LinkChoice, ...]
    Range = tuple[int, int]
    # A passage that a note names, and where: the note's key, the position of the reference, start, end.
    Named = tuple[int, int, int, int]
    # Score, position in the one note, position in the other.
    Candidate = tuple[int, int, int]
    Overlapping = Callable[[int, int], Iterable[Named]]

# The version of these rules. It rises when they or the cross references change, and every vault then links anew.
RULES = 1
SAME, LINKED, SIMILAR = range(3)
BY_HAND = "by hand"
KINDS = ("same passage", "linked passage", "similar")
# So many notes stand in a note's list of a kind. Those that have it in their list are linked with it too.
MOST = 12
WEAKEST = 150

# What notes are about stands on pages of so many, and behind it the squared length of each in so many bytes: small
# enough to be written with each save, large enough to be read fast.
A_PAGE, SQUARE_BYTES = 64, 4

LINK, DISMISS = "link", "dismiss"
MAX_CHOICES, MAX_WHY = 1_000, 200

# A range of more verses says nothing: half of the Bible is in "Genesis to Malachi". Of a note that lists hundreds of
# passages the first are looked at.
LONGEST, RANGES = 200, 64
# What longer ranges share must be rarer, and passages are linked through verses that are not in everybody's notes.
SHORT, LINKABLE = 12, 25
RARITY = (1.0, 1.0, 0.8, 0.6, 0.4, 0.0)
TOO_COMMON = len(RARITY) - 1
# A verse in a long passage is less of what a note is about.
DILUTION = [0.0, *(float(verses**-0.25) for verses in range(1, LINKABLE + 1))]
COMMON_WHERE_LONG = 3
# One rare verse in both is this much; several add up as independent hints do.
BEST_OF_ONE, PAIRS = 0.8, 4
# Cross references both ways, from this weight on (below are long lines of a topic), between passages of at most so many
# verses (tools/build_linked.py).
LIGHTEST, HEAVIEST, REACH = 100, 1_000, 12
LINKED_TABLE = os.path.join(os.path.dirname(__file__), "..", "scripture", "data", "links", "linked.links")

_verses: dict[tuple[int, int], tuple[int, ...]] = {}
_linked: dict[int, tuple[tuple[int, int, str], ...]] = {}
_same: dict[tuple[Range, Range, int], int] = {}
_KEPT = 200_000


@record
class View:
    """What is taken away from the mean of a note: the centre, and directions (rows of float32); made of `notes`.

    vectors/notes.py makes it and uses it.
    """

    centre: bytes
    directions: bytes
    notes: int


def level(notes: int) -> int:
    """How common a verse is that so many notes name: 1 for up to 4, 2 for up to 16, and so on; at 5 it says nothing."""
    return min(((notes - 1).bit_length() + 1) >> 1, TOO_COMMON) if notes > 1 else 0


def verses_of(start: int, end: int) -> tuple[int, ...]:
    """The verses of a range; none where it is too long to say anything."""
    if start == end:
        return (start,)
    found = _verses.get((start, end))
    if found is None:
        found = _expanded(start, end)
        if len(_verses) >= _KEPT:
            _verses.clear()
        _verses[start, end] = found
    return found


def ranges_of(references: Sequence[Reference]) -> tuple[tuple[int, int, int], ...]:
    """The ranges that link a note: (start, end, position), each range once, where it is first named."""
    found: dict[Range, int] = {}
    for position, one in enumerate(references[:RANGES]):
        if verses_of(one.start, one.end):
            found.setdefault((one.start, one.end), position)
    return tuple((start, end, position) for (start, end), position in found.items())


def uses_of(ranges: Iterable[tuple[int, int, int]]) -> set[int]:
    """The verses that a note names."""
    return {verse for start, end, _ in ranges for verse in verses_of(start, end)}


def same_passage(
    me: int, ranges: Sequence[tuple[int, int, int]], levels: Mapping[int, int], overlapping: Overlapping
) -> dict[int, Candidate]:
    """The notes that name some of the same verses, and the pair of references that says most.

    `levels` has how common each verse of the ranges is; `overlapping` finds the references to some verses.
    """
    found: dict[int, dict[tuple[Range, Range], Candidate]] = {}
    for start, end, position in ranges:
        mine = (start, end)
        verses = verses_of(start, end)
        for first, last in _runs(verses, levels, TOO_COMMON - 1 if len(verses) <= SHORT else COMMON_WHERE_LONG):
            for other, place, other_start, other_end in overlapping(first, last):
                if other == me:
                    continue
                theirs = (other_start, other_end)
                score = shared(mine, theirs, levels)
                if score:
                    pairs = found.setdefault(other, {})
                    known = pairs.get((mine, theirs))
                    if known is None or place < known[2]:
                        pairs[mine, theirs] = (score, position, place)
    scored = ((other, _together(pairs, me < other)) for other, pairs in found.items())
    return {other: best for other, best in scored if best[0] >= WEAKEST}


def shared(mine: Range, theirs: Range, levels: Mapping[int, int]) -> int:
    """What two ranges have in common: much where they are short and alike, and where few notes name it."""
    first = mine[0] if mine[0] > theirs[0] else theirs[0]
    last = mine[1] if mine[1] < theirs[1] else theirs[1]
    if first > last:
        return 0
    # The rarest verse says how rare it is.
    common = levels.get(first, 0) if first == last else min([levels.get(verse, 0) for verse in verses_of(first, last)])
    key = (mine, theirs, common) if mine <= theirs else (theirs, mine, common)
    score = _same.get(key)
    if score is None:
        lengths = len(verses_of(*mine)), len(verses_of(*theirs))
        if len(_same) >= _KEPT:
            _same.clear()
        _same[key] = score = _score_of_shared(lengths, len(verses_of(first, last)), common) if all(lengths) else 0
    return score


def linked_passage(
    me: int, ranges: Sequence[tuple[int, int, int]], levels: Mapping[int, int], overlapping: Overlapping
) -> dict[int, Candidate]:
    """The notes that name a passage to which a cross reference leads, and the pair of references that says most."""
    found: dict[int, tuple[tuple[int, Range, Range], Candidate]] = {}
    for (start, end, position), far, known in _ways(ranges, levels):
        dilution = DILUTION[len(verses_of(start, end))]
        for other, place, other_start, other_end in overlapping(far, far):
            length = len(verses_of(other_start, other_end))
            same = other == me or (start <= other_end and other_start <= end)
            if not same and 0 < length <= LINKABLE:
                score = round(known * (dilution * DILUTION[length]))
                _keep_best(found, me, other, (start, end, position), (other_start, other_end, place), score)
    return {other: best for other, (_, best) in found.items()}


def verses_linked_with(ranges: Sequence[tuple[int, int, int]]) -> set[int]:
    """The verses to which cross references lead from the ranges of a note."""
    short = (verses for start, end, _ in ranges if len(verses := verses_of(start, end)) <= LINKABLE)
    return {far for verses in short for verse in verses for far, _, _ in linked_verses(verse)}


def linked_verses(verse: int) -> tuple[tuple[int, int, str], ...]:
    """The verses that belong to one: (verse, weight, reason). What is here for one verse is there for the other too."""
    found = _linked.get(verse)
    if found is None:
        if len(_linked) >= _KEPT:
            _linked.clear()
        _linked[verse] = found = _looked_up(verse)
    return found


def reason_between(mine: Range, theirs: Range) -> str:
    """Why one passage is linked with another, in the words of the strongest cross reference; "" where there is none."""
    far = set(verses_of(*theirs))
    found = [(weight, why) for verse in verses_of(*mine) for to, weight, why in linked_verses(verse) if to in far]
    return max(found, default=(0, ""))[1]


def best(candidates: Mapping[int, Candidate]) -> list[tuple[int, Candidate]]:
    """The list of a note: its strongest candidates; of those alike the older notes."""
    return sorted(candidates.items(), key=lambda one: rank(one[1][0], one[0]))[:MOST]


def rank(score: int, key: int) -> tuple[int, int]:
    """What a candidate is ordered by; the lower the better."""
    return -score, key


def linked(choices: LinkChoices, other: str, why: str) -> LinkChoices:
    """The choices with a link to a note, by the digits of its id; a link that was dismissed is no longer.

    Raises: InvalidInput.
    """
    line = " ".join(why.split())
    if len(line) > MAX_WHY:
        raise InvalidInput(f"the note on a link has {len(line)} characters", hint=f"at most {MAX_WHY}")
    return _within((*without(choices, other), (LINK, other, line)))


def dismissed(choices: LinkChoices, other: str) -> LinkChoices:
    """The choices with the links to a note dismissed.

    Raises: InvalidInput.
    """
    return choices if is_dismissed(choices, other) else _within((*choices, (DISMISS, other, "")))


def without(choices: LinkChoices, other: str, *, only: str = "") -> LinkChoices:
    """The choices without those about a note; with `only`, without that choice."""
    kinds = (only,) if only else (LINK, DISMISS)
    return tuple(one for one in choices if one[1] != other or one[0] not in kinds)


def is_dismissed(choices: LinkChoices, other: str) -> bool:
    """Whether links to a note were dismissed."""
    return any(choice == DISMISS and id == other for choice, id, _ in choices)


def said(choices: LinkChoices) -> str:
    """The choices as lines of text, as a note's row keeps them."""
    return "\n".join("\t".join(choice) for choice in choices)


def heard(lines: str) -> LinkChoices:
    """The choices in such lines."""
    if not lines:
        return ()
    rows = [line.split("\t", 2) for line in lines.split("\n")]
    return tuple((choice, other, why) for choice, other, why in rows)


def checked(listed: Iterable[Iterable[object]]) -> LinkChoices:
    """The choices in a field of a change. What a newer Scribes may have put there stays as it is.

    Raises: ValueError, TypeError where they are malformed.
    """
    choices: list[LinkChoice] = []
    for choice, other, why in listed:
        if not (isinstance(choice, str) and isinstance(other, str) and isinstance(why, str)):
            raise TypeError("a choice is three texts")
        if any(mark in choice + other + why for mark in "\t\n"):
            raise ValueError("a choice stands on one line")
        choices.append((choice, other, why))
    return tuple(choices)


def _expanded(start: int, end: int) -> tuple[int, ...]:
    """What is no passage we know may come from another device: it has no verses."""
    from ..scripture import canon

    if end < start or end // canon.BOOK_UNIT - start // canon.BOOK_UNIT > 2:
        return ()
    verses = canon.expand(start, end)
    return tuple(verses) if len(verses) <= LONGEST else ()


def _runs(verses: tuple[int, ...], levels: Mapping[int, int], most: int) -> list[Range]:
    """The stretches of verses that are not too common."""
    runs: list[list[int]] = []
    going = False
    for verse in verses:
        if levels.get(verse, 0) > most:
            going = False
        elif going:
            runs[-1][1] = verse
        else:
            runs.append([verse, verse])
            going = True
    return [(first, last) for first, last in runs]


def _score_of_shared(lengths: tuple[int, int], both: int, common: int) -> int:
    if max(lengths) > SHORT and common > COMMON_WHERE_LONG:
        return 0
    # How alike two sets are (their cosine), less steep; a chapter in common says less than a verse.
    alike: float = (both / (lengths[0] * lengths[1]) ** 0.5) ** 0.5
    brevity: float = both**-0.15
    return round(1000 * BEST_OF_ONE * alike * brevity * RARITY[common])


def _together(pairs: Mapping[tuple[Range, Range], Candidate], mine_first: bool) -> Candidate:
    """What several pairs of references say together, each reference taken once, and the strongest pair.

    The order is the same from both sides: so both notes tell the same of their link.
    """
    if len(pairs) == 1:
        return next(iter(pairs.values()))
    ordered = sorted(pairs.items(), key=lambda one: (-one[1][0], one[0] if mine_first else one[0][::-1]))
    used: set[tuple[int, Range]] = set()
    doubt, taken = 1.0, 0
    for (mine, theirs), (score, _, _) in ordered:
        if (0, mine) in used or (1, theirs) in used:
            continue
        used |= {(0, mine), (1, theirs)}
        doubt *= 1 - score / 1000
        taken += 1
        if taken == PAIRS:
            break
    _, here, there = ordered[0][1]
    return round(1000 * (1 - doubt)), here, there


def _looked_up(verse: int) -> tuple[tuple[int, int, str], ...]:
    from ..scripture import crossrefs

    table = crossrefs.open_table(LINKED_TABLE)
    found: dict[int, tuple[int, str]] = {}
    for start, end, weight, reason in table.rows(verse, verse):
        for far in verses_of(start, end):
            found[far] = max(found.get(far, (0, "")), (weight, table.reasons[reason]))
    return tuple((far, weight, why) for far, (weight, why) in sorted(found.items()))


def _ways(
    ranges: Sequence[tuple[int, int, int]], levels: Mapping[int, int]
) -> Iterator[tuple[tuple[int, int, int], int, float]]:
    """Where cross references lead from ranges: the range, the verse, and what the link is worth at most."""
    for one in ranges:
        verses = verses_of(*one[:2])
        if len(verses) > LINKABLE:
            continue
        for verse in verses:
            common = levels.get(verse, 0)
            if common > COMMON_WHERE_LONG:
                continue
            for far, weight, _ in linked_verses(verse):
                # A verse that no note names leads nowhere.
                far_common = levels.get(far, TOO_COMMON)
                if far_common > COMMON_WHERE_LONG:
                    continue
                known = _through(weight, RARITY[common] * RARITY[far_common])
                # One less: what is rounded up from the other side must not be passed over here.
                if known * DILUTION[len(verses)] >= WEAKEST - 1:
                    yield one, far, known


def _through(weight: int, rarity: float) -> float:
    known: float = (min(weight, HEAVIEST) / HEAVIEST) ** 0.5 * rarity**0.5
    return known * BEST_OF_ONE * 1000


def _keep_best(
    found: dict[int, tuple[tuple[int, Range, Range], Candidate]],
    me: int,
    other: int,
    mine: tuple[int, int, int],
    theirs: tuple[int, int, int],
    score: int,
) -> None:
    if score < WEAKEST:
        return
    first, last = (mine[:2], theirs[:2]) if me < other else (theirs[:2], mine[:2])
    key = (-score, first, last)
    known = found.get(other)
    if known is None or (key, theirs[2]) < (known[0], known[1][2]):
        found[other] = (key, (score, mine[2], theirs[2]))


def _within(choices: LinkChoices) -> LinkChoices:
    if len(choices) > MAX_CHOICES:
        raise InvalidInput(f"the note has more than {MAX_CHOICES} choices about links", hint="scribes unlink A B")
    return choices
