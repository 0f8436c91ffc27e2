"""Somebody whose token is always good: requests may end the session, change the password or remove the account."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

from sqlmodel import select
from starlette.types import Message, Receive, Scope, Send

from scribes.errors import ScribesError
from scribes.server.accounts import caller_in
from scribes.server.tables.accounts import Account
from tests.server.town import PASSWORD, Town

TOKEN = "standing-token"


class Standing:
    """An app that takes TOKEN for that of a person who is there, and counts what is answered."""

    def __init__(self, town: Town, statuses: Counter[tuple[str, int]]) -> None:
        self._town, self._app, self._server, self._statuses = town, town.app, town.app.state.server, statuses
        self._numbers = itertools.count()
        self._session, self._token = b"", ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, each from another address: how often one may ask is tested elsewhere."""
        if scope["type"] != "http":
            await _as_if_begun(receive, send)
            return
        number = next(self._numbers)
        given = (b"authorization", f"Bearer {TOKEN}".encode())
        headers = [
            (name, f"Bearer {self._good()}".encode()) if (name, value) == given else (name, value)
            for name, value in scope["headers"]
        ]
        client = (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 5)
        scope = {**scope, "headers": headers, "client": client}

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope.get("route")
                path = getattr(route, "path_format", getattr(route, "path", "?"))
                self._statuses[f"{scope['method']} {path}", message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counted)

    def _good(self) -> str:
        """A token that is good now."""
        accounts = self._server.accounts
        try:
            with self._server.host.engine.read() as tx:
                caller_in(tx, self._session)
        except ScribesError:
            grant = self._begun()
            self._session, self._token = grant.session.id, accounts.tokens.made(grant.session.id, grant.account.id)
        return self._token

    def _begun(self) -> Any:
        """A session of Anna, or of who takes her place where she has removed her account."""
        people = self._server.accounts.people
        with self._server.accounts.database.read() as db:
            found = db.exec(select(Account).where(Account.email == self._town.anna.email)).first()
        if found is None:
            return people.sign_up(
                self._town.anna.email, PASSWORD, name="Anna", account_kind=None, registration="open", code="",
                kind="bearer", label="", address="",
            )  # fmt: skip
        return people.begin(found, kind="bearer", label="", address="", event="login")


async def _as_if_begun(receive: Receive, send: Send) -> None:
    """The town begins and ends its app itself."""
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})
