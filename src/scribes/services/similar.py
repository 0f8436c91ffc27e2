"""Notes that are alike in meaning, as candidates for links; none where nothing is embedded.

numpy is loaded where there are vectors to compare, and nowhere else.
"""

from __future__ import annotations

from ..domain import links as rules
from ..records import record
from ..storage import embedding_spaces, senses, vectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ..domain.links import Candidate
    from ..ports import Tx
    from ..vectors.notes import Pieces

# The pieces of so many notes are kept at hand while the whole graph is made.
AT_HAND = 20_000


def is_stale(tx: Tx) -> bool:
    """Whether what is alike has to be found anew, for all notes."""
    space = embedding_spaces.active(tx)
    return space is not None and senses.is_stale(tx, space.n)


@record
class Made:
    """The senses of all notes in a space, ready to be kept."""

    space: int
    parts: tuple[bytes, bytes, int]
    pages: tuple[tuple[int, bytes], ...]
    embedded: int

    def keep(self, tx: Tx) -> None:
        """Put them in the place of those there are."""
        senses.put_all(tx, self.space, self.parts, self.pages, embedded=self.embedded)


class Similar:
    """Finds the notes alike in meaning, in one transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._space = embedding_spaces.active(tx)
        self._at_hand: dict[int, tuple[list[int], Pieces]] = {}
        parts = senses.view(tx, self._space.n) if self._space else None
        self._view = rules.View(*parts) if parts else None

    def all_of(self, keys: Iterable[int]) -> tuple[Made | None, dict[int, dict[int, Candidate]]]:
        """The senses of some notes, all of those there are, and the best candidates of each that has any.

        The view is made anew where it is stale.
        """
        if self._space is None:
            return None, {}
        rows = ((n, self._pieces(n)[1]) for n in keys)
        from ..vectors import notes as maths

        means = {n: maths.mean(found) for n, found in rows if found}
        dimensions = self._space.dimensions
        if self._view is None or senses.is_stale(self._tx, self._space.n):
            self._view = maths.view_of(list(means.values()), dimensions)
        pages: dict[int, bytes] = {}
        for n, middle in means.items():
            number, place = divmod(n, rules.A_PAGE)
            pages[number] = maths.put_on_page(pages.get(number), place, maths.sense(middle, self._view), dimensions)
        ready = tuple(sorted(pages.items()))
        alike = maths.Senses(ready, dimensions).all_alike(maths.threshold(self._view))
        found = {n: {other: (score, -1, -1) for other, score in near} for n, near in alike if near}
        view = self._view
        return Made(self._space.n, (view.centre, view.directions, view.notes), ready, len(means)), found

    def update(self, n: int, left_out: Collection[int]) -> dict[int, Candidate]:
        """The candidates of one note, whose sense is kept anew; none where it has no pieces."""
        if self._space is None or self._view is None:
            return {}
        dimensions = self._space.dimensions
        _, rows = self._pieces(n)
        number, place = divmod(n, rules.A_PAGE)
        page = senses.page(self._tx, number)
        before = senses.is_on_page(page, place, dimensions)
        if not rows and not before:
            return {}
        from ..vectors import notes as maths

        mine = maths.sense(maths.mean(rows), self._view) if rows else None
        fresh = maths.put_on_page(page, place, mine, dimensions)
        if fresh != page:
            senses.put_page(self._tx, self._space.n, number, fresh, more=(mine is not None) - before)
        if mine is None:
            return {}
        near = maths.Senses(senses.pages(self._tx), dimensions).alike(n, mine, maths.threshold(self._view))
        return {other: (score, -1, -1) for other, score in near if other not in left_out}

    def ground(self, n: int, other: int, candidate: Candidate) -> Candidate:
        """The candidate with the positions of the two pieces that are most alike."""
        first, second = min(n, other), max(n, other)
        (here, mine), (there, theirs) = self._ready(first), self._ready(second)
        if mine is None or theirs is None:
            return candidate
        one, two = mine.best_pair(theirs)
        places = here[one], there[two]
        return (candidate[0], *(places if n == first else places[::-1]))

    def _ready(self, n: int) -> tuple[list[int], Pieces | None]:
        found = self._at_hand.get(n)
        if found is None:
            positions, rows = self._pieces(n)
            if not rows or self._view is None:
                return positions, None
            from ..vectors.notes import Pieces

            if len(self._at_hand) >= AT_HAND:
                self._at_hand.clear()
            self._at_hand[n] = found = (positions, Pieces(rows, self._view))
        return found

    def _pieces(self, n: int) -> tuple[list[int], list[bytes]]:
        """Positions and rows of what was written in a note; of one that has a title alone, of that."""
        if self._space is None:
            return [], []
        return self._told(vectors.pieces_of(self._tx, n, self._space.n))

    @staticmethod
    def _told(pieces: Sequence[tuple[int, int, bytes]]) -> tuple[list[int], list[bytes]]:
        found = list(enumerate(pieces))
        chosen = [(position, value) for position, (begin, _, value) in found if begin >= 0 and any(value)]
        chosen = chosen or [(position, value) for position, (_, _, value) in found if any(value)]
        return [position for position, _ in chosen], [value for _, value in chosen]
