"""How a reminder reaches the person: its channels, one delivery on each, and what became of it."""

from __future__ import annotations

from ..domain import breaker
from ..domain.dates import DAY_US, from_us
from ..domain.jobs import Later
from ..domain.reminders import ACTIVE, JOB, LATE_US, REMINDER
from ..errors import AlreadyExists, InvalidInput, NotFound
from ..ids import from_text, to_text
from ..models.notices import Notice
from ..models.reminders import Channel, Delivery
from ..storage import channels, items, jobs, reminders
from ..storage.channels import StoredChannel, StoredDelivery
from .jobs import Handler
from .reminders import clock_was_set_back, fire_due, in_zone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from ..domain.jobs import Job
    from ..errors import ScribesError
    from ..ports import Notifier, Tx
    from ..storage.items import Stored
    from .context import Context

    Connect = Callable[[str, Mapping[str, str], Mapping[str, str]], Notifier]

DELIVER, SENT = "deliver", "sent"
DELIVERIES_KEPT_US = 400 * DAY_US
NEUTRAL_TITLE, NEUTRAL_BODY = "A reminder from Scribes", "scribes today shows what it is about"
MAX_NAME = 40


class Channels:
    """The ways reminders reach the person from this device."""

    def __init__(self, context: Context, connect: Connect) -> None:
        self._engine = context.engine
        self._context = context
        self._connect = connect

    def add(
        self,
        name: str,
        kind: str,
        config: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        shows_text: bool,
        replace: bool = False,
    ) -> Channel:
        """The new channel; its secrets are kept in the vault and nowhere else. With `replace` it takes the place of the
        one of its name, and what waits for that goes out on it.

        Raises: InvalidInput, AlreadyExists, Unavailable (a package is missing).
        """
        if not name or len(name) > MAX_NAME or not name.replace("-", "").isalnum():
            raise InvalidInput(f"a channel cannot be called {name!r}", hint="letters, digits and hyphens")
        self._connect(kind, config, secrets).close()
        made = StoredChannel(name, kind, dict(config), dict(secrets), shows_text, breaker.Breaker())
        with self._engine.write() as tx:
            if channels.find(tx, name) and not replace:
                raise AlreadyExists(f"there is a channel {name} already", hint="--replace puts this in its place")
            channels.put(tx, made)
            jobs.hasten(tx, _waiting_on(name))
            return _shown(made, tx.now_us)

    def each(self) -> list[Channel]:
        """All channels, the first one first."""
        with self._engine.read() as tx:
            return [_shown(channel, tx.now_us) for channel in channels.each(tx)]

    def remove(self, name: str) -> Channel:
        """The channel, forgotten with its secrets; what waited to go out on it is given up.

        Raises: NotFound.
        """
        with self._engine.write() as tx:
            found = _found(tx, name)
            channels.remove(tx, name)
            for key in jobs.keys(tx, _waiting_on(name)):
                jobs.remove(tx, key)
            channels.give_up(tx, name, why="the channel was removed")
            return _shown(found, tx.now_us)

    def test(self, name: str, *, now: datetime) -> Channel:
        """The channel, after a test notice went out on it.

        Raises: NotFound, Unavailable, InvalidInput.
        """
        with self._engine.read() as tx:
            found, key = _found(tx, name), f"test:{name}:{tx.now_us}"
        notice = Notice(key, "Scribes", "this is how a reminder reaches you", now)
        notifier = self._connect(found.kind, found.config, found.secrets)
        try:
            notifier.send(notice)
        finally:
            notifier.close()
        with self._engine.write() as tx:
            _works(tx, found)
            return _shown(found, tx.now_us)

    def deliveries(self, *, limit: int = 20) -> list[Delivery]:
        """What was sent, the latest first."""
        with self._engine.read() as tx:
            return [self._delivery(tx, found) for found in channels.deliveries(tx, limit=limit)]

    def _delivery(self, tx: Tx, found: StoredDelivery) -> Delivery:
        reminder = items.find(tx, REMINDER, found.reminder, visible_to=self._context.visible_to)
        return Delivery(
            channel=found.channel,
            reminder_id=to_text(found.reminder),
            text=reminder.content.text if reminder else "",
            due_at=from_us(found.due_us),
            at=from_us(found.at_us),
            attempts=found.attempts,
            late=found.late,
            state=found.state,
            error=found.error,
        )


class Notifying:
    """What the jobs of reminders do."""

    def __init__(self, context: Context, connect: Connect) -> None:
        self._context = context
        self._connect = connect
        self._connected: dict[str, tuple[tuple[object, ...], Notifier]] = {}

    def close(self) -> None:
        """Let go of all connections."""
        while self._connected:
            self._connected.popitem()[1][1].close()

    def handler(self, kind: str) -> Handler | None:
        """How a kind of job is done; None for one that is not of reminders."""
        if kind == JOB:
            return Handler(finish=lambda tx, job, _: fire_due(tx, self._context, job, self._tell))
        if kind == DELIVER:
            return Handler(finish=self._delivered, act=self._deliver, failed=self._failed)
        return None

    def set_back(self, tx: Tx) -> None:
        """The clock was set back: nothing may wait for what has yet to come a second time."""
        clock_was_set_back(tx, self._context)

    def _tell(self, tx: Tx, told: dict[str, Any]) -> None:
        """A delivery on each channel, in the transaction in which the reminder fires. A key keeps it from going out
        twice: for the same moment of the same reminder there is one delivery on a channel, ever.
        """
        for channel in channels.each(tx):
            key = f"{_waiting_on(channel.name)}{told['reminder']}:{told['due_us']}"
            jobs.enqueue(tx, DELIVER, {**told, "channel": channel.name}, run_us=tx.now_us, key=key, once=True)

    def _deliver(self, job: Job) -> str:
        """Send a notice; what became of it in a word."""
        with self._context.engine.read() as tx:
            now_us = tx.now_us
            channel = channels.find(tx, job.payload["channel"])
            id = from_text(str(job.payload["reminder"]))
            reminder = items.find(tx, REMINDER, id, visible_to=self._context.visible_to)
            told_us = reminders.clockwork(tx, reminder.n).told.told_us if reminder else None
        if channel is None or reminder is None:
            held = self._connected.pop(job.payload["channel"], None)
            if held is not None:
                held[1].close()
            return "the channel or the reminder is gone"
        needless = _needless(reminder.content, told_us or 0, int(job.payload["due_us"]))
        if needless:
            return needless
        if not breaker.may_try(channel.breaker, now_us):
            raise Later(
                channel.breaker.open_until_us, f"{channel.name} rests after {channel.breaker.failures} failures"
            )
        notice = _notice(job, reminder, channel, late=_is_late(job, now_us))
        self._notifier(channel).send(notice)
        return SENT

    def _notifier(self, channel: StoredChannel) -> Notifier:
        """The channel's notifier, connected once: it keeps its connection, its tokens and what it was asked to wait."""
        made_of = (channel.kind, tuple(sorted(channel.config.items())), tuple(sorted(channel.secrets.items())))
        held = self._connected.get(channel.name)
        if held is None or held[0] != made_of:
            if held is not None:
                held[1].close()
            held = self._connected[channel.name] = (
                made_of,
                self._connect(channel.kind, channel.config, channel.secrets),
            )
        return held[1]

    def _delivered(self, tx: Tx, job: Job, outcome: str) -> None:
        if outcome != SENT:
            channels.record_delivery(tx, _record(tx, job, "given up", outcome))
            return
        channel = channels.find(tx, job.payload["channel"])
        if channel is not None and channel.breaker != breaker.Breaker():
            _works(tx, channel)
        channels.record_delivery(tx, _record(tx, job, "sent", ""))
        channels.forget_deliveries(tx, before_us=tx.now_us - DELIVERIES_KEPT_US)

    def _failed(self, tx: Tx, job: Job, error: ScribesError, is_last: bool) -> None:
        channel = channels.find(tx, job.payload["channel"])
        if channel is not None and error.code == "unavailable":
            channels.set_breaker(tx, channel.name, breaker.failed(channel.breaker, tx.now_us))
        channels.record_delivery(tx, _record(tx, job, "given up" if is_last else "waiting", error.message))


def _waiting_on(name: str) -> str:
    """How the keys of a channel's deliveries begin."""
    return f"{DELIVER}:{name}:"


def _works(tx: Tx, channel: StoredChannel) -> None:
    """A channel went through: it rests no more, and what waited for it goes out."""
    channels.set_breaker(tx, channel.name, breaker.succeeded(channel.breaker))
    jobs.hasten(tx, _waiting_on(channel.name))


def _found(tx: Tx, name: str) -> StoredChannel:
    found = channels.find(tx, name)
    if found is None:
        raise NotFound(f"there is no channel {name!r}", hint="scribes notify list shows the channels")
    return found


def _needless(content: Any, told_us: int, due_us: int) -> str:
    """Why a notice need not go out any more; empty where it must."""
    if content.state != ACTIVE or content.deleted_us is not None:
        return "the reminder is over"
    if content.snoozed_us == due_us:
        # Wanted for this very moment, whatever was dealt with or told of others.
        return ""
    if (content.done_us or 0) >= due_us:
        return "dealt with before it went out"
    # It recurs, and nobody wants twenty notices of what was every hour.
    return "a later one took its place" if told_us > due_us else ""


def _is_late(job: Job, now_us: int) -> bool:
    return bool(job.payload["late"]) or now_us - int(job.payload["due_us"]) > LATE_US


def _notice(job: Job, reminder: Stored, channel: StoredChannel, *, late: bool) -> Notice:
    """What is sent; words of the person only where they allowed it for this channel."""
    content, missed = reminder.content, int(job.payload["missed"])
    # When it is due, and that it is late, the notifiers say themselves.
    remark = f"{missed} more missed before" if missed else ""
    return Notice(
        key=job.key or job.id.hex(),
        title=(content.text or "a reminder") if channel.shows_text else NEUTRAL_TITLE,
        body=remark if channel.shows_text else "\n".join(filter(None, (remark, NEUTRAL_BODY))),
        due_at=in_zone(int(job.payload["due_us"]), content.zone),
        late=late,
        link=f"scribes:reminder/{to_text(reminder.id)}",
    )


def _record(tx: Tx, job: Job, state: str, error: str) -> StoredDelivery:
    return StoredDelivery(
        key=job.key or job.id.hex(),
        channel=job.payload["channel"],
        reminder=from_text(str(job.payload["reminder"])),
        due_us=int(job.payload["due_us"]),
        at_us=tx.now_us,
        attempts=job.attempts,
        late=_is_late(job, tx.now_us),
        state=state,
        error=error,
    )


def _shown(channel: StoredChannel, now_us: int) -> Channel:
    rests = not breaker.may_try(channel.breaker, now_us)
    return Channel(
        name=channel.name,
        kind=channel.kind,
        config=channel.config,
        shows_text=channel.shows_text,
        resting_until=from_us(channel.breaker.open_until_us) if rests else None,
        failures=channel.breaker.failures,
    )
