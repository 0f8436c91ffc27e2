"""A search by words, meaning and passages at once. Loaded only when a query asks for more than words."""

from __future__ import annotations

from ..domain import ranking
from ..domain.passages import may_name_a_passage, nearness
from ..domain.query import Term
from ..models.notes import Hit
from ..records import replaced
from ..storage import notes, passages, search, vectors
from .rows import to_note
from .search import marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..domain.query import Query
    from ..domain.ranking import Evidence
    from ..models.passages import Reference
    from ..ports import Tx
    from ..storage.notes import Stored
    from ..storage.search import Bounds
    from .context import Context
    from .meaning import Asked, Meaning

# How many candidates each part brings. More change nothing in the first twenty (docs/explanation/quality.md).
BY_WORDS, BY_MEANING, ON_PASSAGE = 100, 100, 100
# Of pieces more are needed: several of the nearest are of one note.
PIECES_A_HIT = 5
SNIPPET_CHARACTERS = 200

Piece = tuple[float, int, int]


class Fusion:
    """One search. The parts bring candidates, `domain/ranking.py` orders them."""

    def __init__(self, context: Context, meaning: Meaning, query: Query, bounds: Bounds) -> None:
        self._context = context
        # On a server other people's notes lie beside the person's own.
        self._own = context.visible_to if context.hosted else None
        self._meaning = meaning
        self._query = query
        self._bounds = bounds
        self._named, self._rest = self._parted(query.words)
        # Beside a passage its own words say nothing: "Psalm 23 shepherd" is not about the number 23.
        words = tuple((Term(word),) for word in self._rest.split() if any(map(str.isalnum, word)))
        self._telling = ranking.telling(replaced(query, groups=words) if self._named and words else query)
        self._asked: Asked | None = None
        self._least = 1.0

    @property
    def names_a_passage(self) -> bool:
        """Whether a passage is asked for."""
        return bool(self._named)

    def ask(self, *, whole: bool = False) -> None:
        """Have the query embedded: all of it, or what stands beside the passages it names.

        Raises: Unavailable, when nothing is embedded yet or the embedder does not answer.
        """
        text = self._query.words if whole else self._rest
        if text:
            self._asked = self._meaning.ask(text)

    def find(self, *, limit: int, words: bool) -> list[Hit]:
        """The notes that fit best, by what `ask` brought and, with `words`, by words and passages."""
        with self._context.engine.read() as tx:
            asked_words = len(self._telling.groups)
            self._telling = search.without_common_words(tx, self._telling, among=self._own)
            on_passage = self._on_passages(tx, limit) if words else {}
            by_words = self._by_words(tx, limit) if words else {}
            pieces = self._by_meaning(tx, self._asked, [*by_words, *on_passage], limit) if self._asked else {}
            candidates = list({**by_words, **on_passage, **pieces})
            having_all = search.with_all_words(tx, self._telling, candidates) if words else set()
            if not self._rest:
                # A passage alone is asked for: only who has its very words comes behind the notes on it.
                by_words = {n: weight for n, weight in by_words.items() if n in having_all}
            found = {
                n: ranking.Evidence(
                    by_words.get(n, 0.0),
                    n in having_all,
                    pieces[n][0] if n in pieces else None,
                    min(nearness(one, *place) for one, place in on_passage[n]) if n in on_passage else None,
                )
                for n in {**by_words, **on_passage, **pieces}
            }
            self._least = ranking.chance(vectors.size(tx, within=self._own))
            best = ranking.ordered(found, asked_words, self._least)[:limit]
            return self._hits(tx, best, found, pieces, on_passage)

    def _parted(self, text: str) -> tuple[list[tuple[int, int]], str]:
        """The passages that a query names, and what is left of it."""
        if not may_name_a_passage(text):
            return [], text
        from ..scripture.search import find
        from .passages import Passages

        spans = find(text)
        if spans:
            Passages(self._context).catch_up()
        rest, position = "", 0
        for span in spans:
            rest += text[position : span.begin] + " "
            position = span.stop
        rest += text[position:]
        return [span.passage for span in spans], " ".join(rest.split()) if any(map(str.isalpha, rest)) else ""

    def _on_passages(self, tx: Tx, limit: int) -> dict[int, list[tuple[Reference, tuple[int, int]]]]:
        found: dict[int, list[tuple[Reference, tuple[int, int]]]] = {}
        for place in self._named:
            keys = self._nearest_allowed(tx, place, max(ON_PASSAGE, limit))
            for n, references in passages.overlapping(tx, keys, *place).items():
                found.setdefault(n, []).extend((one, place) for one in references)
        return found

    def _nearest_allowed(self, tx: Tx, place: tuple[int, int], wanted: int) -> list[int]:
        keys: list[int] = []
        skip = 0
        while len(keys) < wanted:
            page = passages.nearest(tx, *place, limit=wanted, skip=skip, among=self._own)
            keys += self._allowed(tx, page)
            skip += len(page)
            if len(page) < wanted:
                break
        return keys

    def _by_words(self, tx: Tx, limit: int) -> dict[int, float]:
        return dict(
            search.with_any_word(
                tx,
                self._telling,
                self._bounds,
                visible_to=self._context.visible_to,
                limit=max(BY_WORDS, limit),
                among_others=self._own is not None,
            )
        )

    def _by_meaning(self, tx: Tx, asked: Asked, others: list[int], limit: int) -> dict[int, Piece]:
        """The best piece of the nearest notes, and of those that the other parts have found."""
        among = None
        if self._query.filters or self._query.excluded or self._own is not None:
            among = search.condition(self._query, self._bounds, visible_to=self._context.visible_to)
        near = vectors.nearest(tx, asked.space, asked.vector, max(BY_MEANING, PIECES_A_HIT * limit), among=among)
        pieces = vectors.best_pieces(tx, asked.space, near, within=self._own)
        # Also of those found among allowed notes: a vector stands for every note that has the same words.
        allowed = set(self._allowed(tx, list(pieces)))
        pieces = {n: piece for n, piece in pieces.items() if n in allowed}
        missing = [n for n in others if n not in pieces]
        return pieces | vectors.cosines_of_notes(tx, asked.space, asked.vector, missing)

    def _allowed(self, tx: Tx, keys: list[int]) -> list[int]:
        """Those of some notes that may be seen and fulfil the filters, in their order."""
        where, values = search.condition(self._query, self._bounds, visible_to=self._context.visible_to)
        allowed = notes.which(tx, keys, where, values)
        return [n for n in keys if n in allowed]

    def _hits(
        self,
        tx: Tx,
        best: list[tuple[int, float]],
        found: dict[int, Evidence],
        pieces: dict[int, Piece],
        on_passage: dict[int, list[tuple[Reference, tuple[int, int]]]],
    ) -> list[Hit]:
        keys = [n for n, _ in best]
        around = search.snippets(tx, self._telling, keys)
        rows = {stored.n: stored for stored in notes.by_keys(tx, keys, visible_to=self._context.visible_to)}
        hits = []
        for n, score in best:
            references = on_passage.get(n, [])
            cosine = found[n].cosine
            near = pieces.get(n) if cosine is not None and cosine >= self._least else None
            snippet = _snippet(rows[n], around.get(n, ""), near, references, has_all=found[n].has_all)
            hits.append(
                Hit(
                    to_note(tx, rows[n], self._context),
                    score,
                    *marked(snippet),
                    words=n in around,
                    meaning=cosine if cosine is not None and cosine >= self._least else None,
                    passage=references[0][0].osis if references else "",
                )
            )
        return hits


def _snippet(
    stored: Stored,
    around: str,
    piece: Piece | None,
    references: list[tuple[Reference, tuple[int, int]]],
    *,
    has_all: bool,
) -> str:
    """The text that speaks for a hit: around all the words, else around the passage, else the nearest piece."""
    has_words = search.MARK_START in around
    if has_words and has_all:
        return around
    body = stored.content.body
    for reference, _ in references:
        if reference.begin >= 0:
            return _cut(body, max(0, reference.begin - SNIPPET_CHARACTERS // 2))
    if piece and piece[2] > piece[1] >= 0:
        return _cut(body, piece[1], piece[2])
    return around if has_words or not body else _cut(body, 0)


def _cut(body: str, begin: int, stop: int | None = None) -> str:
    """A stretch of a body, cut at words."""
    end = min(len(body), begin + SNIPPET_CHARACTERS, stop if stop is not None else len(body))
    text = body[begin:end]
    if begin > 0 and not body[begin - 1].isspace():
        text = text.partition(" ")[2] or text
    if end < len(body) and not body[end].isspace():
        text = text.rpartition(" ")[0] or text
    return f"{'…' if begin else ''}{text.strip()}{'…' if end < len(body) else ''}"
