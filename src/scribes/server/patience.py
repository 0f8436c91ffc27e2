"""How connections are held: uvicorn waits for the head of a request without end, and each waiter costs a socket.

What is refused before there is a request is refused in the shape of errors.py; there is no trace id yet.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


def _refusal(status: str, code: str, message: str) -> bytes:
    body = json.dumps({"error": {"code": code, "message": message, "traceId": ""}}).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close"
    return head.encode() + b"\r\n\r\n" + body


LATE = _refusal("408 Request Timeout", "unavailable", "the head of the request took too long to arrive")
NO_HTTP = _refusal("400 Bad Request", "invalid", "that is no HTTP, or its head is too long")
FULL = _refusal("503 Service Unavailable", "unavailable", "more connections than are taken at once")


class Patient(H11Protocol):
    """A connection that is closed when the head of a request is not whole after `head_timeout_s`, or at once, where
    there are `most` others.
    """

    head_timeout_s = 15.0
    most = 1000
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """The time for the first head begins."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(FULL)
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """The time for a head ends when it is whole, and that for the next begins with its first byte."""
        waits = self._is_between_requests()
        super().data_received(data)
        if not self._is_between_requests():
            self._forget()
        elif waits and self._late is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._forget()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Refuse what is no HTTP."""
        self._refuse(NO_HTTP)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        self._late = self.loop.call_later(self.head_timeout_s, self._give_up)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        if self._is_between_requests():
            self._refuse(LATE)

    def _refuse(self, answer: bytes) -> None:
        self._forget()
        if not self.transport.is_closing():
            if self._is_between_requests():
                self.transport.write(answer)
            self.transport.close()


def patient(head_timeout_s: float, most: int) -> type[Patient]:
    """The protocol for uvicorn that waits so long, and holds so many connections."""
    return type("Patient", (Patient,), {"head_timeout_s": head_timeout_s, "most": most})
