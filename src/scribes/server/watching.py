"""Around every request: its trace id, a line in the log, its figures, and the headers that every answer has.

Plain ASGI, and one function around `send`: what is done here is paid by each request (tests/server/test_watching.py
holds it to a budget).
"""

from __future__ import annotations

import os
import time

import structlog

from .metrics import Metrics, Silent
from .tracing import Tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEX = frozenset(b"0123456789abcdef")
NO_ROUTE = "none"
# What a page of the interface itself may do: nothing. The answers are data.
POLICY = b"default-src 'none'; frame-ancestors 'none'"
# The page at /docs, in development alone, loads its script from elsewhere.
POLICY_OF_DOCS = (
    b"default-src 'self'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'unsafe-inline'"
    b" https://cdn.jsdelivr.net; img-src 'self' data: https://fastapi.tiangolo.com; frame-ancestors 'none'"
)
YEAR = b"max-age=31536000"


class Watch:
    """An app whose every request is told apart by a trace id, written down and counted."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics | Silent, tracer: Tracer | None, is_https: bool) -> None:
        self._app, self._metrics, self._tracer = app, metrics, tracer
        self._log = structlog.get_logger("scribes.server")
        self._headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-resource-policy", b"same-site"),
            *([(b"strict-transport-security", YEAR)] if is_https else []),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        trace = scope["trace_id"] = trace_of(scope["headers"])
        answered = _Answered(send, trace, self._headers)
        self._metrics.in_flight += 1
        span = self._tracer.begin(scope, trace) if self._tracer else None
        try:
            await self._app(scope, receive, answered.send)
        except Exception as e:
            # What nobody expected is answered by then, with 500, and written down (errors.py); what goes wrong in the
            # middle of an answer can only be broken off.
            if answered.status != 500:
                self._log.error("broken off", trace=trace, route=template(scope), exc_info=e)
            if not answered.status:
                raise
        finally:
            self._metrics.in_flight -= 1
            took_s = time.perf_counter() - begun
            route = template(scope)
            self._metrics.request(scope["method"], route, answered.status, took_s, is_stream=answered.is_stream)
            self._log.info(
                "request",
                method=scope["method"],
                route=route,
                status=answered.status,
                ms=round(took_s * 1000, 2),
                trace=trace,
                account=_account(scope),
            )
            if span is not None:
                span.end(route, answered.status)


class _Answered:
    """What goes out: its status is kept, and the headers of all answers are added."""

    __slots__ = ("_headers", "_send", "_trace", "is_stream", "status")

    def __init__(self, send: Send, trace: str, headers: list[tuple[bytes, bytes]]) -> None:
        self._send, self._trace, self._headers = send, trace, headers
        self.status = 0
        self.is_stream = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *self._headers, (b"x-trace-id", self._trace.encode())]
            names = {name for name, _ in headers}
            kind = next((value for name, value in headers if name == b"content-type"), b"")
            self.is_stream = kind.startswith(b"text/event-stream")
            if b"cache-control" not in names:
                headers.append((b"cache-control", b"no-store"))
            if b"content-security-policy" not in names:
                policy = POLICY_OF_DOCS if kind.startswith(b"text/html") else POLICY
                headers.append((b"content-security-policy", policy))
            message["headers"] = headers
        await self._send(message)


def trace_of(headers: list[tuple[bytes, bytes]]) -> str:
    """The trace id of a request: that of a well-formed `traceparent`, else a new one. It is 32 digits in any case."""
    for name, value in headers:
        if name == b"traceparent" and len(value) == 55:
            made = value[3:35]
            if value[:3] == b"00-" and value[35:36] == b"-" and HEX.issuperset(made) and made.strip(b"0"):
                return made.decode()
    return os.urandom(16).hex()


def _account(scope: Scope) -> int | None:
    """The number of the account that asked, once it is known (access.py)."""
    caller = scope.get("state", {}).get("caller")
    return getattr(caller, "account_n", None)


def template(scope: Scope) -> str:
    """The route of a request as it was declared, so that no id or word of a person stands in a log or a figure."""
    route = scope.get("route")
    if route is None:
        return NO_ROUTE
    context = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(context, "path_format", None) or getattr(route, "path", NO_ROUTE)
    return str(path)
