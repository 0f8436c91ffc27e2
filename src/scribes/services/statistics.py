"""What the notes, reviews and prayers of a vault add up to."""

from __future__ import annotations

from datetime import date, timedelta

from ..domain.prayers import ANSWERED, ARCHIVED, OPEN, read_day
from ..domain.zones import begin_us, day_of
from ..errors import InvalidInput
from ..models.days import BookCount, Summary, Week
from ..storage import notes, prayers, statistics
from .review_numbers import streak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ports import Tx
    from ..storage.visible import Spaces
    from .context import Context

MOST_WEEKS = 520
# What is looked at for a streak: ten years.
LONGEST_STREAK = 3_660


class Statistics:
    """Numbers about a vault, each from an aggregate over an index."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def summary(self, *, weeks: int = 26) -> Summary:
        """What there is, with so many weeks up to this one.

        Raises: InvalidInput.
        """
        if not 1 <= weeks <= MOST_WEEKS:
            raise InvalidInput(f"{weeks} weeks cannot be shown", hint=f"1 to {MOST_WEEKS}")
        from .passages import Passages

        Passages(self._context).catch_up()
        spaces, zone = self._context.visible_to, self._context.zone
        with self._context.engine.read() as tx:
            today = day_of(tx.now_us, zone)
            first_us = statistics.first_note_us(tx, visible_to=spaces)
            states = statistics.prayers_by_state(tx, visible_to=spaces)
            cards, reviews = statistics.cards_and_reviews(tx, visible_to=spaces)
            return Summary(
                notes=notes.count(tx, visible_to=spaces),
                first_note_on=None if first_us is None else day_of(first_us, zone),
                weeks=_weeks(tx, self._context, today, weeks),
                books=_books(tx, self._context),
                open_prayers=states.get(OPEN, 0),
                answered_prayers=states.get(ANSWERED, 0),
                archived_prayers=states.get(ARCHIVED, 0),
                times_prayed=prayers.times_prayed(tx, visible_to=spaces),
                answered_after_days=_median_wait(statistics.answered(tx, visible_to=spaces), zone),
                cards=cards,
                reviews=reviews,
                note_streak_weeks=_weeks_in_a_row(tx, self._context, today),
                prayer_streak_days=_days_in_a_row(tx, spaces, today),
                review_streak_days=streak(tx, self._context),
            )


def _weeks(tx: Tx, context: Context, today: date, number: int) -> tuple[Week, ...]:
    mondays, spaces = _mondays(today, number), context.visible_to
    counted = statistics.notes_between(tx, [begin_us(day, context.zone) for day in mondays], visible_to=spaces)
    answers, remembered = dict.fromkeys(mondays, 0), dict.fromkeys(mondays, 0)
    for text, asked, well in statistics.answers_by_day(tx, mondays[0].isoformat(), visible_to=spaces):
        monday = _monday(date.fromisoformat(text))
        if monday in answers:
            answers[monday] += asked
            remembered[monday] += well
    return tuple(
        Week(day, written, answers[day], remembered[day]) for day, written in zip(mondays[:-1], counted, strict=True)
    )


def _weeks_in_a_row(tx: Tx, context: Context, today: date) -> int:
    """Weeks in a row with a note up to this week, or up to the last one where this has none yet."""
    mondays, number = _mondays(today, MOST_WEEKS), 0
    bounds = [begin_us(day, context.zone) for day in mondays]
    for at in range(len(bounds) - 2, -1, -1):
        if statistics.notes_between(tx, bounds[at : at + 2], visible_to=context.visible_to)[0]:
            number += 1
        elif at < len(bounds) - 2:
            break
    return number


def _books(tx: Tx, context: Context) -> tuple[BookCount, ...]:
    """The Protestant canon in full, and of the deuterocanon what is named."""
    from ..scripture import canon

    counted = statistics.notes_by_book(tx, visible_to=context.visible_to, is_among_many=context.hosted > 0)
    return tuple(
        BookCount(canon.OSIS[book], canon.SHORT[book], counted.get(book, 0))
        for book in range(1, canon.LAST_BOOK + 1)
        if book <= canon.PROTESTANT_BOOKS or book in counted
    )


def _median_wait(answered: Sequence[tuple[int, str]], zone: str) -> int | None:
    waits = sorted(
        max(0, (day - day_of(created_us, zone)).days)
        for created_us, text in answered
        if (day := read_day(text)) is not None
    )
    return waits[len(waits) // 2] if waits else None


def _days_in_a_row(tx: Tx, spaces: Spaces, today: date) -> int:
    """Days in a row with a prayer up to today, or up to yesterday where today has none yet."""
    number = 0
    for back in range(LONGEST_STREAK):
        day = today - timedelta(days=back)
        if statistics.has_prayed_on(tx, day.isoformat(), visible_to=spaces):
            number += 1
        elif back:
            break
    return number


def _mondays(today: date, weeks: int) -> list[date]:
    """The Mondays of so many weeks up to this one, and the one after it."""
    last = _monday(today)
    return [last - timedelta(weeks=back) for back in range(weeks - 1, -2, -1)]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
