"""The services of Bible texts, spoken by a real HTTP server on this machine that can be told to fail."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from scribes.adapters.scripture_http import RemoteText, connect, pieces
from scribes.adapters.scripture_http.fetching import Breaker, Fetcher
from scribes.adapters.scripture_http.services import KNOWN, Esv
from scribes.errors import InvalidInput, NotFound, Unavailable
from scribes.scripture import canon, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "secret-key-1234"
ROMANS_8 = {v.ordinal % 1000: v.text for v in texts.read(45008001, 45008039)}


class Services(BaseHTTPRequestHandler):
    """Speaks the four services' formats from the bundled text; `faults` are done first, one a request."""

    protocol_version = "HTTP/1.1"
    faults: list[Callable[[Services], None]]
    asked: list[str]

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.faults:
            self.faults.pop(0)(self)
            return
        url = urlsplit(self.path)
        parts = url.path.strip("/").split("/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        answer = self._answer(parts, query)
        self.answer(404 if answer is None else 200, json.dumps(answer or {"error": "none"}).encode())

    def _answer(self, parts: list[str], query: dict[str, str]) -> Any:
        if parts[0] == "api":
            return self._helloao(parts[1], parts[2], int(parts[3].removesuffix(".json")))
        if parts[0] == "v3":
            return self._esv(query) if self.headers["authorization"] == f"Token {KEY}" else self._refuse()
        if parts[:2] == ["v1", "bibles"]:
            return self._api_bible(parts[2], parts[4]) if self.headers["api-key"] == KEY else self._refuse()
        if parts[0] == "data":
            return self._bible_api(parts[2], int(parts[3]))
        return None

    def _refuse(self) -> None:
        self.answer(401, b'{"detail": "no"}')
        raise ConnectionAbortedError

    def _verses(self, book: str, chapter: int, first: int = 1, last: int = 999) -> list[tuple[int, str]]:
        start = canon.ordinal(canon.book_number(book) or 0, chapter, first)
        found = texts.read(start, canon.ordinal(start // 1_000_000, chapter, last))
        return [(verse.ordinal % 1000, verse.text) for verse in found]

    def _helloao(self, translation: str, book: str, chapter: int) -> Any:
        if translation == "NOPE":
            return None
        content: list[Any] = [{"type": "heading", "content": ["Heading"]}, {"type": "line_break"}]
        for number, text in self._verses(book, chapter):
            first, _, rest = text.partition(" ")
            parts = [first, {"noteId": 1}, {"lineBreak": True}, {"heading": "no"}, {"text": rest, "poem": 1}]
            content.append({"type": "verse", "number": number, "content": parts})
        return {
            "translation": {"id": translation},
            "book": {"id": book},
            "chapter": {"number": chapter, "content": content, "footnotes": []},
        }

    def _esv(self, query: dict[str, str]) -> Any:
        start, end = (int(part) for part in query["q"].split("-"))
        found = texts.read(start, end)
        passage = "  " + " ".join(f"[{v.ordinal % 1000}] {v.text}\n\n" for v in found)
        return {"query": query["q"], "canonical": "x", "parsed": [[start, end]], "passages": [passage]}

    def _api_bible(self, bible: str, passage: str) -> Any:
        first, _, last = passage.partition("-")
        book, chapter, verse = first.split(".")
        found = self._verses(book, int(chapter), int(verse), int(last.split(".")[2]))
        content = "     " + " ".join(f"[{number}] {text}" for number, text in found)
        return {"data": {"id": passage, "bibleId": bible, "content": content, "copyright": "PD"}, "meta": {}}

    def _bible_api(self, book: str, chapter: int) -> Any:
        verses = [
            {"book_id": book, "book": book, "chapter": chapter, "verse": number, "text": text + "\n"}
            for number, text in self._verses(book, chapter)
        ]
        return {"translation": {"identifier": "web"}, "verses": verses}

    def answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server:
    def __init__(self) -> None:
        handler = type("Handler", (Services,), {"faults": [], "asked": []})
        self.faults: list[Callable[[Services], None]] = handler.faults  # type: ignore[attr-defined]
        self.asked: list[str] = handler.asked  # type: ignore[attr-defined]
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.waited: list[float] = []
        self._remotes: list[RemoteText] = []

    def remote(self, name: str = "helloao", **options: Any) -> RemoteText:
        translation = options.pop("translation", None)
        service = KNOWN[name](translation=translation, key=options.pop("key", KEY), base_url=self.url)
        made = RemoteText(service, timeout_s=options.pop("timeout_s", 5.0), sleep=self.waited.append, **options)
        self._remotes.append(made)
        return made

    def close(self) -> None:
        for remote in self._remotes:
            remote.close()
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def status(code: int, headers: dict[str, str] | None = None) -> Callable[[Services], None]:
    return lambda handler: handler.answer(code, b"{}", headers)


def body(data: bytes) -> Callable[[Services], None]:
    return lambda handler: handler.answer(200, data)


def truncated(handler: Services) -> None:
    handler.answer(200, b'{"book": {"id": "ROM"', length=5_000)
    handler.close_connection = True


def hung_up(handler: Services) -> None:
    handler.close_connection = True
    handler.connection.close()


def silent(handler: Services) -> None:
    time.sleep(0.6)
    handler.close_connection = True


def dripping(handler: Services) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize("name", list(KNOWN))
def test_each_service_gives_the_verses_of_a_passage_word_for_word(server: Server, name: str) -> None:
    verses = server.remote(name).read(45008028, 45008030)

    assert [(v.ordinal, v.text) for v in verses] == [(45008000 + n, ROMANS_8[n]) for n in (28, 29, 30)]


@pytest.mark.parametrize("name", list(KNOWN))
def test_a_passage_over_chapters_is_put_together(server: Server, name: str) -> None:
    verses = server.remote(name).read(45008039, 45009002)

    assert [v.ordinal for v in verses] == [45008039, 45009001, 45009002]


@pytest.mark.parametrize("name", list(KNOWN))
def test_what_was_read_is_kept_and_not_asked_for_again(server: Server, name: str, tmp_path: Path) -> None:
    server.remote(name, folder=tmp_path).read(45008028, 45008030)
    again = server.remote(name, folder=tmp_path).read(45008029, 45008029)

    assert len(server.asked) == 1
    assert again[0].text == ROMANS_8[29]


def test_a_verse_the_translation_lacks_is_not_asked_for_again_and_again(server: Server) -> None:
    remote = server.remote()
    remote.read(44008036, 44008038)
    found = remote.read(44008036, 44008038)

    assert [v.ordinal for v in found] == [44008036, 44008038]
    assert len(server.asked) == 1


def test_a_key_goes_in_the_header_and_never_in_the_address(server: Server) -> None:
    for name in ("esv", "api.bible"):
        server.remote(name).read(43011035, 43011035)

    assert KEY not in "".join(server.asked)


@pytest.mark.parametrize(
    "fault",
    [
        status(500),
        status(503),
        status(429),
        body(b"<html>"),
        body(b"[]"),
        body(b"{}"),
        truncated,
        hung_up,
        body(b'"' + b"x" * 2_100_000),
    ],
)
def test_a_passing_fault_is_tried_again_after_a_wait(server: Server, fault: Callable[[Services], None]) -> None:
    server.faults[:] = [fault]
    verses = server.remote().read(45008028, 45008028)

    assert verses[0].text == ROMANS_8[28]
    assert len(server.asked) == 2
    assert len(server.waited) == 1
    assert 0 < server.waited[0] <= 1.0


@pytest.mark.parametrize(
    "fault",
    [
        status(502),
        body(b"\xff\xfe"),
        body(b"[" * 100_000),
        truncated,
        hung_up,
        body(b"null"),
        body(b'{"book":{"id":"GEN"}}'),
    ],
)
def test_a_fault_that_stays_is_unavailable_after_all_tries(server: Server, fault: Callable[[Services], None]) -> None:
    server.faults[:] = [fault] * 3
    with pytest.raises(Unavailable):
        server.remote().read(45008028, 45008028)

    assert len(server.asked) == 3
    assert len(server.waited) == 2


def test_a_server_that_says_nothing_is_given_up_in_time(server: Server) -> None:
    server.faults[:] = [silent] * 2
    began = time.monotonic()
    with pytest.raises(Unavailable, match="did not answer"):
        server.remote(timeout_s=0.2, tries=2).read(45008028, 45008028)

    assert time.monotonic() - began < 2


def test_a_server_that_drips_is_given_up_in_time(server: Server) -> None:
    server.faults[:] = [dripping]
    with pytest.raises(Unavailable, match="finish"):
        server.remote(timeout_s=0.2, tries=1).read(45008028, 45008028)


def test_nothing_listening_is_unavailable(server: Server) -> None:
    remote = server.remote(tries=1)
    remote.service.base_url = "http://127.0.0.1:9"
    with pytest.raises(Unavailable, match="reached"):
        remote.read(45008028, 45008028)


def test_retry_after_is_obeyed_and_a_long_one_is_not_waited_for(server: Server) -> None:
    server.faults[:] = [status(429, {"retry-after": "7"})]
    server.remote().read(45008028, 45008028)
    assert server.waited == [7.0]

    server.faults[:] = [status(429, {"retry-after": "3600"})]
    with pytest.raises(Unavailable):
        server.remote().read(45009001, 45009001)

    assert server.waited == [7.0]


@pytest.mark.parametrize("name", ["esv", "api.bible"])
def test_a_wrong_key_is_not_tried_again(server: Server, name: str) -> None:
    with pytest.raises(InvalidInput, match="key"):
        server.remote(name, key="wrong-key-1234").read(45008028, 45008028)

    assert len(server.asked) == 1


def test_an_unknown_translation_is_not_found(server: Server) -> None:
    with pytest.raises(NotFound):
        server.remote(translation="NOPE").read(45008028, 45008028)

    assert len(server.asked) == 1


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.faults[:] = [status(302, {"location": "http://127.0.0.1:9/"})]
    with pytest.raises(Unavailable):
        server.remote("esv").read(45008028, 45008028)


def answer(value: object) -> Callable[[Services], None]:
    return body(json.dumps(value).encode())


def helloao_chapter(content: object) -> dict[str, object]:
    return {"book": {"id": "ROM"}, "chapter": {"number": 8, "content": content}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("helloao", {"book": {"id": "GEN"}, "chapter": {"number": 8, "content": []}}),
        ("helloao", {"book": {"id": "ROM"}, "chapter": {"number": 9, "content": []}}),
        ("helloao", helloao_chapter("text")),
        ("helloao", helloao_chapter([{"type": "verse", "number": "28", "content": ["x"]}])),
        ("helloao", helloao_chapter([{"type": "verse", "number": True, "content": ["x"]}])),
        ("helloao", helloao_chapter([{"type": "verse", "number": 28, "content": ["x" * 6_000]}])),
        ("helloao", helloao_chapter([{"type": "verse", "number": 28, "content": None}])),
        ("esv", {"passages": ["[28] x"], "parsed": [[1001001, 1001001]]}),
        ("esv", {"passages": [7], "parsed": [[45008028, 45008028]]}),
        ("api.bible", {"data": {"id": "GEN.1.1", "bibleId": "9879dbb7cfe39e4d-01", "content": "[28] x"}}),
        ("api.bible", {"data": {"id": "ROM.8.28", "bibleId": "other", "content": "[28] x"}}),
        ("bible-api.com", {"verses": [{"book_id": "GEN", "chapter": 8, "verse": 28, "text": "x"}]}),
        ("bible-api.com", {"verses": [{"book_id": "ROM", "chapter": 8, "verse": 28, "text": 5}]}),
        ("bible-api.com", {"verses": {}}),
    ],
)
def test_an_answer_to_another_question_is_never_shown(server: Server, name: str, value: object) -> None:
    server.faults[:] = [answer(value)]
    with pytest.raises(Unavailable):
        server.remote(name, tries=1).read(45008028, 45008028)


def test_control_characters_are_taken_out_and_verses_not_asked_for_are_left_out(server: Server) -> None:
    server.faults[:] = [
        answer({"passages": ["[27] no [28] \x1b[31mred\u202e [99] no"], "parsed": [[45008028, 45008028]]})
    ]
    verses = server.remote("esv").read(45008028, 45008028)

    assert [(v.ordinal, v.text) for v in verses] == [(45008028, "[31mred")]


def test_a_passage_the_service_does_not_have_is_not_found(server: Server) -> None:
    server.faults[:] = [answer({"passages": [], "parsed": []})]
    with pytest.raises(NotFound):
        server.remote("esv").read(45008028, 45008028)


def kept(folder: Path) -> list[int]:
    return [row[0] for row in json.loads((folder / "esv-ESV.json").read_text("utf-8"))]


def test_of_the_esv_never_more_than_500_verses_are_kept(server: Server, tmp_path: Path) -> None:
    remote = server.remote("esv", folder=tmp_path)
    for chapter in range(1, 25):
        remote.read(*canon.whole_chapter(1, chapter))
        remote.read(*canon.whole_chapter(23, chapter))
        assert len(kept(tmp_path)) <= 500

    assert len(kept(tmp_path)) > 450


def test_of_the_esv_never_more_than_half_a_book_is_kept(server: Server, tmp_path: Path) -> None:
    remote = server.remote("esv", folder=tmp_path)
    for chapter in range(1, 5):
        remote.read(*canon.whole_chapter(50, chapter))
        remote.read(*canon.whole_chapter(65, 1))

    assert len([n for n in kept(tmp_path) if n // 1_000_000 == 50]) <= 104 // 2
    assert not [n for n in kept(tmp_path) if n // 1_000_000 == 65]


@pytest.mark.parametrize(("name", "days"), [("esv", 7), ("api.bible", 29), ("helloao", 30), ("bible-api.com", 30)])
def test_what_is_too_old_is_fetched_again(server: Server, tmp_path: Path, name: str, days: int) -> None:
    today = [1_000_000.0]
    remote = server.remote(name, folder=tmp_path, now=lambda: today[0])
    remote.read(45008028, 45008028)
    today[0] += days * 86_400 - 10
    remote.read(45008028, 45008028)
    assert len(server.asked) == 1
    today[0] += 20
    remote.read(45008028, 45008028)

    assert len(server.asked) == 2


@pytest.mark.parametrize("data", ["", "{", "[[1]]", '{"a": 1}', "null", "[" * 100_000])
def test_a_damaged_file_of_kept_verses_is_no_reason_to_fail(server: Server, tmp_path: Path, data: str) -> None:
    (tmp_path / "esv-ESV.json").write_text(data, "utf-8")

    assert server.remote("esv", folder=tmp_path).read(45008028, 45008028)[0].text == ROMANS_8[28]


def test_after_five_failures_nothing_is_sent_for_a_minute(server: Server) -> None:
    clock = [0.0]
    fetcher = Fetcher("esv", timeout_s=5, tries=5, sleep=server.waited.append, clock=lambda: clock[0])
    service = Esv(key=KEY, base_url=server.url)
    server.faults[:] = [status(500)] * 6
    with pytest.raises(Unavailable, match="500"):
        fetcher.verses(service, (45, 8, 28, 28))
    with pytest.raises(Unavailable, match="not asked again"):
        fetcher.verses(service, (45, 8, 28, 28))
    assert len(server.asked) == 5

    # One try decides: it fails, and the door is shut again; a minute later one succeeds, and it is open.
    clock[0] = 61.0
    with pytest.raises(Unavailable, match="not asked again"):
        fetcher.verses(service, (45, 8, 28, 28))
    assert len(server.asked) == 6
    clock[0] = 122.0
    assert fetcher.verses(service, (45, 8, 28, 28)) == {45008028: ROMANS_8[28]}
    fetcher.close()


def test_a_success_forgets_the_failures_before_it() -> None:
    breaker = Breaker("x", clock=lambda: 0.0)
    for _ in range(4):
        breaker.note(is_success=False)
    breaker.note(is_success=True)
    for _ in range(4):
        breaker.note(is_success=False)

    breaker.check()


@pytest.mark.parametrize(
    ("start", "end"), [(45008030, 45008028), (1001001, 66022021), (1001001, 1050026), (45099001, 45099002)]
)
def test_a_passage_that_is_none_or_a_download_is_refused(start: int, end: int) -> None:
    with pytest.raises(InvalidInput):
        pieces(start, end)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("nope", {}),
        ("esv", {}),
        ("api.bible", {"key": ""}),
        ("helloao", {"translation": "../../x"}),
        ("esv", {"key": "evil\r\nx: y-and-more"}),
        ("esv", {"key": "short"}),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(name: str, options: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        connect(name, **options)  # type: ignore[arg-type]


def test_the_default_service_needs_no_key_and_httpx2_is_loaded_only_when_asked() -> None:
    import subprocess
    import sys

    code = "import sys; from scribes.adapters import scripture_http as s; s.connect(); print('httpx2' in sys.modules)"
    env = {"PYTHONPATH": ":".join(sys.path)}
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)

    assert shown.stdout.strip() == "False"
