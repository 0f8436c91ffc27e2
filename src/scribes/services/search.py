"""Search in notes: by their words, by their meaning, and by the passages they name, ranked together."""

from __future__ import annotations

from ..domain.dates import parse_period
from ..domain.query import DATE_FIELDS, PASSAGE_FIELDS, Query, parse
from ..errors import InvalidInput, NotFound, ScribesError
from ..models.notes import Hit
from ..storage import search
from .rows import to_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from ..storage.search import Bounds
    from .context import Context
    from .meaning import Meaning

BOTH, WORDS, MEANING = "both", "words", "meaning"


class Search:
    """Finding notes. The query language stands in docs/reference/query-language.md."""

    def __init__(self, context: Context, meaning: Callable[[], Meaning]) -> None:
        self._context = context
        self._meaning = meaning

    def find(
        self,
        text: str,
        *,
        limit: int = 20,
        trash: bool = False,
        by: str = BOTH,
        remark: Callable[[str], None] | None = None,
    ) -> list[Hit]:
        """Notes that match, best first; of more than 1,000 hits by words the newest 1,000 are ranked.

        Plain words are looked for by word and by meaning, and a passage named in them by the notes on it. Quotes,
        prefixes, OR and fields of text ask for the very letters: then, in the trash, and with `by="words"`, words alone
        count. `by="meaning"` leaves the words out. Where meaning is not to be had, `remark` is told why.

        Raises: InvalidInput, for a query without a word or with a date or passage that is none; Unavailable, with
        `by="meaning"`, when nothing is embedded yet or the embedder does not answer.
        """
        query = parse(text)
        if by == MEANING and (trash or not query.is_plain):
            raise InvalidInput(
                "only plain words outside the trash have a meaning", hint="without quotes, *, OR and fields like title:"
            )
        bounds = self._bounds(query)
        if by == WORDS or trash or not query.is_plain:
            return self._by_words(query, bounds, limit=limit, trash=trash)
        from .fusion import Fusion

        fusion = Fusion(self._context, self._meaning(), query, bounds)
        try:
            fusion.ask(whole=by == MEANING)
        except ScribesError as e:
            # Whatever an embedder says, the words are here.
            if by == MEANING:
                raise
            if remark:
                remark(e.message)
            if not fusion.names_a_passage:
                return self._by_words(query, bounds, limit=limit, trash=False)
        try:
            return fusion.find(limit=limit, words=by == BOTH)
        except NotFound:
            # The vectors were replaced between asking and looking.
            return self._by_words(query, bounds, limit=limit, trash=False)

    def suggest(self, text: str) -> str | None:
        """The query with words that stand in no note replaced by the likeliest that do; None where all are known."""
        from .spelling import corrected

        query, own = parse(text), self._context.visible_to if self._context.hosted else None
        with self._context.engine.read() as tx:
            unknown = search.unknown_words(tx, query, among=own)
            return corrected(tx, text, unknown, among=own) if unknown else None

    def _by_words(self, query: Query, bounds: Bounds, *, limit: int, trash: bool) -> list[Hit]:
        with self._context.engine.read() as tx:
            found = search.find(
                tx,
                query,
                bounds,
                visible_to=self._context.visible_to,
                limit=limit,
                trash=trash,
                among_others=bool(self._context.hosted),
            )
            has_words = bool(query.groups)
            return [
                Hit(to_note(tx, stored, self._context), score, *marked(snippet), words=has_words)
                for stored, score, snippet in found
            ]

    def _bounds(self, query: Query) -> Bounds:
        """By position of a filter: of a date its first day and the day after its last, as days since 1970; of a passage
        its first and last verse.
        """
        from datetime import date

        bounds = {}
        for position, item in enumerate(query.filters):
            if item.field in DATE_FIELDS:
                bounds[position] = _days(item.value, date.today())
            elif item.field in PASSAGE_FIELDS:
                from .passages import Passages, named

                Passages(self._context).catch_up()
                bounds[position] = named(item.value).passage
        return bounds


def marked(snippet: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The snippet on one line and without marks, and where the marks were."""
    plain = ""
    marks = []
    for index, piece in enumerate(" ".join(snippet.split()).split(search.MARK_START)):
        hit, end, rest = piece.partition(search.MARK_END)
        if index and end:
            marks.append((len(plain), len(plain) + len(hit)))
        plain += hit + rest
    return plain, tuple(marks)


def _days(period: str, today: date) -> tuple[int, int]:
    first, last = parse_period(period, today)
    return _day_number(first), _day_number(last) + 1


def _day_number(day: date) -> int:
    return day.toordinal() - 719_163
