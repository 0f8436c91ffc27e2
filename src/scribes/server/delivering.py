"""Posting to webhooks, behind the requests: what waits in the outbox is taken, posted, and tried again.

At least once: who dies between the post and its noting posts again, with the same id. A delivery is leased to one
thread of one process; a lease that runs out, because that process died, lets another one take it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlmodel import col, select

from ..adapters.webhook_http import Answered, WebhookPost
from ..domain.dates import DAY_US
from ..domain.jobs import MOST_ATTEMPTS, SECOND_US, wait_us
from ..domain.webhooks import DELIVERY, SIGNATURE, signature
from ..errors import Damaged, InvalidInput, Unavailable
from ..hosting import Host
from ..ids import to_text
from ..version import __version__
from .database import Database, Db
from .tables.webhooks import Webhook, WebhookDelivery
from .tracing import fault
from .webhooks import DELIVERED, NOT_ALLOWED, PARKED, PURPOSE, TEST, WAITING, Webhooks

log = structlog.get_logger("scribes.server")

SENDERS = 3
LEASE_US = 60 * SECOND_US
LOOK_S, LOOK_AT_ALL_S, AFTER_FAILURE_S, END_S = 2.0, 60.0, 15.0, 3.0
# A receiver that fails for so long is not called any more.
DISABLED_AFTER_US = 5 * DAY_US
LONGEST_AGAIN_US = 3_600 * SECOND_US
GONE = 410
Post = Callable[..., Answered]


@dataclass(frozen=True)
class Claim:
    """A delivery that is this thread's for the time of its lease."""

    n: int
    number: int
    hook_n: int
    url: str
    secret: bytes
    id: bytes
    body: bytes


class Outbox:
    """What waits to be posted: taken, and put back or done with."""

    def __init__(self, host: Host, webhooks: Webhooks) -> None:
        self._database, self._webhooks = Database(host.engine), webhooks
        self._guard = threading.Lock()
        self._taken: dict[int, Claim] = {}

    def take(self) -> Claim | None:
        """A delivery that is due, of a receiver that nobody here is posting to; None where there is none."""
        with self._guard:
            with self._database.read() as db:
                if self._due(db) is None:
                    return None
            with self._database.joint() as db:
                found = self._due(db)
                if found is None:
                    return None
                one, hook = found
                if not self._webhooks.may_work(hook):
                    hook.disabled_us, hook.disabled_why = db.now_us, NOT_ALLOWED
                    return None
                one.leased_us, one.attempts, one.claims = db.now_us + LEASE_US, one.attempts + 1, one.claims + 1
                claim = Claim(
                    one.n or 0, one.claims, hook.n or 0, hook.url, hook.secret, one.id, one.body.encode()
                )  # fmt: skip
            self._taken[claim.hook_n] = claim
            return claim

    def done(self, claim: Claim, status: int) -> None:
        """It was taken."""
        with self._database.write() as db:
            if (found := self._claimed(db, claim)) is None:
                return
            one, hook = found
            one.state, one.status, one.said, one.done_us = DELIVERED, status, "", db.now_us
            hook.failing_since_us = None
            if hook.disabled_us is not None and one.kind == TEST and hook.disabled_why != NOT_ALLOWED:
                hook.disabled_us, hook.disabled_why = None, ""

    def failed(self, claim: Claim, status: int | None, said: str, *, for_good: bool, again_s: float | None) -> None:
        """It was not taken: tried again later, or parked."""
        with self._database.write() as db:
            if (found := self._claimed(db, claim)) is None:
                return
            one, hook = found
            one.status, one.said = status, said
            spread = random.random()  # noqa: S311 - when to ask again is no secret
            asked_us = min(LONGEST_AGAIN_US, int((again_s or 0) * SECOND_US))
            one.due_us = db.now_us + max(wait_us(one.attempts, spread), asked_us)
            if for_good or one.kind == TEST or one.attempts >= MOST_ATTEMPTS:
                one.state, one.done_us = PARKED, db.now_us
            hook.failing_since_us = hook.failing_since_us or db.now_us
            if hook.disabled_us is None and status == GONE:
                hook.disabled_us, hook.disabled_why = db.now_us, "it answered that it is gone (410)"
            elif hook.disabled_us is None and db.now_us - hook.failing_since_us > DISABLED_AFTER_US:
                hook.disabled_us, hook.disabled_why = db.now_us, f"it failed for {DISABLED_AFTER_US // DAY_US} days"

    def give_back(self, claim: Claim) -> None:
        """It was not tried: another one may."""
        with self._database.write() as db:
            if (found := self._claimed(db, claim)) is not None:
                found[0].attempts -= 1

    def give_back_all(self) -> None:
        """Whatever is still taken here, because its thread does not end."""
        with self._guard:
            found = list(self._taken.values())
        for claim in found:
            self.give_back(claim)

    def let_go(self, claim: Claim) -> None:
        """Nobody here is posting to that receiver any more."""
        with self._guard:
            self._taken.pop(claim.hook_n, None)

    def _due(self, db: Db) -> tuple[WebhookDelivery, Webhook] | None:
        """The first that is due; a test also of a webhook that is switched off."""
        is_on = col(Webhook.disabled_us).is_(None) | (col(WebhookDelivery.kind) == TEST)
        rows = select(WebhookDelivery, Webhook).where(
            col(Webhook.n) == col(WebhookDelivery.webhook_n),
            col(WebhookDelivery.state) == WAITING,
            col(WebhookDelivery.due_us) <= db.now_us,
            col(WebhookDelivery.leased_us) <= db.now_us,
            col(WebhookDelivery.webhook_n).not_in(list(self._taken)),
            is_on & (col(Webhook.disabled_why) != NOT_ALLOWED),
        )
        return db.exec(rows.order_by(col(WebhookDelivery.due_us)).limit(1)).first()

    def _claimed(self, db: Db, claim: Claim) -> tuple[WebhookDelivery, Webhook] | None:
        """What was taken, if it is still this thread's: free again from now on."""
        one = db.get(WebhookDelivery, claim.n)
        hook = db.get(Webhook, claim.hook_n)
        if one is None or hook is None or one.claims != claim.number or one.state != WAITING or not one.leased_us:
            return None
        one.leased_us = 0
        return one, hook


class Delivering:
    """The threads that put what happens into the outbox, and that post."""

    def __init__(self, host: Host, webhooks: Webhooks, post: WebhookPost) -> None:
        self._host, self._webhooks, self._post = host, webhooks, post
        self.outbox = Outbox(host, webhooks)
        self._stop = threading.Event()
        self._moved: set[bytes] = set()
        self._guard = threading.Lock()
        self._news, self._work = threading.Event(), threading.Event()
        self._looked_s = float("-inf")
        self._threads: dict[str, threading.Thread] = {}

    def start(self) -> None:
        """Begin."""
        works = {"hooks": self._gather, **{f"post-{number}": self._send for number in range(SENDERS)}}
        self._threads = {
            name: threading.Thread(target=self._again, args=(work,), name=f"scribes-{name}", daemon=True)
            for name, work in works.items()
        }
        for thread in self._threads.values():
            thread.start()

    def stop(self) -> None:
        """End: what is being posted may finish for a moment, then it is broken off and given back."""
        self._stop.set()
        self._news.set()
        self._work.set()
        until_s = time.monotonic() + END_S
        for thread in self._threads.values():
            if thread.is_alive():
                thread.join(timeout=max(0.0, until_s - time.monotonic()))
        self._post.end()
        for thread in self._threads.values():
            if thread.is_alive():
                thread.join(timeout=1.0)
        self.outbox.give_back_all()

    def ended(self) -> list[str]:
        """The works whose thread is no more."""
        return [name for name, thread in self._threads.items() if not thread.is_alive()]

    def moved(self, space: bytes) -> None:
        """Something happened in a space: looked at soon, by another thread."""
        with self._guard:
            self._moved.add(space)
        self._news.set()

    def wake(self) -> None:
        """Something waits in the outbox."""
        self._work.set()

    def _again(self, work: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                work()
            except Exception as e:
                if self._stop.is_set():
                    return
                log.exception("behind", work="webhooks")
                fault(e)
                self._stop.wait(AFTER_FAILURE_S)

    def _gather(self) -> None:
        if time.monotonic() - self._looked_s > LOOK_AT_ALL_S:
            # What was not told of, because a process died or it was another one.
            self._looked_s = time.monotonic()
            self._webhooks.tidy()
            for space in self._webhooks.spaces():
                self.moved(space)
        self._news.wait(LOOK_AT_ALL_S)
        self._news.clear()
        with self._guard:
            moved, self._moved = self._moved, set()
        if sum(self._webhooks.gather(space) for space in moved):
            self.wake()

    def _send(self) -> None:
        claim = self.outbox.take()
        if claim is None:
            self._work.wait(LOOK_S)
            self._work.clear()
            return
        # There may be more, for another thread.
        self._work.set()
        try:
            self._deliver(claim)
        finally:
            self.outbox.let_go(claim)

    def _deliver(self, claim: Claim) -> None:
        try:
            answered = self._post(claim.url, self._headers(claim), claim.body)
        except Unavailable as e:
            if self._stop.is_set():
                self.outbox.give_back(claim)
            else:
                self.outbox.failed(claim, None, e.message, for_good=False, again_s=None)
        except InvalidInput as e:
            # A name may lead elsewhere tomorrow.
            self.outbox.failed(claim, None, e.message, for_good=False, again_s=None)
        except Damaged:
            self.outbox.failed(claim, None, "its secret cannot be read any more", for_good=True, again_s=None)
        else:
            self._note(claim, answered)

    def _headers(self, claim: Claim) -> dict[str, str]:
        secret = self._host.opened(claim.secret, purpose=PURPOSE).decode()
        return {
            "Content-Type": "application/json",
            "User-Agent": f"Scribes/{__version__}",
            DELIVERY: to_text(claim.id),
            SIGNATURE: signature(secret, claim.body, at_s=time.time_ns() // 1_000_000_000),
        }

    def _note(self, claim: Claim, answered: Answered) -> None:
        if 200 <= answered.status < 300:
            self.outbox.done(claim, answered.status)
            return
        said = f"it answered {answered.status}"
        if 300 <= answered.status < 400:
            said += ", and nobody follows"
        self.outbox.failed(claim, answered.status, said, for_good=answered.status == GONE, again_s=answered.again_s)
