"""A limit for a whole exchange over the network. A time limit for each step alone lets a dripping server hold us."""

from __future__ import annotations

import socket
from threading import Lock, Timer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class Deadline:
    """While entered, shuts the watched connections when the time is over; whoever reads from them sees them end."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._watched: list[socket.socket] = []
        self._lock = Lock()
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def watch(self, connection: socket.socket) -> None:
        """Shut this connection too when the time is over; at once if it is."""
        with self._lock:
            self._watched.append(connection)
        if self.is_over:
            self._end()

    def end(self) -> None:
        """The time is over now."""
        self._end()

    def _end(self) -> None:
        self.is_over = True
        with self._lock:
            for connection in self._watched:
                try:
                    # Of the plain socket: that of a TLS one would take away what another thread is reading with.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
                except OSError:
                    pass  # It has ended by itself.
