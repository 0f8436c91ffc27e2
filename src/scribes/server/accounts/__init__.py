"""Who may use a server: accounts, sessions, tokens and passkeys. The routes call it; it calls the core's host."""

from __future__ import annotations

from ...hosting import Host
from ..database import Database
from ..settings import ServerSettings
from .mail import Mailer
from .moves import Moves
from .passkeys import Passkeys
from .people import People
from .rates import Rates
from .resets import Resets
from .sessions import Caller, Sessions, caller_in
from .signups import Signups
from .tokens import Tokens


class Accounts:
    """All of it, over one database."""

    def __init__(self, settings: ServerSettings, host: Host) -> None:
        self.database = Database(host.engine)
        self.csrf_key = host.key("server.csrf")
        self.rates = Rates(
            settings.rates_at,
            by_account_a_minute=settings.requests_a_minute,
            tries_a_minute=settings.tries_a_minute,
        )
        self.tokens = Tokens(self.database, host.key("server.tokens"), settings.base_url)
        self.sessions = Sessions(self.database)
        self.people = People(self.database, host, self.sessions, self.rates)
        self.passkeys = Passkeys(settings, self.database, self.people)
        self.mailer = Mailer(settings)
        self.signups = Signups(settings, self.database, self.people, self.rates, self.mailer, host.key("server.signup"))
        self.moves = Moves(settings, self.database, self.rates, self.mailer, host.key("server.moves"))
        self.resets = Resets(settings, self.database, self.people, self.rates, self.mailer)

    def close(self) -> None:
        """Send the mails that were promised."""
        self.mailer.close()


__all__ = ["Accounts", "Caller", "caller_in"]
