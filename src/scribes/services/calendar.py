"""Reminders as iCalendar: a file for any calendar, written when asked for, or kept up to date."""

from __future__ import annotations

import os
from datetime import date

from ..domain.recurrence import end_us
from ..domain.reminders import ACTIVE
from ..errors import InvalidInput, Unavailable
from ..files import read_if_there, write_atomically
from ..storage import meta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

    from ..models.reminders import Reminder
    from .context import Context
    from .reminders import Reminders

FEED = "calendar_feed"
FIRST_DAY = date(2020, 1, 1)


class Calendar:
    """The reminders of a vault for other programs. What is written is not encrypted."""

    def __init__(self, context: Context, reminders: Reminders) -> None:
        self._engine = context.engine
        self._reminders = reminders

    def export(self, *, over: bool = False) -> bytes:
        """The reminders as an iCalendar file; with `over`, also those that never come again. The same reminders give
        the same bytes.

        Raises: Unavailable, when the package icalendar is missing.
        """
        icalendar = _package()
        calendar = icalendar.Calendar()
        calendar.add("prodid", "-//Scribes//Scribes//EN")
        calendar.add("version", "2.0")
        calendar.add("x-wr-calname", "Scribes")
        for one in sorted(self._reminders.each(over=over), key=lambda one: one.id):
            for event in _events(one):
                calendar.add_component(event)
        # The rules of a zone from long before help no calendar.
        calendar.add_missing_timezones(first_date=FIRST_DAY)
        data: bytes = calendar.to_ical()
        return data

    def feed(self) -> str:
        """The file that is kept up to date, or nothing."""
        with self._engine.read() as tx:
            return str(meta.get(tx, FEED) or "")

    def set_feed(self, path: str) -> None:
        """Keep a file up to date from now on; none with an empty path.

        Raises: InvalidInput, Unavailable.
        """
        if path and not os.path.isdir(os.path.dirname(path)):
            raise InvalidInput(f"there is no folder {os.path.dirname(path)}", hint="make it first")
        if path:
            write_atomically(path, self.export())
        with self._engine.write() as tx:
            meta.put(tx, FEED, path)

    def refresh(self) -> bool:
        """Write the file anew where reminders have changed; whether that was so.

        Raises: Unavailable, InvalidInput, StorageFull.
        """
        path = self.feed()
        if not path:
            return False
        data = self.export()
        if read_if_there(path) == data:
            return False
        write_atomically(path, data)
        return True


def _events(one: Reminder) -> Iterator[Any]:
    """The event of a reminder, and one more for the moment until which it sleeps."""
    from datetime import datetime

    sleeps = one.snoozed_until is not None and one.snoozed_until == one.next_at
    if one.rule or not sleeps:
        yield _event(one, datetime.fromisoformat(one.starts), one.rule, one.id)
    if sleeps and one.snoozed_until is not None and one.state == ACTIVE:
        yield _event(one, one.snoozed_until.replace(tzinfo=None), "", f"{one.id}-again")


def _event(one: Reminder, wall: datetime, rule: str, uid: str) -> Any:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    icalendar = _package()
    event = icalendar.Event()
    event.add("uid", f"{uid}@scribes")
    event.add("summary", one.text)
    event.add("dtstart", wall.replace(tzinfo=ZoneInfo(one.zone)))
    event.add("duration", timedelta(minutes=15))
    event.add("dtstamp", one.changed_at)
    event.add("created", one.created_at)
    if rule:
        event.add("rrule", _recurrence(rule, one.zone))
    if one.state != ACTIVE:
        event.add("status", "CANCELLED")
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", one.text)
    alarm.add("trigger", timedelta(0))
    event.add_component(alarm)
    return event


def _recurrence(rule: str, zone: str) -> Any:
    """The rule as iCalendar wants it beside a start in a zone: its end is told in UTC."""
    from ..domain.dates import from_us

    recurrence = _package().vRecur.from_ical(rule)
    written = dict(part.split("=", 1) for part in rule.split(";"))
    if "UNTIL" in written:
        recurrence["UNTIL"] = [from_us(end_us(written["UNTIL"], zone)).replace(microsecond=0)]
    return recurrence


def _package() -> Any:
    try:
        import icalendar
    except ImportError as e:
        raise Unavailable("a calendar file needs the package icalendar", hint="pip install scribes[calendar]") from e
    return icalendar
