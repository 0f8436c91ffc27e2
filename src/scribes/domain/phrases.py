"""Dates and rhythms in words: "tomorrow 8am", "every sunday 18:00"; in German, Spanish, French and Portuguese too.

docs/reference/dates.md says what can be typed. A text is read strictly: a word that is not understood is an error.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from ..errors import InvalidInput
from ..records import record
from .phrase_words import DAY, HOUR, LANGUAGES, MINUTE, MONTH, WEEK, YEAR, not_understood, sentences
from .phrase_words.lexemes import HINT, quoted
from .rhythms import meaningful, read_rhythm, rhythm_words, rule_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .phrase_words import Token

__all__ = ["When", "read_duration", "read_rhythm", "read_when", "rhythm_words"]

# The time of a day that is named without one, and of a part of the day: its own time and between which it lies, in
# minutes; a night goes on into the next day.
DEFAULT_MINUTES = 9 * 60
PARTS = ((8 * 60, 0, 12 * 60), (15 * 60, 12 * 60, 21 * 60), (19 * 60, 16 * 60, 24 * 60), (20 * 60, 18 * 60, 29 * 60))
PART_NAMES = ("morning", "afternoon", "evening", "night")
HALF_DAY, WHOLE_DAY = 12 * 60, 24 * 60
# The kinds of tokens, as `phrase_words` names them, that say a time of day. `h` after in or every is a length of time.
PART = re.compile(r"[aif]?T")
CLOCK = re.compile(
    r"a?(?P<clock>[cC])(?P<half>p?)|(?<![ie])a?(?P<hours>h)"
    r"|a?(?P<number>n)(?:(?P<its_half>p)|z(?P<minute>n(?!f?m))?)|a(?P<bare>n)(?!f?m|p|z)"
)
DURATION = re.compile(r"i(?:nu|h)(?:&?(?:nu|h))*|nu(?:&?nu)*")
# 29 February comes every eight years at the least, the 31st every second month.
YEARS_AHEAD, MONTHS_AHEAD = 9, 3
SNOOZES = 'such as "10m", "2h", "tomorrow 8am" or "in 3 days"'


@record
class When:
    """The first wall time that was meant, to the minute, and the rule by which it recurs: empty for once."""

    starts: datetime
    rule: str


def read_when(text: str, now: datetime, *, languages: Sequence[str] = LANGUAGES) -> When:
    """The moment or the recurring moments somebody means, later than `now`, on the clock of the zone of `now`.

    Raises: InvalidInput, with what was typed and with examples.
    """
    moment, rule = _read(text, now, languages)
    if moment.fold:
        # A wall time alone is the first of two that are equal, which is over: the clock is right again an hour later.
        first, second = (moment.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
        moment += first - second
    return When(moment.replace(tzinfo=None, fold=0), rule)


def read_duration(text: str, now: datetime) -> datetime:
    """The moment after `now` that somebody means by "10m", "2h", "tomorrow" or "in 3 days".

    Raises: InvalidInput, also for what recurs.
    """
    moment, rule = _read(text, now, LANGUAGES, is_length=True)
    if rule:
        raise InvalidInput(f"{quoted(text)} recurs", hint=SNOOZES)
    return moment


def _read(text: str, now: datetime, languages: Sequence[str], *, is_length: bool = False) -> tuple[datetime, str]:
    """The first moment a text means, in the zone of `now`, and its rule."""
    if not text.strip():
        raise InvalidInput("it is not said when", hint=SNOOZES if is_length else HINT)
    readings = [meaningful(tokens) for tokens in sentences(text, languages)]
    if is_length:
        # By itself 2h is two o'clock in French; what is put off is put off by two hours.
        lengths = [[("i", 0), *tokens] for tokens in readings]
        readings = [*(tokens for tokens in lengths if DURATION.fullmatch(_kinds(tokens))), *readings]
    try:
        for tokens in readings:
            for rest, minutes in _without_clock(tokens, text):
                rule = rule_of(rest, text)
                if rule is not None:
                    return _first(rule, minutes, now, text), rule
                moment = _once(rest, minutes, now, text)
                if moment is not None:
                    return moment, ""
    except (ValueError, OverflowError):
        raise InvalidInput(f"{quoted(text)} is too far away", hint=HINT) from None
    raise not_understood(text)


def _without_clock(tokens: list[Token], text: str) -> Iterator[tuple[list[Token], int | None]]:
    """The tokens without the time of day, and that time in minutes: in every way that may be meant."""
    part = None
    if found := PART.search(_kinds(tokens)):
        part = tokens[found.end() - 1][1]
        tokens = tokens[: found.start()] + tokens[found.end() :]
        if found.start() and tokens[found.start() - 1][0] == "e":
            # "Every evening", and "sunday evenings", which is every sunday in the evening.
            names_a_day = "w" in _kinds(tokens)
            tokens.insert(*((0, tokens.pop(found.start() - 1)) if names_a_day else (found.start(), ("u", DAY))))
    kinds = _kinds(tokens)
    if not DURATION.fullmatch(kinds) and (found := CLOCK.search(kinds)):
        clock = _in_part(_minutes(found, tokens, text), part, text)
        yield tokens[: found.start()] + tokens[found.end() :], clock
        return
    yield tokens, None if part is None else PARTS[part][0]
    for rest, (kind, hour) in ((tokens[:-1], tokens[-1]), (tokens[1:], tokens[0])) if tokens else ():
        if kind == "n":
            yield rest, _in_part((_hour(hour, text), True), part, text)


def _minutes(found: re.Match[str], tokens: list[Token], text: str) -> tuple[int, bool]:
    """The minutes of a clock, and whether it could be meant after noon too."""
    at = next(found.start(name) for name in ("clock", "hours", "number", "bare") if found[name])
    kind, number = tokens[at]
    if kind in "cCh":
        minutes, is_open = number, kind != "C"
    else:
        minutes, is_open = _hour(number, text), True
    if found["minute"]:
        minutes += tokens[found.start("minute")][1]
        if tokens[found.start("minute")][1] > 59 or minutes > WHOLE_DAY:
            raise InvalidInput(f"there is no such time in {quoted(text)}", hint=HINT)
    if found["half"] or found["its_half"]:
        after_noon = tokens[found.end() - 1][1]
        if not 60 <= minutes < 13 * 60:
            raise InvalidInput(f"am and pm go with the hours 1 to 12 in {quoted(text)}", hint=HINT)
        return minutes % HALF_DAY + after_noon * HALF_DAY, False
    return minutes, is_open


def _hour(number: int, text: str) -> int:
    if not 0 <= number <= 24:
        raise InvalidInput(f"{number} is not an hour in {quoted(text)}", hint=HINT)
    return number * 60


def _in_part(clock: tuple[int, bool], part: int | None, text: str) -> int:
    """The minutes of a clock in a part of the day: 9 in the evening is 21:00, 1 at night is on the next day."""
    minutes, is_open = clock
    if part is None:
        return minutes
    _, begin, end = PARTS[part]
    later = minutes + HALF_DAY if is_open and minutes < 13 * 60 else minutes
    for one in (minutes, later, minutes + WHOLE_DAY):
        if begin <= one < end:
            return one
    raise InvalidInput(
        f"{minutes // 60}:{minutes % 60:02} is not in the {PART_NAMES[part]} in {quoted(text)}", hint=HINT
    )


def _first(rule: str, minutes: int | None, now: datetime, text: str) -> datetime:
    """The first moment of a rule after `now`: the first that it could be, however long its interval is."""
    from .recurrence import walls

    if rule.startswith("FREQ=HOURLY"):
        if minutes is not None:
            return _next_of([now.date(), now.date() + timedelta(days=1)], minutes, now)
        whole_hour = (now.astimezone(UTC) + timedelta(hours=1)).astimezone(now.tzinfo)
        return whole_hour.replace(minute=0, second=0, microsecond=0)
    minutes = DEFAULT_MINUTES if minutes is None else minutes
    if minutes >= WHOLE_DAY and "BY" in rule:
        raise InvalidInput(
            f"{quoted(text)} can be the night before or after the day", hint="write the day, and 23:59 or 0:00"
        )
    today = datetime.combine(now.date(), datetime.min.time()) + timedelta(minutes=minutes % WHOLE_DAY)
    anyway = re.sub(";INTERVAL=[0-9]+", "", rule)
    coming = (wall.replace(tzinfo=now.tzinfo) for wall in walls(today, anyway, today))
    found = next((moment for moment in coming if moment.astimezone(UTC) > now.astimezone(UTC)), None)
    if found is None:
        raise InvalidInput(f"{quoted(text)} never comes", hint=HINT)
    return found


def _once(tokens: list[Token], minutes: int | None, now: datetime, text: str) -> datetime | None:
    """The moment that tokens without a time of day mean, or None when they mean no day."""
    kinds, numbers = _kinds(tokens), [number for _, number in tokens]
    if DURATION.fullmatch(kinds):
        later = _after(kinds, numbers, minutes, now)
        return later and _ahead(later, now, text)
    days = _days(kinds, numbers, now.date(), has_time=minutes is not None, text=text)
    if not days:
        return None
    moment = _next_of(days, DEFAULT_MINUTES if minutes is None else minutes, now)
    if re.match("w[DMnmo]", kinds) and (day := _meant(moment, minutes)).weekday() != numbers[0]:
        raise InvalidInput(f"{day:%Y-%m-%d} in {quoted(text)} is another day of the week", hint="leave out one of them")
    return _ahead(moment, now, text)


def _ahead(moment: datetime, now: datetime, text: str) -> datetime:
    if moment.astimezone(UTC) <= now.astimezone(UTC):
        raise InvalidInput(
            f"{quoted(text)} is in the past: {moment:%Y-%m-%d %H:%M}", hint=f"say a later time or day, {HINT}"
        )
    return moment


def _meant(moment: datetime, minutes: int | None) -> date:
    """The day that was named: midnight and a late night are on the next."""
    return (moment - timedelta(days=(minutes or 0) // WHOLE_DAY)).date()


def _next_of(days: Sequence[date], minutes: int, now: datetime) -> datetime:
    """The first of some days at a time that is still ahead, or the last of them."""
    moment = now
    for day in days:
        wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
        moment = wall.replace(tzinfo=now.tzinfo)
        if moment.astimezone(UTC) > now.astimezone(UTC):
            break
    return moment


def _after(kinds: str, numbers: list[int], minutes: int | None, now: datetime) -> datetime | None:
    """The moment after a length of time: hours are counted on, days end at the time that is given."""
    lengths, is_short = [0] * (YEAR + 1), "h" in kinds
    for at, kind in enumerate(kinds):
        if kind == "u":
            lengths[numbers[at]] += numbers[at - 1]
            is_short = is_short or numbers[at] <= HOUR
        elif kind == "h":
            lengths[MINUTE] += numbers[at]
    days, months = lengths[DAY] + 7 * lengths[WEEK], lengths[MONTH] + 12 * lengths[YEAR]
    if is_short:
        if minutes is not None or months:
            return None
        later = now.astimezone(UTC) + timedelta(days=days, minutes=lengths[MINUTE], hours=lengths[HOUR])
        # To the nearest minute, but never to now.
        nearest = timedelta(seconds=30) if later > now.astimezone(UTC) else timedelta()
        return (later + nearest).astimezone(now.tzinfo).replace(second=0, microsecond=0)
    day = _months_on(now.date(), months) + timedelta(days=days)
    return _next_of([day], DEFAULT_MINUTES if minutes is None else minutes, now)


def _days(kinds: str, numbers: list[int], today: date, *, has_time: bool, text: str) -> list[date]:
    """The days that tokens can mean, the nearest first; none when they mean no day."""
    if kinds == "":
        return [today, today + timedelta(days=1)] if has_time else []
    if kinds == "d":
        return [today + timedelta(days=numbers[0])]
    if kinds in ("w", "tw", "xw", "wx"):
        ahead = (numbers[kinds.index("w")] - today.weekday()) % 7
        days = [today + timedelta(days=ahead), today + timedelta(days=ahead + 7)]
        return days if ahead or (has_time and "x" not in kinds) else days[1:]
    if kinds in ("D", "wD"):
        return [date.fromordinal(numbers[-1])]
    if re.fullmatch("w?(xu|ux)", kinds):
        return _in_next(numbers[kinds.index("u")], numbers[0] if kinds[0] == "w" else None, today)
    if re.fullmatch("w?o", kinds) and numbers[-1] > 0:
        months = [_months_on(today.replace(day=1), ahead) for ahead in range(MONTHS_AHEAD)]
        return _valid([(month.year, month.month, numbers[-1]) for month in months], text)
    if re.fullmatch("ow[fi]?xu", kinds) and numbers[-1] == MONTH:
        return _nth_weekday(numbers[0], numbers[1], [_months_on(today.replace(day=1), 1)])
    years = [numbers[-1]] if kinds.endswith("y") else range(today.year, min(today.year + YEARS_AHEAD, date.max.year))
    dated = re.fullmatch("(w?(?:nf?m|mn|mo|of?m|M)|ow[fi]?m)(f?y)?", kinds)
    if not dated:
        return []
    if dated[1].startswith("ow"):
        return _nth_weekday(numbers[0], numbers[1], [date(year, numbers[dated.end(1) - 1], 1) for year in years])
    named = dict(zip(kinds.replace("o", "n"), numbers, strict=True))
    month, day = divmod(named["M"], 100) if "M" in named else (named["m"], named["n"])
    return _valid([(year, month, day) for year in years], text)


def _in_next(unit: int, weekday: int | None, today: date) -> list[date]:
    """A weekday of the next week, or the first day of the next week, month or year."""
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7)
    if weekday is not None:
        return [monday + timedelta(days=weekday)] if unit == WEEK else []
    first = today.replace(day=1)
    next_ones = {
        DAY: today + timedelta(days=1),
        WEEK: monday,
        MONTH: _months_on(first, 1),
        YEAR: _months_on(first.replace(month=1), 12),
    }
    return [next_ones[unit]] if unit in next_ones else []


def _valid(dates: list[tuple[int, int, int]], text: str) -> list[date]:
    """Those of some dates that the calendar has; an error when it has none."""
    found = []
    for year, month, day in dates:
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue
    if not found:
        raise InvalidInput(f"there is no such day as in {quoted(text)}", hint=HINT)
    return found


def _nth_weekday(nth: int, weekday: int, firsts: list[date]) -> list[date]:
    """The first, second or last of a weekday in months that begin at some days, where there is one."""
    found = []
    for first in firsts:
        after = _months_on(first, 1)
        day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
        if nth < 0:
            day = after - timedelta(days=(after.weekday() - weekday - 1) % 7 + 1)
        if first <= day < after:
            found.append(day)
    return found


def _months_on(day: date, months: int) -> date:
    """The same day some months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    begin_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (begin_of_next - timedelta(days=1)).day))


def _kinds(tokens: Sequence[Token]) -> str:
    return "".join(kind for kind, _ in tokens)
