"""How long the head of a request may take: the web server waits for it without end, and each waiter costs a socket."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# As the envelope of errors.py; there is no request yet that could have a trace id.
LATE = b'{"error":{"code":"unavailable","message":"the head of the request took too long to arrive","traceId":""}}'
ANSWER = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: "
    + str(len(LATE)).encode()
    + b"\r\n\r\n"
    + LATE
)


class Patient(H11Protocol):
    """A connection that is closed when the head of a request is not whole after `head_timeout_s`."""

    head_timeout_s = 15.0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """The time for the first head begins."""
        super().connection_made(transport)
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
        if self._is_between_requests() and not self.transport.is_closing():
            self.transport.write(ANSWER)
            self.transport.close()


def patient(head_timeout_s: float) -> type[Patient]:
    """The protocol for uvicorn that waits so long and no longer."""
    return type("Patient", (Patient,), {"head_timeout_s": head_timeout_s})
