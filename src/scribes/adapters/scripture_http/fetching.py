"""Asking a service: time limits, polite retries, a circuit breaker, and answers read with a limit."""

from __future__ import annotations

import json
import time

from scribes.errors import InvalidInput, NotFound, Unavailable
from scribes.retries import LONGEST_RETRY_AFTER_S, PASSING, WHOLE_ANSWER, Again, retry_after_s, wait_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

    from scribes.adapters.scripture_http.services import Piece, Service

MOST_BYTES = 2_000_000
_FAILURES_TO_OPEN = 5
_OPEN_S = 60.0


class Breaker:
    """Lets nothing through for a minute after five failures in a row; then one try decides."""

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._failures = 0
        self._opened_at = 0.0

    def check(self) -> None:
        """Raise Unavailable while nothing may be sent."""
        left_s = self._opened_at + _OPEN_S - self._clock()
        if self._failures >= _FAILURES_TO_OPEN and left_s > 0:
            raise Unavailable(
                f"{self._name} has failed {self._failures} times in a row; not asked again for {left_s:.0f} s",
                hint="bundled texts work offline: scribes read --in web",
            )

    def note(self, *, is_success: bool) -> None:
        """Count a try."""
        self._failures = 0 if is_success else self._failures + 1
        self._opened_at = self._clock()


class Fetcher:
    """A client for one service."""

    def __init__(
        self,
        name: str,
        *,
        timeout_s: float,
        tries: int,
        sleep: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._tries = max(1, tries)
        self._sleep = sleep
        self._clock = clock
        self.breaker = Breaker(name, clock=clock)
        self._client: httpx2.Client | None = None

    def verses(self, service: Service, piece: Piece) -> dict[int, str]:
        """Return the verses a service has for a piece of a chapter.

        Raises:
            InvalidInput: the service refuses the key or the request.
            NotFound: it has no such translation or chapter.
            Unavailable: it did not answer, or with something that is no answer, in all tries.
        """
        for attempt in range(1, self._tries + 1):
            self.breaker.check()
            try:
                verses = self._once(service, piece)
            except Again as failed:
                self.breaker.note(is_success=False)
                if attempt == self._tries or (failed.wait_s or 0) > LONGEST_RETRY_AFTER_S:
                    raise failed.error from failed.__cause__
                self._sleep(failed.wait_s if failed.wait_s is not None else wait_s(attempt))
            else:
                self.breaker.note(is_success=True)
                return verses
        raise AssertionError("unreachable")  # pragma: no cover

    def _once(self, service: Service, piece: Piece) -> dict[int, str]:
        path, parameters, headers = service.query(piece)
        status, retry_after, body = self._get(service.base_url + path, parameters, headers)
        self._check_status(status, retry_after)
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as e:
            raise Again(service.wrong("something that is not JSON")) from e
        try:
            return service.verses(answer, piece)
        except Unavailable as e:
            raise Again(e) from e

    def _get(self, url: str, parameters: dict[str, str], headers: dict[str, str]) -> tuple[int, str, bytes]:
        try:
            import httpx2
        except ImportError as e:
            raise Unavailable("texts of a service need the package httpx2", hint="pip install scribes[online]") from e
        try:
            with self._http().stream("GET", url, params=parameters, headers=headers) as response:
                return response.status_code, response.headers.get("retry-after", ""), self._body(response)
        except httpx2.TimeoutException as e:
            raise Again(Unavailable(f"{self._name} did not answer in {self._timeout_s:g} s")) from e
        except httpx2.HTTPError as e:
            raise Again(Unavailable(f"{self._name} could not be reached: {e}")) from e
        except httpx2.InvalidURL as e:
            raise InvalidInput(f"{url!r} is not an address") from e

    def _body(self, response: httpx2.Response) -> bytes:
        until = self._clock() + WHOLE_ANSWER * self._timeout_s
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MOST_BYTES:
                raise Again(Unavailable(f"{self._name} answered with more than {MOST_BYTES // 1_000_000} MB"))
            if self._clock() > until:
                raise Again(
                    Unavailable(f"{self._name} did not finish its answer in {WHOLE_ANSWER * self._timeout_s:g} s")
                )
        return bytes(body)

    def _check_status(self, status: int, retry_after: str) -> None:
        if status == 200:
            return
        if status in PASSING:
            error = Unavailable(f"{self._name} answered {status}", hint="try again later, or read a bundled text")
            raise Again(error, retry_after_s(retry_after))
        # The service is well; it is the question that was wrong.
        self.breaker.note(is_success=True)
        if status in (401, 403):
            raise InvalidInput(
                f"{self._name} refuses the key ({status})", hint="is the key right, and for this service?"
            )
        if status == 404:
            raise NotFound(f"{self._name} has no such translation or chapter")
        if 400 <= status < 500:
            raise InvalidInput(f"{self._name} refuses the request ({status})")
        raise Unavailable(f"{self._name} answered {status}, which is no answer")

    def _http(self) -> httpx2.Client:
        if self._client is None:
            import httpx2

            # No redirects: a key must not follow one to another host.
            self._client = httpx2.Client(
                timeout=self._timeout_s, follow_redirects=False, headers={"accept": "application/json"}
            )
        return self._client

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None
