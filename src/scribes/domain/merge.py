"""The rules of merging: what two sides made of one text, and of the fields beside it.

One side changed it: taken. Both the same: once. Both inserted at one spot: both. Both replaced it: both are kept, ours
first, and flagged; one emptied what the other changed: what was changed is kept, and flagged. No word is lost, no two
words become one, none is doubled without a flag, and no markers stand in the text. (tests/vectors/merge.json has
golden vectors.)
"""

from __future__ import annotations

from ..canonical import blake2b, encode
from ..records import record, replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .parts import Place

DELETED, SETTLED = "deleted", "settled"
# A moment and its offset are one value, though they are a list.
ATOMIC = frozenset({"occurred"})
# Fields in which people write sentences: of items that have no text of their own, such as a prayer.
PROSE = frozenset({"body", "text", "thanks", "words"})
# What says nothing about the note itself, so that deleting it hides nothing unseen.
BESIDE_CONTENT = frozenset({DELETED, SETTLED})


@record
class Clash:
    """A place where two sides could not both simply be taken, and what stands there now.

    `field` is "" for the text. Values that are no texts are given as canonical JSON. `ours_by` and `theirs_by` are the
    changes that the sides stand on.
    """

    field: str
    base: str
    ours: str
    theirs: str
    merged: str
    ours_by: bytes = b""
    theirs_by: bytes = b""

    @property
    def id(self) -> str:
        """16 hex digits that follow from what clashed, so that every device gives a clash the same name."""
        said = _canonical([self.field, self.base, self.ours, self.theirs])
        return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def merge_texts(base: str | None, ours: str, theirs: str) -> tuple[str, tuple[Clash, ...]]:
    """The text that two sides made of `base`, and where they clash; no base is known of two that began apart."""
    if theirs in (ours, base) or (base is None and not theirs):
        return ours, ()
    if ours == base or (base is None and not ours):
        return theirs, ()
    from .weave import weave

    places: list[Place] = []
    text, doubled = weave(base, ours, theirs, places)
    found = [Clash("", at.base, at.ours, at.theirs, at.merged) for at in places if at.flagged]
    found += _doubled(doubled, places, found) if doubled else ()
    return text, unlike(_standing(found, text))


def _standing(clashes: list[Clash], text: str) -> Iterator[Clash]:
    """The clashes; of lines that were moved and then changed further, nothing stands as it was."""
    at = 0
    for clash in clashes:
        # They mostly come in the order of the text: looking on from the last one keeps many of them cheap.
        found = text.find(clash.merged, at)
        if found < 0:
            found = text.find(clash.merged)
        at = max(found, 0)
        yield clash if found >= 0 else replaced(clash, merged="")


def unlike(clashes: Iterable[Clash]) -> tuple[Clash, ...]:
    """The clashes, each once."""
    found: dict[str, Clash] = {}
    for clash in clashes:
        found.setdefault(clash.id, clash)
    return tuple(found.values())


def _doubled(words: list[str], places: list[Place], flagged: list[Clash]) -> list[Clash]:
    """Clashes for words that stand in the merged text more often than the sides account for: what both moved."""
    from collections import Counter

    from .parts import words_in

    known = {word for clash in flagged for word in words_in(clash.merged)}
    sought = set(words) - known
    standing: dict[str, list[tuple[str, bool, bool]]] = {word: [] for word in sought}
    before: dict[str, str] = {}
    for place in places:
        base, ours, theirs = (Counter(words_in(text)) for text in (place.base, place.ours, place.theirs))
        for word in sought.intersection(words_in(place.merged)):
            standing[word].append((place.merged, ours[word] > base[word], theirs[word] > base[word]))
        for word in sought.intersection(base):
            before.setdefault(word, place.base)
    found = []
    for word in sorted(sought):
        if word not in known:
            copies = standing[word] or [(word, True, True)]
            mine = next((text for text, came, _ in copies if came), copies[-1][0])
            other = next((text for text, _, came in copies if came), copies[-1][0])
            known.update({word, *words_in(mine)} & {word, *words_in(other)})
            found.append(Clash("", before.get(word, ""), mine, other, other))
    return found


def merge_fields(
    base: dict[str, Any],
    ours: dict[str, Any],
    theirs: dict[str, Any],
    *,
    ours_later: bool,
    text_changed: tuple[bool, bool],
) -> tuple[dict[str, Any], tuple[Clash, ...]]:
    """The fields that two sides made of `base`, and where they clash. `text_changed` is of ours and of theirs.

    Lists of texts and lists of lists are sets: what either added is in, what either removed is out. Of any other value
    the later one stands. Content that one side changed is not deleted by the other.
    """
    merged: dict[str, Any] = {}
    clashes: list[Clash] = []
    for name in sorted({*base, *ours, *theirs}):
        trio = _Trio(name, *(fields.get(name, _UNSET) for fields in (base, ours, theirs)))
        if name == DELETED:
            changed = [text or _differs(base, side) for text, side in zip(text_changed, (ours, theirs), strict=True)]
            value = _deleted(trio, (changed[0], changed[1]), clashes)
        elif name == SETTLED:
            value = _union(trio)
        else:
            value = _merged(trio, ours_later=ours_later, clashes=clashes)
        if value is not _UNSET:
            merged[name] = value
    return merged, tuple(clashes)


_UNSET: Any = object()


class _Trio:
    """The values of one field: what it was, and what the sides made of it."""

    __slots__ = ("base", "name", "ours", "said", "theirs")

    def __init__(self, name: str, base: Any, ours: Any, theirs: Any) -> None:
        self.name, self.base, self.ours, self.theirs = name, base, ours, theirs
        self.said = [_canonical(None if value is _UNSET else value) for value in (base, ours, theirs)]

    @property
    def agreed(self) -> Any:
        """The value that only one side changed, or both in the same way, in a tuple; () if there is none."""
        base, ours, theirs = self.said
        if theirs == base and (self.theirs is _UNSET) == (self.base is _UNSET):
            return (self.ours,)
        if ours == base and (self.ours is _UNSET) == (self.base is _UNSET):
            return (self.theirs,)
        if ours == theirs:
            return (self.theirs if self.ours is _UNSET else self.ours,)
        # A field that was never set and one that was set to nothing say the same.
        if base in (ours, theirs):
            return (self.ours if theirs == base else self.theirs,)
        return ()

    def clash(self, merged: Any) -> Clash:
        """The clash of two values, and what stands now."""
        return Clash(self.name, as_text(self.base), as_text(self.ours), as_text(self.theirs), as_text(merged))


def as_text(value: Any) -> str:
    """A value as a clash shows it: a text as it is, nothing for what was never set, all else as canonical JSON."""
    if value is _UNSET:
        return ""
    return value if isinstance(value, str) else _canonical(value)


def _merged(trio: _Trio, *, ours_later: bool, clashes: list[Clash]) -> Any:
    if trio.agreed:
        return trio.agreed[0]
    values = [None if value is _UNSET else value for value in (trio.base, trio.ours, trio.theirs)]
    if trio.name not in ATOMIC and _are_sets(values):
        base, ours, theirs = (_members(value) for value in values)
        kept = {**ours, **theirs}
        return [kept[key] for key in sorted(kept) if key not in base or (key in ours and key in theirs)]
    if trio.name in PROSE and all(isinstance(value, str) for value in values[1:]):
        text, found = merge_texts(None if trio.base is _UNSET else as_text(trio.base), trio.ours, trio.theirs)
        clashes += [replaced(clash, field=trio.name) for clash in found]
        return text
    winner = trio.ours if ours_later else trio.theirs
    clashes.append(trio.clash(winner))
    return winner


def _deleted(trio: _Trio, changed: tuple[bool, bool], clashes: list[Clash]) -> Any:
    """When it was deleted; not at all, when one side deleted what the other side changed since."""
    base, ours, theirs = (value if _is_moment(value) else None for value in (trio.base, trio.ours, trio.theirs))
    if ours is not None and theirs is not None:
        return max(ours, theirs)
    if (ours is None and theirs is None) or (base is not None and base in (ours, theirs)):
        return trio.agreed[0] if trio.agreed else None
    # Deleted anew by one, taken out of the trash by the other: that is a change of the other's, too.
    if not changed[0 if ours is None else 1] and base is None:
        return theirs if ours is None else ours
    clashes.append(Clash(trio.name, as_text(base), as_text(ours), as_text(theirs), as_text(None)))
    return trio.ours if ours is None else trio.theirs


def _union(trio: _Trio) -> Any:
    """All members of every side: what was settled once stays settled."""
    sides = [value for value in (trio.base, trio.ours, trio.theirs) if _are_sets([value])]
    if not sides:
        return trio.agreed[0] if trio.agreed else trio.theirs
    members = {key: member for side in sides for key, member in _members(side).items()}
    for side in (trio.ours, trio.theirs):
        if isinstance(side, list) and len(side) == len(members) and _members(side).keys() == members.keys():
            return side
    return [members[key] for key in sorted(members)]


def _differs(base: dict[str, Any], side: dict[str, Any]) -> bool:
    """Whether a side changed any field that is content."""
    return any(
        _canonical(base.get(name)) != _canonical(side.get(name))
        for name in {*base, *side}
        if name not in BESIDE_CONTENT
    )


def _are_sets(values: list[Any]) -> bool:
    """Whether values are lists of texts, or lists of lists, or missing; and one of them is there."""
    members = [member for value in values if isinstance(value, list) for member in value]
    fit = all(value is None or isinstance(value, list) for value in values) and any(v is not None for v in values)
    return fit and (all(isinstance(m, str) for m in members) or all(isinstance(m, list) for m in members))


def _members(value: list[Any] | None) -> dict[str, Any]:
    """The members of a set by what they are sorted by: texts by themselves, lists by their canonical JSON."""
    return {member if isinstance(member, str) else _canonical(member): member for member in value or ()}


def _is_moment(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _canonical(value: Any) -> str:
    """Canonical JSON, also of what a history should not hold and a broken device may have written."""
    try:
        return encode(value)
    except (TypeError, ValueError, RecursionError):
        return repr(value)
