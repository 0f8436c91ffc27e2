"""Accounts: made, signed in to, changed."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from typing import Any

from sqlmodel import col, delete, select

from ...errors import AlreadyExists, Forbidden, InvalidInput, NotFound, NotSignedIn
from ...hosting import Host
from ...ids import new_id
from ...services import credentials
from ..database import Database, Db
from ..tables.accounts import Account, PasswordReset
from . import audit, invites, keys
from .rates import WRONG, Rates
from .sessions import Caller, Grant, Sessions, digest_of, disabled, end_all

PLAIN, DERIVED = "plain", "derived"
OPEN, INVITE, CLOSED = "open", "invite", "closed"
MAX_NAME_CHARS = 80


class People:
    """The accounts of a server."""

    def __init__(self, database: Database, host: Host, sessions: Sessions, rates: Rates) -> None:
        self._database, self._host, self._sessions, self._rates = database, host, sessions, rates
        self._passwords = credentials.Passwords(host.key("server.pepper"))
        self._salt_key = host.key("server.salt")

    def derivation(self, email: str) -> dict[str, Any]:
        """What a client derives the password of an address with; nothing in it tells whether anybody has the address.

        Raises: InvalidInput.
        """
        email = credentials.clean_email(email)
        with self._database.read() as db:
            kept = db.exec(select(Account.derivation).where(Account.email == email)).first()
        said = json.loads(kept) if kept else credentials.derivation(self._salt_key, email)
        return {"kdf": "argon2id", **said, "salt": b64encode(bytes.fromhex(said["salt"])).decode()}

    def sign_up(
        self,
        email: str,
        password: str,
        *,
        name: str,
        account_kind: str | None,
        registration: str,
        code: str,
        kind: str,
        label: str,
        address: str,
    ) -> Grant:
        """A session of a new account.

        Raises: InvalidInput, AlreadyExists, Forbidden.
        """
        made = self.prepared(email, password, name=name, account_kind=account_kind, registration=registration)
        return self.open_account(made, registration=registration, code=code, kind=kind, label=label, address=address)

    def prepared(self, email: str, password: str, *, name: str, account_kind: str | None, registration: str) -> Account:
        """An account that is not kept yet.

        Raises: InvalidInput, Forbidden, Busy.
        """
        if registration == CLOSED:
            raise Forbidden("this server takes no new accounts", hint="ask whoever runs it")
        made = self._new(email, password, name)
        if account_kind is not None and made.kind != account_kind:
            raise wrong_kind(account_kind)
        return made

    def open_account(
        self, made: Account, *, registration: str, code: str, kind: str, label: str, address: str
    ) -> Grant:
        """A session of an account that is kept from now on.

        Raises: AlreadyExists, Forbidden.
        """
        if registration == CLOSED:
            raise Forbidden("this server takes no new accounts", hint="ask whoever runs it")
        with self._database.joint() as db:
            if registration == INVITE:
                invites.use(db, code)
            self._add(db, made)
            audit.note(db, "signup", account=made.n, address=address)
            return self._sessions.begin(db, made, kind=kind, label=label)

    def add(self, email: str, password: str, *, name: str) -> Account:
        """A new account, made by whoever runs the server.

        Raises: InvalidInput, AlreadyExists.
        """
        made = self._new(email, password, name)
        with self._database.joint() as db:
            self._add(db, made)
            audit.note(db, "added", account=made.n, address="")
        return made

    def sign_in(self, email: str, password: str, *, kind: str, label: str, address: str) -> Grant:
        """A new session, for whoever knows the password.

        Raises: NotSignedIn, in the same words whatever is wrong; Forbidden, where the account is disabled; TooMany.
        """
        email = _or_nobody(email)
        counted = digest_of(email).hex()
        self._rates.check(WRONG, counted)
        with self._database.read() as db:
            found = db.exec(select(Account).where(Account.email == email)).first()
        if not self._passwords.is_right(password, found.password if found else None) or found is None:
            self._wrong(found.n if found else None, counted, address)
            raise NotSignedIn("the address or the password is wrong")
        if found.disabled_us is not None:
            raise disabled()
        fresh = "" if self._passwords.is_current(found.password) else self._passwords.hash_of(password)
        return self.begin(found, kind=kind, label=label, address=address, event="login", fresh=fresh)

    def begin(self, account: Account, *, kind: str, label: str, address: str, event: str, fresh: str = "") -> Grant:
        """A new session of an account whose owner proved who they are.

        Raises: NotSignedIn, Forbidden, where it was removed or disabled this moment.
        """
        with self._database.joint() as db:
            now = db.get(Account, account.n)
            if now is None or now.password != account.password:
                raise NotSignedIn("the address or the password is wrong")
            if now.disabled_us is not None:
                raise disabled()
            now.password = fresh or now.password
            self._settle(db, now)
            audit.note(db, event, account=now.n, address=address)
            return self._sessions.begin(db, now, kind=kind, label=label)

    def get(self, caller: Caller) -> Account:
        """The account that asks.

        Raises: NotFound.
        """
        with self._database.read() as db:
            return self._get(db, caller.account_n)

    def proved(self, caller: Caller, password: str, *, address: str) -> Account:
        """The account that asks, once more with its password: for what a stolen session must not do.

        Raises: Forbidden, TooMany.
        """
        account = self.get(caller)
        counted = digest_of(account.email).hex()
        self._rates.check(WRONG, counted)
        if not self._passwords.is_right(password, account.password):
            self._wrong(account.n, counted, address)
            raise Forbidden("the password is wrong")
        return account

    def rename(self, caller: Caller, name: str) -> Account:
        """The account under another name.

        Raises: InvalidInput.
        """
        name = clean_name(name)
        with self._database.joint() as db:
            account = self._get(db, caller.account_n)
            account.name, account.changed_us = name, db.now_us
            self._host.rename(caller.hosted_n, name)
            return account

    def change_password(
        self, caller: Caller, old: str, new: str, *, bundle: bytes | None = None, address: str
    ) -> Account:
        """The account with another password; its other sessions end.

        Raises: Forbidden, InvalidInput, TooMany.
        """
        account = self.proved(caller, old, address=address)
        if credentials.is_derived(new) != (account.kind == DERIVED):
            raise wrong_kind(account.kind)
        return self._put_password(caller, account, new, bundle=bundle, event="password_changed", address=address)

    def upgrade(self, caller: Caller, old: str, new: str, *, bundle: bytes | None = None, address: str) -> Account:
        """A plain account as a derived one: from now on the server is sent a secret made from the password.

        Raises: Forbidden, InvalidInput, TooMany.
        """
        account = self.proved(caller, old, address=address)
        if account.kind == DERIVED or not credentials.is_derived(new):
            raise InvalidInput("this makes a derived account of a plain one", hint="docs: how-to/server-accounts")
        return self._put_password(caller, account, new, bundle=bundle, event="upgraded", address=address)

    def change_email(
        self, caller: Caller, email: str, *, password: str, new: str, bundle: bytes | None = None, address: str
    ) -> Account:
        """The account under another address. Where the password is derived, that is derived anew: the address is in it.

        Raises: Forbidden, InvalidInput, AlreadyExists, TooMany.
        """
        account = self.proved(caller, password, address=address)
        email = credentials.clean_email(email)
        stored = account.password
        if account.kind == DERIVED:
            if not credentials.is_derived(new):
                raise InvalidInput("the new password has to be derived with the new address", hint="new_password")
            credentials.check_new_password(new)
            stored = self._passwords.hash_of(new)
        with self._database.write() as db:
            now = self._unchanged(db, account)
            if email != now.email and _has(db, email):
                raise AlreadyExists("this address cannot be taken")
            now.email, now.password, now.changed_us = email, stored, db.now_us
            now.derivation = json.dumps(credentials.derivation(self._salt_key, email))
            _secured(db, now, bundle, but=caller.session_n)
            audit.note(db, "email_changed", account=now.n, address=address)
            return now

    def set_password(self, db: Db, account: Account, password: str, *, bundle: bytes | None) -> None:
        """Another password for an account, after a reset: hashed before, as `hashed` gives it. All sessions end."""
        account.password, account.changed_us = password, db.now_us
        _secured(db, account, bundle, but=0)
        self._rates.forget(WRONG, digest_of(account.email).hex())

    def hashed(self, password: str) -> str:
        """What is kept of a new password.

        Raises: InvalidInput, Busy.
        """
        credentials.check_new_password(password)
        return self._passwords.hash_of(password)

    def _put_password(
        self, caller: Caller, account: Account, new: str, *, bundle: bytes | None, event: str, address: str
    ) -> Account:
        stored = self.hashed(new)
        with self._database.write() as db:
            now = self._unchanged(db, account)
            now.password, now.changed_us = stored, db.now_us
            now.kind = DERIVED if credentials.is_derived(new) else PLAIN
            _secured(db, now, bundle, but=caller.session_n)
            audit.note(db, event, account=now.n, address=address)
            return now

    def _unchanged(self, db: Db, account: Account) -> Account:
        """The account, if its password is still the one that was compared.

        Raises: Forbidden.
        """
        now = self._get(db, account.n or 0)
        if now.password != account.password:
            raise Forbidden("the password is wrong")
        return now

    def _new(self, email: str, password: str, name: str) -> Account:
        email = credentials.clean_email(email)
        name = clean_name(name or email.partition("@")[0])
        stored = self.hashed(password)
        kind = DERIVED if credentials.is_derived(password) else PLAIN
        return self.made(email, name, kind, stored)

    def made(self, email: str, name: str, kind: str, stored: str) -> Account:
        """An account of what was checked and hashed before."""
        return Account(
            id=new_id(time.time_ns() // 1000),
            email=email,
            name=name,
            kind=kind,
            password=stored,
            derivation=json.dumps(credentials.derivation(self._salt_key, email)),
            created_us=0,
            changed_us=0,
        )

    def _add(self, db: Db, made: Account) -> None:
        if _has(db, made.email):
            raise AlreadyExists("this address cannot be taken", hint="sign in, or ask for a password reset")
        made.created_us = made.changed_us = db.now_us
        db.add(made)
        db.flush()
        self._settle(db, made)

    def _settle(self, db: Db, account: Account) -> None:
        """Let the core know of an account, in the same transaction; what a crash left half is made whole by this."""
        if account.hosted_n is None:
            account.hosted_n = self._host.found(account.name, personal=account.kind == PLAIN)
            db.flush()

    def _get(self, db: Db, n: int) -> Account:
        account = db.get(Account, n)
        if account is None:
            raise NotFound("there is no such account")
        return account

    def _wrong(self, account: int | None, counted: str, address: str) -> None:
        with self._database.write() as db:
            audit.note(db, "login_failed", account=account, address=address)
        self._rates.count(WRONG, counted)


def _secured(db: Db, account: Account, bundle: bytes | None, *, but: int) -> None:
    """What goes with every new password: sessions end, all but one, and mailed codes; keys are sealed anew."""
    end_all(db, account.n or 0, but=but)
    db.exec(delete(PasswordReset).where(col(PasswordReset.account_n) == account.n))
    if bundle is not None:
        keys.put(db, account.n or 0, bundle)


def wrong_kind(kind: str) -> InvalidInput:
    """What is heard where a raw password was sent for a derived one, or the other way round."""
    if kind == DERIVED:
        return InvalidInput("this account's password is derived: send the secret made from it", hint="s1$…")
    return InvalidInput("this account's password is plain: send it as it is", hint="or upgrade the account first")


def clean_name(name: str) -> str:
    """The name of a person in one line.

    Raises: InvalidInput.
    """
    found = " ".join("".join(part if part.isprintable() else " " for part in name).split())
    if not found or len(found) > MAX_NAME_CHARS:
        raise InvalidInput(f"a name has 1 to {MAX_NAME_CHARS} characters")
    return found


def _or_nobody(email: str) -> str:
    """An address in its one spelling; what is none is nobody's, and is heard in the same words."""
    try:
        return credentials.clean_email(email)
    except InvalidInput:
        return ""


def _has(db: Db, email: str) -> bool:
    return db.exec(select(col(Account.n)).where(Account.email == email)).first() is not None
