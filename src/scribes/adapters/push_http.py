"""One request over HTTP/2 to a service that brings pushes to devices, and what its answers have in common.

Neither texts nor keys nor the device's name stand in any error: of what a service says only the code of its reason is
repeated, where it looks like one.
"""

from __future__ import annotations

from ..errors import InvalidInput, Unavailable
from ..models.notices import WORDS_CHARACTERS, heading, words
from ..records import record
from ..retries import PASSING, WHOLE_ANSWER, Again, retry_after_s
from .deadline import Deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Mapping
    from typing import Any

    import httpx2

    from ..models.notices import Notice

# Both services take messages of this size.
MOST_PAYLOAD_BYTES = 4096
# How long a service keeps a push for a device that is switched off.
LIFE_S = 24 * 60 * 60
_HERE = ("127.0.0.1", "::1", "localhost")
_MOST_ANSWER_BYTES = 16 * 1024
_LONGEST_PAUSE_S = 60 * 60.0
_TRIES = 2


@record
class Answer:
    """What a service said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def data(self) -> Any:
        """Return the body read as JSON, None where it is none."""
        import json

        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Post:
    """Posts to one service, whose name stands in the errors. Nothing is sent while it has asked for a pause."""

    def __init__(self, name: str, *, ca: str, is_here: bool, timeout_s: float) -> None:
        self._name = name
        self._trust = _trust(ca)
        self._is_here = is_here
        self._timeout_s = timeout_s
        self._client: httpx2.Client | None = None
        self._sockets: list[socket.socket] = []
        self._paused_until_s = 0.0

    def __call__(self, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """Return the answer, of whatever status; a broken connection is tried once more.

        Raises: Unavailable.
        """
        import time

        left_s = self._paused_until_s - time.monotonic()
        if left_s > 0:
            raise self.unavailable(f"asked for a pause of {left_s:.0f} s more")
        with Deadline(WHOLE_ANSWER * self._timeout_s) as deadline:
            for attempt in range(1, _TRIES + 1):
                try:
                    return self._once(url, headers, content, deadline)
                except Again as broken:
                    if attempt == _TRIES or deadline.is_over:
                        raise broken.error from broken.__cause__
        raise AssertionError("unreachable")  # pragma: no cover

    def refused(self, answer: Answer, reason: str, *, hint: str | None = None) -> Unavailable | InvalidInput:
        """Return what an answer that is no success means, and pause where it asks for it."""
        import time

        said = f"{answer.status} {reason}".rstrip()
        if answer.status in PASSING or answer.status >= 500:
            asked_s = retry_after_s(answer.headers.get("retry-after", "")) or 0.0
            self._paused_until_s = time.monotonic() + min(asked_s, _LONGEST_PAUSE_S)
            return self.unavailable(f"answered {said}")
        if 400 <= answer.status < 500:
            return InvalidInput(f"{self._name} refuses the push ({said})", hint=hint)
        return self.unavailable(f"answered {said}, which is no answer of it")

    def unavailable(self, what: str, *, hint: str = "it is tried again later") -> Unavailable:
        """Return that the service is not to be had now."""
        return Unavailable(f"{self._name} {what}", hint=hint)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _once(self, url: str, headers: Mapping[str, str], content: bytes, deadline: Deadline) -> Answer:
        client = self._http()
        import httpx2

        for connection in self._sockets:
            deadline.watch(connection)

        def trace(event: str, told: dict[str, Any]) -> None:
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                connection = told["return_value"].get_extra_info("socket")
                self._sockets = [known for known in self._sockets if known.fileno() >= 0] + [connection]
                deadline.watch(connection)

        more = {"trace": trace}
        try:
            with client.stream("POST", url, headers=dict(headers), content=content, extensions=more) as response:
                return Answer(response.status_code, response.headers, self._body(response, deadline))
        # Not from the errors: they hold the request.
        except httpx2.TimeoutException:
            raise self.unavailable(f"did not answer in {self._timeout_s:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            if deadline.is_over:
                raise self._slow() from None
            if isinstance(e, (httpx2.ReadError, httpx2.WriteError, httpx2.CloseError, httpx2.ProtocolError)):
                raise Again(self.unavailable("broke the connection off")) from None
            raise self.unavailable("could not be reached") from None

    def _body(self, response: httpx2.Response, deadline: Deadline) -> bytes:
        body = bytearray()
        # Raw: what was not asked to be compressed is no answer, and must not swell.
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > _MOST_ANSWER_BYTES:
                raise self.unavailable("answered with more than any answer of it has")
            if deadline.is_over:
                raise self._slow()
        return bytes(body)

    def _slow(self) -> Unavailable:
        return self.unavailable(f"did not finish its answer in {WHOLE_ANSWER * self._timeout_s:g} s")

    def _http(self) -> httpx2.Client:
        if self._client is None:
            try:
                import httpx2

                self._client = httpx2.Client(
                    verify=self._trust or True,
                    http2=True,
                    timeout=self._timeout_s,
                    # A text must not follow a redirect to another host, nor leave this machine by way of a proxy.
                    follow_redirects=False,
                    trust_env=not self._is_here,
                    headers={"accept-encoding": "identity", "user-agent": "scribes"},
                )
            except ImportError as e:
                raise Unavailable("pushes need the packages httpx2 and h2", hint="pip install scribes[push]") from e
        return self._client


def address(url: str, field: str) -> tuple[str, bool]:
    """Return the address of a service without a slash at its end, and whether it is on this machine.

    Raises: InvalidInput, also where it would send texts in the open.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise InvalidInput(f"{field} is not an address", hint="such as https://push.example.org")
    if parts.scheme == "http" and host not in _HERE:
        raise InvalidInput(f"pushes are not sent in the open to {host}", hint="an https:// address")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", host in _HERE


def name_of(value: str, field: str, pattern: str, like: str) -> str:
    """Return a name that stands in a path, a header or a signed statement.

    Raises: InvalidInput.
    """
    import re

    found = value.strip()
    if not re.fullmatch(pattern, found):
        raise InvalidInput(f"{field} is missing or malformed", hint=like)
    return found


def reason_of(value: object) -> str:
    """Return the code of a reason, "" where it does not look like one: anything else may quote the push."""
    import re

    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z_]{1,40}", value) else ""


def payload(notice: Notice, made: Callable[[str, str], object]) -> bytes:
    """Return as JSON what `made` makes of a heading and words, with so many of the words that a service takes it.

    Raises: InvalidInput, where it is too large even without words.
    """
    import json
    from bisect import bisect_right

    title = heading(notice)

    def encoded(most: int) -> bytes:
        whole = json.dumps(made(title, words(notice, most)), ensure_ascii=False, separators=(",", ":"))
        return whole.encode("utf-8", "replace")

    fitting = bisect_right(range(WORDS_CHARACTERS + 1), MOST_PAYLOAD_BYTES, key=lambda most: len(encoded(most)))
    if not fitting:
        raise InvalidInput("the key or the link of the notice is too long for a push")
    return encoded(fitting - 1)


def push_id(key: str) -> str:
    """Return the UUID that a service knows all attempts of a delivery by."""
    from ..canonical import blake2b
    from ..ids import to_text

    raw = bytearray(blake2b(key.encode("utf-8", "replace"), digest_size=16).digest())
    # Source: RFC 9562 section 5.8, a UUID of one's own making.
    raw[6] = 0x80 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return to_text(bytes(raw))


def _trust(ca: str) -> ssl.SSLContext | None:
    """Return what certificates are checked against where it is a file; None means the machine's authorities."""
    if not ca:
        return None
    import ssl

    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ValueError) as e:
        raise InvalidInput(f"{ca} holds no certificates", hint="a PEM file of the authority that signed") from e
