"""What this device is known by at servers, kept in the vault: as encrypted as the notes are."""

from __future__ import annotations

import json
from contextlib import contextmanager

from ..canonical import encode
from ..errors import Damaged
from ..locks import VaultLock
from ..models.servers import SignedIn, Tokens
from ..storage import meta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..ports import Engine, Tx

LOGINS = "logins"
LOCK = ".login"


class Logins:
    """The accounts that this device is signed in to, by the addresses of their servers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def each(self) -> list[SignedIn]:
        """All of them, by address.

        Raises: Damaged.
        """
        with self._engine.read() as tx:
            said = _read(tx)
        return [
            SignedIn(url, one.get("email", ""), one.get("server", ""), one.get("account", ""))
            for url, one in sorted(said.items())
        ]

    def at(self, url: str) -> Login:
        """What is kept of one server; perhaps nothing yet."""
        return Login(self._engine, url)

    def forget(self, url: str) -> None:
        """Keep nothing of a server any more."""
        with self._engine.write() as tx:
            said = _read(tx)
            said.pop(url, None)
            meta.put(tx, LOGINS, encode(said))


class Login:
    """See `ports.SignIn`: what is kept of one server."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine, self._url = engine, url

    def tokens(self) -> Tokens | None:
        """The tokens, or None.

        Raises: Damaged.
        """
        with self._engine.read() as tx:
            said = _read(tx).get(self._url, {})
        if not said.get("refresh"):
            return None
        return Tokens(str(said["access"]), str(said["refresh"]), int(said["expires_us"]))

    def keep(self, tokens: Tokens) -> None:
        """Keep new tokens in the place of the old ones."""
        self.note(access=tokens.access, refresh=tokens.refresh, expires_us=tokens.expires_us)

    def note(self, **said: str | int) -> None:
        """Keep more about a server, such as the e-mail that the account has there."""
        with self._engine.write() as tx:
            known = _read(tx)
            known[self._url] = {**known.get(self._url, {}), **said}
            meta.put(tx, LOGINS, encode(known))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While entered, no other process of this vault fetches new tokens.

        Raises: Busy.
        """
        lock = VaultLock(self._engine.path + LOCK)
        try:
            lock.exclude()
            yield
        finally:
            lock.close()


def _read(tx: Tx) -> dict[str, dict[str, Any]]:
    text = meta.get(tx, LOGINS)
    try:
        said = json.loads(text) if text else {}
        return {url: dict(one) for url, one in said.items()}
    except (ValueError, TypeError, AttributeError):
        # Not from the error: it may quote a token.
        raise Damaged("what is kept of servers cannot be read", hint="scribes login ADDRESS, once more") from None
