"""Prayer points: what one is, whom and what it names, and which of them a day's list holds.

A prayer with a rhythm is on the list on its days; missed, it stays once until it is prayed. The others take turns like
people in a queue: who is prayed for goes to its end. The place in the queue follows from the log of prayers before the
day, so the list stays the same all day, and is the same on every device that has the log and is in the same day.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from functools import lru_cache

from ..errors import InvalidInput
from ..records import record, replaced
from .items import Kind
from .labels import MAX_LENGTH, clean_tags, hashtags, marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..models.prayers import NewPrayer, PrayerPatch
    from .recurrence import Rule

OPEN, ANSWERED, ARCHIVED = "open", "answered", "archived"
FEWEST_A_DAY = 3
# How far back the queue looks at the log: enough to keep turns apart, and no more to read however long the log grows.
MEMORY_DAYS = 400
MAX_TITLE, MAX_BODY = 1_000, 1_000_000


@record
class PrayerContent:
    """All of a prayer point that people can change. `note` is the id of the note it was taken from, or empty; `rhythm`
    how often, in the person's words, or empty for whenever its turn comes; `answered_on` a day, or empty.
    """

    title: str = ""
    body: str = ""
    note: str = ""
    people: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    rhythm: str = ""
    state: str = OPEN
    answered_on: str = ""
    thanks: str = ""
    deleted_us: int | None = None


@record
class PrayedContent:
    """That somebody prayed: for which prayer (its id), when, on which day of their calendar, and in which words."""

    prayer: str = ""
    at_us: int = 0
    day: str = ""
    words: str = ""
    deleted_us: int | None = None


PRAYER = Kind("prayer", "prayer", PrayerContent)
PRAYED = Kind("prayed", "prayed", PrayedContent)


@record
class Turn:
    """A prayer as the day's list sees it: its id, when it was written down, the rule of its rhythm (or empty), and the
    days before the list's on which it was prayed, the last one first.
    """

    id: bytes
    created_us: int
    created_on: date
    rule: str
    prayed: tuple[date, ...]


# What a prayer point is made of


def content_of_new(new: NewPrayer) -> PrayerContent:
    """The content of a new prayer point; @people and #tags in its text count too.

    Raises: InvalidInput.
    """
    title, body = _line("title", new.title), _text("text", new.body)
    if not title and not body.strip():
        raise InvalidInput("an empty prayer was not saved", hint='scribes pray add "Healing for Ruth"')
    return PrayerContent(
        title=title,
        body=body,
        note=new.note,
        people=clean_people([*new.people, *people_in(f"{title}\n{body}")]),
        tags=clean_tags([*new.tags, *hashtags(f"{title}\n{body}")]),
        rhythm=clean_rhythm(new.rhythm),
    )


def patched(content: PrayerContent, patch: PrayerPatch) -> PrayerContent:
    """The content with a patch applied. Who or what came into the text is added, what left it is removed.

    Raises: InvalidInput.
    """
    title = content.title if patch.title is None else _line("title", patch.title)
    body = content.body if patch.body is None else _text("text", patch.body)
    if not title and not body.strip():
        raise InvalidInput("a prayer cannot be empty", hint="scribes pray rm moves it to the trash")
    old, new = f"{content.title}\n{content.body}", f"{title}\n{body}"
    tags = set(content.tags if patch.tags is None else clean_tags(patch.tags))
    people = content.people if patch.people is None else clean_people(patch.people)
    went = {name.casefold() for name in people_in(old) - people_in(new)}
    return replaced(
        content,
        title=title,
        body=body,
        people=clean_people([*(name for name in people if name.casefold() not in went), *people_in(new)]),
        tags=clean_tags((tags - (hashtags(old) - hashtags(new))) | hashtags(new)),
        rhythm=content.rhythm if patch.rhythm is None else clean_rhythm(patch.rhythm),
    )


def answered(content: PrayerContent, thanks: str, on: date) -> PrayerContent:
    """The prayer, answered on a day, with words of thanks.

    Raises: InvalidInput.
    """
    return replaced(content, state=ANSWERED, answered_on=on.isoformat(), thanks=_text("thanks", thanks).strip())


def reopened(content: PrayerContent) -> PrayerContent:
    """The prayer one step back: out of the trash as it was, out of the archive with its answer, and an answered one
    open again, without its answer.
    """
    if content.deleted_us is not None:
        return replaced(content, deleted_us=None)
    if content.state == ARCHIVED and content.answered_on:
        return replaced(content, state=ANSWERED)
    return replaced(content, state=OPEN, answered_on="", thanks="")


def entry(prayer: str, words: str, *, at_us: int, day: date) -> PrayedContent:
    """An entry of the log: a prayer (its id) was prayed at a moment, in such words.

    Raises: InvalidInput.
    """
    return PrayedContent(prayer, at_us, day.isoformat(), _line("words", words))


def clean_people(names: Iterable[str]) -> tuple[str, ...]:
    """People as they are kept: without a leading @, white space folded, spelt as given, sorted, each once.

    Raises: InvalidInput.
    """
    kept: dict[str, str] = {}
    for name in names:
        clean = " ".join(name.strip().lstrip("@").split())
        if not any(map(str.isalnum, clean)) or len(clean) > MAX_LENGTH or not clean.isprintable():
            raise InvalidInput(f"{name!r} is not a name", hint=f"a few words, at most {MAX_LENGTH} characters")
        kept.setdefault(clean.casefold(), clean)
    return tuple(kept[key] for key in sorted(kept))


def people_in(text: str) -> set[str]:
    """The @people in a text, as they are written."""
    return marked(text, "@")


def clean_rhythm(words: str) -> str:
    """A rhythm as it is kept: the person's own words, once they are understood; empty for whenever its turn comes.

    Raises: InvalidInput.
    """
    clean = " ".join(words.split())
    try:
        return clean if rule_of(clean) else ""
    except InvalidInput as e:
        raise InvalidInput(e.message, hint="such as daily, weekdays, mondays or monthly; or whenever") from e


def rule_of(rhythm: str) -> str:
    """The rule (RRULE value) that the words of a rhythm mean; empty for none and for "whenever".

    Raises: InvalidInput, also for what comes oftener than a day's list does.
    """
    if not rhythm:
        return ""
    from .phrases import read_rhythm

    rule = read_rhythm(rhythm)
    if rule.startswith("FREQ=HOURLY"):
        raise InvalidInput(f"{rhythm!r} is oftener than once a day", hint="such as daily")
    return rule


# Which prayers a day's list holds


def of_day(turns: Iterable[Turn], day: date, *, days: int, at_most: int) -> list[bytes]:
    """The prayers of a day: those whose rhythm has come, then those whose turn it is, in the order of the queue.

    So many take their turn that everybody comes up within `days` days, unless that were more than `at_most` a day.
    """
    with_rhythm: list[Turn] = []
    queue: list[Turn] = []
    for turn in turns:
        (with_rhythm if turn.rule else queue).append(turn)
    waiting = [turn for turn in with_rhythm if is_due(turn, day)]
    number = a_day(len(queue), days=days, at_most=at_most)
    return [turn.id for turn in (*sorted(waiting, key=_place), *sorted(queue, key=_place)[:number])]


def a_day(number: int, *, days: int, at_most: int) -> int:
    """How many of so many prayers take their turn on one day."""
    return min(number, at_most, max(FEWEST_A_DAY, -(-number // days)))


def is_due(turn: Turn, day: date) -> bool:
    """Whether a prayer with a rhythm is on the list of a day: it is one of its days, or the last of them was missed."""
    last = last_day(turn.rule, turn.created_on, day)
    return last is not None and not any(last <= prayed < day for prayed in turn.prayed)


def last_day(rule: str, starts: date, day: date) -> date | None:
    """The last day of a rhythm from its start up to a day, or None where it has not come yet.

    It differs from a calendar's rule in one thing: where a month is too short for its day, the month's last day stands
    for it, so that what is prayed for monthly from the 31st on is prayed for in February.
    """
    read = _parsed(rule)
    first, number = _period(read.frequency, starts), _period(read.frequency, day)
    number -= (number - first) % read.interval
    while number >= first:
        found = max((one for one in _days_of_period(read, number, starts) if starts <= one <= day), default=None)
        if found is not None:
            return found
        number -= read.interval
    return None


@lru_cache(maxsize=1_000)
def _parsed(rule: str) -> Rule:
    from .recurrence import parse

    return parse(rule)


def _period(frequency: int, day: date) -> int:
    """The number of the year, month, week or day that holds a day, counted from the beginning of the calendar."""
    months = day.year * 12 + day.month - 1
    return (day.year, months, (day.toordinal() - 1) // 7, day.toordinal())[frequency]


def _days_of_period(rule: Rule, number: int, starts: date) -> Iterator[date]:
    """The days of a rhythm in one of its years, months, weeks or days; what it leaves open is as in its start."""
    from .recurrence import MONTHLY, WEEKLY, YEARLY

    if rule.frequency == YEARLY:
        for month in rule.numbers("BYMONTH") or (starts.month,):
            yield from _days_of_month(rule, number, month, starts)
    elif rule.frequency == MONTHLY:
        yield from _days_of_month(rule, number // 12, number % 12 + 1, starts)
    elif rule.frequency == WEEKLY:
        for weekday, _ in rule.days or ((starts.weekday(), 0),):
            yield date.fromordinal(number * 7 + 1 + weekday)
    else:
        yield date.fromordinal(number)


def _days_of_month(rule: Rule, year: int, month: int, starts: date) -> Iterator[date]:
    first, length = monthrange(year, month)
    for weekday, nth in rule.days:
        same = range(1 + (weekday - first) % 7, length + 1, 7)
        if -len(same) <= nth <= len(same):
            yield date(year, month, same[nth - 1 if nth > 0 else nth])
    for day in () if rule.days else rule.numbers("BYMONTHDAY") or (starts.day,):
        yield date(year, month, min(day, length) if day > 0 else max(1, length + 1 + day))


def _place(turn: Turn) -> tuple[object, ...]:
    """The place in the queue. Of two that were prayed on one day, who stood before the other then does so again."""
    return ((*turn.prayed, turn.created_on), turn.created_us, turn.id)


def _line(name: str, text: str) -> str:
    line = " ".join(_text(name, text).split())
    if len(line) > MAX_TITLE:
        raise InvalidInput(f"the {name} has {len(line)} characters", hint=f"at most {MAX_TITLE}")
    return line


def _text(name: str, text: str) -> str:
    """The text as it is kept: Unicode that can be written, without NUL, with Unix line ends."""
    if len(text) > MAX_BODY:
        raise InvalidInput(f"the {name} has {len(text)} characters", hint=f"at most {MAX_BODY}")
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise InvalidInput(f"the {name} is not Unicode text", hint="is it UTF-8?") from e
    if "\x00" in text:
        raise InvalidInput(f"the {name} holds a NUL character", hint="is this a text file?")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def read_day(text: str) -> date | None:
    """A day as it is kept; None for what is none, from a device that is in error."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
