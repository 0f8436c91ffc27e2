"""Reminders: what comes back to somebody, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from pydantic import AwareDatetime

from ...errors import InvalidInput
from ...models.reminders import NewReminder, Reminder, ReminderPatch
from ..access import Owner, OwnerWriter
from ..once import once
from ..paging import Cursor, Limit, Page, counted, skipped
from ..shapes import shape

router = APIRouter(prefix="/v1/reminders", tags=["reminders"])

CALENDAR = "text/calendar"
A_REMINDER = {
    "words": {
        "summary": "Of a note, in words",
        "value": {"about": "019bb1c2-7d3e-7aaa-8bbb-0123456789ab", "when": "tomorrow 8am", "zone": "Europe/Berlin"},
    },
    "rule": {
        "summary": "Again and again",
        "value": {
            "text": "Call Ruth",
            "starts": "2040-05-06T18:00",
            "rule": "FREQ=WEEKLY;BYDAY=SU",
            "zone": "Europe/Berlin",
        },
    },
    "passage": {
        "summary": "Of a passage",
        "value": {"about_kind": "passage", "about": "Rom 8:28", "when": "every sunday 18:00"},
    },
}
A_PATCH = {"later": {"summary": "At another time", "value": {"when": "every monday 7:00"}}}
A_SLEEP = {
    "words": {"summary": "In words", "value": {"words": "2h"}},
    "moment": {"summary": "Until a moment", "value": {"until": "2040-05-06T18:00:00+02:00"}},
}


@shape
class Sleep:
    """Until when a reminder sleeps: in words such as "10m", "2h" or "tomorrow 8am", or a moment."""

    words: Annotated[str, Body(max_length=200)] = ""
    until: AwareDatetime | None = None


@router.get("")
def list_reminders(me: Owner, *, over: bool = False, limit: Limit = 50, cursor: Cursor = "") -> Page[Reminder]:
    """Reminders: what is due first, then what comes first; with `over`, also those that are done or cancelled."""
    skip = skipped(cursor)
    return counted(me.reminders.recent(over=over, limit=limit + 1, skip=skip), skip=skip, limit=limit)


@router.post("", status_code=201)
@once
def add_reminder(
    new: Annotated[NewReminder, Body(openapi_examples=A_REMINDER)], me: OwnerWriter, response: Response
) -> Reminder:
    """A new reminder: by `when` in words, or by `starts` and, where it comes again, a `rule` (RRULE of iCalendar)."""
    made = me.reminders.add(new)
    response.headers["Location"] = f"/v1/reminders/{made.id}"
    return made


@router.get("/due")
def list_due_reminders(me: Owner, *, limit: Limit = 50, cursor: Cursor = "") -> Page[Reminder]:
    """What has come and was not dealt with, the earliest first."""
    skip = skipped(cursor)
    return counted(me.reminders.due(limit=limit + 1, skip=skip), skip=skip, limit=limit)


@router.get("/upcoming")
def list_upcoming_reminders(
    me: Owner, *, days: Annotated[int, Query(ge=1, le=3660)] = 7, limit: Limit = 50, cursor: Cursor = ""
) -> Page[Reminder]:
    """What comes within so many days, the earliest first."""
    skip, until = skipped(cursor), datetime.now(UTC) + timedelta(days=days)
    return counted(me.reminders.coming(until=until, limit=limit + 1, skip=skip), skip=skip, limit=limit)


@router.get(
    "/calendar.ics",
    response_class=Response,
    responses={200: {"content": {CALENDAR: {"schema": {"type": "string"}}}, "description": "An iCalendar file."}},
)
def get_calendar(me: Owner, *, over: bool = False) -> Response:
    """The reminders as an iCalendar file, for other programs."""
    headers = {"Content-Disposition": 'attachment; filename="scribes.ics"'}
    return Response(me.calendar.export(over=over), media_type=f"{CALENDAR}; charset=utf-8", headers=headers)


@router.get("/{id}")
def get_reminder(id: str, me: Owner) -> Reminder:
    """A reminder."""
    return me.reminders.get(id)


@router.patch("/{id}")
def patch_reminder(
    id: str, patch: Annotated[ReminderPatch, Body(openapi_examples=A_PATCH)], me: OwnerWriter
) -> Reminder:
    """A reminder with another text, or at another time: then it is active again."""
    return me.reminders.change(id, patch)


@router.delete("/{id}")
def cancel_reminder(id: str, me: OwnerWriter) -> Reminder:
    """A reminder that never comes again; it is listed with `over`."""
    return me.reminders.cancel([id])[0]


@router.post("/{id}/done")
def finish_reminder(id: str, me: OwnerWriter) -> Reminder:
    """A reminder that is dealt with; one that recurs goes on with its next time."""
    return me.reminders.done([id])[0]


@router.post("/{id}/snooze")
def snooze_reminder(id: str, sleep: Annotated[Sleep, Body(openapi_examples=A_SLEEP)], me: OwnerWriter) -> Reminder:
    """A reminder that comes again later."""
    if bool(sleep.words) == (sleep.until is not None):
        raise InvalidInput("say until when it sleeps", hint="`words` or `until`")
    return me.reminders.snooze([id], sleep.until or sleep.words)[0]
