"""Reminders as iCalendar: another program reads from the file what Scribes means, to the minute."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from dateutil.rrule import rrulestr

import scribes
from scribes.domain.dates import from_us, to_us
from scribes.domain.recurrence import next_after
from scribes.errors import InvalidInput
from scribes.models.reminders import NewReminder

pytestmark = pytest.mark.every_engine

START = datetime(2030, 3, 3, 18, 0)


def remind(vault: scribes.Scribes, text: str, rule: str = "", zone: str = "Europe/Berlin") -> str:
    return vault.reminders.add(NewReminder(text, START, zone, rule)).id


def events(data: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=SU",
        "FREQ=MONTHLY;BYDAY=1SU",
        "FREQ=DAILY;INTERVAL=3;COUNT=40",
        "FREQ=WEEKLY;BYDAY=SU;UNTIL=20310101",
    ],
)
def test_a_calendar_finds_the_same_moments_as_scribes(vault: scribes.Scribes, rule: str) -> None:
    remind(vault, "service", rule)
    event = events(vault.calendar.export())[0]
    begins = event["DTSTART"].dt
    theirs = list(rrulestr(event["RRULE"].to_ical().decode(), dtstart=begins).xafter(begins, count=60, inc=True))
    ours, after = [], to_us(begins) - 1
    while len(ours) < len(theirs) and (found := next_after(START, rule, "Europe/Berlin", after)) is not None:
        ours.append(from_us(found))
        after = found

    assert [one.astimezone(UTC) for one in theirs] == ours
    assert len(ours) >= 40
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"


def test_the_same_reminders_give_the_same_bytes_and_any_text_stays_text(vault: scribes.Scribes) -> None:
    text = "Ruth; Boas, Naomi\\ ünd EVIL END:VEVENT BEGIN:VEVENT"
    remind(vault, text)
    first, second = vault.calendar.export(), vault.calendar.export()

    assert first == second
    assert [str(event["SUMMARY"]) for event in events(first)] == [text]
    assert [len(event.walk("VALARM")) for event in events(first)] == [1]


def test_what_sleeps_comes_at_its_new_moment_and_what_is_over_is_left_out(vault: scribes.Scribes) -> None:
    sleeps, over = remind(vault, "sleeps"), remind(vault, "over")
    moment = datetime(2031, 1, 1, 12, 0, tzinfo=UTC)
    vault.reminders.snooze([sleeps], moment)
    vault.reminders.cancel([over])
    found = events(vault.calendar.export())

    assert [(str(one["SUMMARY"]), one["DTSTART"].dt.astimezone(UTC)) for one in found] == [("sleeps", moment)]
    assert len(events(vault.calendar.export(over=True))) == 2


def test_a_feed_is_written_when_something_changed_and_only_then(vault: scribes.Scribes, tmp_path: Path) -> None:
    path = tmp_path / "scribes.ics"
    vault.calendar.set_feed(str(path))
    before = path.read_bytes()
    unchanged = vault.calendar.refresh()
    remind(vault, "service")
    changed = vault.calendar.refresh()
    vault.calendar.set_feed("")

    assert (unchanged, changed, vault.calendar.refresh()) == (False, True, False)
    assert len(events(path.read_bytes())) == len(events(before)) + 1
    assert os.stat(path).st_mode & 0o077 == 0


def test_a_feed_in_no_folder_is_refused_and_the_old_one_stays(vault: scribes.Scribes, tmp_path: Path) -> None:
    vault.calendar.set_feed(str(tmp_path / "scribes.ics"))

    with pytest.raises(InvalidInput, match="no folder"):
        vault.calendar.set_feed(str(tmp_path / "nowhere" / "scribes.ics"))
    assert vault.calendar.feed() == str(tmp_path / "scribes.ics")


def test_a_zone_is_told_with_its_rules(vault: scribes.Scribes) -> None:
    vault.reminders.add(NewReminder("call", datetime.now() + timedelta(days=2), "America/Sao_Paulo"))
    zones = icalendar.Calendar.from_ical(vault.calendar.export()).walk("VTIMEZONE")

    assert [str(zone["TZID"]) for zone in zones] == ["America/Sao_Paulo"]
