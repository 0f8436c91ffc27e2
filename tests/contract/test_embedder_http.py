"""An embedder at a service, spoken by a real HTTP server on this machine that can be told to fail."""

from __future__ import annotations

import json
import math
import threading
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from struct import unpack
from typing import TYPE_CHECKING, Any

import pytest

from scribes.adapters.embedder_http import PROBE, HttpEmbedder
from scribes.errors import InvalidInput, NotFound, ScribesError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Connect = Callable[..., HttpEmbedder]

KEY = "secret-key-1234"
MODEL = "a-model"
DIMENSIONS = 8
PRAYER = "Lord, have mercy on Anna"


def numbers_of(text: str, model: str = MODEL) -> list[float]:
    return [byte / 100 - 1.0 for byte in sha256(f"{model}\n{text}".encode()).digest()[:DIMENSIONS]]


class Service(BaseHTTPRequestHandler):
    """Speaks `/v1/embeddings`; `faults` are done first, one a request; `change` alters an answer."""

    protocol_version = "HTTP/1.1"
    faults: list[Callable[[Service], None]]
    asked: list[dict[str, Any]]
    change: Callable[[dict[str, Any]], Any] | None
    models: dict[str, str]

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append({"path": self.path, "key": self.headers["authorization"], **question})
        if self.faults:
            self.faults.pop(0)(self)
            return
        if question["model"] not in self.models:
            self.answer(404, b'{"error": "no such model"}')
            return
        listed = [
            {"object": "embedding", "index": n, "embedding": numbers_of(text, self.models[question["model"]])}
            for n, text in enumerate(question["input"])
        ]
        answer: Any = {"object": "list", "model": question["model"], "data": listed[::-1]}
        self.answer(200, json.dumps(self.change(answer) if self.change else answer).encode())

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass


@pytest.fixture
def service() -> Iterator[type[Service]]:
    handler = type("Told", (Service,), {"faults": [], "asked": [], "change": None, "models": {MODEL: MODEL}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    # A client that hangs up is part of the tests.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    handler.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def connect(service: Any, waits: list[float]) -> Iterator[Connect]:
    """Makes an embedder, and closes it in the end."""
    made: list[HttpEmbedder] = []

    def connect(model: str = MODEL, **more: Any) -> HttpEmbedder:
        options = {"url": service.url, "api_key": KEY, "timeout_s": 5, "sleep": waits.append} | more
        made.append(HttpEmbedder(options.pop("url"), model, **options))
        return made[-1]

    yield connect
    for embedder in made:
        embedder.close()


@pytest.fixture
def embedder(connect: Connect) -> HttpEmbedder:
    return connect()


def fails(status: int, **headers: str) -> Callable[[Service], None]:
    return lambda service: service.answer(status, PRAYER.encode(), **headers)


def says(body: bytes) -> Callable[[Service], None]:
    return lambda service: service.answer(200, body)


def floats(vector: bytes) -> tuple[float, ...]:
    return unpack(f"<{len(vector) // 4}f", vector)


def changed(**fields: Any) -> Callable[[dict[str, Any]], Any]:
    def change(answer: dict[str, Any]) -> Any:
        answer["data"][0].update(fields)
        return answer

    return change


def test_vectors_have_length_one_and_the_order_of_the_texts(embedder: HttpEmbedder) -> None:
    found = embedder.embed(["grace", "peace"])

    for text, vector in zip(("grace", "peace"), found, strict=True):
        expected = numbers_of(text)
        assert floats(vector) == pytest.approx([n / math.hypot(*expected) for n in expected], abs=1e-6)


def test_nothing_is_sent_before_something_is_asked(embedder: HttpEmbedder, service: Any) -> None:
    assert embedder.name == "http"
    assert service.asked == []


def test_dimensions_come_from_one_probe_and_it_is_not_repeated(embedder: HttpEmbedder, service: Any) -> None:
    assert embedder.dimensions == DIMENSIONS
    assert (len(embedder.digest), len(embedder.probe())) == (16, DIMENSIONS)
    assert [asked["input"] for asked in service.asked] == [[PROBE]]


def test_many_texts_go_in_several_requests(embedder: HttpEmbedder, service: Any) -> None:
    texts = [f"text {n}" for n in range(70)]

    assert len(embedder.embed(texts)) == 70
    assert [text for asked in service.asked for text in asked["input"]] == [PROBE, *texts]
    assert [len(asked["input"]) for asked in service.asked] == [33, 32, 6]


def test_no_texts_send_nothing(embedder: HttpEmbedder, service: Any) -> None:
    assert embedder.embed([]) == []
    assert service.asked == []


def test_prefixes_stand_before_questions_and_texts(connect: Connect, service: Any) -> None:
    embedder = connect(prefixes=("query: ", "passage: "))
    embedder.embed(["grace"])
    embedder.embed_query("grace")

    assert [asked["input"] for asked in service.asked] == [[f"passage: {PROBE}", "passage: grace"], ["query: grace"]]
    assert embedder.digest != connect().digest


def test_blank_texts_and_half_pairs_are_sent_as_something_a_service_takes(embedder: HttpEmbedder, service: Any) -> None:
    embedder.embed(["", " \n", "a\udc80b"])

    assert service.asked[0]["input"][1:] == [".", ".", "a?b"]


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/embeddings"])
def test_an_address_may_be_given_short_or_in_full(connect: Connect, service: Any, path: str) -> None:
    connect(url=service.url + path).embed(["grace"])

    assert {asked["path"] for asked in service.asked} == {"/v1/embeddings"}
    assert {asked["key"] for asked in service.asked} == {f"Bearer {KEY}"}


def test_the_digest_knows_the_model_and_not_the_address(connect: Connect, service: Any) -> None:
    service.models["b-model"] = MODEL
    one = connect()

    assert one.digest == connect(url=service.url.replace("127.0.0.1", "localhost")).digest
    assert one.digest != connect("b-model").digest


def test_a_model_that_is_assumed_has_its_digest_without_being_asked(connect: Connect, service: Any) -> None:
    before = connect()
    kept, digest = before.probe(), before.digest
    service.asked.clear()
    after = connect()
    after.assume(kept)

    assert (after.digest, after.dimensions) == (digest, DIMENSIONS)
    assert after.digest_for(kept) == digest
    assert service.asked == []


def test_a_model_that_changed_under_its_name_is_noticed_with_the_first_texts(connect: Connect, service: Any) -> None:
    before = connect()
    kept, digest = before.probe(), before.digest
    service.models[MODEL] = "another"
    after = connect()
    after.assume(kept)

    with pytest.raises(Unavailable, match="not the one it was"):
        after.embed(["grace"])
    assert after.digest != digest
    assert after.digest == connect().digest
    assert len(after.embed(["grace"])) == 1


def test_a_model_whose_last_digits_vary_is_the_same(connect: Connect, service: Any) -> None:
    before = connect()
    kept, digest = before.probe(), before.digest

    def vary(answer: dict[str, Any]) -> Any:
        for entry in answer["data"]:
            entry["embedding"] = [n + 0.004 * (-1) ** place for place, n in enumerate(entry["embedding"])]
        return answer

    service.change = staticmethod(vary)
    after = connect()
    after.assume(kept)
    after.embed(["grace"])

    assert connect().probe() != kept
    assert after.digest == digest


@pytest.mark.parametrize("kept", [b"\x01" * (DIMENSIONS + 1), bytes(DIMENSIONS), b"\x01"])
def test_a_probe_of_another_kind_is_another_model(connect: Connect, kept: bytes) -> None:
    embedder = connect()
    embedder.assume(kept)

    with pytest.raises(Unavailable):
        embedder.embed(["grace"])


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_service_that_is_busy_is_asked_again(embedder: HttpEmbedder, service: Any, status: int) -> None:
    service.faults += [fails(status), fails(status)]

    assert embedder.dimensions == DIMENSIONS
    assert len(service.asked) == 3


def test_retry_after_is_kept(embedder: HttpEmbedder, service: Any, waits: list[float]) -> None:
    service.faults.append(fails(429, Retry_After="7"))
    embedder.embed(["grace"])

    assert waits == [7.0]


def test_a_long_retry_after_is_not_waited_for(embedder: HttpEmbedder, service: Any, waits: list[float]) -> None:
    service.faults.append(fails(429, Retry_After="3600"))

    with pytest.raises(Unavailable):
        embedder.embed(["grace"])
    assert waits == []


def test_a_question_is_tried_once(embedder: HttpEmbedder, service: Any, waits: list[float]) -> None:
    service.faults.append(fails(500))

    with pytest.raises(Unavailable):
        embedder.embed_query("grace")
    assert waits == []
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("status", "error", "asked"),
    [(401, InvalidInput, 1), (403, InvalidInput, 1), (404, NotFound, 1), (400, InvalidInput, 1), (413, InvalidInput, 1),
     (302, Unavailable, 1), (204, Unavailable, 1), (500, Unavailable, 3)],
)  # fmt: skip
def test_refusals_are_ours_and_repeat_nothing_the_service_says(
    embedder: HttpEmbedder, service: Any, status: int, error: type[ScribesError], asked: int
) -> None:
    service.faults += [fails(status, Location="http://elsewhere.invalid/")] * 3

    with pytest.raises(error) as raised:
        embedder.embed([PRAYER])
    told = f"{raised.value} {raised.value.hint} {embedder!r}"
    assert len(service.asked) == asked
    assert raised.value.hint
    assert PRAYER not in told
    assert KEY not in told


ENTRY = {"index": 0, "embedding": [1.0] * DIMENSIONS}


@pytest.mark.parametrize(
    "body",
    [b"", b"no JSON", b"[]", b"null", b"{}", b'{"data": {}}', b'{"data": [1]}', b'{"data": []}', b"\xff\xfe",
     b"[" * 100_000,
     json.dumps({"data": [ENTRY, ENTRY]}).encode(),
     *(json.dumps({"data": [{**ENTRY, "embedding": bad}]}).encode()
       for bad in (None, [], "AAAA", [[1.0]], [None] * 8, [True] * 8, ["1"] * 8, [0.0] * 8, [10**400] * 8,
                   [math.nan] + [1.0] * 7, [1.0] * 7 + [math.nan], [math.inf] * 8, [-math.inf] + [0.0] * 7,
                   [1.0] * 9000)),
     *(json.dumps({"data": [{**ENTRY, "index": bad}]}).encode() for bad in (1, -1, "0", None, True, 0.0)),
     b'{"data": [{"index": 0, "embedding": [' + b"1.0," * 2_100_000 + b"1.0]}]}"],
    ids=lambda body: repr(body[:50]),
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(embedder: HttpEmbedder, service: Any, body: bytes) -> None:
    service.faults += [says(body)] * 3

    with pytest.raises(Unavailable) as raised:
        embedder.embed_query("grace")
    assert raised.value.hint


def test_numbers_of_any_size_become_a_vector(embedder: HttpEmbedder, service: Any) -> None:
    for numbers in ([1e300] * DIMENSIONS, [1e-300] * DIMENSIONS, [3] * DIMENSIONS):
        service.change = staticmethod(changed(embedding=numbers))

        assert math.hypot(*floats(embedder.embed_query("grace"))) == pytest.approx(1, abs=1e-6)


def test_an_answer_without_indexes_is_taken_in_its_order(embedder: HttpEmbedder, service: Any) -> None:
    def without(answer: dict[str, Any]) -> Any:
        return {"data": [{"embedding": entry["embedding"]} for entry in reversed(answer["data"])]}

    plain = embedder.embed(["grace", "peace"])
    service.change = staticmethod(without)

    assert embedder.embed(["grace", "peace"]) == plain


def test_vectors_that_change_their_length_are_refused(embedder: HttpEmbedder, service: Any) -> None:
    assert embedder.dimensions == DIMENSIONS
    service.change = staticmethod(changed(embedding=[1.0] * (DIMENSIONS + 1)))

    with pytest.raises(Unavailable):
        embedder.embed(["grace"])


def test_a_service_that_does_not_answer_in_time_is_unavailable(connect: Connect, service: Any) -> None:
    service.faults += [lambda _: time.sleep(0.6)] * 2
    embedder = connect(timeout_s=0.1, tries=2)

    with pytest.raises(Unavailable, match=r"0\.1 s"):
        embedder.embed([PRAYER])


def test_a_service_that_drips_is_unavailable(connect: Connect, service: Any) -> None:
    def drip(told: Service) -> None:
        told.send_response(200)
        told.send_header("content-length", "1000")
        told.end_headers()
        try:
            for _ in range(20):
                told.wfile.write(b" ")
                told.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass

    service.faults.append(drip)
    embedder = connect(timeout_s=0.2, tries=1)

    with pytest.raises(Unavailable):
        embedder.embed([PRAYER])


def test_no_service_is_unavailable(connect: Connect) -> None:
    with pytest.raises(Unavailable) as raised:
        connect(url="http://127.0.0.1:1", tries=1).embed([PRAYER])
    assert "words" in (raised.value.hint or "")


def test_a_proxy_is_not_told_what_is_for_this_machine(
    connect: Connect, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert connect(tries=1).dimensions == DIMENSIONS


@pytest.mark.parametrize(
    "url",
    ["", "ollama", "ftp://here", "http://", "https://user:pass@host", "http://localhost:port", "http://[::1",
     "https://h/?k=v", "http://example.org", "http://10.0.0.2:11434", "http://localhost.example.org"],
)  # fmt: skip
def test_an_address_that_is_none_or_open_to_others_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        HttpEmbedder(url, MODEL)
    assert "pass" not in raised.value.message.replace("password", "")


def test_plain_http_elsewhere_has_to_be_asked_for() -> None:
    assert HttpEmbedder("http://10.0.0.2:11434", MODEL, is_plain_http_allowed=True).name == "http"
    assert HttpEmbedder("https://example.org", MODEL).name == "http"


@pytest.mark.parametrize("key", ["line\nbreak", "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        HttpEmbedder("https://example.org", MODEL, api_key=key)
    assert key not in str(raised.value)


def test_a_model_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidInput):
        HttpEmbedder("https://example.org", " ")
