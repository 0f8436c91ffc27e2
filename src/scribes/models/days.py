"""What a day holds, and what many days add up to, as plain data."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date

    from .notes import Note
    from .prayers import Listed
    from .reminders import Reminder


@record
class DayReading:
    """The portion of a reading plan on a day: its passages as `scribes read` takes them, and the same in OSIS."""

    plan: str
    passages: tuple[str, ...]
    osis: tuple[str, ...]


@record
class Day:
    """What a day holds: reminders that are due, how many cards to review, and the days in a row on which that
    was done, what to read, whom to pray for, and notes of this day in earlier years.
    """

    day: date
    streak: int
    reminders: tuple[Reminder, ...]
    cards: int
    readings: tuple[DayReading, ...]
    prayers: tuple[Listed, ...]
    notes: tuple[Note, ...]


@record
class Week:
    """A week from its Monday: notes in it, and of the reviews of known cards how many there were and went well."""

    monday: date
    notes: int
    answers: int
    remembered: int


@record
class BookCount:
    """A book of the Bible, its short name, and how many notes name something of it."""

    book: str
    name: str
    notes: int


@record
class Summary:
    """What the notes, reviews and prayers of a vault add up to. Weeks and books are in their order.

    Streaks are weeks in a row with a note, and days in a row with a prayer or a review. `answered_after_days` is the
    median of how long the answered prayers were prayed for.
    """

    notes: int
    first_note_on: date | None
    weeks: tuple[Week, ...]
    books: tuple[BookCount, ...]
    open_prayers: int
    answered_prayers: int
    archived_prayers: int
    times_prayed: int
    answered_after_days: int | None
    cards: int
    reviews: int
    note_streak_weeks: int
    prayer_streak_days: int
    review_streak_days: int
