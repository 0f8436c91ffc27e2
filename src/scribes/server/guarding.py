"""Before every request: whether it is for this server, how much it may send, and for how long."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException

from .errors import answer
from .settings import ServerSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Handler = TypeVar("Handler", bound=Callable[..., Any])
LIMIT = "scribes.max_body_bytes"
"""Where whoever reads a body by itself may say in the scope, before it does, how much it takes."""
LOCAL = frozenset(("localhost", "127.0.0.1", "::1"))
NUMBERS = "1.2.3.4 and the like"
MAX_PATH_CHARS, MAX_QUERY_CHARS, MAX_HEADERS = 2048, 8192, 100


def takes(size_bytes: int) -> Callable[[Handler], Handler]:
    """A route that takes bodies of another size than the setting max_body_bytes says: `@takes(64 * 1024 * 1024)` below
    the decorator of the route.
    """

    def mark(handler: Handler) -> Handler:
        handler.max_body_bytes = size_bytes  # type: ignore[attr-defined]
        return handler

    return mark


class Guard:
    """An app that is asked only what is for it, in time and in measure."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._hosts = _hosts(settings)
        self._max_body_bytes = settings.max_body_bytes
        self._body_timeout_s = settings.body_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = length = b""
        has_body = False
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"content-length":
                length, has_body = value, value != b"0"
            elif name == b"transfer-encoding":
                has_body = True
        refused = self._refusal(scope, host)
        if refused is not None:
            status, message = refused
            code = "too_large" if status in (414, 431) else "invalid"
            await answer(scope, status, code, message, connection="close")(scope, receive, send)
            return
        if has_body:
            receive = _Body(scope, receive, length, self._max_body_bytes, self._body_timeout_s).receive
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, host: bytes) -> tuple[int, str] | None:
        if self._hosts is not None and not self._is_ours(host):
            return 421, "this server is not called that"
        if len(scope["raw_path"] or b"") > MAX_PATH_CHARS or len(scope["query_string"]) > MAX_QUERY_CHARS:
            return 414, "that address is longer than any here"
        if len(scope["headers"]) > MAX_HEADERS:
            return 431, "those are more headers than are read"
        return None

    def _is_ours(self, host: bytes) -> bool:
        name = host.decode("latin-1").lower()
        if self._hosts is None or name in self._hosts:
            return True
        name = urlsplit(f"//{name}").hostname or "" if _is_well_formed(name) else ""
        return name in self._hosts or (NUMBERS in self._hosts and _is_number(name))


class _Body:
    """What a client sends, as long as it is not too much and not too slow."""

    __slots__ = ("_length", "_limit", "_receive", "_scope", "_so_far", "_timeout_s", "_until", "_waits")

    def __init__(self, scope: Scope, receive: Receive, length: bytes, limit: int, timeout_s: float) -> None:
        self._scope, self._receive, self._length = scope, receive, length
        self._limit, self._timeout_s = limit, timeout_s
        self._so_far = 0
        self._until: float | None = None
        self._waits = True

    async def receive(self) -> Message:
        """The next piece.

        Raises: HTTPException, which errors.py makes the envelope of.
        """
        if not self._waits:
            # What comes now is that the client goes away, and that may take as long as the answer does.
            return await self._receive()
        if self._until is None:
            self._begin()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as e:
            raise HTTPException(408, headers={"connection": "close"}) from e
        if message["type"] != "http.request":
            return message
        self._so_far += len(message.get("body", b""))
        if self._so_far > self._limit:
            raise HTTPException(413, headers={"connection": "close"})
        self._waits = bool(message.get("more_body"))
        return message

    def _begin(self) -> None:
        """The first piece is asked for: by now the route is known."""
        self._limit = getattr(self._scope.get("endpoint"), "max_body_bytes", self._limit)
        self._limit = self._scope.get(LIMIT, self._limit)
        self._until = asyncio.get_running_loop().time() + self._timeout_s
        if self._length and (len(self._length) > 15 or int(self._length) > self._limit):
            raise HTTPException(413, headers={"connection": "close"})


def _hosts(settings: ServerSettings) -> frozenset[str] | None:
    """The names by which the server is called, with NUMBERS for any address in numbers; None for whatever name."""
    if "*" in settings.allowed_hosts or (settings.is_development and not settings.allowed_hosts):
        return None
    if settings.allowed_hosts:
        return frozenset(name.lower() for name in settings.allowed_hosts)
    named = urlsplit(settings.public_url).hostname
    # A page that has its name point here (DNS rebinding) calls by that name, never by a number.
    return frozenset((*LOCAL, settings.host.lower(), NUMBERS, *([named] if named else [])))


def _is_well_formed(host: str) -> bool:
    return bool(host) and not any(letter in host for letter in "/?#@\\ ") and host.count("[") == host.count("]")


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
