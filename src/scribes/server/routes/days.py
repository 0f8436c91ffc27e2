"""Days: what today holds, what all of them add up to, and what somebody chose about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query

from ...models.days import Day, Summary
from ...models.preferences import Preferences, PreferencesPatch
from ..access import Me, Owner, Writer

router = APIRouter(prefix="/v1", tags=["days"])

A_PATCH = {"one": {"summary": "Berlin, and fewer cards", "value": {"time_zone": "Europe/Berlin", "review_new": 5}}}


@router.get("/today")
def get_today(me: Owner) -> Day:
    """What today holds: reminders, cards, readings, prayers, and the notes of this day in earlier years."""
    return me.days.today()


@router.get("/stats")
def get_statistics(me: Owner, weeks: Annotated[int, Query(ge=1, le=520)] = 26) -> Summary:
    """What one's notes, reviews and prayers add up to, with so many weeks up to this one."""
    return me.statistics.summary(weeks=weeks)


@router.get("/settings")
def get_settings(me: Me) -> Preferences:
    """What one chose: the time zone, the Bible text, how much to review and to pray in a day, what to read."""
    return me.preferences.get()


@router.patch("/settings")
def patch_settings(patch: Annotated[PreferencesPatch, Body(openapi_examples=A_PATCH)], me: Writer) -> Preferences:
    """Some settings, chosen anew."""
    return me.preferences.change(patch)
