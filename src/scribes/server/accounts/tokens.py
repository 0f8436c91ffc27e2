"""Access tokens: short, signed with keys that change, and cheap to believe a second time."""

from __future__ import annotations

import hashlib
import threading
import time
from base64 import urlsafe_b64encode
from typing import Any

import jwt
from sqlmodel import col, delete, select

from ...errors import NotSignedIn, ScribesError
from ...ids import from_text, to_text
from ...services import credentials
from ..database import Database, Db
from ..tables.accounts import SigningKey

ALGORITHM, AUDIENCE = "EdDSA", "scribes"
LIFETIME_S = 15 * 60
# A new key after this long; the one before is believed until no token of it can be alive.
KEY_AGE_US, OVERLAP_US = 30 * 86_400_000_000, 3_600_000_000
KEPT = 10_000
REFRESH_S, ASK_AGAIN_S = 60.0, 1.0
MAX_CHARS = 2_048


class Tokens:
    """Makes access tokens, and says which session one belongs to."""

    def __init__(self, database: Database, key: bytes, issuer: str) -> None:
        self._database, self._key, self._issuer = database, key, issuer
        self._guard = threading.Lock()
        self._public: dict[str, jwt.PyJWK] = {}
        self._signing: tuple[str, jwt.PyJWK, int] | None = None
        self._loaded_s = 0.0
        self._known: dict[bytes, tuple[bytes, int]] = {}

    def made(self, session: bytes, account: bytes) -> str:
        """A token for a session, good for a quarter of an hour."""
        self._load_if_older(REFRESH_S)
        signing = self._signing
        if signing is None or time.time_ns() // 1000 - signing[2] > KEY_AGE_US:
            signing = self.rotated()
        now_s = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": to_text(account),
            "sid": to_text(session),
            "iat": now_s,
            "exp": now_s + LIFETIME_S,
        }
        return jwt.encode(claims, signing[1], algorithm=ALGORITHM, headers={"kid": signing[0]})

    def session_of(self, token: str, *, may_have_ended: bool = False) -> bytes:
        """The id of the session that a token was made for; `may_have_ended`, where signing out is all that is asked.

        Raises: NotSignedIn.
        """
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        known = self._known.get(digest)
        if known is not None:
            if known[1] > time.time() or may_have_ended:
                return known[0]
            self._known.pop(digest, None)
            raise _ended()
        session, ends_s = self._verified(token, may_have_ended=may_have_ended)
        if ends_s > time.time():
            self._keep(digest, session, ends_s)
        return session

    def rotated(self) -> tuple[str, jwt.PyJWK, int]:
        """A new key that signs from now on; the one before is believed until its last token has run out."""
        with self._database.write() as db:
            for old in db.exec(select(SigningKey).where(col(SigningKey.expires_us).is_(None))):
                old.expires_us = db.now_us + OVERLAP_US
            db.exec(delete(SigningKey).where(col(SigningKey.expires_us) <= db.now_us))
            seed, sealed, public = credentials.new_signing_key(self._key)
            kid = hashlib.sha256(public).hexdigest()[:16]
            db.add(SigningKey(kid=kid, sealed=sealed, public=public, created_us=db.now_us))
            created_us = db.now_us
        self._load_if_older(0)
        return kid, _jwk(public, seed), created_us

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys, for whoever wants to check tokens. Source: RFC 7517, RFC 8037."""
        with self._database.read() as db:
            keys = _alive(db)
        return {"keys": [{**_numbers(one.public), "use": "sig", "alg": ALGORITHM, "kid": one.kid} for one in keys]}

    def _verified(self, token: str, *, may_have_ended: bool) -> tuple[bytes, int]:
        try:
            if len(token) > MAX_CHARS:
                raise jwt.InvalidTokenError
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM:
                raise jwt.InvalidTokenError
            claims: dict[str, Any] = jwt.decode(
                token,
                self._public_key(str(header.get("kid", ""))),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                options={"require": ["exp", "iat", "sub", "sid", "aud", "iss"], "verify_exp": not may_have_ended},
            )
            return from_text(claims["sid"]), int(claims["exp"])
        except jwt.ExpiredSignatureError:
            raise _ended() from None
        except (jwt.PyJWTError, ScribesError, ValueError, TypeError, AttributeError, RecursionError):
            raise NotSignedIn("the token is not one of this server", hint="POST /v1/auth/login") from None

    def _public_key(self, kid: str) -> jwt.PyJWK:
        # A key that is gone is not believed for longer than this, whoever took it away.
        self._load_if_older(REFRESH_S)
        if kid not in self._public:
            self._load_if_older(ASK_AGAIN_S)
        if kid not in self._public:
            raise jwt.InvalidTokenError
        return self._public[kid]

    def _load_if_older(self, age_s: float) -> None:
        if self._loaded_s and time.monotonic() - self._loaded_s < age_s:
            return
        with self._guard:
            if self._loaded_s and time.monotonic() - self._loaded_s < age_s:
                return
            with self._database.read() as db:
                keys = _alive(db)
            gone = self._public.keys() - {one.kid for one in keys}
            self._public = {one.kid: self._public.get(one.kid) or _jwk(one.public) for one in keys}
            newest = next((one for one in keys if one.expires_us is None), None)
            if newest is None:
                self._signing = None
            elif self._signing is None or self._signing[0] != newest.kid:
                seed = credentials.opened_signing_key(self._key, newest.sealed)
                self._signing = (newest.kid, _jwk(newest.public, seed), newest.created_us)
            if gone:
                self._known = {}
            self._loaded_s = time.monotonic()

    def _keep(self, digest: bytes, session: bytes, ends_s: int) -> None:
        with self._guard:
            if len(self._known) >= KEPT:
                # The oldest tenth: they are in the order they were first seen.
                for old in list(self._known)[: KEPT // 10]:
                    del self._known[old]
            self._known[digest] = (session, ends_s)


def _ended() -> NotSignedIn:
    return NotSignedIn("the token has run out", hint="POST /v1/auth/refresh")


def _alive(db: Db) -> list[SigningKey]:
    """The keys that are believed, the newest first."""
    found = db.exec(select(SigningKey).order_by(col(SigningKey.created_us).desc()))
    return [one for one in found if one.expires_us is None or one.expires_us > db.now_us]


def _jwk(public: bytes, seed: bytes | None = None) -> jwt.PyJWK:
    return jwt.PyJWK({**_numbers(public), **({"d": _base64(seed)} if seed else {})}, algorithm=ALGORITHM)


def _numbers(public: bytes) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64(public)}


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
