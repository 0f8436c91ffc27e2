"""Reminders, and the ways they reach a person, as plain data."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


@record
class Reminder:
    """A reminder as it stands now.

    `about` is the id of a note or prayer, or a passage (OSIS); `text` what it says. `starts` is a wall time in `zone`;
    `rule` an iCalendar RRULE, or empty for once. `next_at` is when it fires next, in its zone; `open_at` what fired and
    was not dealt with, `late` whether it was told late. `state`: active, done or cancelled.
    """

    id: str
    handle: str
    text: str
    about_kind: str
    about: str
    starts: str
    zone: str
    rule: str
    typed: str
    state: str
    next_at: datetime | None
    open_at: datetime | None
    late: bool
    created_at: datetime
    changed_at: datetime
    snoozed_until: datetime | None

    @property
    def due_at(self) -> datetime | None:
        """What it is due for: the moment that fired and waits, else the next one."""
        return self.open_at or self.next_at


@record
class NewReminder:
    """What a reminder is made of: `when` in words such as "every sunday 18:00"; or `starts`, once or with a `rule`.

    `about` is the id of a note or prayer, or a passage; `about_kind` says which of them (note, prayer, passage) or is
    empty for a note or prayer. Without a `text` it says what that is called. `zone` is empty for the person's own.
    """

    text: str = ""
    starts: datetime | None = None
    zone: str = ""
    rule: str = ""
    about_kind: str = ""
    about: str = ""
    typed: str = ""
    when: str = ""


@record
class ReminderPatch:
    """What to change in a reminder; None leaves a field as it is. One whose moment is changed is active again, and what
    it said before is dealt with.
    """

    text: str | None = None
    when: str | None = None
    starts: datetime | None = None
    rule: str | None = None
    zone: str | None = None


@record
class Channel:
    """A way a reminder reaches the person from this device. `resting_until` is set while it keeps failing."""

    name: str
    kind: str
    config: dict[str, str]
    shows_text: bool
    resting_until: datetime | None
    failures: int


@record
class Delivery:
    """One reminder on one channel: for which moment, when it was last tried, and how that went."""

    channel: str
    reminder_id: str
    text: str
    due_at: datetime
    at: datetime
    attempts: int
    late: bool
    state: str
    error: str
