"""How reviewing goes, in numbers: what is to do, the streak, what was remembered, and the coming load."""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta

from ..domain.dates import from_us
from ..domain.reviews import HIGHLIGHT, NOTE
from ..domain.zones import begin_us, day_of
from ..models.reviews import ForecastDay, Status
from ..storage import cards
from .card_texts import sides_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date

    from ..ports import Tx
    from .context import Context
    from .scripture import Scripture

RETENTION_DAYS = 30
# In how many cards it is looked whether the words are still marked, to count what is due.
MOST_DOUBTFUL = 200


def status(tx: Tx, context: Context, scripture: Scripture, *, new_a_day: int) -> Status:
    """How many cards there are, what is due, and how reviewing goes."""
    visible_to = context.visible_to
    number, learned = cards.count(tx, visible_to=visible_to)
    today = _today(tx, context)
    reviewed, right = cards.answered_on(tx, today.isoformat(), visible_to=visible_to)
    first = today - timedelta(days=RETENTION_DAYS - 1)
    asked, recalled = cards.recalled_since(tx, first.isoformat(), visible_to=visible_to)
    waiting = due_now(tx, context, scripture, cards.UNSEEN)
    new = _new_of(tx, context, waiting, new_a_day)
    coming = [
        cards.next_us(tx, tx.now_us, visible_to=visible_to),
        begin_us(today + timedelta(days=1), context.zone) if waiting > new else None,
    ]
    next_us = min((at_us for at_us in coming if at_us is not None), default=None)
    return Status(
        due=due_now(tx, context, scripture, cards.SEEN),
        new=new,
        cards=number,
        learned=learned,
        reviewed_today=reviewed,
        right_today=right,
        streak_days=streak(tx, context),
        retention=round(recalled / asked, 3) if asked else None,
        next_at=None if next_us is None else from_us(next_us),
    )


def due_now(tx: Tx, context: Context, scripture: Scripture, sort: str) -> int:
    """How many cards of a sort are due and can be shown. Of many changed notes, not all are looked through for it."""
    groups = cards.count_due(tx, sort, tx.now_us, visible_to=context.visible_to)
    of_notes = sum(number for kind, _, number in groups if kind in (NOTE, HIGHLIGHT))
    of_texts = sum(
        number for kind, code, number in groups if kind not in (NOTE, HIGHLIGHT) and scripture.is_at_hand(code)
    )
    if not of_notes:
        return of_texts
    gone, doubtful = cards.without_note(tx, sort, tx.now_us, visible_to=context.visible_to, limit=MOST_DOUBTFUL)
    gone += sum(sides_of(tx, context, scripture, stored.content) is None for stored in doubtful)
    return of_notes + of_texts - gone


def new_today(tx: Tx, context: Context, scripture: Scripture, new_a_day: int) -> int:
    """How many new cards still come today."""
    return _new_of(tx, context, due_now(tx, context, scripture, cards.UNSEEN), new_a_day)


def _new_of(tx: Tx, context: Context, waiting: int, new_a_day: int) -> int:
    if not waiting:
        return 0
    seen = cards.introduced(tx, _today(tx, context).isoformat(), visible_to=context.visible_to)
    return min(waiting, max(0, new_a_day - seen))


def streak(tx: Tx, context: Context) -> int:
    """For how many days in a row there were reviews, up to today or, where today has none yet, yesterday."""
    today = _today(tx, context)
    visible_to, days = context.visible_to, 0
    day = today if cards.has_answers_on(tx, today.isoformat(), visible_to=visible_to) else today - timedelta(days=1)
    while cards.has_answers_on(tx, day.isoformat(), visible_to=visible_to):
        days += 1
        day -= timedelta(days=1)
    return days


def forecast(tx: Tx, context: Context, scripture: Scripture, *, days: int, new_a_day: int) -> list[ForecastDay]:
    """How many cards come on each of the coming days; what is overdue comes today, new ones so many a day."""
    today = _today(tx, context)
    dates = [today + timedelta(days=number) for number in range(days)]
    # When each day is over: what comes before that comes no later than on it.
    ends = [begin_us(day + timedelta(days=1), context.zone) for day in dates]
    due = [0] * days
    for due_us in cards.due_times(tx, ends[-1], visible_to=context.visible_to):
        due[bisect_right(ends, due_us)] += 1
    waiting = due_now(tx, context, scripture, cards.UNSEEN)
    coming, allowed = [], _new_of(tx, context, waiting, new_a_day)
    for day, number in zip(dates, due, strict=True):
        new = min(waiting, allowed)
        coming.append(ForecastDay(day, number, new))
        waiting, allowed = waiting - new, new_a_day
    return coming


def _today(tx: Tx, context: Context) -> date:
    return day_of(tx.now_us, context.zone)
