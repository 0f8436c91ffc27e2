"""Password resets by mail: asked for by anybody, used by whoever reads the mail."""

from __future__ import annotations

import secrets
from email.message import EmailMessage

from sqlmodel import col, delete, select

from ...errors import InvalidInput, NotSignedIn, TooMany
from ...services import credentials
from ..database import Database, Db
from ..settings import ServerSettings
from ..tables.accounts import Account, PasswordReset
from . import audit
from .mail import Mailer
from .people import DERIVED, People, wrong_kind
from .rates import MAILS, Rates
from .sessions import digest_of

LIFETIME_US = 3_600_000_000
TEXT = """Somebody asked to reset the password of your account at {server}.

If it was you, use this code within an hour:

  {code}
{link}
If it was not you, do nothing: your password stays as it is.
"""


class Resets:
    """Resets that are under way."""

    def __init__(
        self, settings: ServerSettings, database: Database, people: People, rates: Rates, mailer: Mailer
    ) -> None:
        self._settings, self._database, self._people = settings, database, people
        self._rates, self._mailer = rates, mailer

    def ask(self, email: str, *, address: str) -> None:
        """Mail a code to the owner of an address; nothing tells the caller whether there is one."""
        self._mailer.later(lambda: self._written(email, address))

    def confirm(self, code: str, password: str, *, bundle: bytes | None, address: str) -> None:
        """Give an account the password that somebody chose who got the mail. All its sessions end.

        Raises: NotSignedIn, InvalidInput, Busy.
        """
        with self._database.read() as db:
            account = self._found(db, code)
        if credentials.is_derived(password) != (account.kind == DERIVED):
            raise wrong_kind(account.kind)
        stored = self._people.hashed(password)
        with self._database.write() as db:
            account = self._found(db, code)
            self._people.set_password(db, account, stored, bundle=bundle)
            audit.note(db, "password_reset", account=account.n, address=address)

    def _found(self, db: Db, code: str) -> Account:
        account = db.exec(
            select(Account)
            .join(PasswordReset, col(PasswordReset.account_n) == Account.n)
            .where(PasswordReset.digest == digest_of(code), PasswordReset.expires_us > db.now_us)
            .where(col(Account.disabled_us).is_(None))
        ).first()
        if account is None:
            raise NotSignedIn("the code is not good, or no longer", hint="ask for another reset")
        return account

    def _written(self, email: str, address: str) -> EmailMessage | None:
        try:
            email = credentials.clean_email(email)
            self._rates.count(MAILS, digest_of(email).hex())
        except (InvalidInput, TooMany):
            return None
        code = secrets.token_urlsafe(32)
        with self._database.write() as db:
            db.exec(delete(PasswordReset).where(col(PasswordReset.expires_us) <= db.now_us))
            account = db.exec(select(Account).where(Account.email == email)).first()
            if account is None or account.disabled_us is not None:
                return None
            db.add(PasswordReset(digest=digest_of(code), account_n=account.n or 0, expires_us=db.now_us + LIFETIME_US))
            audit.note(db, "reset_asked", account=account.n, address=address)
        page = self._settings.reset_page
        link = f"\nor open\n\n  {page}#{code}\n" if page else ""
        text = TEXT.format(server=self._settings.base_url, code=code, link=link)
        return self._mailer.message(email, "Your password", text)
