"""One post to an address that somebody gave to a server: to public addresses alone, whatever its name leads to.

The name is looked up once; every address it has must be public, and the connection goes to one of these, so that
nothing can lead elsewhere between the look and the connection. What is answered leads nowhere, and is hardly read.
"""

from __future__ import annotations

import socket
from threading import Lock

from ..domain.webhooks import Target, is_loopback, is_public, target
from ..errors import InvalidInput, Unavailable
from ..records import record
from ..retries import retry_after_s
from .deadline import Deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from typing import Any

STEP_S, WHOLE_S = 5.0, 10.0
MOST_ANSWER_BYTES = 8 * 1024
MOST_ADDRESSES = 4


@record
class Answered:
    """What a receiver said: a status, and when to ask again, where it said so."""

    status: int
    again_s: float | None


class WebhookPost:
    """Posts; for several threads. `resolve` looks names up as `socket.getaddrinfo` does."""

    def __init__(
        self,
        *,
        is_loopback_allowed: bool = False,
        ca: str = "",
        step_s: float = STEP_S,
        whole_s: float = WHOLE_S,
        resolve: Callable[..., Any] = socket.getaddrinfo,
    ) -> None:
        self._is_loopback_allowed, self._ca = is_loopback_allowed, ca
        self._step_s, self._whole_s, self._resolve = step_s, whole_s, resolve
        self._at_work: set[Deadline] = set()
        self._guard = Lock()
        self._trust: ssl.SSLContext | None = None

    def __call__(self, url: str, headers: Mapping[str, str], content: bytes) -> Answered:
        """What was answered, of whatever status.

        Raises: InvalidInput, where nothing may be posted there; Unavailable.
        """
        import http.client
        import ssl

        to = target(url, is_loopback_allowed=self._is_loopback_allowed)
        addresses = self._addresses(to)
        with Deadline(self._whole_s) as deadline:
            with self._guard:
                self._at_work.add(deadline)
            try:
                return self._exchange(to, addresses, headers, content, deadline)
            except ssl.SSLCertVerificationError as e:
                raise Unavailable("its certificate is not trusted") from e
            except (OSError, http.client.HTTPException, ValueError) as e:
                raise self._failure(e, deadline) from e
            finally:
                with self._guard:
                    self._at_work.discard(deadline)

    def end(self) -> None:
        """Break off whatever is at work."""
        with self._guard:
            found = list(self._at_work)
        for deadline in found:
            deadline.end()

    def _addresses(self, to: Target) -> list[tuple[int, Any]]:
        """Where a name leads: each a family and an address, all of which may be posted to."""
        try:
            found = self._resolve(to.host, to.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as e:
            raise Unavailable("its name leads nowhere") from e
        addresses = [(family, place) for family, _, _, _, place in found]
        for _, place in addresses:
            is_here = self._is_loopback_allowed and is_loopback(place[0])
            if not is_here and not is_public(place[0]):
                raise InvalidInput("its name leads to an address that is not public")
        return addresses[:MOST_ADDRESSES]

    def _exchange(
        self,
        to: Target,
        addresses: list[tuple[int, Any]],
        headers: Mapping[str, str],
        content: bytes,
        deadline: Deadline,
    ) -> Answered:
        import http.client

        connection = http.client.HTTPConnection(to.host, to.port)
        connection.auto_open = 0
        connection.sock = self._connected(to, addresses, deadline)
        try:
            connection.request("POST", to.path, body=content, headers={"Host": to.authority, **headers})
            answer = connection.getresponse()
            answer.read(MOST_ANSWER_BYTES)
            return Answered(answer.status, retry_after_s(answer.headers.get("retry-after", "")))
        finally:
            connection.close()

    def _connected(self, to: Target, addresses: list[tuple[int, Any]], deadline: Deadline) -> socket.socket:
        failure = OSError()
        for family, place in addresses:
            made = socket.socket(family, socket.SOCK_STREAM)
            made.settimeout(self._step_s)
            deadline.watch(made)
            try:
                made.connect(place)
                return self._secured(made, to, deadline) if to.is_tls else made
            except OSError as e:
                made.close()
                failure = e
                if deadline.is_over:
                    break
        raise failure

    def _secured(self, plain: socket.socket, to: Target, deadline: Deadline) -> socket.socket:
        import ssl

        if self._trust is None:
            self._trust = ssl.create_default_context(cafile=self._ca or None)
        secured = self._trust.wrap_socket(plain, server_hostname=to.host, do_handshake_on_connect=False)
        deadline.watch(secured)
        try:
            secured.do_handshake()
        except BaseException:
            secured.close()
            raise
        return secured

    def _failure(self, error: Exception, deadline: Deadline) -> Unavailable:
        if deadline.is_over:
            return Unavailable(f"it did not finish in {self._whole_s:g} s")
        if isinstance(error, TimeoutError):
            return Unavailable(f"it did not answer in {self._step_s:g} s")
        return Unavailable("it could not be reached" if isinstance(error, OSError) else "it does not speak HTTP")
