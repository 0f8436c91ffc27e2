"""Signing up by mail: nobody learns by it whether an address is known here, and nobody takes one that is not theirs."""

from __future__ import annotations

import json
import time
from email.message import EmailMessage

from sqlmodel import col, select

from ...errors import AlreadyExists, Damaged, NotSignedIn, TooMany
from ...services import credentials
from ..database import Database
from ..settings import ServerSettings
from ..tables.accounts import Account
from .mail import Mailer
from .people import People
from .rates import MAILS, Rates
from .sessions import Grant, digest_of

LIFETIME_S = 24 * 3600
NEW = """Somebody signs up at {server} with this address.

If it was you, use this code within a day:

  {code}
{link}
If it was not you, do nothing.
"""
KNOWN = """Somebody signs up at {server} with this address, which has an account there already.

If it was you, sign in, or ask for another password. If it was not you, do nothing.
"""


class Signups:
    """Accounts that are made once somebody has read their mail. What they said is in the code, sealed, and not here."""

    def __init__(
        self, settings: ServerSettings, database: Database, people: People, rates: Rates, mailer: Mailer, key: bytes
    ) -> None:
        self._settings, self._database, self._people = settings, database, people
        self._rates, self._mailer, self._key = rates, mailer, key

    def ask(self, email: str, password: str, *, name: str, account_kind: str | None, code: str) -> None:
        """Mail a code to the address; where somebody has it, they are told so in its place.

        Raises: InvalidInput, Forbidden, Busy.
        """
        made = self._people.prepared(
            email, password, name=name, account_kind=account_kind, registration=self._settings.registration
        )
        said = {
            "email": made.email, "name": made.name, "kind": made.kind, "password": made.password, "invite": code,
            "until": int(time.time()) + LIFETIME_S,
        }  # fmt: skip
        self._mailer.later(lambda: self._written(made.email, json.dumps(said).encode()))

    def confirm(self, code: str, *, kind: str, label: str, address: str) -> Grant:
        """A session of the new account.

        Raises: NotSignedIn, Forbidden.
        """
        try:
            said = json.loads(credentials.opened_signup(self._key, code))
        except Damaged:
            raise _refused() from None
        if said["until"] < time.time():
            raise _refused()
        made = self._people.made(said["email"], said["name"], said["kind"], said["password"])
        registration, invite = self._settings.registration, said["invite"]
        try:
            return self._people.open_account(
                made, registration=registration, code=invite, kind=kind, label=label, address=address
            )
        except AlreadyExists:
            # Used before, or somebody else was quicker: who has the code has the address, so nothing is given away.
            raise _refused() from None

    def _written(self, email: str, said: bytes) -> EmailMessage | None:
        try:
            self._rates.count(MAILS, digest_of(email).hex())
        except TooMany:
            return None
        with self._database.read() as db:
            is_known = db.exec(select(col(Account.n)).where(Account.email == email)).first() is not None
        server, page = self._settings.base_url, self._settings.signup_page
        if is_known:
            return self._mailer.message(email, "Your account", KNOWN.format(server=server))
        code = credentials.sealed_signup(self._key, said)
        link = f"\nor open\n\n  {page}#{code}\n" if page else ""
        return self._mailer.message(email, "Your new account", NEW.format(server=server, code=code, link=link))


def _refused() -> NotSignedIn:
    return NotSignedIn("the code is not good, or no longer", hint="sign up again, or sign in")
