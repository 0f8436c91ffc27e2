"""Invitations to a server that does not take everybody."""

from __future__ import annotations

import secrets

from sqlmodel import col, delete, update

from ...errors import Forbidden
from ..database import Db
from ..tables.accounts import Invite
from .sessions import DAY_US, digest_of


def make(db: Db, *, days: int) -> str:
    """A code that lets one person have an account; shown this once."""
    code = secrets.token_urlsafe(16)
    db.exec(delete(Invite).where(col(Invite.expires_us) < db.now_us))
    db.add(Invite(digest=digest_of(code), made_us=db.now_us, expires_us=db.now_us + days * DAY_US))
    return code


def use(db: Db, code: str) -> None:
    """Use up a code.

    Raises: Forbidden.
    """
    used = db.exec(
        update(Invite)
        .where(col(Invite.digest) == digest_of(code), col(Invite.used_us).is_(None), col(Invite.expires_us) > db.now_us)
        .values(used_us=db.now_us)
    ).rowcount
    if not used:
        raise Forbidden("an account here needs an invitation that is still good", hint="ask whoever runs this server")
