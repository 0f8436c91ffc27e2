"""What clients keep here sealed: bytes that the server cannot read, and gives back as they were."""

from __future__ import annotations

import hashlib
from base64 import b64decode

from ...errors import Conflict, InvalidInput, NotFound, PreconditionRequired, TooLarge
from ..database import Db
from ..tables.accounts import KeyBundle

MAX_BYTES = 64 * 1024
ANY = "*"


def get(db: Db, account: int) -> bytes:
    """The bundle of an account.

    Raises: NotFound.
    """
    found = db.get(KeyBundle, account)
    if found is None:
        raise NotFound("no keys are kept here")
    return found.body


def replace(db: Db, account: int, body: bytes, *, if_match: str, if_none_match: str) -> None:
    """Keep a bundle in the place of the one that the caller has seen; the first one with If-None-Match: *.

    Raises: PreconditionRequired, Conflict.
    """
    found = db.get(KeyBundle, account)
    if not if_match and if_none_match != ANY:
        raise PreconditionRequired("say which keys you have seen", hint="If-Match: ETag, or If-None-Match: *")
    seen = [one.strip() for one in if_match.split(",")] if if_match else []
    is_as_seen = (found is not None and (tag(found.body) in seen or ANY in seen)) if seen else found is None
    if not is_as_seen:
        raise Conflict("the keys were changed since they were read", hint="read them again")
    put(db, account, body)


def put(db: Db, account: int, body: bytes) -> None:
    """Keep a bundle in the place of whatever is there."""
    found = db.get(KeyBundle, account)
    if found is None:
        db.add(KeyBundle(account_n=account, body=body, changed_us=db.now_us))
    else:
        found.body, found.changed_us = body, db.now_us


def bundle_in(text: str) -> bytes:
    """A bundle from base64.

    Raises: InvalidInput, TooLarge.
    """
    try:
        body = b64decode(text, validate=True)
    except ValueError:
        raise InvalidInput("the keys are not base64") from None
    if len(body) > MAX_BYTES:
        raise TooLarge(f"the keys have {len(body)} bytes", hint=f"at most {MAX_BYTES}")
    return body


def tag(body: bytes) -> str:
    """The ETag of a bundle."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
