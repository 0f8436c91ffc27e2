"""How often, in words: "every sunday", "monthly on the 1st", and back from a rule into plain English."""

from __future__ import annotations

import re

from ..errors import InvalidInput
from .phrase_words import DAY, HOUR, MINUTE, MONTH, WEEK, YEAR, sentences
from .phrase_words.lexemes import quoted
from .recurrence import DAYS, Rule, check_rule, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .phrase_words import Token

HINT = 'such as "daily", "weekdays", "mondays", "every 3 days", "sundays and wednesdays" or "monthly"'
FREQUENCIES = {HOUR: "HOURLY", DAY: "DAILY", WEEK: "WEEKLY", MONTH: "MONTHLY", YEAR: "YEARLY"}
ADVERBS = {"HOURLY": "hourly", "DAILY": "daily", "WEEKLY": "weekly", "MONTHLY": "monthly", "YEARLY": "yearly"}
UNITS = {"HOURLY": "hour", "DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WHICH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
WHENEVER = "whenever"
# The kinds of tokens, as `phrase_words` names them, that say how often, at the beginning or the end.
HOW_OFTEN = re.compile(r"q|e[no]?u|eh")
AT_THE_END = re.compile(r"f?(q|e[no]?u|eh|fu)")
WEEKDAY_LIST = re.compile(r"[wWkK](?:&?[wWkK])*")
WEEKDAY_RANGE = re.compile(r"f?[wW]-[wW]")
DAY_LIST = re.compile(r"[no](?:&[no])*|o(?:&?o)*")
NTH_LIST = re.compile(r"o(?:&?o)*w(?:&?o(?:&?o)*w)*")
DATE = re.compile(r"nf?m|mn|mo|of?m")
NTH_OF_MONTH = re.compile(r"ow[fi]?m")


def read_rhythm(text: str) -> str:
    """The rule of a rhythm in words, as the value of an RRULE; empty for "whenever".

    Raises: InvalidInput.
    """
    if not text.strip():
        return ""
    for tokens in sentences(text):
        plain = meaningful(tokens)
        if [kind for kind, _ in plain] == ["v"]:
            return ""
        rule = rule_of(plain, text, is_rhythm=True)
        if rule is not None:
            return rule
    raise InvalidInput(f"{quoted(text)} is not a rhythm that is understood", hint=HINT)


def meaningful(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without articles and the like."""
    return [token for token in tokens if token[0] != "s"]


def rule_of(tokens: Sequence[Token], text: str, *, is_rhythm: bool = False) -> str | None:
    """The rule that tokens without a time of day say, or None when they say none.

    In a rhythm a weekday alone is every such day; elsewhere it is the next one.
    Raises: InvalidInput.
    """
    kinds, numbers = "".join(kind for kind, _ in tokens), [number for _, number in tokens]
    found = HOW_OFTEN.match(kinds)
    if found:
        end = found.end()
        rule = _with_period(*_period(kinds[:end], numbers[:end]), kinds[end:], numbers[end:])
        if rule is not None:
            return _checked(rule, text)
    at = next((end for end in range(len(kinds)) if AT_THE_END.fullmatch(kinds, end)), None)
    if at is not None:
        which = kinds[at:].removeprefix("f")
        begin = 1 if kinds.startswith("e") else 0  # every first sunday of the month
        rule = _with_period(*_period(which, numbers[-len(which) :]), kinds[begin:at], numbers[begin:at])
        if rule is not None:
            return _checked(rule, text)
    rule = _without_period(kinds, numbers, text, is_rhythm=is_rhythm)
    return None if rule is None else _checked(rule, text)


def rhythm_words(rule: str) -> str:
    """A rule in plain English, such as "every Sunday"; what `read_rhythm` reads is given so that it reads it again.

    Raises: InvalidInput, for what is no rule.
    """
    if not rule:
        return WHENEVER
    read = parse(rule)
    lists = dict(read.lists)
    frequency = _frequency(read)
    words = _when(read, lists, frequency)
    extra = [
        f"in {_joined([MONTHS[number - 1] for number in lists.pop('BYMONTH', ())])}" if "BYMONTH" in lists else "",
        _counted("in week", "in weeks", lists.pop("BYWEEKNO", ())),
        _counted("on day", "on days", lists.pop("BYYEARDAY", ()), "of the year"),
        _counted("only if it is day", "only if it is one of the days", lists.pop("BYMONTHDAY", ()), "of the month"),
        _times(lists),
        f"only the {_joined([_ordinal(number) for number in lists['BYSETPOS']])}" if "BYSETPOS" in lists else "",
        f"{read.count} {'time' if read.count == 1 else 'times'}" if read.count else "",
        _until(read.until),
    ]
    return ", ".join([words, *(part for part in extra if part)])


def _frequency(rule: Rule) -> str:
    """The name of a rule's frequency."""
    return tuple(reversed(FREQUENCIES.values()))[rule.frequency]


def _checked(rule: str, text: str) -> str:
    try:
        return check_rule(rule)
    except InvalidInput as e:
        raise InvalidInput(f"{quoted(text)}: {e.message}", hint=e.hint) from e


def _period(kinds: str, numbers: list[int]) -> tuple[int, int]:
    """The unit and how many of it, from "daily", "every 3 days", "every other week", "of the month"."""
    if kinds == "eh":
        return (HOUR, numbers[1] // 60) if numbers[1] % 60 == 0 else (MINUTE, numbers[1])
    return numbers[-1], numbers[1] if len(kinds) == 3 else 1


def _with_period(unit: int, interval: int, kinds: str, numbers: list[int]) -> str | None:
    """The rule of a period and what it is on: "every 2 weeks on friday", "monthly on the 1st"."""
    if unit == MINUTE:
        raise InvalidInput("a rhythm of minutes is too quick", hint="hourly or slower, such as every 2 hours")
    begin = f"FREQ={FREQUENCIES[unit]};INTERVAL={interval}"
    if not kinds:
        return begin
    if unit == WEEK:
        days = _weekdays(kinds, numbers)
        return f"{begin};BYDAY={days}" if days else None
    if unit == MONTH and DAY_LIST.fullmatch(kinds):
        days = ",".join(str(number) for kind, number in zip(kinds, numbers, strict=True) if kind != "&")
        return f"{begin};BYMONTHDAY={days}"
    if unit == MONTH and kinds == "ou" and numbers[1] == DAY:
        return f"{begin};BYMONTHDAY={numbers[0]}"
    if unit == MONTH and NTH_LIST.fullmatch(kinds):
        return f"{begin};BYDAY={_nth(kinds, numbers)}"
    if unit == YEAR and DATE.fullmatch(kinds):
        return f"{begin};{_date(kinds, numbers)}"
    if unit == YEAR and NTH_OF_MONTH.fullmatch(kinds):
        return f"{begin};BYMONTH={numbers[-1]};BYDAY={numbers[0]}{DAYS[numbers[1]]}"
    return None


def _without_period(kinds: str, numbers: list[int], text: str, *, is_rhythm: bool) -> str | None:
    """The rule of "every sunday", "mondays", "weekdays", "every 3 may", "every other sunday", "un lundi sur deux"."""
    if kinds in ("nwo", "nuo") and numbers[0] == 1 and numbers[2] == 2:
        return _with_period(WEEK, 2, "w", [numbers[1]]) if kinds == "nwo" else _with_period(numbers[1], 2, "", [])
    says_every = kinds.startswith("e")
    if says_every:
        kinds, numbers = kinds[1:], numbers[1:]
    marked = says_every or is_rhythm
    if (days := _weekdays(kinds, numbers)) and (marked or re.search("[WkK-]", kinds)):
        return f"FREQ=WEEKLY;BYDAY={days}"
    if says_every and kinds in ("nw", "nW"):
        return _with_period(WEEK, numbers[0], "w", numbers[1:])
    if says_every and kinds == "ow":
        return _every_nth(numbers[0], numbers[1], text)
    if marked and NTH_LIST.fullmatch(kinds):
        return f"FREQ=MONTHLY;BYDAY={_nth(kinds, numbers)}"
    if marked and re.fullmatch("o(?:&?o)*", kinds):
        return _with_period(MONTH, 1, kinds, numbers)
    if marked and (DATE.fullmatch(kinds) or NTH_OF_MONTH.fullmatch(kinds)):
        return _with_period(YEAR, 1, kinds, numbers)
    return None


def _every_nth(which: int, day: int, text: str) -> str:
    """The rule of "every first sunday", of the month, and "every second sunday", every other one."""
    if which in (1, -1):
        return f"FREQ=MONTHLY;BYDAY={which}{DAYS[day]}"
    if which == 2:
        return f"FREQ=WEEKLY;INTERVAL=2;BYDAY={DAYS[day]}"
    raise InvalidInput(
        f"{quoted(text)} can be every {which} weeks or once a month",
        hint=f'write "every {which} weeks on {WEEKDAYS[day].lower()}" or "{_which(which)} … of every month"',
    )


def _weekdays(kinds: str, numbers: list[int]) -> str:
    """The BYDAY of a list of weekdays, or of "monday to friday"; empty for anything else."""
    if WEEKDAY_RANGE.fullmatch(kinds):
        first, last = numbers[-3], numbers[-1]
        return ",".join(DAYS[(first + step) % 7] for step in range((last - first) % 7 + 1))
    if not WEEKDAY_LIST.fullmatch(kinds):
        return ""
    named = {"k": range(5), "K": range(5, 7)}
    listed = [named.get(kind, [number]) for kind, number in zip(kinds, numbers, strict=True) if kind != "&"]
    return ",".join(DAYS[day] for days in listed for day in days)


def _nth(kinds: str, numbers: list[int]) -> str:
    """The BYDAY of "first and third sunday" or "first sunday and last friday"."""
    found, which = [], list[int]()
    for kind, number in zip(kinds, numbers, strict=True):
        if kind == "o":
            which.append(number)
        elif kind == "w":
            found += [f"{nth}{DAYS[number]}" for nth in which]
            which = []
    return ",".join(found)


def _date(kinds: str, numbers: list[int]) -> str:
    month = numbers[kinds.index("m")]
    day = next(number for kind, number in zip(kinds, numbers, strict=True) if kind in "no")
    return f"BYMONTH={month};BYMONTHDAY={day}"


def _when(rule: Rule, lists: dict[str, tuple[int, ...]], frequency: str) -> str:
    """How often and on which days; what it says is taken out of the lists."""
    every = ADVERBS[frequency] if rule.interval == 1 else f"every {rule.interval} {UNITS[frequency]}s"
    nth = [number for _, number in rule.days if number]
    month_days = lists.get("BYMONTHDAY", ())
    if nth:
        days = _nth_words(rule, nth)
        if frequency == "YEARLY":
            every = "every year" if rule.interval == 1 else every
            months = lists.pop("BYMONTH", ())
            return f"{every} on the {days}{' of ' if months else ''}{_joined([MONTHS[one - 1] for one in months])}"
        return f"{days} of each month" if rule.interval == 1 else f"{every} on the {days}"
    if rule.days:
        listed = _weekday_words(rule, is_alone=frequency == "WEEKLY" and rule.interval == 1)
        return listed if frequency == "WEEKLY" and rule.interval == 1 else f"{every} on {listed}"
    if frequency == "MONTHLY" and month_days:
        lists.pop("BYMONTHDAY")
        if month_days == (-1,):
            return "last day of each month" if rule.interval == 1 else f"{every} on the last day"
        return f"{every} on the {_joined([_ordinal(day) for day in month_days])}"
    if frequency == "YEARLY" and month_days and len(lists.get("BYMONTH", ())) == 1:
        lists.pop("BYMONTHDAY")
        month = MONTHS[lists.pop("BYMONTH")[0] - 1]
        days = _joined([str(day) if day > 0 else f"the {_ordinal(day)} day of" for day in month_days])
        return f"{'every year' if rule.interval == 1 else every} on {days} {month}"
    return every


def _nth_words(rule: Rule, nth: list[int]) -> str:
    """First and third Sunday; or, of several weekdays, first Sunday and last Friday."""
    if len({day for day, _ in rule.days}) == 1:
        return f"{_joined([_which(number) for number in nth])} {WEEKDAYS[rule.days[0][0]]}"
    return _joined([f"{_which(number)} {WEEKDAYS[day]}" for day, number in rule.days])


def _weekday_words(rule: Rule, *, is_alone: bool) -> str:
    days = tuple(day for day, _ in rule.days)
    if is_alone and days in ((0, 1, 2, 3, 4), (5, 6)):
        return "weekdays" if days[0] == 0 else "weekends"
    return ("every " if is_alone else "") + _joined([WEEKDAYS[day] for day in days])


def _times(lists: dict[str, tuple[int, ...]]) -> str:
    hours, minutes = lists.get("BYHOUR", ()), lists.get("BYMINUTE", ())
    if hours and minutes:
        return f"at {_joined([f'{hour}:{minute:02}' for hour in hours for minute in minutes])}"
    if hours:
        return f"in {'hour' if len(hours) == 1 else 'hours'} {_joined([str(hour) for hour in hours])}"
    return f"at minute {_joined([str(minute) for minute in minutes])}" if minutes else ""


def _until(until: str) -> str:
    if not until:
        return ""
    return f"until {int(until[6:8])} {MONTHS[int(until[4:6]) - 1]} {int(until[:4])}"


def _counted(one: str, more: str, numbers: tuple[int, ...], after: str = "") -> str:
    if not numbers:
        return ""
    listed = _joined([str(number) if number > 0 else _ordinal(number) for number in numbers])
    return f"{one if len(numbers) == 1 else more} {listed} {after}".rstrip()


def _joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _which(number: int) -> str:
    return WHICH.get(number) or _ordinal(number)


def _ordinal(number: int) -> str:
    """1st, 22nd, 13th; last, 2nd to last."""
    if number < 0:
        return "last" if number == -1 else f"{_ordinal(-number)} to last"
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
