"""What a reminder is told in words: when it comes, and what it is about."""

from __future__ import annotations

from ..domain.dates import from_us
from ..domain.prayers import PRAYER
from ..errors import InvalidInput, NotFound
from ..ids import to_text
from ..models.notes import heading_of
from ..records import record
from ..storage import items
from .rows import find_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from ..ports import Tx
    from .context import Context

NOTE, PASSAGE = "note", "passage"
KINDS = (NOTE, PRAYER.name, PASSAGE)
FIRST_YEAR, LAST_YEAR = 2, 9998
HINT = 'such as "tomorrow 8am"; or the moment it starts'


@record
class Moment:
    """When a reminder comes: the first wall time in its zone, the rule by which it recurs, and what was typed."""

    starts: datetime
    rule: str
    typed: str


def moment_of(when: str, starts: datetime | None, rule: str, typed: str, *, zone: str, now_us: int) -> Moment:
    """The moment that words, or a beginning and a rule, mean.

    Raises: InvalidInput, for a rule that cannot be, or a moment that is past.
    """
    from ..domain.recurrence import check_rule, instant, next_after, walls

    if when:
        if starts is not None or rule:
            raise InvalidInput("the moment is said in words, and in numbers", hint="leave one away")
        from ..domain.phrases import read_when
        from ..domain.zones import zone as zone_named

        found = read_when(when, from_us(now_us).astimezone(zone_named(zone)))
        starts, rule, typed = found.starts, found.rule, typed or when
    elif starts is None:
        raise InvalidInput("it is not said when", hint=HINT)
    starts, rule = _wall(starts, zone), check_rule(rule) if rule else ""
    if rule:
        # A calendar counts the beginning as the first time, so the rule begins with its own first one.
        starts = next(walls(starts, rule, starts), starts)
        if next_after(starts, rule, zone, max(instant(starts, zone) - 1, now_us)) is None:
            raise InvalidInput(f"{typed or rule!r} never comes", hint="the rule ends before now")
    elif instant(starts, zone) <= now_us:
        raise InvalidInput(f"{typed or starts} is in the past", hint='scribes remind 2 "tomorrow 8am"')
    return Moment(starts, rule, typed)


def subject_of(tx: Tx, context: Context, kind: str, about: str) -> tuple[str, str, str]:
    """What a reminder is about: its kind, its id or passage, and how it is called; empty texts for nothing.

    Raises: NotFound, Ambiguous, InvalidInput.
    """
    if kind and kind not in KINDS:
        raise InvalidInput(f"nobody is reminded of a {kind!r}", hint=f"one of {', '.join(KINDS)}")
    if not about:
        if kind:
            raise InvalidInput(f"it is not said of which {kind}")
        return "", "", ""
    if kind == PASSAGE:
        from ..scripture import parse

        return PASSAGE, parse(about).osis, about
    try:
        if kind in ("", NOTE):
            note = find_in(tx, about, context)
            return NOTE, to_text(note.id), heading_of(note.content.title, note.content.body)
    except NotFound:
        if kind:
            raise
    id = items.resolve(tx, PRAYER, about, visible_to=context.visible_to)
    prayer = items.get(tx, PRAYER, id, visible_to=context.visible_to)
    return PRAYER.name, to_text(id), heading_of(prayer.content.title, prayer.content.body)


def _wall(starts: datetime, zone: str) -> datetime:
    """A beginning as the clock of the zone shows it, to the minute."""
    if not FIRST_YEAR <= starts.year <= LAST_YEAR:
        raise InvalidInput(f"{starts} is too far away", hint=HINT)
    if starts.tzinfo is not None:
        from ..domain.zones import zone as zone_named

        starts = starts.astimezone(zone_named(zone))
    return starts.replace(second=0, microsecond=0, tzinfo=None)
