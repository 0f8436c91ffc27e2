"""Passkeys: what an authenticator signs in the place of a password. Source: WebAuthn level 3, through `webauthn`."""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import col, delete, select

from ...errors import AlreadyExists, Conflict, InvalidInput, NotFound, NotSignedIn
from ...ids import from_text, new_id, to_text
from ...records import record
from ..database import Database, Db
from ..settings import ServerSettings
from ..tables.accounts import Account, Challenge, Passkey
from . import audit
from .people import People, clean_name
from .sessions import Caller, Grant

LIFETIME_US, TIMEOUT_MS = 300_000_000, 300_000
MAX_PASSKEYS = 20
REGISTER, AUTHENTICATE = "register", "authenticate"


@record
class Asked:
    """What an authenticator is asked to sign: the id it is remembered by, and what the browser is given."""

    challenge_id: str
    options: dict[str, Any]


class Passkeys:
    """The passkeys of accounts."""

    def __init__(self, settings: ServerSettings, database: Database, people: People) -> None:
        self._settings, self._database, self._people = settings, database, people
        self._rp = urlsplit(settings.base_url).hostname or "localhost"

    def begin_adding(self, caller: Caller, password: str, *, address: str) -> Asked:
        """What an authenticator needs to make a passkey. The password is asked for: a passkey outlives a session.

        Raises: NotFound, Forbidden, TooMany.
        """
        from webauthn import generate_registration_options
        from webauthn.helpers import structs

        self._check_is_on()
        account = self._people.proved(caller, password, address=address)
        with self._database.write() as db:
            known = [one.credential for one in db.exec(_of(account.n or 0))]
            if len(known) >= MAX_PASSKEYS:
                raise Conflict(f"there are {MAX_PASSKEYS} passkeys already", hint="remove one")
            id, challenge = _challenge(db, REGISTER, account.n)
        options = generate_registration_options(
            rp_id=self._rp,
            rp_name="Scribes",
            user_id=account.id,
            user_name=account.email,
            user_display_name=account.name,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in known],
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
        )
        return _asked(id, options)

    def add(self, caller: Caller, id: str, credential: dict[str, Any], *, name: str, address: str) -> Passkey:
        """A passkey that signs the account in from now on.

        Raises: NotFound, InvalidInput, AlreadyExists.
        """
        self._check_is_on()
        name = clean_name(name or "Passkey")
        challenge = self._used(id, REGISTER, caller.account_n)
        if challenge is None:
            raise InvalidInput("this was not asked for, or too long ago", hint="begin again")
        made = self._registered(credential, challenge)
        with self._database.write() as db:
            if db.exec(select(Passkey.n).where(Passkey.credential == made.credential_id)).first() is not None:
                raise AlreadyExists("this passkey is known already")
            found = Passkey(
                id=new_id(db.now_us),
                credential=made.credential_id,
                account_n=caller.account_n,
                public_key=made.credential_public_key,
                sign_count=made.sign_count,
                is_backed_up=made.credential_backed_up,
                transports=json.dumps(_transports(credential)),
                name=name,
                created_us=db.now_us,
            )
            db.add(found)
            audit.note(db, "passkey_added", account=caller.account_n, address=address)
            return found

    def begin_signing_in(self) -> Asked:
        """What an authenticator is asked for a login; it knows whose passkeys it has, so nobody is named.

        Raises: NotFound.
        """
        from webauthn import generate_authentication_options
        from webauthn.helpers import structs

        self._check_is_on()
        with self._database.write() as db:
            id, challenge = _challenge(db, AUTHENTICATE, None)
        options = generate_authentication_options(
            rp_id=self._rp,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        return _asked(id, options)

    def sign_in(self, id: str, credential: dict[str, Any], *, kind: str, label: str, address: str) -> Grant:
        """A session for whoever holds a passkey.

        Raises: NotFound, NotSignedIn, Forbidden.
        """
        self._check_is_on()
        challenge = self._used(id, AUTHENTICATE, None)
        with self._database.read() as db:
            found = db.exec(
                select(Passkey, Account)
                .join(Account, col(Account.n) == Passkey.account_n)
                .where(Passkey.credential == _raw_id(credential))
            ).first()
        if challenge is None or found is None:
            raise _refused()
        passkey, account = found
        said = self._authenticated(credential, challenge, passkey, account, address=address)
        with self._database.joint() as db:
            now = db.get(Passkey, passkey.n)
            # Removed, or used by another this very moment: the same count twice is a copy.
            if now is None or now.sign_count != passkey.sign_count:
                raise _refused()
            now.sign_count, now.is_backed_up, now.used_us = (
                said.new_sign_count,
                said.credential_backed_up,
                db.now_us,
            )
            db.flush()
            return self._people.begin(account, kind=kind, label=label, address=address, event="login_by_passkey")

    def of(self, caller: Caller) -> list[Passkey]:
        """The passkeys of the account, the oldest first."""
        with self._database.read() as db:
            return list(db.exec(_of(caller.account_n)))

    def rename(self, caller: Caller, id: str, name: str) -> Passkey:
        """The passkey under another name.

        Raises: NotFound, InvalidInput.
        """
        name = clean_name(name)
        with self._database.write() as db:
            found = _get(db, caller, id)
            found.name = name
            return found

    def remove(self, caller: Caller, id: str, *, address: str) -> None:
        """It signs nobody in from now on.

        Raises: NotFound.
        """
        with self._database.write() as db:
            db.delete(_get(db, caller, id))
            audit.note(db, "passkey_removed", account=caller.account_n, address=address)

    def _registered(self, credential: dict[str, Any], challenge: bytes) -> Any:
        from webauthn import verify_registration_response

        try:
            return verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp,
                expected_origin=self._origins(),
                require_user_verification=True,
            )
        except Exception:
            # Whatever the package makes of what was sent: it is not what was asked for.
            raise InvalidInput("the authenticator's answer is not what was asked for", hint="begin again") from None

    def _authenticated(
        self, credential: dict[str, Any], challenge: bytes, passkey: Passkey, account: Account, *, address: str
    ) -> Any:
        from webauthn import verify_authentication_response
        from webauthn.helpers import base64url_to_bytes

        try:
            handle = credential["response"].get("userHandle")
            if handle and base64url_to_bytes(handle) != account.id:
                raise _refused()
            return verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp,
                expected_origin=self._origins(),
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except Exception as e:
            event = "passkey_copied" if "sign count" in str(e).lower() else "passkey_refused"
            with self._database.write() as db:
                audit.note(db, event, account=account.n, address=address)
            raise _refused() from None

    def _origins(self) -> list[str]:
        address = urlsplit(self._settings.base_url)
        return [f"{address.scheme}://{address.netloc}", *self._settings.allowed_origins]

    def _used(self, id: str, purpose: str, account: int | None) -> bytes | None:
        """A challenge, which is good this once; None where it is not."""
        try:
            raw = from_text(id)
        except InvalidInput:
            return None
        with self._database.write() as db:
            found = db.get(Challenge, raw)
            if found is None:
                return None
            gone = db.exec(delete(Challenge).where(col(Challenge.id) == raw)).rowcount
            is_good = found.purpose == purpose and found.account_n == account and found.expires_us > db.now_us
            return found.challenge if gone and is_good else None

    def _check_is_on(self) -> None:
        if not self._settings.passkeys:
            raise NotFound("passkeys are switched off here")


def _challenge(db: Db, purpose: str, account: int | None) -> tuple[bytes, bytes]:
    db.exec(delete(Challenge).where(col(Challenge.expires_us) < db.now_us))
    made = Challenge(
        id=secrets.token_bytes(16),
        purpose=purpose,
        challenge=secrets.token_bytes(32),
        account_n=account,
        expires_us=db.now_us + LIFETIME_US,
    )
    db.add(made)
    return made.id, made.challenge


def _asked(id: bytes, options: Any) -> Asked:
    from webauthn import options_to_json

    return Asked(to_text(id), json.loads(options_to_json(options)))


def _of(account: int) -> Any:
    return select(Passkey).where(Passkey.account_n == account).order_by(col(Passkey.n))


def _get(db: Db, caller: Caller, id: str) -> Passkey:
    found = db.exec(_of(caller.account_n).where(Passkey.id == from_text(id))).first()
    if found is None:
        raise NotFound("there is no such passkey")
    assert isinstance(found, Passkey)  # noqa: S101 - as it was asked for
    return found


def _raw_id(credential: dict[str, Any]) -> bytes:
    from webauthn.helpers import base64url_to_bytes

    try:
        return base64url_to_bytes(str(credential.get("id", "")))
    except ValueError:
        return b""


def _transports(credential: dict[str, Any]) -> list[str]:
    said = credential.get("response")
    found = said.get("transports") if isinstance(said, dict) else None
    return [str(one)[:20] for one in found[:8]] if isinstance(found, list) else []


def _refused() -> NotSignedIn:
    return NotSignedIn("this passkey is not good here", hint="sign in with the password")
