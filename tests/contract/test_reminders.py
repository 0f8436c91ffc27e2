"""Reminders on a real vault: when they fire, what sleep and wrong clocks do to them, and that none fires twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import scribes
from scribes.config import Settings
from scribes.domain.dates import to_us
from scribes.errors import InvalidInput, NotFound
from scribes.models.notices import Notice
from scribes.models.reminders import NewReminder, Reminder
from scribes.services.jobs import Jobs
from scribes.services.notifying import Channels, Notifying

pytestmark = pytest.mark.every_engine

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BERLIN = "Europe/Berlin"


class Desk:
    """A vault with a clock of its own, and a channel that keeps what it is given."""

    def __init__(self, vault: scribes.Scribes) -> None:
        self.vault = vault
        self.now = NOW
        self.shown: list[Notice] = []
        self.fault: Exception | None = None
        vault._context.engine._clock = lambda: to_us(self.now)  # type: ignore[attr-defined]
        notifying = Notifying(vault._context, lambda *_: self)
        self.jobs = Jobs(vault._context, notifying.handler, spread=lambda: 0.5, set_back=notifying.set_back)
        Channels(vault._context, lambda *_: self).add("desk", "desktop", {}, {}, shows_text=True)

    def send(self, notice: Notice) -> None:
        if self.fault:
            raise self.fault
        self.shown.append(notice)

    def close(self) -> None:
        pass

    def remind(self, text: str, starts: str, rule: str = "", zone: str = BERLIN) -> Reminder:
        return self.vault.reminders.add(NewReminder(text, datetime.fromisoformat(starts), zone, rule, typed=text))

    def at(self, moment: str) -> list[str]:
        """What is shown when the daemon looks at a moment (UTC)."""
        self.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        before = len(self.shown)
        while self.jobs.run_due().done:
            pass
        return [f"{one.title} {one.due_at:%d %H:%M}{' late' if one.late else ''}" for one in self.shown[before:]]


@pytest.fixture
def desk(vault: scribes.Scribes) -> Desk:
    return Desk(vault)


def test_a_reminder_is_shown_once_at_its_moment_in_its_zone(desk: Desk) -> None:
    made = desk.remind("call Ruth", "2026-11-25T08:00")

    assert made.next_at is not None
    assert made.next_at.isoformat() == "2026-11-25T08:00:00+01:00"
    assert desk.at("2026-11-25 06:59") == []
    assert desk.at("2026-11-25 07:00") == ["call Ruth 25 08:00"]
    assert desk.at("2026-11-25 07:01") == []
    assert [one.text for one in desk.vault.reminders.due()] == ["call Ruth"]


def test_every_sunday_goes_on_across_the_change_to_summer_time(desk: Desk) -> None:
    desk.remind("service", "2026-11-29T18:00", "FREQ=WEEKLY;BYDAY=SU")
    looks = [datetime(2026, 11, 29, 17, 30) + timedelta(weeks=week) for week in range(20)]
    shown = [line for look in looks for line in desk.at(str(look))]

    assert len(shown) == 20
    assert desk.shown[0].due_at.isoformat() == "2026-11-29T18:00:00+01:00"
    assert desk.shown[-1].due_at.isoformat() == "2027-04-11T18:00:00+02:00"


def test_after_days_switched_off_a_recurrence_fires_once_and_says_what_was_missed(desk: Desk) -> None:
    desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")

    assert desk.at("2026-11-30 09:00") == ["psalm 30 08:00 late"]
    assert "5 more missed before" in desk.shown[0].body
    assert desk.at("2026-11-30 09:05") == []
    assert desk.at("2026-12-01 07:00") == ["psalm 01 08:00"]


def test_a_single_one_that_was_missed_is_shown_late(desk: Desk) -> None:
    desk.remind("call Ruth", "2026-11-25T08:00")

    assert desk.at("2026-11-27 10:00") == ["call Ruth 25 08:00 late"]
    assert [one.late for one in desk.vault.reminders.due()] == [True]


def test_a_clock_set_back_shows_nothing_twice_and_silences_nothing(desk: Desk) -> None:
    desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")
    first = desk.at("2026-11-25 07:00")
    back_an_hour = desk.at("2026-11-25 06:00")
    again_eight = desk.at("2026-11-25 07:00")
    next_day = desk.at("2026-11-26 07:00")

    assert (first, back_an_hour, again_eight) == (["psalm 25 08:00"], [], [])
    assert next_day == ["psalm 26 08:00"]


def test_a_clock_that_stood_years_ahead_does_not_silence_a_recurrence(desk: Desk) -> None:
    desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")
    ahead = desk.at("2031-01-01 12:00")
    desk.at("2026-11-25 06:00")

    assert len(ahead) == 1
    assert desk.at("2026-11-25 07:00") == ["psalm 25 08:00"]
    assert desk.at("2026-11-26 07:00") == ["psalm 26 08:00"]


def test_a_clock_that_jumps_forward_fires_once_for_all_it_has_skipped(desk: Desk) -> None:
    desk.remind("hour", "2026-11-24T14:00", "FREQ=HOURLY")

    assert desk.at("2026-11-24 18:30") == ["hour 24 19:00 late"]


def test_done_before_it_was_told_keeps_it_from_being_told(desk: Desk) -> None:
    made = desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")
    desk.vault.reminders.done([made.handle])

    assert desk.at("2026-11-25 07:00") == []
    assert desk.at("2026-11-26 07:00") == ["psalm 26 08:00"]


def test_done_ends_a_single_one_and_undo_brings_it_back(desk: Desk) -> None:
    made = desk.remind("call Ruth", "2026-11-25T08:00")
    desk.at("2026-11-25 07:00")
    done = desk.vault.reminders.done([made.id])
    over = desk.vault.reminders.due()
    desk.vault.history.undo()

    assert (done[0].state, over) == ("done", [])
    assert [one.text for one in desk.vault.reminders.due()] == ["call Ruth"]


def test_snoozed_it_comes_again_and_is_not_due_meanwhile(desk: Desk) -> None:
    made = desk.remind("call Ruth", "2026-11-25T08:00")
    desk.at("2026-11-25 07:00")
    desk.vault.reminders.snooze([made.id], desk.now + timedelta(minutes=30))

    assert desk.vault.reminders.due() == []
    assert desk.at("2026-11-25 07:29") == []
    assert desk.at("2026-11-25 07:30") == ["call Ruth 25 08:30"]
    assert [one.text for one in desk.vault.reminders.due()] == ["call Ruth"]


def test_cancelled_it_never_fires_and_leaves_no_job(desk: Desk) -> None:
    made = desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")
    desk.vault.reminders.cancel([made.id])

    assert desk.at("2026-11-26 07:00") == []
    assert desk.jobs.counts() == (0, 0)


def test_undoing_the_command_that_made_it_takes_its_job_away(desk: Desk) -> None:
    desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")
    undone = desk.vault.history.undo()

    assert (undone.note_ids, undone.others) == ((), 1)
    assert desk.jobs.counts() == (0, 0)
    assert desk.vault.reminders.recent(over=True) == []


def test_a_rule_that_has_ended_is_over(desk: Desk) -> None:
    desk.remind("advent", "2026-11-29T18:00", "FREQ=WEEKLY;COUNT=2")

    assert len(desk.at("2026-11-29 17:00") + desk.at("2026-12-06 17:00") + desk.at("2026-12-13 17:00")) == 2


@pytest.mark.parametrize(
    ("starts", "rule", "zone", "says"),
    [
        ("2026-11-24T08:00", "", BERLIN, "in the past"),
        ("2026-11-25T08:00", "FREQ=DAILY;UNTIL=20200101", BERLIN, "never comes"),
        ("2026-11-25T08:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", BERLIN, "30"),
        ("2026-11-25T08:00", "FREQ=SOMETIMES", BERLIN, "SOMETIMES"),
        ("2026-11-25T08:00", "", "Europe/Berlim", "Europe/Berlim"),
        ("2026-11-25T08:00", "", "../../etc/passwd", "zone"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    desk: Desk, starts: str, rule: str, zone: str, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says):
        desk.remind("x", starts, rule, zone)

    assert desk.vault.reminders.recent(over=True) == []
    assert desk.jobs.counts() == (0, 0)


def test_refs_that_do_not_fit_change_nothing(desk: Desk) -> None:
    made = desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")

    with pytest.raises(NotFound):
        desk.vault.reminders.done([made.id, "ffff"])
    assert desk.vault.reminders.get(made.handle).next_at == made.next_at


def test_a_channel_that_fails_is_tried_again_and_shows_it_once_in_the_end(desk: Desk) -> None:
    from scribes.errors import Unavailable

    desk.remind("call Ruth", "2026-11-25T08:00")
    desk.fault = Unavailable("no mail server")
    desk.at("2026-11-25 07:00")
    waiting = desk.vault.channels.deliveries()
    desk.fault = None
    shown = desk.at("2026-11-25 07:03")

    assert [(one.state, one.error) for one in waiting] == [("waiting", "no mail server")]
    assert shown == ["call Ruth 25 08:00"]
    assert [(one.state, one.attempts) for one in desk.vault.channels.deliveries()] == [("sent", 2)]


def test_a_channel_that_keeps_failing_rests_and_its_notices_are_not_lost(desk: Desk) -> None:
    from scribes.errors import Unavailable

    for minute in range(8):
        desk.remind(f"no {minute}", f"2026-11-25T08:0{minute}")
    desk.fault = Unavailable("no mail server")
    for minute in range(8):
        desk.at(f"2026-11-25 07:0{minute}")
    resting = desk.vault.channels.each()[0].resting_until
    desk.fault = None
    shown: list[str] = []
    for hour in range(8, 20):
        shown += desk.at(f"2026-11-25 {hour:02}:00")

    assert resting is not None
    assert len(shown) == len(set(shown)) == 8


def test_words_stay_home_where_the_channel_may_not_show_them(desk: Desk) -> None:
    Channels(desk.vault._context, lambda *_: desk).add("mail", "email", {}, {}, shows_text=False)
    desk.vault.channels.remove("desk")
    desk.remind("Ruth's operation", "2026-11-25T08:00")
    desk.at("2026-11-25 07:00")

    assert "Ruth" not in repr(desk.shown)
    assert len(desk.shown) == 1


@pytest.mark.not_on("sqlite", "postgres")
def test_doctor_finds_and_mends_a_reminder_whose_row_was_altered(desk: Desk) -> None:
    desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")
    with desk.vault._context.engine.write() as tx:
        tx.run("UPDATE reminder SET text = 'something else'")
    found = {check.name: check.state for check in desk.vault.checks.run()}
    mended = {check.name: check.state for check in desk.vault.checks.run(fix=True)}

    assert (found["items"], mended["items"]) == ("damaged", "mended")
    assert [one.text for one in desk.vault.reminders.recent()] == ["psalm"]
    assert desk.at("2026-11-25 07:00") == ["psalm 25 08:00"]


def test_done_by_a_clock_that_stood_ahead_does_not_silence_a_recurrence(desk: Desk) -> None:
    made = desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")
    desk.at("2027-11-25 12:00")
    desk.vault.reminders.done([made.id])
    desk.at("2026-11-26 06:00")

    assert desk.at("2026-11-26 07:00") == ["psalm 26 08:00"]


def test_one_made_by_a_clock_that_stood_ahead_begins_now(desk: Desk) -> None:
    desk.now = datetime(2031, 1, 1, tzinfo=UTC)
    desk.remind("psalm", "2026-11-20T08:00", "FREQ=DAILY")
    desk.at("2031-01-01 12:00")
    desk.at("2026-11-26 06:00")

    assert desk.at("2026-11-26 07:00") == ["psalm 26 08:00"]


def test_snoozed_after_a_clock_was_set_back_it_comes(desk: Desk) -> None:
    made = desk.remind("call Ruth", "2026-11-26T08:00")
    desk.at("2026-11-26 07:00")
    desk.at("2026-11-25 07:00")
    desk.vault.reminders.snooze([made.id], desk.now + timedelta(hours=1))

    assert desk.at("2026-11-25 08:00") == ["call Ruth 25 09:00"]


@pytest.mark.parametrize("rule", ["", "FREQ=WEEKLY"])
def test_done_ahead_and_then_wanted_earlier_it_comes(desk: Desk, rule: str) -> None:
    made = desk.remind("call Ruth", "2026-12-02T08:00", rule)
    desk.vault.reminders.done([made.id])
    desk.vault.reminders.snooze([made.id], desk.now + timedelta(hours=1))

    assert desk.at("2026-11-24 13:00") == ["call Ruth 24 14:00"]
    assert [one.text for one in desk.vault.reminders.due()] == ["call Ruth"]
    assert desk.at("2026-12-02 07:00") == []
    assert desk.at("2026-12-09 07:00") == (["call Ruth 09 08:00"] if rule else [])


def test_done_while_it_sleeps_deals_with_what_slept_and_not_with_the_next(desk: Desk) -> None:
    made = desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")
    desk.at("2026-11-25 07:00")
    desk.vault.reminders.snooze([made.id], desk.now + timedelta(hours=25))
    desk.vault.reminders.done([made.id])

    assert desk.at("2026-11-26 07:00") == ["psalm 26 08:00"]


def test_a_missed_time_and_a_missed_sleep_fire_once(desk: Desk) -> None:
    made = desk.remind("service", "2026-11-29T18:00", "FREQ=WEEKLY;BYDAY=SU")
    desk.vault.reminders.snooze([made.id], datetime(2026, 11, 30, 12, tzinfo=UTC))

    assert len(desk.at("2026-12-02 12:00")) == 1
    assert desk.at("2026-12-02 12:01") == []


def test_a_rule_without_a_beginning_loses_none_of_its_times(desk: Desk) -> None:
    made = desk.remind("advent", "2026-11-24T13:01", "FREQ=WEEKLY;BYDAY=SU;COUNT=3")
    shown = [line for day in range(1, 60) for line in desk.at(str(datetime(2026, 11, 24, 20) + timedelta(days=day)))]

    assert made.starts == "2026-11-29T13:01"
    assert len(shown) == 3


def test_what_recurs_does_not_pile_up_while_a_channel_is_away(desk: Desk) -> None:
    from scribes.errors import Unavailable

    desk.remind("hour", "2026-11-24T14:00", "FREQ=HOURLY")
    desk.fault = Unavailable("no mail server")
    for hour in range(13, 23):
        desk.at(f"2026-11-24 {hour}:00")
    desk.fault = None
    shown = desk.at("2026-11-25 06:30")

    assert shown == ["hour 25 07:00 late"]
    assert {one.state for one in desk.vault.channels.deliveries()} == {"sent", "given up"}


def test_another_password_lets_what_waits_go_out(desk: Desk) -> None:
    from scribes.errors import Unavailable

    desk.remind("call Ruth", "2026-11-25T08:00")
    desk.fault = Unavailable("no mail server")
    for minute in range(0, 30, 2):
        desk.at(f"2026-11-25 07:{minute:02}")
    desk.fault = None
    Channels(desk.vault._context, lambda *_: desk).add("desk", "desktop", {}, {}, shows_text=True, replace=True)

    assert desk.at("2026-11-25 07:31") == ["call Ruth 25 08:00 late"]


def test_a_channel_that_is_removed_says_what_became_of_its_notices(desk: Desk) -> None:
    from scribes.errors import Unavailable

    desk.remind("call Ruth", "2026-11-25T08:00")
    desk.fault = Unavailable("no mail server")
    desk.at("2026-11-25 07:00")
    desk.vault.channels.remove("desk")

    assert [(one.state, one.error) for one in desk.vault.channels.deliveries()] == [
        ("given up", "the channel was removed")
    ]
    assert desk.jobs.counts() == (0, 0)


def test_a_full_disk_after_a_notice_went_out_does_not_send_it_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scribes.errors import StorageFull

    desk.remind("call Ruth", "2026-11-25T08:00")
    engine = desk.vault._context.engine
    real, send = engine.write, desk.send

    def full() -> object:
        raise StorageFull("no space left on the disk")

    def send_and_fill(notice: Notice) -> None:
        send(notice)
        monkeypatch.setattr(engine, "write", full)

    monkeypatch.setattr(desk, "send", send_and_fill)
    desk.now = datetime(2026, 11, 25, 7, tzinfo=UTC)
    for _ in range(5):
        with pytest.raises(StorageFull):
            desk.jobs.run_due()
    monkeypatch.setattr(engine, "write", real)
    desk.jobs.run_due()

    assert len(desk.shown) == 1
    assert [one.state for one in desk.vault.channels.deliveries()] == ["sent"]
    assert desk.jobs.counts() == (0, 0)


@pytest.mark.not_on("sqlite", "postgres")
def test_the_job_of_a_reminder_is_not_dropped_and_doctor_mends_one_that_is_lost(desk: Desk) -> None:
    desk.remind("psalm", "2026-11-25T08:00", "FREQ=DAILY")
    with pytest.raises(InvalidInput, match="reminder's own"):
        desk.jobs.drop([desk.jobs.recent()[0].handle])
    with desk.vault._context.engine.write() as tx:
        tx.run("DELETE FROM job")
    found = {check.name: check.state for check in desk.vault.checks.run()}
    mended = {check.name: check.state for check in desk.vault.checks.run(fix=True)}

    assert (found["jobs"], mended["jobs"]) == ("damaged", "mended")
    assert desk.at("2026-11-25 07:00") == ["psalm 25 08:00"]


@pytest.mark.not_on("sqlite", "postgres")
def test_purging_a_note_takes_what_quotes_it_with_it(desk: Desk) -> None:
    note = desk.vault.notes.add("Ruth's operation", "==on Friday==")
    kept = desk.remind("call mum", "2026-11-25T08:00")
    desk.vault.reminders.add(NewReminder("Ruth's operation", datetime(2026, 11, 25, 8), BERLIN, "", "note", note.id))
    desk.vault.reviews.add_highlights(note.id)
    desk.vault.notes.remove([note.id])
    desk.now += timedelta(days=1)
    desk.vault.notes.purge(older_than_days=0)

    assert [one.id for one in desk.vault.reminders.recent(over=True)] == [kept.id]
    assert desk.vault.reviews.recent() == []
    assert desk.jobs.counts() == (1, 0)
    with desk.vault._context.engine.read() as tx:
        assert tx.value("SELECT count(*) FROM change WHERE kind = 'card'") == 0
        assert tx.value("SELECT count(*) FROM change WHERE kind = 'reminder'") == 1
    assert {check.name: check.state for check in desk.vault.checks.run()}["items"] == "ok"


def test_settings_name_the_zone(settings: Settings) -> None:
    assert settings.time_zone == ""
