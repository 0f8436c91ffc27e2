"""Links of a note worked out when they are asked for, among the notes that somebody may see.

A vault keeps its graph (linking.py). On a server that would be one graph of all people's notes, in which the list of a
note is full of what its writer may not see. So there only words are kept, names and choices by note; the rest follows
from passages and vectors by the same rules, and from so many notes at most.
"""

from __future__ import annotations

from ..domain import links as rules
from ..storage import embedding_spaces, links, notes, passages, vectors
from ..storage.visible import in_spaces
from .link_reading import Reading
from .linking import candidates_of, keep_words
from .similar import Similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ..domain.links import Candidate, Named
    from ..ports import Engine, Tx
    from ..storage.notes import Stored
    from ..storage.visible import Spaces
    from .context import Context

# The newest notes whose passages are looked at, those the view is made of, and the pieces that are looked at closely.
NOTES, VIEWED, NEAR = 5_000, 400, 200
# Notes taken in between two commits, and while somebody waits.
BATCH, HURRIED = 100, 500


def hear(engine: Engine, visible_to: Spaces | None, *, most: int | None = None) -> int:
    """How many notes had their names and choices taken in, because they had changed; about `most`.

    `visible_to` is None for everybody's. Somebody may wait for this: what is left is done behind the requests.
    """
    done = 0
    while most is None or done < most:
        with engine.read() as tx:
            rows = links.waiting_rows(tx, limit=BATCH, among=visible_to)
        if not rows:
            break
        with engine.write() as tx:
            for note in {note for _, note in rows}:
                keep_words(tx, note)
            links.done_rows(tx, (n for n, _ in rows))
        done += len(rows)
    return done


class FreshReading(Reading):
    """Links as `Reading` tells them, where none are kept."""

    def __init__(self, tx: Tx, context: Context) -> None:
        super().__init__(tx, context)
        self._named: _NamedBy | None = None
        self._similar = SimilarAmong(tx, context.visible_to)

    def rows(self, stored: Stored) -> list[links.Stored]:
        """What a note has in common with others: the strongest of each kind."""
        if self._named is None:
            self._named = _NamedBy(links.references_among(self._tx, self._visible_to, notes=NOTES))
        n, named = stored.n, self._named
        left_out = frozenset(other for other, *_ in links.chosen_about(self._tx, n, stored.id, rules.DISMISS))
        ranges = rules.ranges_of(passages.of_note(self._tx, n))
        found = candidates_of(n, ranges, named.levels, left_out, named.overlapping)
        found[rules.SIMILAR] = self._similar.of(n, left_out)
        rows = [
            links.Stored(n, kind, other, *(one if kind != rules.SIMILAR else self._similar.ground(n, other, one)))
            for kind, candidates in found.items()
            for other, one in rules.best(candidates)
        ]
        return sorted(rows, key=lambda one: (-one.score, one.kind, one.to_n))


class _NamedBy:
    """The passages that some notes name, by verse."""

    def __init__(self, rows: Iterable[Named]) -> None:
        self._at: dict[int, list[Named]] = {}
        named: dict[int, set[int]] = {}
        for one in rows:
            n, _, start, end = one
            for verse in rules.verses_of(start, end):
                self._at.setdefault(verse, []).append(one)
                named.setdefault(verse, set()).add(n)
        self.levels: Mapping[int, int] = {verse: rules.level(len(keys)) for verse, keys in named.items()}

    def overlapping(self, start: int, end: int) -> list[Named]:
        """The references to some verses."""
        return list(dict.fromkeys(one for verse in rules.verses_of(start, end) for one in self._at.get(verse, ())))


class SimilarAmong(Similar):
    """Finds notes alike in meaning among those that somebody may see."""

    def __init__(self, tx: Tx, visible_to: Spaces) -> None:
        super().__init__(tx)
        self._visible_to = visible_to
        self._view = None
        self._is_viewed = False

    def of(self, n: int, left_out: Collection[int]) -> dict[int, Candidate]:
        """The candidates of a note; none where it has no pieces."""
        self._look()
        if self._space is None or self._view is None:
            return {}
        _, rows = self._pieces(n)
        if not rows:
            return {}
        from ..vectors import notes as maths

        middle, dimensions = maths.mean(rows), self._space.dimensions
        keys = [key for key in self._near(middle) if key != n and key not in left_out]
        pages: dict[int, bytes] = {}
        for at, (_, pieces) in enumerate(self._pieces_of(keys).items()):
            number, place = divmod(at, rules.A_PAGE)
            sense = maths.sense(maths.mean(pieces), self._view) if pieces else None
            pages[number] = maths.put_on_page(pages.get(number), place, sense, dimensions)
        if not pages:
            return {}
        senses = maths.Senses(sorted(pages.items()), dimensions)
        alike = senses.alike(-1, maths.sense(middle, self._view), maths.threshold(self._view))
        return {keys[at]: (score, -1, -1) for at, score in alike}

    def _look(self) -> None:
        """Make the view of the newest notes, once."""
        if self._is_viewed or self._space is None:
            return
        self._is_viewed = True
        newest = notes.newest_keys(self._tx, visible_to=self._visible_to, limit=VIEWED)
        rows = [pieces for pieces in self._pieces_of(newest).values() if pieces]
        if rows:
            from ..vectors import notes as maths

            self._view = maths.view_of([maths.mean(one) for one in rows], self._space.dimensions)

    def _near(self, middle: bytes) -> list[int]:
        """The notes with the pieces nearest to the mean of a note."""
        space = embedding_spaces.active(self._tx)
        if space is None:
            return []
        among = f"{in_spaces(self._visible_to)} AND note.deleted_us IS NULL", ()
        near = vectors.nearest(self._tx, space.n, middle, NEAR, among=among)
        return sorted(vectors.best_pieces(self._tx, space.n, near, within=self._visible_to))

    def _pieces_of(self, keys: list[int]) -> dict[int, list[bytes]]:
        """The rows of what was written in some notes, in the order of the keys."""
        if self._space is None:
            return {}
        found = vectors.pieces_of_notes(self._tx, keys, self._space.n)
        return {n: self._told(found.get(n, ()))[1] for n in keys}
