"""What to read on a day: plans made from the canon's own chapters, the same for everybody on the same day.

A plan goes through its chapters in their order, each exactly once in a period, in portions that are as even in verses
as whole chapters allow. Nothing is kept: the portion follows from the date alone.
"""

from __future__ import annotations

from datetime import date, timedelta

from ..errors import InvalidInput
from ..models.days import DayReading
from ..scripture import canon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    # A book and a chapter.
    Chapter = tuple[int, int]

OFF = "off"
PLANS = ("bible", "nt", "psalms", "proverbs", "gospels")
MATTHEW, JOHN, PROVERBS = 40, 43, 20
GOSPEL_DAYS = 90
# Where the first round of the gospels began; any Monday would do.
FIRST_ROUND = date(2024, 1, 1)
SATURDAY = 5


def plans_of(setting: str) -> tuple[str, ...]:
    """The plans that the setting `readings` names, parted by commas or spaces; none for `off`.

    Raises: InvalidInput.
    """
    named = tuple(dict.fromkeys(setting.lower().replace(",", " ").split()))
    unknown = next((name for name in named if name not in (*PLANS, OFF)), None)
    if unknown is not None or (OFF in named and len(named) > 1):
        raise InvalidInput(f"the setting readings is {setting!r}", hint=f"some of {', '.join(PLANS)}; or {OFF}")
    return () if OFF in named else named


def of_day(setting: str, day: date) -> tuple[DayReading, ...]:
    """The readings of a day; a plan that rests on it has none.

    Raises: InvalidInput.
    """
    found = []
    for plan in plans_of(setting):
        chapters = portion(plan, day)
        if chapters:
            found.append(_reading(plan, chapters))
    return tuple(found)


def portion(plan: str, day: date) -> Sequence[Chapter]:
    """The chapters of a plan on a day."""
    if plan == "bible":
        return _shared(_chapters(1, canon.PROTESTANT_BOOKS), day.timetuple().tm_yday - 1, _days_of_year(day.year))
    if plan == "nt":
        return _on_weekdays(_chapters(MATTHEW, canon.PROTESTANT_BOOKS), day)
    if plan == "psalms":
        return _shared(_chapters(canon.PSALMS, canon.PSALMS), day.day - 1, _days_of_month(day))
    if plan == "proverbs":
        chapters, last = _chapters(PROVERBS, PROVERBS), _days_of_month(day)
        # What a short month has no day for is read on its last.
        return chapters[day.day - 1 : None if day.day == last else day.day]
    chapters, number = _chapters(MATTHEW, JOHN), (day - FIRST_ROUND).days % GOSPEL_DAYS
    return chapters[number : number + 1]


def evenly(lengths: Sequence[int], days: int) -> list[int]:
    """Where each of so many portions begins, and behind them the end: none empty, as even as whole chapters allow."""
    total, begins, read, at = sum(lengths), [0], 0, 0
    for number in range(1, days):
        target = total * number / days
        while at <= begins[-1] or read + lengths[at] / 2 <= target:
            # Each portion that is still to come needs a chapter.
            if len(lengths) - at <= days - number:
                break
            read, at = read + lengths[at], at + 1
        begins.append(at)
    return [*begins, len(lengths)]


def _shared(chapters: Sequence[Chapter], number: int, days: int) -> Sequence[Chapter]:
    begins = evenly([canon.VERSES[book][chapter] for book, chapter in chapters], days)
    return chapters[begins[number] : begins[number + 1]]


def _on_weekdays(chapters: Sequence[Chapter], day: date) -> Sequence[Chapter]:
    """A chapter a weekday: the New Testament has 260, and no year has fewer weekdays. The last one or two are free."""
    if day.weekday() >= SATURDAY:
        return ()
    days_before = day.timetuple().tm_yday - 1
    first = date(day.year, 1, 1).weekday()
    weeks, rest = divmod(days_before, 7)
    number = weeks * 5 + sum((first + one) % 7 < SATURDAY for one in range(rest))
    return chapters[number : number + 1]


def _chapters(first_book: int, last_book: int) -> list[Chapter]:
    return [
        (book, chapter) for book in range(first_book, last_book + 1) for chapter in range(1, canon.chapters(book) + 1)
    ]


def _days_of_year(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days if year < date.max.year else 365


def _days_of_month(day: date) -> int:
    following = day.replace(day=28) + timedelta(days=4)
    return (following - timedelta(days=following.day)).day


def _reading(plan: str, chapters: Sequence[Chapter]) -> DayReading:
    """Chapters as passages, one for each book, in words that `scribes read` takes."""
    from ..scripture.formatting import format_passage

    spans: dict[int, tuple[int, int]] = {}
    for book, chapter in chapters:
        base = book * canon.BOOK_UNIT + chapter * canon.CHAPTER_UNIT
        start = spans[book][0] if book in spans else base + 1
        spans[book] = (start, base + canon.VERSES[book][chapter])
    return DayReading(
        plan,
        tuple(format_passage(start, end, "long") for start, end in spans.values()),
        tuple(format_passage(start, end) for start, end in spans.values()),
    )
