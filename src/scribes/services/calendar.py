"""Reminders as iCalendar: a file for any calendar, written when asked for, or kept up to date."""

from __future__ import annotations

import os
from datetime import date

from ..domain.recurrence import end_us
from ..domain.reminders import ACTIVE
from ..errors import InvalidInput, Unavailable
from ..files import read_if_there, write_atomically
from ..storage import changes, meta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

    from ..models.reminders import Reminder
    from .context import Context
    from .reminders import Reminders

FEED, WRITTEN = "calendar_feed", "calendar_written"
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
        for one in self._reminders.each(over=over):
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
            write_calendar(path, self.export())
        with self._engine.write() as tx:
            meta.put(tx, FEED, path)

    def refresh(self) -> bool:
        """Write the file anew where reminders have changed; whether that was so.

        Raises: Unavailable, InvalidInput, StorageFull.
        """
        with self._engine.read() as tx:
            path, written, now = str(meta.get(tx, FEED) or ""), meta.get(tx, WRITTEN), changes.last(tx)
        if not path or (written == now and os.path.exists(path)):
            return False
        data = self.export()
        is_new = read_if_there(path) != data
        if is_new:
            write_calendar(path, data)
        with self._engine.write() as tx:
            meta.put(tx, WRITTEN, now)
        return is_new


def write_calendar(path: str, data: bytes) -> None:
    """Put a calendar file in its place: where a link leads, and as readable as it was.

    Raises: InvalidInput, StorageFull.
    """
    place = os.path.realpath(path)
    mode = os.stat(place).st_mode & 0o777 if os.path.exists(place) else 0o600
    write_atomically(place, data, mode=mode)


def _events(one: Reminder) -> Iterator[Any]:
    """The event of a reminder, and one more for the moment until which it sleeps."""
    from datetime import datetime

    if one.rule or one.snoozed_until is None:
        yield _event(one, datetime.fromisoformat(one.starts), one.rule, one.id)
    if one.snoozed_until is not None:
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
