"""Search in notes by words."""

from __future__ import annotations

from ..domain.dates import parse_period
from ..domain.query import DATE_FIELDS, Query, parse
from ..models.notes import Hit
from ..storage import search
from .rows import to_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date

    from .context import Context


class Search:
    """Finding notes. The query language stands in docs/reference/query-language.md."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def find(self, text: str, *, limit: int = 20, trash: bool = False) -> list[Hit]:
        """Notes that match, best first; of more than 1,000 hits the newest 1,000 are ranked.

        Raises: InvalidInput, for a query without a word or with a date that is none.
        """
        from datetime import date

        query = parse(text)
        days = _days(query, date.today())
        with self._context.engine.read() as tx:
            found = search.find(tx, query, days, visible_to=self._context.visible_to, limit=limit, trash=trash)
            return [
                Hit(to_note(tx, stored, self._context), score, *_marked(snippet)) for stored, score, snippet in found
            ]


def _days(query: Query, today: date) -> dict[int, tuple[int, int]]:
    """By position of a date filter: its first day and the day after its last, as days since 1970."""
    days = {}
    for position, item in enumerate(query.filters):
        if item.field in DATE_FIELDS:
            first, last = parse_period(item.value, today)
            days[position] = (_day_number(first), _day_number(last) + 1)
    return days


def _day_number(day: date) -> int:
    return day.toordinal() - 719_163


def _marked(snippet: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The snippet on one line and without marks, and where the marks were."""
    plain = ""
    marks = []
    for index, piece in enumerate(" ".join(snippet.split()).split(search.MARK_START)):
        hit, end, rest = piece.partition(search.MARK_END)
        if index and end:
            marks.append((len(plain), len(plain) + len(hit)))
        plain += hit + rest
    return plain, tuple(marks)
