"""Reading links with what they rest on, as they are seen from a note."""

from __future__ import annotations

from ..domain import links as rules
from ..domain import wiki
from ..errors import ScribesError
from ..models.links import Ground
from ..records import record
from ..storage import handles, links, notes, passages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..models.passages import Reference
    from ..ports import Tx
    from ..storage.notes import Stored
    from .context import Context

    # Key of the other, why, here, there, way.
    ByHand = tuple[int, str, Ground | None, Ground | None, str]
    # Key of the other, kind, how to tell it.
    Seen = tuple[int, str, Callable[[Stored], "Found"]]

BY_HAND_SCORE = 1.0


@record
class Found:
    """A link with the row of the other note."""

    other: Stored
    kind: str
    score: float
    why: str
    here: Ground | None
    there: Ground | None
    way: str


class Reading:
    """Reads links with what they rest on, in one transaction."""

    def __init__(self, tx: Tx, context: Context) -> None:
        self._tx = tx
        self._context = context
        self._visible_to = context.visible_to
        self._references: dict[int, tuple[Reference, ...]] = {}

    def of(self, stored: Stored) -> list[Found]:
        """The links of a note, those by hand first, then the strongest; of a note in the trash none."""
        seen = self.seen(stored)
        known = self.notes(n for n, _, _ in seen)
        return [tell(known[n]) for n, _, tell in seen if n in known]

    def seen(self, stored: Stored) -> list[Seen]:
        """The same, with what a link rests on left to be looked up: key of the other note, kind, how to tell it."""
        if stored.content.deleted_us is not None:
            return []
        by_hand: list[Seen] = [
            (one[0], rules.BY_HAND, lambda other, one=one: Found(other, rules.BY_HAND, BY_HAND_SCORE, *one[1:]))  # type: ignore[misc]
            for one in self._by_hand(stored)
        ]
        found: list[Seen] = [
            (row.to_n, rules.KINDS[row.kind], lambda other, row=row: self.found(stored, other, row))  # type: ignore[misc]
            for row in self.rows(stored)
        ]
        return by_hand + found

    def rows(self, stored: Stored) -> list[links.Stored]:
        """What a note has in common with others, the strongest first."""
        return links.of_note(self._tx, stored.n)

    def notes(self, keys: Iterable[int]) -> dict[int, Stored]:
        """The notes of some keys that may be seen."""
        listed = sorted(set(keys))
        return {one.n: one for one in notes.by_keys(self._tx, listed, visible_to=self._visible_to)} if listed else {}

    def found(self, stored: Stored, other: Stored, row: links.Stored) -> Found:
        """A link that was found, as it is seen from a note."""
        here, there = (row.here, row.there) if row.from_n == stored.n else (row.there, row.here)
        kind, score = rules.KINDS[row.kind], row.score / 1000
        if row.kind == rules.SIMILAR:
            grounds = self._piece(stored, here), self._piece(other, there)
            return Found(other, kind, score, "", *grounds, "")
        mine, theirs = self._reference(stored, here), self._reference(other, there)
        return Found(other, kind, score, _why(row.kind, mine, theirs), _ground(mine), _ground(theirs), "")

    def written(self, stored: Stored) -> tuple[list[tuple[int, Ground]], list[tuple[int, int]]]:
        """Where [[links]] of a note lead, and where those stand that lead nowhere."""
        named = links.names_in(self._tx, stored.n)
        called = links.called(self._tx, (name for name, _, _ in named), visible_to=self._visible_to)
        found: list[tuple[int, Ground]] = []
        missing: list[tuple[int, int]] = []
        for name, begin, stop in named:
            keys = called.get(name) or self._by_handle(name)
            ground = Ground(stored.content.body[begin:stop], begin, stop)
            found += [(n, ground) for n in keys if n != stored.n]
            missing += [] if keys else [(begin, stop)]
        return found, missing

    def pairs_by_hand(self) -> list[tuple[int, int]]:
        """Every pair of notes that is linked by hand."""
        by_handle = [
            (n, other)
            for n, name in links.texts_like_handles(self._tx)
            for other in self._by_handle(name)
            if other != n
        ]
        return [*links.pairs_by_text(self._tx), *links.chosen(self._tx, rules.LINK), *by_handle]

    def _by_hand(self, stored: Stored) -> list[ByHand]:
        """(key of the other, why, here, there, way), each other note and way once."""
        found: dict[tuple[int, str], ByHand] = {}
        for n, why, mine in links.chosen_about(self._tx, stored.n, stored.id, rules.LINK):
            way = "to" if mine else "from"
            found[n, way] = (n, why, None, None, way)
        for n, ground in self.written(stored)[0]:
            if (n, "to") not in found or found[n, "to"][2] is None:
                found[n, "to"] = (n, found.get((n, "to"), (0, ""))[1], ground, None, "to")
        for n, ground in self._naming(stored):
            if (n, "from") not in found or found[n, "from"][3] is None:
                found[n, "from"] = (n, found.get((n, "from"), (0, ""))[1], None, ground, "from")
        return list(found.values())

    def _naming(self, stored: Stored) -> list[tuple[int, Ground]]:
        """The notes with a [[link]] to this one, and where it stands in them."""
        from ..ids import to_text
        from ..models.notes import heading_of

        name = wiki.folded(heading_of(stored.content.title, stored.content.body))
        digits = stored.id[handles.HANDLE_FROM :].hex()
        written = [digits[:length] for length in range(handles.MIN_DIGITS, handles.HANDLE_DIGITS + 1)]
        written += [stored.id.hex(), to_text(stored.id)]
        rows = links.naming(self._tx, [name, *written], visible_to=self._visible_to)
        called = links.called(self._tx, {row[1] for row in rows}, visible_to=self._visible_to)
        found = []
        for n, said, begin, stop in rows:
            leads_here = stored.n in called[said] if said in called else stored.n in self._by_handle(said)
            if n != stored.n and leads_here:
                found.append((n, Ground(links.words_at(self._tx, n, begin, stop), begin, stop)))
        return found

    def _by_handle(self, name: str) -> list[int]:
        if not wiki.is_handle(name):
            return []
        try:
            id = notes.resolve(self._tx, name, visible_to=self._visible_to)
            found = notes.get(self._tx, id, visible_to=self._visible_to)
        except ScribesError:
            return []
        return [found.n] if found.content.deleted_us is None else []

    def _reference(self, stored: Stored, position: int) -> Reference | None:
        """A reference of a note; where its passage also stands in the text, the one there."""
        found = self._references.get(stored.n)
        if found is None:
            self._references[stored.n] = found = passages.of_note(self._tx, stored.n)
        if position >= len(found):
            return None
        one = found[position]
        alike = (other for other in found if (other.start, other.end) == (one.start, one.end) and other.begin >= 0)
        return next(alike, one)

    def _piece(self, stored: Stored, position: int) -> Ground | None:
        row = links.piece(self._tx, stored.n, position)
        return None if row is None else Ground(" ".join(stored.content.body[row[0] : row[1]].split()), row[0], row[1])


def _why(kind: int, mine: Reference | None, theirs: Reference | None) -> str:
    from ..scripture.formatting import format_passage

    if mine is None or theirs is None:
        return ""
    if kind == rules.LINKED:
        return rules.reason_between((mine.start, mine.end), (theirs.start, theirs.end))
    return format_passage(max(mine.start, theirs.start), min(mine.end, theirs.end), "long")


def _ground(one: Reference | None) -> Ground | None:
    return None if one is None else Ground(one.text, one.begin, one.stop, one.osis)
