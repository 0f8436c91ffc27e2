"""Dates as people type them, and days as the file keeps them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

from ..errors import InvalidInput

TYPE_CHECKING = False

DAY_US = 86_400_000_000
# The years 1 to 9999; and 2 to 9998, which can be shown in every zone.
MIN_US, MAX_US = -62_135_596_800_000_000, 253_402_300_799_999_999
FIRST_US, LAST_US = -62_104_060_800_000_000, 253_370_764_799_999_999
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HINT = "write 2026-11-22, 2026-11-22 10:30, today, yesterday or a weekday"


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_us(at_us: int, *, offset_minutes: int = 0) -> datetime:
    """An aware datetime from microseconds since 1970, shown at an offset east of UTC."""
    zone = timezone(timedelta(minutes=offset_minutes)) if offset_minutes else UTC
    return (EPOCH + timedelta(microseconds=at_us)).astimezone(zone)


def instant(value: object) -> int | None:
    """Microseconds since 1970 that a calendar can show; None for anything else."""
    return value if type(value) is int and MIN_US <= value <= MAX_US else None


def offset_minutes(moment: datetime) -> int:
    """The offset east of UTC of an aware datetime, in whole minutes."""
    offset = moment.utcoffset()
    return round(offset.total_seconds() / 60) if offset else 0


def localised(moment: datetime) -> datetime:
    """The moment with an offset: its own, or that of the local zone at that moment.

    Raises: InvalidInput, for a moment outside the years 1 to 9999 once it has an offset.
    """
    try:
        aware = moment if moment.tzinfo else moment.astimezone()
        # Every zone must be able to show it, and SQLite to keep it.
        aware.astimezone(UTC)
        from_us(to_us(aware), offset_minutes=offset_minutes(aware))
        return aware
    except (OverflowError, ValueError, OSError) as e:
        raise InvalidInput(f"{moment} is outside the dates Scribes can keep") from e


def parse_moment(text: str, now: datetime) -> datetime:
    """The moment somebody means, in local time unless the text says otherwise; a day alone is its midnight.

    Raises: InvalidInput.
    """
    words = text.strip().lower()
    if words == "now":
        return now
    day_word, _, clock = words.partition(" ")
    day = _relative_day(day_word, now.date())
    try:
        if day is None:
            moment = datetime.fromisoformat(text.strip().replace("z", "Z"))
        else:
            moment = datetime.combine(day, time.fromisoformat(_two_digit_hour(clock)) if clock else time())
    except ValueError:
        raise InvalidInput(f"{text!r} is not a date", hint=HINT) from None
    return localised(moment)


def parse_period(text: str, today: date) -> tuple[date, date]:
    """The first and last day of a year, month or day: 2026, 2026-11, 2026-11-22, today, yesterday, sunday.

    Raises: InvalidInput.
    """
    day = _relative_day(text.lower(), today)
    if day is not None:
        return day, day
    try:
        numbers = [int(part) for part in text.split("-")]
        if not 1 <= len(numbers) <= 3 or len(text.split("-", maxsplit=1)[0]) != 4:
            raise ValueError
        year, month, number = [*numbers, 0, 0][:3]
        if number:
            return date(year, month, number), date(year, month, number)
        if month:
            following = date(year + month // 12, month % 12 + 1, 1)
            return date(year, month, 1), following - timedelta(days=1)
        return date(year, 1, 1), date(year, 12, 31)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text!r} is not a date", hint="write 2026, 2026-11, 2026-11-22, today or yesterday"
        ) from None


def _relative_day(word: str, today: date) -> date | None:
    """Today, yesterday, or the last such weekday up to today."""
    if word in ("today", "yesterday"):
        return today - timedelta(days=word == "yesterday")
    for number, name in enumerate(WEEKDAYS):
        if word in (name, name[:3]):
            return today - timedelta(days=(today.weekday() - number) % 7)
    return None


def _two_digit_hour(clock: str) -> str:
    return clock.zfill(5) if ":" in clock else f"{clock.zfill(2)}:00"
