"""Another address for an account, where addresses are confirmed: it is taken once its owner has read a mail there.

Otherwise whoever says that an address is theirs would get the invitations that wait for it, and learn whether somebody
has it here.
"""

from __future__ import annotations

import json
import time
from email.message import EmailMessage

from sqlmodel import col, select

from ...errors import Damaged, Forbidden, TooMany
from ...services import credentials
from ..database import Database
from ..settings import ServerSettings
from ..tables.accounts import Account
from .mail import Mailer
from .rates import MAILS, Rates
from .sessions import Caller, digest_of

LIFETIME_S = 24 * 3600
TEXT = """Somebody with an account at {server} wants to have this address for it.

If it was you, send the same again with this code within a day:

  {code}

If it was not you, do nothing.
"""
KNOWN = """Somebody with an account at {server} wants to have this address for it, but it belongs to another account.

If it was you, sign in to that one. If it was not you, do nothing.
"""


class Moves:
    """Codes that show that somebody reads the mail of an address. All that is known of one is in it, sealed."""

    def __init__(self, settings: ServerSettings, database: Database, rates: Rates, mailer: Mailer, key: bytes) -> None:
        self._settings, self._database = settings, database
        self._rates, self._mailer, self._key = rates, mailer, key

    def ask(self, caller: Caller, email: str) -> None:
        """Mail a code to an address; where it is another account's, its owner is told so in its place.

        Raises: InvalidInput.
        """
        email = credentials.clean_email(email)
        said = {"account": caller.account_n, "email": email, "until": int(time.time()) + LIFETIME_S}
        self._mailer.later(lambda: self._written(email, caller.account_n, json.dumps(said).encode()))

    def check(self, caller: Caller, email: str, code: str) -> None:
        """Refuse a code that is not for this account and this address.

        Raises: Forbidden, InvalidInput.
        """
        try:
            said = json.loads(credentials.opened_signup(self._key, code))
        except Damaged:
            said = {}
        is_theirs = said.get("account") == caller.account_n and said.get("email") == credentials.clean_email(email)
        if not is_theirs or said["until"] < time.time():
            raise Forbidden("the code is not good, or no longer", hint="ask again, without one")

    def _written(self, email: str, account: int, said: bytes) -> EmailMessage | None:
        try:
            self._rates.count(MAILS, digest_of(email).hex())
        except TooMany:
            return None
        with self._database.read() as db:
            owner = db.exec(select(col(Account.n)).where(Account.email == email)).first()
        server = self._settings.base_url
        if owner not in (None, account):
            return self._mailer.message(email, "Your account", KNOWN.format(server=server))
        code = credentials.sealed_signup(self._key, said)
        return self._mailer.message(email, "Your new address", TEXT.format(server=server, code=code))
