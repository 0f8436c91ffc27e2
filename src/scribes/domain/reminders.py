"""What a reminder is, and when it fires: a pure rule over its content and what was told on this device."""

from __future__ import annotations

from datetime import datetime

from ..errors import Damaged, InvalidInput
from ..ids import to_text
from ..records import record, replaced
from .items import Kind

TYPE_CHECKING = False

MINUTE_US = 60_000_000
# A reminder that reaches a person later than this is marked late.
LATE_US = 5 * MINUTE_US
# The kind of the job that waits for the moment of a reminder.
JOB = "remind"
ACTIVE, DONE, CANCELLED = "active", "done", "cancelled"
MAX_TEXT = 500


@record
class ReminderContent:
    """All of a reminder that people can change.

    `starts` is a wall time in `zone`, such as 2026-11-25T08:00; `rule` an iCalendar RRULE, or empty for once. What
    comes up to `done_us` is dealt with. `typed` is how the person said when.
    """

    about_kind: str = ""
    about: str = ""
    text: str = ""
    starts: str = ""
    zone: str = ""
    rule: str = ""
    typed: str = ""
    done_us: int | None = None
    snoozed_us: int | None = None
    state: str = ACTIVE
    deleted_us: int | None = None


REMINDER = Kind("reminder", "reminder", ReminderContent)


@record
class Told:
    """What happened with a reminder on this device: the last occurrence that was told, and the last sleep that ended
    by telling it. Both are moments, or None.
    """

    told_us: int | None = None
    slept_us: int | None = None


@record
class Firing:
    """What a reminder says when it fires: for which occurrence, how many were missed before it, and if it is late."""

    occurrence_us: int
    missed: int
    is_late: bool
    told: Told


def job_key(id: bytes) -> str:
    """The key of the job of a reminder: there is one at a time."""
    return f"{JOB}:{to_text(id)}"


def starts_of(content: ReminderContent) -> datetime:
    """The wall time of the first occurrence.

    Raises: Damaged.
    """
    try:
        return datetime.fromisoformat(content.starts)
    except ValueError as e:
        raise Damaged(f"a reminder begins at {content.starts!r}, which is no time") from e


def sleeps_until(content: ReminderContent, told: Told) -> int | None:
    """The moment at which a reminder that was snoozed comes again; None where it does not sleep."""
    return None if content.snoozed_us == told.slept_us else content.snoozed_us


def next_us(content: ReminderContent, told: Told, *, created_us: int, now_us: int) -> int | None:
    """When a reminder fires next, after what was told here and what is dealt with; None when it never does again.

    A recurring one begins with its first time after it was written down, or after now where that was by a clock that
    stood ahead.
    """
    from .recurrence import instant, next_after

    if content.state != ACTIVE or content.deleted_us is not None:
        return None
    starts, sleeps = starts_of(content), sleeps_until(content, told)
    past = max(told.told_us or 0, content.done_us or 0)
    if not content.rule:
        # A single one that sleeps comes at that moment instead.
        first = instant(starts, content.zone)
        return sleeps if sleeps is not None else first if content.snoozed_us is None and first > past else None
    coming = next_after(starts, content.rule, content.zone, max(past, min(created_us, now_us)))
    return coming if sleeps is None else sleeps if coming is None else min(sleeps, coming)


def fire(content: ReminderContent, told: Told, due_us: int, now_us: int) -> Firing:
    """What to say of a reminder that was due at `due_us`: once, however much was missed since."""
    sleeps = sleeps_until(content, told)
    wakes = sleeps is not None and sleeps <= now_us
    occurrence, missed = due_us, 0
    if content.rule:
        from .recurrence import count_between, last_until

        starts = starts_of(content)
        last = last_until(starts, content.rule, content.zone, now_us)
        occurrence = max(due_us, last or 0, (sleeps or 0) if wakes else 0)
        if occurrence > due_us:
            missed = count_between(starts, content.rule, content.zone, due_us - 1, occurrence - 1)
    after = Told(max(occurrence, told.told_us or 0), sleeps if wakes else told.slept_us)
    return Firing(occurrence, missed, now_us - occurrence > LATE_US, after)


def open_us(content: ReminderContent, told: Told) -> int | None:
    """The occurrence that fired here and waits to be dealt with; None where there is none, or where it sleeps."""
    if told.told_us is None or content.state != ACTIVE or content.deleted_us is not None:
        return None
    if content.snoozed_us is not None:
        # "Done" ends a sleep, so what was woken by one is not dealt with.
        return told.told_us if sleeps_until(content, told) is None else None
    return None if (content.done_us or 0) >= told.told_us else told.told_us


def told_before(content: ReminderContent, told: Told, now_us: int) -> Told:
    """What counts as told after the clock was set back to `now_us`: nothing that has yet to come, where it recurs."""
    if told.told_us is None or told.told_us <= now_us or not content.rule:
        return told
    return replaced(told, told_us=_last(content, now_us))


def done_before(content: ReminderContent, now_us: int) -> ReminderContent:
    """The reminder, without what was dealt with by a clock that stood ahead, where it recurs."""
    if not content.rule or content.done_us is None or content.done_us <= now_us:
        return content
    return replaced(content, done_us=_last(content, now_us))


def dealt_with(content: ReminderContent, occurrence_us: int | None, *, created_us: int, now_us: int) -> ReminderContent:
    """The reminder after a person said "done" of an occurrence: what fired or, before it fires, the next time.

    Raises: InvalidInput, when nothing is left to be done.
    """
    if content.state != ACTIVE or occurrence_us is None:
        raise InvalidInput("the reminder is over", hint="scribes reminders list --all shows those too")
    after = replaced(content, done_us=max(occurrence_us, content.done_us or 0), snoozed_us=None)
    is_over = not content.rule or next_us(after, Told(), created_us=created_us, now_us=now_us) is None
    return replaced(after, state=DONE) if is_over else after


def snoozed(content: ReminderContent, until_us: int, now_us: int) -> ReminderContent:
    """The reminder, coming again at a moment.

    Raises: InvalidInput.
    """
    if content.state == CANCELLED or content.deleted_us is not None:
        raise InvalidInput("the reminder is cancelled", hint="scribes undo brings it back, or make a new one")
    if until_us <= now_us:
        raise InvalidInput("the reminder cannot sleep until a moment that is past")
    # What a single one was done with ahead of its time is wanted again.
    done_us = content.done_us if content.rule else None
    return replaced(content, snoozed_us=until_us, done_us=done_us, state=ACTIVE)


def _last(content: ReminderContent, until_us: int) -> int | None:
    from .recurrence import last_until

    return last_until(starts_of(content), content.rule, content.zone, until_us)
