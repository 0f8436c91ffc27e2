"""Webhooks of circles: made, listed, removed; and the outbox of what is to be posted to them."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlmodel import col, delete, func, select

from ..domain.dates import DAY_US, from_us
from ..domain.webhooks import target
from ..errors import Conflict, Forbidden, NotFound, ScribesError
from ..hosting import Host, Hosted
from ..ids import from_text, new_id, to_text
from .database import Database, Db
from .settings import ServerSettings
from .tables.webhooks import Webhook, WebhookDelivery

log = structlog.get_logger("scribes.server")

ACTION = "webhooks"
PURPOSE = "server.webhooks"
MAX_HOOKS = 10
# Of what happened, in one delivery; deliveries of one hook that wait; how many are shown; how long they are kept.
AT_ONCE, MAX_WAITING, SHOWN, KEPT_US = 100, 200, 50, 7 * DAY_US
WAITING, DELIVERED, PARKED = "waiting", "delivered", "parked"
ACTIVITY, TEST = "activity", "test"
NOT_ALLOWED = "who made it is no longer an admin of the circle"


@dataclass
class WebhookInfo:
    """Where a circle's activity is posted to, whether with the headings of what was changed; since when it fails, and
    since when and why it is switched off, if it is.
    """

    id: str
    url: str
    with_headings: bool
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_why: str


@dataclass
class NewWebhookInfo(WebhookInfo):
    """A new webhook, and the secret that what it gets is signed with: shown this once."""

    secret: str


@dataclass
class Delivery:
    """Something that was posted, or will be: `waiting`, `delivered`, or `parked` after too many tries. `status` and
    `said` tell of the last try.
    """

    id: str
    kind: str
    state: str
    attempts: int
    status: int | None
    said: str
    created_at: datetime
    done_at: datetime | None
    next_at: datetime | None


class Webhooks:
    """The webhooks of all circles. Each call is one transaction."""

    def __init__(self, settings: ServerSettings, host: Host) -> None:
        self._settings, self._host, self._database = settings, host, Database(host.engine)

    def add(self, me: Hosted, circle: str, url: str, *, with_headings: bool) -> NewWebhookInfo:
        """A new webhook of a circle, for what happens from now on.

        Raises: NotFound, Forbidden, InvalidInput, Conflict (there are too many).
        """
        target(url, is_loopback_allowed=self._settings.is_development)
        secret = f"whsec_{secrets.token_urlsafe(32)}"
        with self._database.joint() as db:
            space = bytes.fromhex(me.allowed(circle, ACTION))
            if len(_of(db, space)) >= MAX_HOOKS:
                raise Conflict(f"a circle has at most {MAX_HOOKS} webhooks", hint="remove one of them first")
            hook = Webhook(
                id=new_id(db.now_us), space=space, account=me.key, url=url, with_headings=with_headings,
                secret=self._host.sealed(secret.encode(), purpose=PURPOSE), seen_n=me.activity.last(),
                created_us=db.now_us, disabled_why="",
            )  # fmt: skip
            db.add(hook)
            return NewWebhookInfo(**_shown(hook).__dict__, secret=secret)

    def each(self, me: Hosted, circle: str) -> list[WebhookInfo]:
        """The webhooks of a circle, the first first.

        Raises: NotFound, Forbidden.
        """
        with self._database.read() as db:
            return [_shown(hook) for hook in _of(db, bytes.fromhex(me.allowed(circle, ACTION)))]

    def remove(self, me: Hosted, circle: str, id: str) -> None:
        """Take a webhook away, with what waits for it.

        Raises: NotFound, Forbidden.
        """
        with self._database.joint() as db:
            # What waits for it goes with it.
            db.delete(self._get(db, me, circle, id))

    def try_out(self, me: Hosted, circle: str, id: str) -> Delivery:
        """A delivery that says nothing, sent soon and once; where it is taken, a webhook that was switched off because
        it failed is on again.

        Raises: NotFound, Forbidden, Conflict (one waits already).
        """
        with self._database.joint() as db:
            hook = self._get(db, me, circle, id)
            waits = (col(WebhookDelivery.webhook_n) == hook.n, col(WebhookDelivery.kind) == TEST)
            if db.exec(select(WebhookDelivery.n).where(*waits, col(WebhookDelivery.state) == WAITING)).first():
                raise Conflict("a test of this webhook waits already", hint="look at its deliveries")
            return _told(_put(db, hook, TEST, []))

    def deliveries(self, me: Hosted, circle: str, id: str) -> list[Delivery]:
        """What was posted to a webhook, or will be, the last first.

        Raises: NotFound, Forbidden.
        """
        with self._database.read() as db:
            hook = self._get(db, me, circle, id)
            rows = select(WebhookDelivery).where(WebhookDelivery.webhook_n == hook.n)
            found = db.exec(rows.order_by(col(WebhookDelivery.n).desc()).limit(SHOWN))
            return [_told(one) for one in found]

    def spaces(self) -> set[bytes]:
        """The spaces that have webhooks which are on."""
        with self._database.read() as db:
            return set(db.exec(select(Webhook.space).where(col(Webhook.disabled_us).is_(None)).distinct()))

    def gather(self, space: bytes) -> int:
        """How many deliveries were put into the outbox, because something happened in a space."""
        with self._database.read() as db:
            hooks = [hook.n or 0 for hook in _of(db, space) if hook.disabled_us is None]
        made = 0
        for n in hooks:
            try:
                while self._gather(n):
                    made += 1
            except ScribesError as e:
                # The others are told nevertheless; this one when something happens again, or is looked for.
                log.warning("webhook", code=e.code, exc_info=e)
        return made

    def tidy(self) -> None:
        """Forget what was delivered, or could not be, a week ago."""
        with self._database.write() as db:
            db.exec(delete(WebhookDelivery).where(col(WebhookDelivery.created_us) < db.now_us - KEPT_US))

    def may_work(self, hook: Webhook) -> bool:
        """Whether who made a webhook may still have it."""
        try:
            self._host.of(hook.account).allowed(hook.space.hex(), ACTION)
        except (NotFound, Forbidden):
            return False
        return True

    def _gather(self, n: int) -> bool:
        with self._database.joint() as db:
            hook = db.get(Webhook, n)
            if hook is None or hook.disabled_us is not None or _count_waiting(db, n) >= MAX_WAITING:
                return False
            if not self.may_work(hook):
                hook.disabled_us, hook.disabled_why = db.now_us, NOT_ALLOWED
                return False
            happened = self._host.of(hook.account).activity.behind(hook.space.hex(), hook.seen_n, limit=AT_ONCE)
            if not happened:
                # So that what happens elsewhere is not gone through again and again.
                hook.seen_n = self._host.of(hook.account).activity.last()
                return False
            hook.seen_n = happened[-1][0]
            said = [
                {
                    "id": one.id,
                    "at": one.at.isoformat(),
                    "who": one.who,
                    "action": one.action,
                    "kind": one.kind,
                    "item": one.item,
                    **({"heading": one.heading} if hook.with_headings else {}),
                }
                for _, one in happened
            ]
            _put(db, hook, ACTIVITY, said)
            return True

    def _get(self, db: Db, me: Hosted, circle: str, id: str) -> Webhook:
        space = bytes.fromhex(me.allowed(circle, ACTION))
        found = db.exec(select(Webhook).where(Webhook.id == from_text(id), Webhook.space == space)).first()
        if found is None:
            raise NotFound("there is no such webhook")
        return found


def _of(db: Db, space: bytes) -> list[Webhook]:
    return list(db.exec(select(Webhook).where(Webhook.space == space).order_by(col(Webhook.n))))


def _count_waiting(db: Db, hook: int) -> int:
    rows = select(func.count()).select_from(WebhookDelivery)
    return db.exec(rows.where(col(WebhookDelivery.webhook_n) == hook, col(WebhookDelivery.state) == WAITING)).one()


def _put(db: Db, hook: Webhook, kind: str, activities: list[dict[str, str]]) -> WebhookDelivery:
    id = new_id(db.now_us)
    said = {
        "id": to_text(id),
        "type": kind,
        "webhook": to_text(hook.id),
        "circle": hook.space.hex(),
        "created_at": from_us(db.now_us).isoformat(),
        "activities": activities,
    }
    made = WebhookDelivery(
        id=id, webhook_n=hook.n or 0, kind=kind, body=json.dumps(said, ensure_ascii=False), state=WAITING, attempts=0,
        due_us=db.now_us, leased_us=0, claims=0, said="", created_us=db.now_us,
    )  # fmt: skip
    db.add(made)
    return made


def _shown(hook: Webhook) -> WebhookInfo:
    return WebhookInfo(
        id=to_text(hook.id),
        url=hook.url,
        with_headings=hook.with_headings,
        created_at=from_us(hook.created_us),
        failing_since=_at(hook.failing_since_us),
        disabled_at=_at(hook.disabled_us),
        disabled_why=hook.disabled_why,
    )


def _told(one: WebhookDelivery) -> Delivery:
    return Delivery(
        id=to_text(one.id),
        kind=one.kind,
        state=one.state,
        attempts=one.attempts,
        status=one.status,
        said=one.said,
        created_at=from_us(one.created_us),
        done_at=_at(one.done_us),
        next_at=from_us(one.due_us) if one.state == WAITING else None,
    )


def _at(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)
