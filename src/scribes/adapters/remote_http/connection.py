"""A connection to a server of Scribes: signed requests, new tokens when they run out, errors as errors of ours.

Neither tokens nor what is sent stand in any error: of what a server says, its code and its words are repeated.
"""

from __future__ import annotations

import json
import time

from ...errors import (
    Conflict,
    InvalidInput,
    Locked,
    NotFound,
    NotSignedIn,
    ScribesError,
    StorageFull,
    Unavailable,
    by_code,
)
from ...models.servers import Tokens
from ...records import record
from ...retries import LONGEST_RETRY_AFTER_S, PASSING, WHOLE_ANSWER, Again, retry_after_s, wait_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import httpx2

    from ...ports import SignIn

HERE = ("127.0.0.1", "::1", "localhost")
TRIES, TIMEOUT_S = 3, 30.0
KEEP_S = 2.0
MOST_ANSWER_BYTES = 96 * 1024 * 1024
MAX_WORDS = 300
# So long before a token runs out, the next one is fetched.
EARLY_US = 30 * 1_000_000
SAFE = "your notes are safe; try again when it can be reached"


@record
class Answer:
    """What a server said."""

    status: int
    body: bytes
    kind: str
    pause_s: float | None = None

    def said(self) -> Any:
        """The body read as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Connection:
    """Asks one server. `store` keeps what the account is known by."""

    def __init__(
        self, url: str, store: SignIn, *, timeout_s: float = TIMEOUT_S, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self.url = address(url)
        self._store = store
        self._timeout_s = timeout_s
        self._transport = transport
        self._client: httpx2.Client | None = None

    def ask(self, method: str, path: str, *, again: bool = True, signed: bool = True, **given: Any) -> Answer:
        """The answer to a request that succeeded. `again`: it may be sent a second time where no answer came.

        Raises: NotSignedIn, Unavailable, and what the server says.
        """
        tokens = self._tokens() if signed else None
        answer = self._patiently(method, path, tokens, again=again, **given)
        if answer.status == 401 and tokens is not None:
            answer = self._patiently(method, path, self._renewed(tokens), again=again, **given)
        if 200 <= answer.status < 300:
            return answer
        raise self.refused(answer)

    def data(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        """The JSON object that answers a request.

        Raises: as `ask`.
        """
        said = self.ask(method, path, **given).said()
        if not isinstance(said, dict):
            raise self.foreign()
        return said

    def keep(self, said: Mapping[str, Any]) -> Tokens:
        """Keep the tokens in an answer, before they are used.

        Raises: Unavailable.
        """
        access, refresh, lives_s = (said.get(name) for name in ("access_token", "refresh_token", "expires_in"))
        if not isinstance(access, str) or not isinstance(refresh, str) or not isinstance(lives_s, (int, float)):
            raise self.foreign()
        tokens = Tokens(access, refresh, int((time.time() + lives_s) * 1_000_000))
        self._store.keep(tokens)
        return tokens

    def refused(self, answer: Answer) -> ScribesError:
        """What an answer that is no success means."""
        said = answer.said()
        error = said.get("error") if isinstance(said, dict) else None
        if not isinstance(error, dict):
            if answer.status == 404:
                return NotFound(f"there is no server of Scribes at {self.url}")
            return Unavailable(f"{self.url} answered {answer.status}", hint=SAFE)
        kind, words = by_code(str(error.get("code"))), str(error.get("message", ""))[:MAX_WORDS]
        if kind is NotSignedIn:
            return self.signed_out()
        if kind is StorageFull:
            return StorageFull(words, hint="scribes sync compact makes room; or ask whoever runs the server")
        if answer.status in PASSING or answer.status >= 500:
            return Unavailable(f"{self.url} cannot do it now: {words}", hint=SAFE)
        return _made(kind, words, str(error["hint"])[:MAX_WORDS] if error.get("hint") else None)

    def signed_out(self) -> NotSignedIn:
        """What is said where the server does not know this device (any more)."""
        return NotSignedIn(f"you are not signed in at {self.url}", hint=f"scribes login {self.url}")

    def foreign(self) -> Unavailable:
        """What is said where an answer is none of a server of Scribes."""
        return Unavailable(f"{self.url} answers what no server of Scribes does", hint="is the address right?")

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _tokens(self) -> Tokens:
        tokens = self._store.tokens()
        if tokens is None:
            raise self.signed_out()
        if tokens.expires_us - EARLY_US < time.time() * 1_000_000:
            return self._renewed(tokens)
        return tokens

    def _renewed(self, old: Tokens) -> Tokens:
        """New tokens; those that another process of this vault fetched meanwhile: each is good for one renewal."""
        with self._store.alone():
            known = self._store.tokens()
            if known is None:
                raise self.signed_out()
            # Not by `access`: two of one second are the same.
            if known.refresh != old.refresh:
                return known
            answer = self._patiently(
                "POST", "/v1/auth/refresh", None, again=False, json={"refresh_token": known.refresh}
            )
            if answer.status in (400, 401, 403, 422):
                raise self.signed_out()
            said = answer.said()
            if answer.status != 200 or not isinstance(said, dict):
                raise self.refused(answer)
            return self.keep(said)

    def _patiently(self, method: str, path: str, tokens: Tokens | None, *, again: bool, **given: Any) -> Answer:
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._once(method, path, tokens, again=again, **given)
            except Again as broken:
                if attempt == TRIES:
                    raise broken.error from broken.__cause__
                time.sleep(wait_s(attempt))
                continue
            if answer.status not in PASSING or attempt == TRIES or not again:
                return answer
            time.sleep(min(answer.pause_s or wait_s(attempt), LONGEST_RETRY_AFTER_S))
        raise AssertionError("unreachable")  # pragma: no cover

    def _once(
        self, method: str, path: str, tokens: Tokens | None, *, again: bool, headers: Mapping[str, str] | None = None,
        **given: Any,
    ) -> Answer:  # fmt: skip
        client = self._http()
        import httpx2

        signed = {"authorization": f"Bearer {tokens.access}"} if tokens else {}
        try:
            with client.stream(method, path, headers={**(headers or {}), **signed}, **given) as response:
                pause_s = retry_after_s(response.headers.get("retry-after", ""))
                kind = response.headers.get("content-type", "")
                return Answer(response.status_code, self._body(response), kind, pause_s)
        # Not from the errors: they hold the request.
        except httpx2.ConnectError:
            # Nothing was sent, so nothing was done.
            raise Again(Unavailable(f"{self.url} cannot be reached", hint=SAFE)) from None
        except httpx2.TimeoutException:
            error = Unavailable(f"{self.url} did not answer in {self._timeout_s:g} s", hint=SAFE)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            error = Unavailable(f"{self.url} broke the connection off", hint=SAFE)
        if again:
            raise Again(error) from None
        raise error from None

    def _body(self, response: httpx2.Response) -> bytes:
        body, until_s = bytearray(), time.monotonic() + WHOLE_ANSWER * self._timeout_s
        # Raw: what was not asked to be compressed is no answer, and must not swell.
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MOST_ANSWER_BYTES:
                raise self.foreign()
            if time.monotonic() > until_s:
                raise Unavailable(f"{self.url} did not finish its answer", hint=SAFE)
        return bytes(body)

    def _http(self) -> httpx2.Client:
        if self._client is None:
            try:
                import httpx2
            except ImportError as e:
                raise Unavailable("a server needs the package httpx2", hint="pip install 'scribes[online]'") from e
            self._client = httpx2.Client(
                base_url=self.url,
                timeout=self._timeout_s,
                transport=self._transport,
                # What is signed must not follow a redirect to another host, nor leave this machine by way of a proxy.
                follow_redirects=False,
                # Let go before the server does: a login on a connection that just ended could not be sent again.
                limits=httpx2.Limits(keepalive_expiry=KEEP_S),
                trust_env=not _is_here(self.url),
                headers={"accept-encoding": "identity", "user-agent": "scribes"},
            )
        return self._client


def address(url: str) -> str:
    """The address of a server without a slash at its end; where it has no scheme, https, but on this machine http.

    Raises: InvalidInput, also where what is sent could be read on the way.
    """
    from urllib.parse import urlsplit

    text = url.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        if "://" not in text and parts.hostname in HERE:
            parts = parts._replace(scheme="http")
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise InvalidInput("this is no address of a server", hint="such as https://notes.example.org")
    if parts.scheme == "http" and host not in HERE:
        raise InvalidInput(f"nothing is sent in the open to {host}", hint=f"https://{parts.netloc}")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _is_here(url: str) -> bool:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname in HERE


def _made(kind: type[ScribesError], words: str, hint: str | None) -> ScribesError:
    # Locked and its kin say how a vault is opened; nothing that a server says is about that.
    if issubclass(kind, Locked) or kind is ScribesError:
        return Conflict(words, hint=hint)
    return kind(words, hint=hint)
