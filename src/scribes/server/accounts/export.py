"""Everything that an account has here, as one JSON object, in flat memory."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from ...errors import NotFound
from ...hosting import Hosted
from ...ids import to_text
from ...services.everything import SECTIONS
from ..database import Database, Db
from ..tables.accounts import Account, Audit, KeyBundle, Passkey, Session
from ..tables.invitations import CircleInvitation
from ..tables.webhooks import Webhook

FORMAT, VERSION = "scribes-account", 1
PIECE_CHARS = 64 * 1024


def pieces(database: Database, me: Hosted, account_n: int) -> Iterator[bytes]:
    """The JSON object in pieces; secrets, which nobody could use elsewhere, are left out."""
    waiting: list[str] = []
    size = 0
    for text in _texts(database, me, account_n):
        waiting.append(text)
        size += len(text)
        if size >= PIECE_CHARS:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()


def _texts(database: Database, me: Hosted, account_n: int) -> Iterator[str]:
    with database.read() as db:
        about = _about(db, account_n)
    yield f'{{"format":"{FORMAT}","version":{VERSION}'
    for name, value in about.items():
        yield f",{_said(name)}:{_said(value)}"
    yield f',"circles":{_said([_circle(one) for one in me.circles.each()])}'
    for section in SECTIONS:
        yield f",{_said(section)}:["
        yield from _listed(me.everything.each(section))
        yield "]"
    yield "}\n"


def _listed(found: Iterable[dict[str, Any]]) -> Iterator[str]:
    for number, one in enumerate(found):
        yield ("," if number else "") + _said(one)


def _about(db: Db, n: int) -> dict[str, Any]:
    account = db.get(Account, n)
    if account is None:
        raise NotFound("there is no such account")
    keys = db.get(KeyBundle, n)
    sessions = db.exec(select(Session).where(Session.account_n == n).order_by(col(Session.n)))
    passkeys = db.exec(select(Passkey).where(Passkey.account_n == n).order_by(col(Passkey.n)))
    events = db.exec(select(Audit).where(Audit.account_n == n).order_by(col(Audit.n)))
    return {
        "account": {
            "id": to_text(account.id),
            "email": account.email,
            "name": account.name,
            "kind": account.kind,
            "created_at": _at(account.created_us),
            "keys": b64encode(keys.body).decode() if keys else None,
        },
        "sessions": [
            {"label": one.label, "kind": one.kind, "created_at": _at(one.created_us), "seen_at": _at(one.seen_us)}
            for one in sessions
        ],
        "passkeys": [{"name": one.name, "created_at": _at(one.created_us)} for one in passkeys],
        **_sent(db, account),
        "events": [{"at": _at(one.at_us), "event": one.event, "network": one.network} for one in events],
    }


def _sent(db: Db, account: Account) -> dict[str, Any]:
    """Where the account has what happens posted to, and whom it invited."""
    hooks = db.exec(select(Webhook).where(Webhook.account == account.hosted_n).order_by(col(Webhook.n)))
    rows = select(CircleInvitation).where(CircleInvitation.account == account.hosted_n)
    return {
        "webhooks": [{"circle": one.space.hex(), "url": one.url, "created_at": _at(one.created_us)} for one in hooks],
        "invitations": [
            {"circle": one.circle, "address": one.address, "state": one.state, "made_at": _at(one.made_us)}
            for one in db.exec(rows.order_by(col(CircleInvitation.n)))
        ],
    }


def _circle(one: Any) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "role": one.role}


def _at(us: int) -> str:
    return datetime.fromtimestamp(us / 1_000_000, UTC).isoformat()


def _said(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
