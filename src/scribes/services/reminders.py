"""Reminders: made, listed, snoozed, dealt with; and what happens when the moment of one has come."""

from __future__ import annotations

from ..domain.dates import LAST_US, from_us, to_us
from ..domain.jobs import Job
from ..domain.reminders import (
    ACTIVE,
    CANCELLED,
    JOB,
    MAX_TEXT,
    REMINDER,
    ReminderContent,
    Told,
    dealt_with,
    done_before,
    fire,
    job_key,
    next_us,
    open_us,
    sleeps_until,
    snoozed,
    starts_of,
    told_before,
)
from ..errors import InvalidInput
from ..ids import from_text, to_text
from ..models.reminders import Reminder
from ..records import replaced
from ..storage import items, jobs, operations, reminders
from ..storage.reminders import Clockwork
from .items import add_in, write_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from ..models.reminders import NewReminder, ReminderPatch
    from ..ports import Tx
    from ..storage.items import Stored
    from .context import Context

MOST, BATCH = 10_000, 500


class Reminders:
    """The reminders of a vault. `ref` is an id, or the start of a handle that fits one reminder only."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._engine = context.engine

    def add(self, new: NewReminder) -> Reminder:
        """The new reminder.

        Raises: InvalidInput, for a rule or zone that cannot be, or a moment that is past; NotFound, Ambiguous, for what
        it is about.
        """
        from ..domain.zones import check_zone
        from .reminder_words import moment_of, subject_of

        zone = check_zone(new.zone or self._context.zone)
        with self._engine.write() as tx:
            moment = moment_of(new.when, new.starts, new.rule, new.typed, zone=zone, now_us=tx.now_us)
            kind, about, called = subject_of(tx, self._context, new.about_kind, new.about)
            text = _line(new.text) or _line(called[:MAX_TEXT])
            if not text:
                raise InvalidInput("the reminder says nothing", hint="give it a text, or what it is about")
            content = ReminderContent(
                about_kind=kind,
                about=about,
                text=text,
                starts=moment.starts.isoformat(timespec="minutes"),
                zone=zone,
                rule=moment.rule,
                typed=_line(moment.typed),
            )
            operation = operations.begin(tx, self._context.command)
            return self._shown(tx, add_in(tx, self._context, REMINDER, content, operation))

    def get(self, ref: str) -> Reminder:
        """A reminder.

        Raises: NotFound, Ambiguous.
        """
        with self._engine.read() as tx:
            return self._shown(tx, self._find(tx, ref))

    def due(self, *, limit: int = 100, skip: int = 0) -> list[Reminder]:
        """What fired and was not dealt with, and what is due this moment; the earliest first."""
        with self._engine.read() as tx:
            found = reminders.due(tx, tx.now_us, visible_to=self._context.visible_to, limit=skip + limit)
            return [self._shown(tx, stored) for stored in found[skip:]]

    def coming(self, *, until: datetime, limit: int = 100, skip: int = 0) -> list[Reminder]:
        """What fires from now until a moment, the earliest first."""
        with self._engine.read() as tx:
            found = reminders.coming(
                tx, after_us=tx.now_us, until_us=to_us(until), visible_to=self._context.visible_to, limit=skip + limit
            )
            return [self._shown(tx, stored) for stored in found[skip:]]

    def recent(self, *, over: bool = False, limit: int = 20, skip: int = 0) -> list[Reminder]:
        """Reminders, what is due first and then what comes first; with `over`, also those that never come again."""
        with self._engine.read() as tx:
            found = reminders.listed(tx, over=over, visible_to=self._context.visible_to, limit=skip + limit)
            return [self._shown(tx, stored) for stored in found[skip:]]

    def change(self, ref: str, patch: ReminderPatch) -> Reminder:
        """The reminder with a patch applied; it is read as `add` reads a new one.

        Raises: NotFound, Ambiguous, InvalidInput.
        """
        return self._change([ref], lambda stored, derived, now_us: _patched(stored.content, patch, derived, now_us))[0]

    def done(self, refs: Sequence[str]) -> list[Reminder]:
        """The reminders, dealt with: what fired, or the next time; a recurring one goes on after that.

        Raises: NotFound, Ambiguous, InvalidInput; then none is changed.
        """

        def deal(stored: Stored, derived: Clockwork, now_us: int) -> ReminderContent:
            occurrence = derived.open_us if derived.open_us is not None else derived.next_us
            if derived.next_us is not None and derived.next_us <= now_us:
                # Its moment has come, and nobody was there to tell it.
                occurrence = fire(stored.content, derived.told, derived.next_us, now_us).occurrence_us
            elif sleeps_until(stored.content, derived.told) is not None and derived.told.told_us is not None:
                # What sleeps is what had fired, not what comes after it.
                occurrence = derived.told.told_us
            return dealt_with(stored.content, occurrence, created_us=stored.created_us, now_us=now_us)

        return self._change(refs, deal)

    def snooze(self, refs: Sequence[str], until: datetime | str) -> list[Reminder]:
        """The reminders, firing again at a moment, which may be said in words such as "2h" or "tomorrow 8am".

        Raises: NotFound, Ambiguous, InvalidInput; then none is changed.
        """

        def sleep(stored: Stored, _: Clockwork, now_us: int) -> ReminderContent:
            until_us = to_us(self._moment(until, now_us) if isinstance(until, str) else until)
            if until_us > LAST_US:
                raise InvalidInput("that is too far away", hint="a moment that every calendar can show")
            return snoozed(stored.content, until_us, now_us)

        return self._change(refs, sleep)

    def cancel(self, refs: Sequence[str]) -> list[Reminder]:
        """The reminders, which never fire again; `undo` brings them back.

        Raises: NotFound, Ambiguous; then none is changed.
        """
        return self._change(refs, lambda stored, *_: replaced(stored.content, state=CANCELLED))

    def each(self, *, over: bool = False) -> Iterator[Reminder]:
        """Every reminder that goes on, in flat memory; with `over`, then those that are done or cancelled."""
        for find in (reminders.active, reminders.over)[: 1 + over]:
            after = 0
            while True:
                with self._engine.read() as tx:
                    found = find(tx, after=after, visible_to=self._context.visible_to, limit=BATCH)
                    page = [self._shown(tx, stored) for stored in found]
                if not found:
                    break
                yield from page
                after = found[-1].n

    def _change(
        self, refs: Sequence[str], change: Callable[[Stored, Clockwork, int], ReminderContent]
    ) -> list[Reminder]:
        with self._engine.write() as tx:
            found = {stored.id: stored for stored in (self._find(tx, ref) for ref in refs)}
            operation = operations.begin(tx, self._context.command)
            changed = []
            for stored in found.values():
                after = change(stored, reminders.clockwork(tx, stored.n), tx.now_us)
                written = write_in(tx, self._context, REMINDER, stored, after, operation)
                changed.append(self._shown(tx, written))
            return changed

    def _moment(self, words: str, now_us: int) -> datetime:
        """The moment that words mean in the person's zone."""
        from ..domain.phrases import read_duration
        from ..domain.zones import zone

        named = self._context.zone
        return read_duration(words, from_us(now_us).astimezone(zone(named) if named else None))

    def _find(self, tx: Tx, ref: str) -> Stored:
        id = items.resolve(tx, REMINDER, ref, visible_to=self._context.visible_to)
        return items.get(tx, REMINDER, id, visible_to=self._context.visible_to)

    def _shown(self, tx: Tx, stored: Stored) -> Reminder:
        content, derived = stored.content, reminders.clockwork(tx, stored.n)
        return Reminder(
            id=to_text(stored.id),
            handle=items.handle(tx, REMINDER, stored.id, visible_to=self._context.visible_to),
            text=content.text,
            about_kind=content.about_kind,
            about=content.about,
            starts=content.starts,
            zone=content.zone,
            rule=content.rule,
            typed=content.typed,
            state=content.state,
            next_at=None if derived.next_us is None else in_zone(derived.next_us, content.zone),
            open_at=None if derived.open_us is None else in_zone(derived.open_us, content.zone),
            late=derived.late,
            created_at=from_us(stored.created_us),
            changed_at=from_us(stored.changed_us),
            snoozed_until=None if content.snoozed_us is None else in_zone(content.snoozed_us, content.zone),
        )


def after_reminder(tx: Tx, _: Context, stored: Stored) -> None:
    """Work out anew when a reminder fires, and put its job where it belongs: in the transaction that changed it."""
    derived = reminders.clockwork(tx, stored.n)
    _set(tx, stored, derived.told, late=derived.late)


def fire_due(tx: Tx, context: Context, job: Job, tell: Callable[[Tx, dict[str, Any]], None]) -> None:
    """The moment of a reminder has come: note that it fired, hand it to `tell`, and let its next time wait."""
    stored = items.find(tx, REMINDER, from_text(str(job.payload["reminder"])), visible_to=context.visible_to)
    if stored is None:
        return
    derived = reminders.clockwork(tx, stored.n)
    due_us = derived.next_us
    if due_us is None or due_us > tx.now_us:
        # It was changed after the job was taken; its own job knows.
        _set_job(tx, stored, due_us)
        return
    firing = fire(stored.content, derived.told, due_us, tx.now_us)
    _set(tx, stored, firing.told, late=firing.is_late)
    told = {"reminder": to_text(stored.id), "due_us": firing.occurrence_us, "missed": firing.missed}
    tell(tx, told | {"late": firing.is_late})


def clock_was_set_back(tx: Tx, context: Context) -> None:
    """Work out anew what a clock that stood too far ahead has skipped."""
    found = reminders.told_beyond(tx, tx.now_us, visible_to=context.visible_to, limit=MOST)
    operation = 0
    for stored in found:
        after = stored.content
        if stored.changed_us > tx.now_us:
            # What was dealt with by that clock is not.
            after = done_before(after, tx.now_us)
        if after != stored.content:
            operation = operation or operations.begin(tx, "the clock was set back")
            stored = write_in(tx, context, REMINDER, stored, after, operation)  # noqa: PLW2901
        _set(tx, stored, told_before(after, reminders.clockwork(tx, stored.n).told, tx.now_us), late=False)


def without_job(tx: Tx) -> list[bytes]:
    """The ids of reminders that fire some time, and for which nothing waits: none, where all is well."""
    keys = jobs.keys(tx, f"{JOB}:")
    return [id for id in reminders.waiting(tx) if job_key(id) not in keys]


def _set(tx: Tx, stored: Stored, told: Told, *, late: bool) -> None:
    """Keep what follows from what was told, and the job of the next time."""
    coming = next_us(stored.content, told, created_us=stored.created_us, now_us=tx.now_us)
    waits = open_us(stored.content, told)
    reminders.set_clockwork(tx, stored.n, Clockwork(coming, told, waits, late and waits is not None))
    _set_job(tx, stored, coming)


def _set_job(tx: Tx, stored: Stored, coming: int | None) -> None:
    key = job_key(stored.id)
    if coming is None:
        jobs.remove(tx, key)
    else:
        jobs.enqueue(tx, JOB, {"reminder": to_text(stored.id)}, run_us=coming, key=key)


def in_zone(at_us: int, zone: str) -> datetime:
    """An instant as it is read in a zone; in UTC where this machine knows no such zone."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return from_us(at_us).astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return from_us(at_us)


def _patched(content: ReminderContent, patch: ReminderPatch, derived: Clockwork, now_us: int) -> ReminderContent:
    """The content with a patch applied.

    Raises: InvalidInput.
    """
    if patch.text is not None:
        content = replaced(content, text=_line(patch.text))
        if not content.text:
            raise InvalidInput("the reminder says nothing", hint="give it a text")
    if patch.when is None and patch.starts is None and patch.rule is None and patch.zone is None:
        return content
    from ..domain.zones import check_zone
    from .reminder_words import moment_of

    zone, when = content.zone if patch.zone is None else check_zone(patch.zone), patch.when or ""
    starts, rule = patch.starts, patch.rule or ""
    if not when:
        starts, rule = starts or starts_of(content), content.rule if patch.rule is None else rule
    moment = moment_of(when, starts, rule, "", zone=zone, now_us=now_us)
    return replaced(
        content,
        starts=moment.starts.isoformat(timespec="minutes"),
        zone=zone,
        rule=moment.rule,
        typed=_line(moment.typed),
        # What was told of the old moment is dealt with.
        done_us=None if derived.told.told_us is None else now_us,
        snoozed_us=None,
        state=ACTIVE,
    )


def _line(text: str) -> str:
    line = " ".join(text.split())
    if "\x00" in line:
        raise InvalidInput("the text of the reminder holds a NUL character")
    if len(line) > MAX_TEXT:
        raise InvalidInput(f"the text of the reminder has {len(line)} characters", hint=f"at most {MAX_TEXT}")
    return line
