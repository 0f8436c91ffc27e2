"""A real server in a thread of this process, on the loopback, for clients that use a network."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request

from scribes.adapters.remote_http import HttpRemote
from scribes.errors import NotSignedIn
from scribes.hosting import Hosted
from scribes.models.servers import Tokens
from scribes.server.access import server_of, signed_in
from scribes.server.app import create_app
from scribes.server.settings import ServerSettings
from scribes.services.proofs import proof_of_device
from tests.fuzz.by_hand import Pen

LONG_US = 1 << 60


class Running:
    """A server that listens until `close`. `requests` are those it was asked so far, as "GET /v1/sync"."""

    def __init__(self, folder: Path, *, sign_in: bool = True, **settings: Any) -> None:
        self.app: FastAPI = create_app(ServerSettings(mode="development", data_folder=str(folder), **settings))
        self.server = self.app.state.server
        self.requests: list[str] = []
        self.people: dict[str, int] = {}
        self._remotes: list[HttpRemote] = []
        if not sign_in:
            self.app.dependency_overrides[signed_in] = self._by_name
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(self._counted, interface="asgi3", log_level="warning", timeout_graceful_shutdown=5)
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: self._uvicorn.run(sockets=[self._socket]))
        self._thread.start()

    async def _counted(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.requests.append(f"{scope['method']} {scope['path']}")
        await self.app(scope, receive, send)

    def _by_name(self, request: Request) -> Hosted:
        """Somebody who only says who they are: so that a test of logs is none of accounts."""
        name = request.headers.get("authorization", "").removeprefix("Bearer ")
        if name not in self.people:
            raise NotSignedIn("sign in first")
        return server_of(request).host.of(self.people[name])

    def remote(self, name: str, **more: Any) -> HttpRemote:
        """The server as somebody's remote."""
        if name not in self.people:
            self.people[name] = self.server.host.found(name, personal=False)
        made = HttpRemote(self.url, Known(name), **more)
        self._remotes.append(made)
        return made

    def registered(self, name: str, pens: Iterable[Pen]) -> HttpRemote:
        """The server as the remote of somebody who has some devices."""
        remote = self.remote(name)
        for pen in pens:
            proof = proof_of_device(pen.keys, remote=remote.identify(), account=remote.account)
            remote.register(pen.id, pen.public.sign, pen.public.box, proof)
        return remote

    def close(self) -> None:
        for remote in self._remotes:
            remote.close()
        self._uvicorn.should_exit = True
        self._thread.join(timeout=20)
        self._socket.close()


class Known:
    """Tokens that are a name."""

    def __init__(self, name: str) -> None:
        self._tokens = Tokens(name, "", LONG_US)

    def tokens(self) -> Tokens | None:
        return self._tokens

    def keep(self, tokens: Tokens) -> None:
        self._tokens = tokens

    @contextmanager
    def alone(self) -> Any:
        yield
