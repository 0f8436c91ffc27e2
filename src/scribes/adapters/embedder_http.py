"""Meaning computed by a service that speaks OpenAI's `/v1/embeddings`: Ollama, vLLM, OpenAI and others.

Texts leave this machine unless the service runs on it. Plain http is spoken with this machine alone; neither texts nor
keys stand in any error, and what a service says about an error is not repeated, since it may quote the text.
"""

from __future__ import annotations

import math
from array import array

from scribes.adapters.addresses import service_address
from scribes.canonical import blake2b
from scribes.errors import InvalidInput, NotFound, Unavailable
from scribes.retries import LONGEST_RETRY_AFTER_S, PASSING, WHOLE_ANSWER, Again, retry_after_s, wait_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx2

PROBE = "The Lord is my shepherd; I shall not want."
# Two answers to the probe that are as near as this are of one model: its arithmetic may differ from run to run.
SAME_MODEL = 0.995
_TEXTS_AT_ONCE = 32
_MOST_DIMENSIONS = 8192
# A number takes about 12 bytes of an answer, and 25 at most.
_MOST_BYTES = 8_000_000
_QUESTION_S = 5.0


class HttpEmbedder:
    """A model at a service. Nothing is sent before the first text, `digest`, `dimensions` or `probe` is asked for.

    `digest` covers the model's name, the prefixes and the answer to a sentence that is always the same, and not the
    address: one model moved to another machine stays the same.
    """

    name = "http"

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key: str | None = None,
        prefixes: tuple[str, str] = ("", ""),
        is_plain_http_allowed: bool = False,
        timeout_s: float = 60.0,
        tries: int = 3,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        """Take an address (with or without `/v1/embeddings`), a model's name, and what stands before (query, text).

        Raises:
            InvalidInput: the address is none, would send texts in the open, or the key cannot be one.
        """
        address = service_address(
            url, setting="embedder_url", ending="/embeddings", is_plain_http_allowed=is_plain_http_allowed
        )
        self._url, self._host, self._is_here = address.url, address.host, address.is_here
        if not model.strip():
            raise InvalidInput("the embedder needs the name of a model", hint="the setting embedder_model")
        self._model = model.strip()
        self._headers = {"accept": "application/json"}
        if api_key:
            if not (api_key.isascii() and api_key.isprintable()):
                raise InvalidInput("the embedder's key has characters that no key has")
            self._headers["authorization"] = f"Bearer {api_key}"
        self._prefixes = prefixes
        self._timeout_s = timeout_s
        self._tries = max(1, tries)
        self._sleep = sleep
        self._client: httpx2.Client | None = None
        self._probe = b""
        self._is_checked = False

    @property
    def digest(self) -> bytes:
        """16 bytes that tell this model's vectors from those of others; asks the service unless `assume` was called.

        Raises:
            Unavailable, InvalidInput, NotFound: as `embed`.
        """
        return self.digest_for(self.probe())

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has; asks the service unless `assume` was called.

        Raises:
            Unavailable, InvalidInput, NotFound: as `embed`.
        """
        return len(self.probe())

    @property
    def is_known(self) -> bool:
        """Whether it knows, or assumes, how its model answers the probe."""
        return bool(self._probe)

    def probe(self) -> bytes:
        """Return the answer to a sentence that is always the same, as a row of signed bytes; asks the service once.

        Raises:
            Unavailable, InvalidInput, NotFound: as `embed`.
        """
        if not self._probe:
            self._checked([])
        return self._probe

    def digest_for(self, probe: bytes) -> bytes:
        """Return what `digest` is if the model answers the probe so; asks nobody."""
        parts = (self._model, *self._prefixes)
        told = b"".join(len(part.encode()).to_bytes(4, "little") + part.encode() for part in parts)
        return blake2b(b"http" + told + probe, digest_size=16).digest()

    def assume(self, probe: bytes) -> None:
        """Take a row that `probe` gave earlier for the answer of today, so that `digest` asks nobody and stays.

        The first texts to be embedded take the probe with them: an answer that is another model's raises Unavailable,
        and from then on `digest` is that of the new one. The last digits of an answer may vary.
        """
        self._probe, self._is_checked = probe, False

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return a vector of length 1 for each text, as little-endian float32.

        Raises:
            Unavailable: the service did not answer, or with something that is no answer, in all tries.
            NotFound: it has no such model.
            InvalidInput: it refuses the key or the request.
        """
        return self._vectors([self._prefixes[1] + text for text in texts])

    def embed_query(self, text: str) -> bytes:
        """Return the vector of a question. Somebody waits for it: one try, and a few seconds.

        Raises:
            Unavailable, InvalidInput, NotFound: as `embed`.
        """
        usual = self._timeout_s, self._tries
        self._timeout_s, self._tries = min(self._timeout_s, _QUESTION_S), 1
        try:
            return self._vectors([self._prefixes[0] + text])[0]
        finally:
            self._timeout_s, self._tries = usual

    def _vectors(self, texts: list[str]) -> list[bytes]:
        found: list[bytes] = []
        for begin in range(0, len(texts), _TEXTS_AT_ONCE):
            part = texts[begin : begin + _TEXTS_AT_ONCE]
            for vector in self._asked(part) if self._is_checked else self._checked(part):
                if len(vector) != len(self._probe):
                    raise self._wrong(f"vectors of {len(vector)} numbers instead of {len(self._probe)}")
                found.append(_bytes(vector))
        return found

    def _checked(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of texts that take the probe with them, and look at its answer."""
        answer, *vectors = self._asked([self._prefixes[1] + PROBE, *texts])
        found, assumed = _row(answer), self._probe
        is_same = not assumed or (len(found) == len(assumed) and _cosine(found, assumed) >= SAME_MODEL)
        self._probe, self._is_checked = assumed if assumed and is_same else found, True
        if not is_same:
            raise Unavailable(
                f"the model {self._model!r} at {self._host} is not the one it was", hint="scribes index embeds anew"
            )
        return vectors

    def _asked(self, texts: list[str]) -> list[list[float]]:
        """Return what the service answers, a vector of length 1 for each text."""
        for attempt in range(1, self._tries + 1):
            try:
                return self._once(texts)
            except Again as failed:
                if attempt == self._tries or (failed.wait_s or 0) > LONGEST_RETRY_AFTER_S:
                    raise failed.error from failed.__cause__
                self._wait(failed.wait_s if failed.wait_s is not None else wait_s(attempt))
        raise AssertionError("unreachable")  # pragma: no cover

    def _wait(self, wait_s: float) -> None:
        import time

        (self._sleep or time.sleep)(wait_s)

    def _once(self, texts: list[str]) -> list[list[float]]:
        import json

        # Services refuse an empty text, and one with half a surrogate pair.
        told = [text.encode("utf-8", "replace").decode() if text.strip() else "." for text in texts]
        question = json.dumps({"model": self._model, "input": told, "encoding_format": "float"}).encode()
        status, retry_after, body = self._post(question)
        self._check_status(status, retry_after)
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as e:
            raise Again(self._wrong("something that is not JSON")) from e
        return self._read(answer, len(texts))

    def _post(self, question: bytes) -> tuple[int, str, bytes]:
        try:
            import httpx2
        except ImportError as e:
            raise Unavailable(
                "an embedder at a service needs the package httpx2", hint="pip install scribes[online]"
            ) from e
        try:
            with self._http().stream("POST", self._url, content=question, timeout=self._timeout_s) as response:
                return response.status_code, response.headers.get("retry-after", ""), self._body(response)
        except httpx2.TimeoutException as e:
            raise Again(self._silent(f"did not answer in {self._timeout_s:g} s")) from e
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise Again(self._silent("could not be reached")) from e

    def _http(self) -> httpx2.Client:
        if self._client is None:
            import httpx2

            self._client = httpx2.Client(
                timeout=self._timeout_s,
                # A text must not follow a redirect to another host, nor leave this machine by way of a proxy.
                follow_redirects=False,
                trust_env=not self._is_here,
                headers=self._headers | {"content-type": "application/json"},
            )
        return self._client

    def _body(self, response: httpx2.Response) -> bytes:
        import time

        until = time.monotonic() + WHOLE_ANSWER * self._timeout_s
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise self._wrong(f"more than {_MOST_BYTES // 1_000_000} MB")
            if time.monotonic() > until:
                raise Again(self._silent(f"did not finish its answer in {WHOLE_ANSWER * self._timeout_s:g} s"))
        return bytes(body)

    def _check_status(self, status: int, retry_after: str) -> None:
        if status == 200:
            return
        if status in PASSING:
            raise Again(self._silent(f"answered {status}"), retry_after_s(retry_after))
        if status in (401, 403):
            raise InvalidInput(f"{self._host} refuses the key ({status})", hint="is the embedder's key right?")
        if status == 404:
            raise NotFound(
                f"{self._host} has no model {self._model!r}, or no embeddings at this address",
                hint="the settings embedder_model and embedder_url",
            )
        if 400 <= status < 500:
            raise InvalidInput(f"{self._host} refuses the request ({status})", hint="does this model embed texts?")
        raise self._wrong(f"status {status}")

    def _read(self, answer: object, count: int) -> list[list[float]]:
        listed = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            raise self._wrong("something without vectors")
        if len(listed) != count:
            raise self._wrong(f"{len(listed)} vectors for {count} texts")
        places = [entry.get("index", place) for place, entry in enumerate(listed)]
        # `True` and `0.0` are equal to numbers, and are none.
        if any(type(place) is not int for place in places) or sorted(places) != list(range(count)):
            raise self._wrong("vectors whose numbers are not those of the texts")
        vectors: list[list[float]] = [[]] * count
        for place, entry in zip(places, listed, strict=True):
            vectors[place] = self._vector(entry.get("embedding"))
        return vectors

    def _vector(self, numbers: object) -> list[float]:
        if not isinstance(numbers, list) or not 0 < len(numbers) <= _MOST_DIMENSIONS:
            raise self._wrong("a vector that is no list of numbers, or has too many")
        if not all(type(number) in (int, float) for number in numbers):
            raise self._wrong("a vector of something else than numbers")
        try:
            largest = float(max(map(abs, numbers)))
            # By the largest first, so that no square is too large or too small.
            scaled = [number / largest for number in numbers]
            length = math.hypot(*scaled)
        except (OverflowError, ZeroDivisionError) as e:
            raise self._wrong("a vector without direction") from e
        if not math.isfinite(largest) or not math.isfinite(length):
            raise self._wrong("a vector of something else than numbers")
        return [number / length for number in scaled]

    def _wrong(self, what: str) -> Unavailable:
        return Unavailable(f"{self._host} answered with {what}", hint="is embedder_url the address of embeddings?")

    def _silent(self, what: str) -> Unavailable:
        return Unavailable(f"{self._host} {what}", hint="notes are found by their words meanwhile; try again later")

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _row(vector: list[float]) -> bytes:
    """Return a vector as signed bytes, the largest 127 or -127."""
    largest = max(map(abs, vector))
    return array("b", [round(number / largest * 127) for number in vector]).tobytes()


def _cosine(row: bytes, other: bytes) -> float:
    a, b = array("b", row), array("b", other)
    lengths = math.hypot(*a) * math.hypot(*b)
    return sum(map(int.__mul__, a, b)) / lengths if lengths else 0.0


def _bytes(vector: list[float]) -> bytes:
    from struct import pack

    return pack(f"<{len(vector)}f", *vector)
