"""Invitations to circles by address: kept for whoever has it, mailed to it, accepted or declined.

What the inviter is answered is the same whether or not anybody here has the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from limits import RateLimitItemPerMinute
from sqlalchemy import ColumnElement, and_
from sqlmodel import col, delete, select

from ..domain.dates import DAY_US, from_us, to_us
from ..errors import Conflict, InvalidInput, NotFound, TooMany
from ..hosting import Host, Hosted
from ..ids import from_text, new_id, to_text
from ..models.sync import Circle, Invitation
from ..services import credentials
from ..services.joining import invitation_id
from .accounts import Accounts
from .accounts.rates import MAILS
from .accounts.sessions import digest_of
from .database import Database, Db
from .settings import ServerSettings
from .tables.accounts import Account
from .tables.invitations import CircleInvitation

PURPOSE = "server.invites"
WAITING, ACCEPTED, DECLINED, WITHDRAWN = "waiting", "accepted", "declined", "withdrawn"
EXPIRED, CLOSED = "expired", "closed"
# Of one account; how long what is over is still listed; how many are.
INVITING = RateLimitItemPerMinute(30, 60, namespace="inviting")
KEPT_US, SHOWN = 30 * DAY_US, 200
TEXT = """{by} invites you to the circle {circle}, as {role}, at {server}.

Sign in there with this address, and you find the invitation waiting. Or use this link, with Scribes on your own device:

  {link}

It is good until {until:%Y-%m-%d}, for one person. Who has the link can use it: do not hand it on.
If you do not know {by}, do nothing.
"""


@dataclass
class SentInvitation:
    """An invitation for an address, as those see it who may invite. `state`: `waiting`, `accepted`, `declined`,
    `withdrawn`, `expired`, or `closed`, where its link was used by hand or all links were taken back.
    """

    id: str
    address: str
    role: str
    by: str
    state: str
    made_at: datetime
    until: datetime
    decided_at: datetime | None


@dataclass
class ReceivedInvitation:
    """An invitation that waits for one. With its link one's own device can join, where this server may not."""

    id: str
    circle: str
    by: str
    role: str
    made_at: datetime
    until: datetime
    link: str


class Invitations:
    """The invitations by address of all circles. Each call is one transaction."""

    def __init__(self, settings: ServerSettings, host: Host, accounts: Accounts) -> None:
        self._settings, self._host, self._accounts = settings, host, accounts
        self._database = Database(host.engine)

    def add(self, me: Hosted, circle: str, address: str, *, role: str, days: int) -> tuple[Invitation, bytes]:
        """A new invitation for an address, and its id, by which it is mailed once it is kept.

        Raises: NotFound, Forbidden, InvalidInput, Conflict (one waits already), TooMany.
        """
        address = credentials.clean_email(address)
        self._accounts.rates.count(INVITING, str(me.key))
        with self._database.joint() as db:
            db.exec(delete(CircleInvitation).where(col(CircleInvitation.expires_us) < db.now_us - KEPT_US))
            space = bytes.fromhex(me.allowed(circle, "invite"))
            if any(one.address == address and one.state == WAITING for one in _alive(db, space)):
                raise Conflict("an invitation for this address waits already", hint="take that one back first")
            made = me.circles.invite(circle, role=role, days=days)
            row = CircleInvitation(
                id=new_id(db.now_us), space=space, invite=invitation_id(made.link), account=me.key,
                by=me.settings.name, circle=made.circle, address=address, role=role,
                link=self._host.sealed(made.link.encode(), purpose=PURPOSE), state=WAITING, made_us=db.now_us,
                expires_us=to_us(made.until),
            )  # fmt: skip
            db.add(row)
            return made, row.id

    def mail(self, id: bytes) -> None:
        """Mail an invitation, behind the requests, if there is a mail server."""
        if self._settings.smtp_host:
            self._accounts.mailer.later(lambda: self._written(id))

    def sent(self, me: Hosted, circle: str) -> list[SentInvitation]:
        """The invitations by address of a circle, the last first.

        Raises: NotFound, Forbidden.
        """
        space = bytes.fromhex(me.allowed(circle, "invite"))
        open_ones = {one.id for one in me.circles.invitations(circle)}
        with self._database.read() as db:
            rows = select(CircleInvitation).where(CircleInvitation.space == space)
            found = db.exec(rows.order_by(col(CircleInvitation.n).desc()).limit(SHOWN)).all()
            return [_sent(one, db.now_us, is_open=one.invite.hex() in open_ones) for one in found]

    def withdraw(self, me: Hosted, circle: str, id: str) -> None:
        """Take one invitation back, by address or by link alone; the key changes, as its link had it.

        Raises: NotFound, Forbidden, Busy.
        """
        wanted = from_text(id)
        with self._database.joint() as db:
            space = bytes.fromhex(me.allowed(circle, "invite"))
            named = (col(CircleInvitation.id) == wanted) | (col(CircleInvitation.invite) == wanted)
            row = db.exec(select(CircleInvitation).where(CircleInvitation.space == space, named)).first()
            taken = me.circles.uninvite(circle, only=(row.invite if row else wanted).hex())
            if row is None and not taken:
                raise NotFound("there is no such invitation")
            if row is not None and row.state == WAITING:
                row.state, row.decided_us = WITHDRAWN, db.now_us

    def received(self, me: Hosted) -> list[ReceivedInvitation]:
        """The invitations that wait for a person, the last first."""
        with self._database.read() as db:
            rows = select(CircleInvitation).where(_waiting_for(db, me))
            found = db.exec(rows.order_by(col(CircleInvitation.n).desc()).limit(SHOWN)).all()
            return [self._received(one) for one in found]

    def accept(self, me: Hosted, id: str) -> Circle:
        """The circle of an invitation, which the person is in now.

        Raises: NotFound, Forbidden (it was used, taken back, or has run out), Sealed.
        """
        me.check_personal_space()
        with self._database.joint() as db:
            row = self._mine(db, me, id)
            circle = row.space.hex()
            if not any(one.id == circle and one.role for one in me.circles.each()):
                me.circles.join(self._link(row))
            row.state, row.decided_us = ACCEPTED, db.now_us
            return me.circles.get(circle)

    def decline(self, me: Hosted, id: str) -> None:
        """An invitation that the person does not want.

        Raises: NotFound.
        """
        with self._database.joint() as db:
            row = self._mine(db, me, id)
            row.state, row.decided_us = DECLINED, db.now_us

    def _mine(self, db: Db, me: Hosted, id: str) -> CircleInvitation:
        rows = select(CircleInvitation).where(_waiting_for(db, me), CircleInvitation.id == from_text(id))
        found = db.exec(rows).first()
        if found is None:
            raise NotFound("no such invitation waits for you")
        return found

    def _received(self, one: CircleInvitation) -> ReceivedInvitation:
        return ReceivedInvitation(
            id=to_text(one.id),
            circle=one.circle,
            by=one.by,
            role=one.role,
            made_at=from_us(one.made_us),
            until=from_us(one.expires_us),
            link=self._link(one),
        )

    def _link(self, one: CircleInvitation) -> str:
        return self._host.opened(one.link, purpose=PURPOSE).decode()

    def _written(self, id: bytes) -> EmailMessage | None:
        with self._database.read() as db:
            one = db.exec(select(CircleInvitation).where(CircleInvitation.id == id)).first()
        if one is None or one.state != WAITING:
            return None
        try:
            self._accounts.rates.count(MAILS, digest_of(one.address).hex())
        except TooMany:
            return None
        text = TEXT.format(
            by=one.by,
            circle=one.circle,
            role=one.role,
            server=self._settings.base_url,
            link=self._link(one),
            until=from_us(one.expires_us),
        )
        # No words of a person in the subject: it stands in lists, and in notices on locked screens.
        return self._accounts.mailer.message(one.address, "An invitation to a circle", text)


def check_uses(address: str, uses: int) -> None:
    """Refuse an invitation of one address for many.

    Raises: InvalidInput.
    """
    if address and uses != 1:
        raise InvalidInput("an invitation for an address is for one person", hint="`uses` 1, or no address")


def _waiting_for(db: Db, me: Hosted) -> ColumnElement[bool]:
    """What picks out the invitations that wait for a person."""
    address = db.exec(select(Account.email).where(Account.hosted_n == me.key)).first()
    return and_(
        col(CircleInvitation.address) == (address or ""),
        col(CircleInvitation.state) == WAITING,
        col(CircleInvitation.expires_us) > db.now_us,
    )


def _alive(db: Db, space: bytes) -> list[CircleInvitation]:
    rows = select(CircleInvitation).where(CircleInvitation.space == space, CircleInvitation.expires_us > db.now_us)
    return list(db.exec(rows))


def _sent(one: CircleInvitation, now_us: int, *, is_open: bool) -> SentInvitation:
    state = one.state
    if state == WAITING and one.expires_us <= now_us:
        state = EXPIRED
    elif state == WAITING and not is_open:
        state = CLOSED
    return SentInvitation(
        id=to_text(one.id),
        address=one.address,
        role=one.role,
        by=one.by,
        state=state,
        made_at=from_us(one.made_us),
        until=from_us(one.expires_us),
        decided_at=None if one.decided_us is None else from_us(one.decided_us),
    )
