"""When something recurs: iCalendar rules on the wall clock of a zone, and the instants they come to.

A rule is kept as the value of an RRULE (RFC 5545, section 3.3.10) and reckoned on naive wall times, so that "every day
at 8" is 8 o'clock in summer and in winter; each wall time is turned into an instant by the zone. A wall time that the
clock skips is moved forward by as much as the clock is, one that comes twice is the first of the two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..errors import InvalidInput
from ..records import record, replaced
from . import zones
from .dates import DAY_US, from_us, to_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from typing import Any

check_zone = zones.check_zone
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")  # in the order of dateutil, which counts them from 0
YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY = range(5)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Each list of numbers: the name dateutil has for it, its least and greatest number, and whether -1 is the last.
LISTS: dict[str, tuple[str, int, int, bool]] = {
    "BYMONTH": ("bymonth", 1, 12, False),
    "BYWEEKNO": ("byweekno", 1, 53, True),
    "BYYEARDAY": ("byyearday", 1, 366, True),
    "BYMONTHDAY": ("bymonthday", 1, 31, True),
    "BYHOUR": ("byhour", 0, 23, False),
    "BYMINUTE": ("byminute", 0, 59, False),
    "BYSETPOS": ("bysetpos", 1, 366, True),
}
NAMES = ("FREQ", "INTERVAL", "COUNT", "UNTIL", *list(LISTS)[:4], "BYDAY", *list(LISTS)[4:], "WKST")
# What an attacker's rule may cost: its length, its numbers, and how far apart two occurrences are looked for.
MAX_LENGTH, MAX_INTERVAL, MAX_COUNT, MAX_POSITIONS, HORIZON_YEARS = 1_000, 10_000, 10_000, 31, 100
# The calendar repeats itself, weekdays too, after this many years and days.
CYCLE_YEARS, CYCLE = 400, timedelta(days=146_097)
# The longest that a clock was ever put forward: the islands that crossed the date line left out a day.
LONGEST_GAP = timedelta(days=1)
STEP_DAYS = (366.0, 31.0, 7.0, 1.0, 1 / 24)
FIRST_US, LAST_US = to_us(datetime(2, 1, 1, tzinfo=UTC)), to_us(datetime(9998, 12, 31, tzinfo=UTC))
HINT = "such as FREQ=WEEKLY;BYDAY=SU or FREQ=MONTHLY;BYMONTHDAY=1"


@record
class Rule:
    """The parts of a rule; `days` are weekdays from 0 with which of them, 0 for every."""

    frequency: int
    interval: int = 1
    count: int = 0
    until: str = ""
    days: tuple[tuple[int, int], ...] = ()
    week_start: int = 0
    lists: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def numbers(self, name: str) -> tuple[int, ...]:
        """The numbers of a list, none where the rule has no such list."""
        return dict(self.lists).get(name, ())


def check_rule(rule: str) -> str:
    """The rule as it is kept: only its value, its parts in a fixed order, nothing that goes without saying.

    Raises: InvalidInput, also for a rule that never comes true, such as 30 February.
    """
    read = parse(rule)
    _refuse_contradictions(read)
    if not _is_possible(read):
        raise InvalidInput(f"the rule {_shown(rule)} never comes true", hint="no day fits all of its parts")
    return written(read)


def parse(rule: str) -> Rule:
    """The parts of a rule.

    Raises: InvalidInput.
    """
    if len(rule) > MAX_LENGTH:
        raise InvalidInput(f"the rule {_shown(rule)} is too long", hint=f"at most {MAX_LENGTH} characters")
    text = rule.strip().upper().removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise InvalidInput(f"{_shown(part or rule)} is not a part of a rule", hint=HINT)
        if name not in NAMES:
            raise InvalidInput(f"a rule has no part {_shown(name)}", hint=f"its parts are {', '.join(NAMES)}")
        if name in parts:
            raise InvalidInput(f"the rule has {name} twice", hint=HINT)
        parts[name] = value
    if parts.get("FREQ") not in FREQUENCIES:
        wrong = f"FREQ={_shown(parts['FREQ'])} is not known" if "FREQ" in parts else f"{_shown(rule)} has no FREQ"
        raise InvalidInput(wrong, hint=f"one of {', '.join(reversed(FREQUENCIES))}")
    return Rule(
        FREQUENCIES.index(parts["FREQ"]),
        _number("INTERVAL", parts.get("INTERVAL", "1"), 1, MAX_INTERVAL),
        _number("COUNT", parts["COUNT"], 1, MAX_COUNT) if "COUNT" in parts else 0,
        _until(parts.get("UNTIL", "")),
        tuple(sorted({_day(day) for day in parts["BYDAY"].split(",")}, key=_by_order)) if "BYDAY" in parts else (),
        _weekday(parts.get("WKST", "MO")),
        tuple((name, _numbers(name, parts[name])) for name in LISTS if name in parts),
    )


def written(rule: Rule) -> str:
    """A rule as text, in canonical form."""
    parts = {
        "FREQ": FREQUENCIES[rule.frequency],
        "INTERVAL": str(rule.interval) if rule.interval > 1 else "",
        "COUNT": str(rule.count or ""),
        "UNTIL": rule.until,
        "BYDAY": ",".join(f"{nth or ''}{DAYS[day]}" for day, nth in rule.days),
        "WKST": DAYS[rule.week_start] if rule.week_start else "",
        **{name: ",".join(map(str, numbers)) for name, numbers in rule.lists},
    }
    return ";".join(f"{name}={parts[name]}" for name in NAMES if parts.get(name))


def instant(wall: datetime, zone: str) -> int:
    """The instant of a wall time in a zone, in microseconds since 1970.

    Source: RFC 5545, section 3.3.5: a skipped time has the offset before the gap, of two equal times the first counts.
    """
    return _instant(wall, zones.zone(zone))[0]


def next_after(starts: datetime, rule: str, zone: str, after_us: int) -> int | None:
    """The first occurrence later than an instant, or None when there is none any more."""
    begin = _wall(after_us, zone) - LONGEST_GAP
    return next((at for at in _instants(starts, rule, zone, begin) if at > after_us), None)


def last_until(starts: datetime, rule: str, zone: str, until_us: int) -> int | None:
    """The last occurrence at or before an instant, or None when there was none yet."""
    read = parse(rule) if rule else Rule(YEARLY)
    if read.until:
        until_us = min(until_us, end_us(read.until, zone))
    back = read.interval * STEP_DAYS[read.frequency]
    target = _wall(until_us, zone)
    while True:
        # A rule that counts has to be followed from its start; one pass is enough.
        reachable = not read.count and (target - starts) / timedelta(days=1) > back + 1
        begin = target - timedelta(days=back) - LONGEST_GAP if reachable else starts
        last = None
        for at in _instants(starts, rule, zone, begin):
            if at > until_us:
                break
            last = at
        if last is not None or not reachable:
            return last
        back *= 8


def count_between(starts: datetime, rule: str, zone: str, after_us: int, until_us: int, *, limit: int = 1_000) -> int:
    """How many occurrences are later than one instant and not later than another, counted up to a limit."""
    begin, found = _wall(after_us, zone) - LONGEST_GAP, 0
    for at in _instants(starts, rule, zone, begin):
        if at > until_us or found >= limit:
            break
        found += at > after_us
    return found


def walls(starts: datetime, rule: str, begin: datetime) -> Iterator[datetime]:
    """The wall times of a rule in order, from the period that holds `begin` onward; rules that count, from the start.

    It ends where no occurrence is found for `HORIZON_YEARS` or more; the end that UNTIL sets depends on a zone.
    """
    from dateutil.rrule import rrule, weekday

    starts = starts.replace(second=0, microsecond=0)
    full = _filled(parse(rule), starts)
    if begin > starts and not full.count:
        starts = _moved(starts, full, begin)
    # dateutil looks for the next occurrence up to the year 9999: a shift by whole cycles bounds that.
    cycles = max(0, (9_999 - HORIZON_YEARS - starts.year) // CYCLE_YEARS)
    shift = CYCLE * cycles
    lists: dict[str, Any] = {LISTS[name][0]: numbers for name, numbers in full.lists}
    try:
        found = rrule(
            full.frequency,  # type: ignore[arg-type]
            dtstart=starts + shift,
            interval=full.interval,
            wkst=full.week_start,
            count=full.count or None,
            byweekday=[weekday(day, nth or None) for day, nth in full.days] or None,
            **lists,
        )
        for wall in found:
            yield wall - shift
    except (ValueError, OverflowError):
        # The hours of INTERVAL never meet those of BYHOUR, or the year 9999 is over.
        return


def _instants(starts: datetime, rule: str, zone: str, begin: datetime) -> Iterator[int]:
    """The instants of a rule, each later than the one before; none that could be missed lies before `begin`."""
    place = zones.zone(zone)
    if not rule:
        yield _instant(starts, place)[0]
        return
    until = parse(rule).until
    ends_us = end_us(until, zone) if until else None
    last, moved = None, list[int]()
    for wall in walls(starts, rule, begin):
        if wall < begin:
            continue
        at, in_gap = _instant(wall, place)
        if in_gap:
            # Moved forward, it may come after the next ones on the clock: wait for them.
            moved.append(at)
            continue
        for one in [*(early for early in moved if early < at), at] if moved else [at]:
            if ends_us is not None and one > ends_us:
                return
            if last is None or one > last:
                last = one
                yield one
        moved = [late for late in moved if late > at]
    for one in moved:
        if (last is None or one > last) and (ends_us is None or one <= ends_us):
            last = one
            yield one


def _instant(wall: datetime, place: tzinfo) -> tuple[int, bool]:
    """The instant of a wall time, and whether the clock skips it."""
    first, second = (wall.replace(tzinfo=place, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return to_us(wall.replace(tzinfo=UTC)) - first // timedelta(microseconds=1), second > first


def _wall(at_us: int, zone: str) -> datetime:
    """What the clock in a zone shows at an instant; instants that no clock can show are brought near."""
    return from_us(min(max(at_us, FIRST_US), LAST_US)).astimezone(zones.zone(zone)).replace(tzinfo=None, fold=0)


def _filled(rule: Rule, starts: datetime) -> Rule:
    """The rule with what it leaves to its start said in full, so that it no longer depends on the start's day."""
    lists = dict(rule.lists)
    chosen = rule.days or any(name in lists for name in ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY"))
    days = rule.days
    if not chosen and rule.frequency == YEARLY:
        lists.setdefault("BYMONTH", (starts.month,))
    if not chosen and rule.frequency in (YEARLY, MONTHLY):
        lists["BYMONTHDAY"] = (starts.day,)
    if not chosen and rule.frequency == WEEKLY:
        days = ((starts.weekday(), 0),)
    if rule.frequency != HOURLY:
        lists.setdefault("BYHOUR", (starts.hour,))
    lists.setdefault("BYMINUTE", (starts.minute,))
    return replaced(rule, days=days, lists=tuple(lists.items()))


def _moved(starts: datetime, rule: Rule, begin: datetime) -> datetime:
    """The start moved forward by whole intervals, to the last period of the rule that begins at or before `begin`.

    What it is moved to is the beginning of that period, so that no occurrence in it is lost.
    """
    if rule.frequency in (YEARLY, MONTHLY):
        step = rule.interval * (12 if rule.frequency == YEARLY else 1)
        month = 0 if rule.frequency == YEARLY else starts.month - 1
        whole = ((begin.year - starts.year) * 12 + begin.month - 1 - month) // step
        year, month = divmod(starts.year * 12 + month + whole * step, 12)
        return datetime(year, month + 1, 1) if whole > 0 else starts  # noqa: DTZ001 - wall time
    origin = starts.replace(minute=0) if rule.frequency == HOURLY else starts.replace(hour=0, minute=0)
    if rule.frequency == WEEKLY:
        since = (starts.weekday() - rule.week_start) % 7
        if origin.toordinal() <= since:
            return starts
        origin -= timedelta(days=since)
    length = timedelta(hours=1) if rule.frequency == HOURLY else timedelta(days=7 if rule.frequency == WEEKLY else 1)
    whole = (begin - origin) // (length * rule.interval)
    return origin + length * rule.interval * whole if whole > 0 else starts


def _is_possible(rule: Rule) -> bool:
    """Whether some day fits a rule, whatever it starts from."""
    frequency, lists = rule.frequency, dict(rule.lists)
    if frequency in (WEEKLY, DAILY, HOURLY):
        # These only leave out days: looking through years is quicker, and finds the same days.
        size = len(lists.get("BYMINUTE", (0,)))
        size *= 1 if frequency == HOURLY else len(lists.get("BYHOUR", (0,)))
        size *= max(1, len(rule.days)) if frequency == WEEKLY else 1
        if any(abs(position) > size for position in lists.pop("BYSETPOS", ())):
            return False
        frequency = YEARLY
    plain = replaced(rule, frequency=frequency, interval=1, count=0, until="", lists=tuple(lists.items()))
    starts = datetime(2000, 1, 1)  # noqa: DTZ001 - wall time
    return next(walls(starts, written(plain), starts), None) is not None


def _refuse_contradictions(rule: Rule) -> None:
    frequency, lists, nth = FREQUENCIES[rule.frequency], dict(rule.lists), [n for _, n in rule.days if n]
    wrong = [
        (bool(rule.count and rule.until), "COUNT and UNTIL exclude each other", "keep one of them"),
        ("BYSETPOS" in lists and len(lists) == 1 and not rule.days, "BYSETPOS needs another BY", "such as BYDAY"),
        (len(lists.get("BYSETPOS", ())) > MAX_POSITIONS, "BYSETPOS has too many numbers", f"at most {MAX_POSITIONS}"),
        ("BYWEEKNO" in lists and frequency != "YEARLY", "BYWEEKNO is for FREQ=YEARLY", HINT),
        ("BYWEEKNO" in lists and not rule.days, "BYWEEKNO needs BYDAY", "such as BYWEEKNO=20;BYDAY=MO"),
        (
            "BYYEARDAY" in lists and frequency in ("DAILY", "WEEKLY", "MONTHLY"),
            f"BYYEARDAY is not for FREQ={frequency}",
            "use FREQ=YEARLY",
        ),
        ("BYMONTHDAY" in lists and frequency == "WEEKLY", "BYMONTHDAY is not for FREQ=WEEKLY", "use FREQ=MONTHLY"),
        (
            bool(nth) and (frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in lists),
            "a numbered BYDAY, such as 1SU, is for FREQ=MONTHLY or FREQ=YEARLY without BYWEEKNO",
            "such as FREQ=MONTHLY;BYDAY=1SU",
        ),
        (
            bool(nth) and (frequency == "MONTHLY" or "BYMONTH" in lists) and max(map(abs, nth)) > 5,
            "a month has at most 5 of each weekday",
            "such as BYDAY=-1FR for the last Friday",
        ),
        (bool(nth) and len(nth) < len(rule.days), "BYDAY mixes numbered weekdays with plain ones", "make two of it"),
    ]
    for is_wrong, message, hint in wrong:
        if is_wrong:
            raise InvalidInput(message, hint=hint)


def _number(name: str, text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 6 or not least <= int(text) <= most:
        raise InvalidInput(f"{name}={_shown(text)} is not possible", hint=f"a number from {least} to {most}")
    return int(text)


def _numbers(name: str, text: str) -> tuple[int, ...]:
    _, least, most, from_the_end = LISTS[name]
    found = {
        _number(name, one.strip().removeprefix("+"), -most if from_the_end else least, most) for one in text.split(",")
    }
    if from_the_end and 0 in found:
        raise InvalidInput(f"{name}=0 is not possible", hint="the first is 1, the last is -1")
    return tuple(sorted(found, key=lambda number: (number < 0, number)))


def _day(text: str) -> tuple[int, int]:
    """A weekday with which of them: 1SU, -1FR, MO."""
    day, which = text.strip()[-2:], text.strip()[:-2].removeprefix("+")
    nth = _number("BYDAY", which, -53, 53) if which else 0
    if which and not nth:
        raise InvalidInput(f"BYDAY={_shown(text)} is not possible", hint="the first is 1SU, the last -1SU")
    return _weekday(day), nth


def _by_order(day: tuple[int, int]) -> tuple[bool, int, int]:
    return day[1] < 0, day[1], day[0]


def _weekday(text: str) -> int:
    if text not in DAYS:
        raise InvalidInput(f"{_shown(text)} is not a weekday of a rule", hint=", ".join(DAYS))
    return DAYS.index(text)


def _until(text: str) -> str:
    """The end of a rule as it is kept: 20261231, 20261231T180000 or 20261231T180000Z."""
    if text:
        try:
            _end(text)
        except (ValueError, OverflowError):
            raise InvalidInput(
                f"UNTIL={_shown(text)} is not a date", hint="such as UNTIL=20261231 or UNTIL=20261231T180000Z"
            ) from None
    return text


def _end(until: str) -> datetime:
    """The last moment an UNTIL allows, as wall time or in UTC: a day alone is meant to its end."""
    if not until.isascii() or len(until) not in (8, 15, 16) or until[15:] not in ("", "Z"):
        raise ValueError(until)
    day = datetime.strptime(until[:8], "%Y%m%d")  # noqa: DTZ007 - wall time
    if len(until) == 8:
        return day + timedelta(microseconds=DAY_US - 1)
    clock = datetime.strptime(until[8:15], "T%H%M%S")  # noqa: DTZ007 - wall time
    return datetime.combine(day, clock.time(), UTC if until.endswith("Z") else None)


def end_us(until: str, zone: str) -> int:
    """The instant of an UNTIL, which a wall time is in the zone of the rule."""
    end = _end(until)
    return to_us(end) if end.tzinfo else instant(end, zone)


def _shown(text: str) -> str:
    """What was typed, cut where it is too long to read."""
    return repr(text if len(text) <= 60 else f"{text[:57]}…")
