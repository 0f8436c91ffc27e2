"""What a day holds: reminders, reviews, readings, prayers, and the notes of this day in earlier years."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta

from ..domain.dates import from_us, to_us
from ..domain.zones import day_of
from ..models.days import Day
from ..storage import statistics
from . import readings
from .rows import to_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..config import Settings
    from ..models.notes import Note
    from ..ports import Tx
    from ..storage.notes import Stored
    from .context import Context
    from .prayers import Prayers
    from .reminders import Reminders
    from .reviews import Reviews

MOST_NOTES, MOST_YEARS = 5, 100


class Days:
    """The days of a vault."""

    def __init__(
        self, context: Context, settings: Settings, *, reminders: Reminders, reviews: Reviews, prayers: Prayers
    ) -> None:
        self._context = context
        self._settings = settings
        self._reminders, self._reviews, self._prayers = reminders, reviews, prayers

    def today(self) -> Day:
        """What today holds.

        Raises: InvalidInput, for a setting `readings` that names no plan.
        """
        with self._context.engine.read() as tx:
            today = day_of(tx.now_us, self._context.zone)
            remembered = self._in_earlier_years(tx, today)
        cards, streak = self._reviews.to_do()
        return Day(
            day=today,
            streak=streak,
            reminders=tuple(self._reminders.due()),
            cards=cards,
            readings=readings.of_day(self._settings.readings, today),
            prayers=tuple(self._prayers.today()),
            notes=tuple(remembered),
        )

    def _in_earlier_years(self, tx: Tx, today: date) -> list[Note]:
        """The notes of this day in earlier years, the latest first: one small question of the index for each year."""
        spaces = self._context.visible_to
        first_us = statistics.first_note_us(tx, visible_to=spaces)
        if first_us is None:
            return []
        found: list[Stored] = []
        for year in range(today.year - 1, max(from_us(first_us).year - 1, today.year - 1 - MOST_YEARS), -1):
            same = same_days(today, year)
            if same is not None:
                begin_us, stop_us = (to_us(datetime.combine(day, time(), UTC)) for day in same)
                found += statistics.notes_of_days(
                    tx, begin_us, stop_us, visible_to=spaces, limit=MOST_NOTES - len(found)
                )
            if len(found) == MOST_NOTES:
                break
        return [to_note(tx, stored, self._context) for stored in found]


def same_days(day: date, year: int) -> tuple[date, date] | None:
    """The days of a year that have this day as their anniversary, as the first and the one behind the last.

    29 February is remembered on its day in leap years, and on the 28th in others.
    """
    if (day.month, day.day) == (2, 29):
        return (date(year, 2, 29), date(year, 3, 1)) if isleap(year) else None
    same = day.replace(year=year)
    both = (day.month, day.day) == (2, 28) and isleap(year) and not isleap(day.year)
    return same, same + timedelta(days=2 if both else 1)
