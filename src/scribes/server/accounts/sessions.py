"""Sessions: a device that is signed in, and the chain of its refresh tokens, of which only the last one is good."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlmodel import col, delete, select, update

from ...errors import Forbidden, NotFound, NotSignedIn
from ...ids import from_text, to_text
from ...ports import Tx
from ...records import record
from ..database import Database, Db
from ..tables.accounts import Account, RefreshToken, Session
from . import audit

DAY_US = 86_400_000_000
IDLE_US, LONGEST_US = 30 * DAY_US, 365 * DAY_US
MAX_LABEL_CHARS, MAX_SESSIONS = 120, 100
BEARER, COOKIE = "bearer", "cookie"


@record
class Caller:
    """Who asks: their account, the session they ask in, and their key in the host."""

    account_n: int
    session_n: int
    session_id: bytes
    hosted_n: int


@record
class Grant:
    """A session that begins or goes on: its refresh token is shown this once."""

    account: Account
    session: Session
    refresh_token: str


@record
class SessionInfo:
    """A session, as its owner sees it."""

    id: str
    label: str
    kind: str
    created_us: int
    seen_us: int
    is_this: bool


# Asked with every request, so it goes past the ORM, in the words of the core's own transactions.
CHECK = str(
    select(Account.n, Session.n, Account.hosted_n, Account.disabled_us)
    .join(Account, col(Account.n) == Session.account_n)
    .where(Session.id == b"", col(Session.ended_us).is_(None))
    .compile(dialect=SQLiteDialect(paramstyle="qmark"))
)


def caller_in(tx: Tx, session: bytes) -> Caller:
    """Who asks in a session, which is still open.

    Raises: NotSignedIn, Forbidden.
    """
    row = tx.row(CHECK, (session,))
    if row is None or row[2] is None:
        raise NotSignedIn("this session has ended", hint="POST /v1/auth/login")
    account, n, hosted, disabled_us = row
    if disabled_us is not None:
        raise disabled()
    return Caller(account, n, session, hosted)


def disabled() -> Forbidden:
    """What somebody hears whose account was disabled."""
    return Forbidden("this account is disabled", hint="ask whoever runs this server")


class Sessions:
    """Who is signed in, and where."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, db: Db, account: Account, *, kind: str, label: str) -> Grant:
        """A new session for an account."""
        self._make_room(db, account)
        session = Session(
            id=secrets.token_bytes(16),
            account_n=_n(account),
            kind=kind,
            label=clean_label(label),
            created_us=db.now_us,
            seen_us=db.now_us,
            expires_us=db.now_us + IDLE_US,
        )
        db.add(session)
        db.flush()
        return Grant(account, session, _next_token(db, session))

    def refresh(self, token: str, *, kind: str, address: str) -> Grant:
        """The session of a refresh token with its next one; that which was given is used up.

        Raises: NotSignedIn; when it was used before, the whole session ends.
        """
        digest = digest_of(token)
        with self._database.write() as db:
            # One statement decides who was first, also among several processes.
            first = db.exec(
                update(RefreshToken)
                .where(col(RefreshToken.digest) == digest, col(RefreshToken.used_us).is_(None))
                .values(used_us=db.now_us)
            ).rowcount
            found = db.exec(
                select(Session, Account)
                .join(RefreshToken, col(RefreshToken.session_n) == Session.n)
                .join(Account, col(Account.n) == Session.account_n)
                .where(RefreshToken.digest == digest)
            ).first()
            session, account = found or (None, None)
            if session and account and not first and session.ended_us is None:
                session.ended_us = db.now_us
                audit.note(db, "refresh_reused", account=account.n, address=address)
            is_good = first and session and session.ended_us is None and session.expires_us > db.now_us
            if is_good and session and account and session.kind == kind and account.disabled_us is None:
                session.seen_us = db.now_us
                session.expires_us = min(db.now_us + IDLE_US, session.created_us + LONGEST_US)
                return Grant(account, session, _next_token(db, session))
        # The transaction is kept: a reuse has ended the session.
        raise NotSignedIn("the refresh token is not good, or no longer", hint="POST /v1/auth/login")

    def of_token(self, token: str) -> bytes:
        """The id of the session of a refresh token, whether or not that is still good.

        Raises: NotSignedIn.
        """
        with self._database.read() as db:
            of = col(RefreshToken.session_n) == Session.n, col(RefreshToken.digest) == digest_of(token)
            found = db.exec(select(Session.id).where(*of)).first()
        if found is None:
            raise NotSignedIn("the refresh token is not good, or no longer", hint="POST /v1/auth/login")
        return found

    def end(self, session: bytes) -> None:
        """Sign out; nothing where it has ended already."""
        with self._database.write() as db:
            found = db.exec(select(Session).where(Session.id == session)).first()
            if found and found.ended_us is None:
                found.ended_us = db.now_us

    def end_by(self, token: str) -> None:
        """Sign out with a refresh token, also one that was used; nothing where it is none."""
        with self._database.write() as db:
            found = db.exec(select(Session).join(RefreshToken).where(RefreshToken.digest == digest_of(token))).first()
            if found and found.ended_us is None:
                found.ended_us = db.now_us

    def of(self, caller: Caller) -> list[SessionInfo]:
        """The open sessions of an account, the one last used first."""
        with self._database.read() as db:
            found = db.exec(_open(db, caller.account_n)).all()
        return [
            SessionInfo(to_text(one.id), one.label, one.kind, one.created_us, one.seen_us, one.n == caller.session_n)
            for one in found
        ]

    def revoke(self, caller: Caller, id: str, *, address: str) -> None:
        """End one of the account's sessions.

        Raises: NotFound.
        """
        with self._database.write() as db:
            found = db.exec(_open(db, caller.account_n).where(Session.id == from_text(id))).first()
            if found is None:
                raise NotFound("there is no such session")
            found.ended_us = db.now_us
            audit.note(db, "session_revoked", account=caller.account_n, address=address)

    def revoke_others(self, caller: Caller, *, address: str) -> None:
        """End all sessions of the account but the one that asks."""
        with self._database.write() as db:
            end_all(db, caller.account_n, but=caller.session_n)
            audit.note(db, "sessions_revoked", account=caller.account_n, address=address)

    def _make_room(self, db: Db, account: Account) -> None:
        """Forget what ended long ago; end the oldest, where somebody signs in without end."""
        gone = [
            n
            for n in db.exec(
                select(Session.n).where(Session.account_n == account.n, Session.expires_us < db.now_us - DAY_US)
            )
            if n
        ]
        forget(db, gone)
        for one in db.exec(_open(db, _n(account)).offset(MAX_SESSIONS - 1)):
            one.ended_us = db.now_us


def end_all(db: Db, account: int, *, but: int = 0) -> None:
    """End the sessions of an account, all but one."""
    db.exec(
        update(Session)
        .where(col(Session.account_n) == account, col(Session.n) != but, col(Session.ended_us).is_(None))
        .values(ended_us=db.now_us)
    )


def forget(db: Db, sessions: list[int]) -> None:
    """Remove sessions with their tokens."""
    if sessions:
        db.exec(delete(RefreshToken).where(col(RefreshToken.session_n).in_(sessions)))
        db.exec(delete(Session).where(col(Session.n).in_(sessions)))


def digest_of(secret: str) -> bytes:
    """What is kept of a random secret that somebody holds: nobody can guess 256 bits, so it needs nothing slow."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def clean_label(text: str) -> str:
    """The name of a device in one line."""
    return " ".join("".join(part if part.isprintable() else " " for part in text).split())[:MAX_LABEL_CHARS]


def csrf_token(key: bytes, session: bytes) -> str:
    """What a page sends in a header to prove that it may read the answers of this server."""
    return hmac.new(key, session, hashlib.sha256).hexdigest()


def is_csrf_token(key: bytes, session: bytes, given: str) -> bool:
    """Whether what was given is the token of a session."""
    return hmac.compare_digest(csrf_token(key, session).encode(), given.encode("utf-8", "replace"))


def _next_token(db: Db, session: Session) -> str:
    token = secrets.token_urlsafe(32)
    db.add(RefreshToken(digest=digest_of(token), session_n=_n(session), made_us=db.now_us))
    return token


def _open(db: Db, account: int) -> Any:
    return (
        select(Session)
        .where(Session.account_n == account, col(Session.ended_us).is_(None), Session.expires_us > db.now_us)
        .order_by(col(Session.seen_us).desc(), col(Session.n).desc())
    )


def _n(row: Account | Session) -> int:
    assert row.n is not None  # noqa: S101 - it was written
    return row.n
