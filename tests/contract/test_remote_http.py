"""A server as a remote where things go wrong: what it answers, what breaks off, what it must not be sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from scribes.adapters.remote_http import HttpRemote, address
from scribes.domain.frames import page_to_bytes
from scribes.errors import (
    Conflict,
    Damaged,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    Outrun,
    ScribesError,
    StorageFull,
    Unavailable,
)
from scribes.models.servers import Tokens
from scribes.models.sync import Page

ID, ACCOUNT, SPACE = b"i" * 16, b"a" * 16, b"s" * 16
ABOUT = {"id": ID.hex(), "account": ACCOUNT.hex(), "limits": {"body_bytes": 1_000}, "features": []}
SECRET = "the access token"
Answering = Callable[[httpx2.Request], httpx2.Response]


class Store:
    """Tokens in memory."""

    def __init__(self, *, expires_us: int = 1 << 60, access: str = SECRET) -> None:
        self.kept: list[Tokens] = [Tokens(access, "refresh", expires_us)]

    def tokens(self) -> Tokens | None:
        return self.kept[-1] if self.kept else None

    def keep(self, tokens: Tokens) -> None:
        self.kept.append(tokens)

    @contextmanager
    def alone(self) -> Iterator[None]:
        yield


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@pytest.fixture(autouse=True)
def remotes() -> Iterator[None]:
    yield
    while made:
        made.pop().close()


made: list[HttpRemote] = []


def remote(answer: Answering, store: Store | None = None) -> HttpRemote:
    def streamed(request: httpx2.Request) -> httpx2.Response:
        """As from a network: nothing is read before the client reads it."""
        given = answer(request)
        return httpx2.Response(given.status_code, headers=given.headers, stream=httpx2.ByteStream(given.content))

    made.append(HttpRemote("https://notes.example.org", store or Store(), transport=httpx2.MockTransport(streamed)))
    return made[-1]


def error(status: int, code: str, **headers: str) -> httpx2.Response:
    said = {"error": {"code": code, "message": "words of the server", "traceId": "1"}}
    return httpx2.Response(status, json=said, headers=headers)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (409, "outrun", Outrun), (403, "forbidden", Forbidden), (403, "sealed", Forbidden), (422, "malformed", Damaged),
        (422, "invalid", InvalidInput), (507, "full", StorageFull), (409, "conflict", Conflict),
        (413, "too_large", InvalidInput), (429, "too_many", Unavailable), (503, "busy", Unavailable),
        (500, "failure", Unavailable), (500, "damaged", Unavailable), (502, "x", Unavailable),
        (423, "locked", Conflict), (401, "wrong_key", Conflict), (418, "no such code", Conflict),
    ],
)  # fmt: skip
def test_what_the_server_says_is_the_error_it_names(status: int, code: str, kind: type[ScribesError]) -> None:
    def answering(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/auth/refresh":
            return httpx2.Response(200, json={"access_token": "n", "refresh_token": "r", "expires_in": 900})
        return error(status, code)

    with pytest.raises(kind) as caught:
        remote(answering).append(SPACE, [b"x"])

    assert SECRET not in str(caught.value)
    assert caught.value.code != "locked"


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, text="<html>"), httpx2.Response(200, json=[]), httpx2.Response(200, json={}),
        httpx2.Response(200, json={"id": "zz"}), httpx2.Response(200, json={**ABOUT, "account": 5}),
        httpx2.Response(302, headers={"location": "https://elsewhere.example.org/"}), httpx2.Response(500),
        httpx2.Response(200, content=b"\xff\xfe"), httpx2.Response(200, text="[" * 100_000),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_server_of_scribes_is_unavailable_and_nothing_follows_it(answer: httpx2.Response) -> None:
    asked: list[str] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return answer

    with pytest.raises(Unavailable) as caught:
        remote(answering).identify()

    assert set(asked) == {"notes.example.org"}
    assert SECRET not in f"{caught.value} {caught.value.hint}"


def test_where_nothing_of_scribes_is_there_it_says_so() -> None:
    with pytest.raises(NotFound):
        remote(lambda _: httpx2.Response(404, text="nginx")).identify()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"\0\0\0\2{}", b"\0\0\0\xffx", page_to_bytes(Page((), "", more=False, generation="", heads={})),
        page_to_bytes(Page((), "", more=False, generation="", heads={}), remote="zz"),
    ],
)  # fmt: skip
def test_a_page_that_is_none_is_unavailable(body: bytes) -> None:
    with pytest.raises(Unavailable):
        remote(lambda _: httpx2.Response(200, content=body)).fetch(SPACE, "", limit_bytes=1)


def test_another_server_in_the_middle_of_it_is_noticed() -> None:
    ids = iter([ID, b"o" * 16])

    def answering(request: httpx2.Request) -> httpx2.Response:
        page = Page((b"x",), "1", more=False, generation="1", heads={})
        return httpx2.Response(200, content=page_to_bytes(page, remote=next(ids).hex()))

    one = remote(answering)
    one.fetch(SPACE, "", limit_bytes=1)
    with pytest.raises(Conflict, match="another server"):
        one.fetch(SPACE, "", limit_bytes=1)


@pytest.mark.parametrize(
    "broken", [httpx2.ConnectError, httpx2.ReadError, httpx2.ReadTimeout, httpx2.RemoteProtocolError]
)
def test_a_connection_that_breaks_is_tried_again(broken: type[httpx2.HTTPError], waits: list[float]) -> None:
    tries: list[int] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        tries.append(1)
        if len(tries) < 3:
            raise broken("about the token " + request.headers["authorization"])  # type: ignore[call-arg]
        return httpx2.Response(200, json={"seq": 1, "fresh": 1})

    remote(answering).append(SPACE, [b"x"])
    assert (len(tries), len(waits)) == (3, 2)


def test_a_connection_that_stays_broken_is_unavailable_and_says_nothing_of_what_was_sent() -> None:
    def answering(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadError("about the token " + request.headers["authorization"])

    with pytest.raises(Unavailable, match="broke the connection off") as caught:
        remote(answering).identify()

    found: BaseException | None = caught.value
    while found is not None:
        assert SECRET not in str(found)
        found = found.__cause__


def test_a_pause_that_is_asked_for_is_kept(waits: list[float]) -> None:
    answers = iter([error(429, "too_many", **{"retry-after": "7"}), httpx2.Response(200, json=ABOUT)])
    assert remote(lambda _: next(answers)).identify() == ID

    assert waits == [7.0]


def test_a_login_is_not_sent_twice_where_an_answer_was_lost() -> None:
    tries: list[str] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        tries.append(request.url.path)
        raise httpx2.ReadError("lost")

    with pytest.raises(Unavailable):
        remote(answering).sign_in("a@b", "s1$x", "desk")
    assert tries == ["/v1/auth/login"]
    tries.clear()
    with pytest.raises(Unavailable):
        remote(answering, Store(expires_us=0)).identify()
    assert tries == ["/v1/auth/refresh"]


def test_a_server_that_sends_a_mail_first_is_given_its_code() -> None:
    store, said = Store(), []

    def answering(request: httpx2.Request) -> httpx2.Response:
        assert "authorization" not in request.headers
        said.append((request.url.path, json.loads(request.content)))
        if request.url.path == "/v1/auth/signup":
            return httpx2.Response(202, json={"status": "a mail is on its way"})
        return httpx2.Response(201, json={"access_token": "new", "refresh_token": "next", "expires_in": 900})

    one = remote(answering, store)
    assert one.sign_up("a@b", "s1$x", name="Anna", device_name="desk", invite="") is None
    one.confirm("the code", "desk")

    assert said[1] == ("/v1/auth/signup/confirm", {"code": "the code", "device_name": "desk"})
    assert store.kept[-1].access == "new"


def test_new_tokens_are_kept_before_they_are_used() -> None:
    store = Store(expires_us=0)

    def answering(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/auth/refresh":
            assert json.loads(request.content) == {"refresh_token": "refresh"}
            assert "authorization" not in request.headers
            return httpx2.Response(200, json={"access_token": "new", "refresh_token": "next", "expires_in": 900})
        assert request.headers["authorization"] == "Bearer new"
        assert store.kept[-1].refresh == "next"
        return httpx2.Response(200, json=ABOUT)

    assert remote(answering, store).identify() == ID


def test_a_token_that_the_server_does_not_know_is_renewed_once_and_then_the_end() -> None:
    asked: list[str] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        if request.url.path == "/v1/auth/refresh":
            return httpx2.Response(200, json={"access_token": "new", "refresh_token": "next", "expires_in": 900})
        return error(401, "not_signed_in")

    with pytest.raises(NotSignedIn) as caught:
        remote(answering).identify()

    assert asked == ["/v1/sync", "/v1/auth/refresh", "/v1/sync"]
    assert caught.value.hint == "scribes login https://notes.example.org"


def test_who_is_not_signed_in_asks_nobody() -> None:
    store = Store()
    store.kept.clear()
    with pytest.raises(NotSignedIn):
        remote(lambda _: httpx2.Response(500), store).identify()


def test_entries_go_in_as_many_requests_as_the_server_wants() -> None:
    sizes: list[int] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=ABOUT)
        sizes.append(len(request.content))
        return httpx2.Response(200, json={"seq": 1, "fresh": 1})

    one = remote(answering)
    one.identify()
    one.append(SPACE, [b"x" * 300] * 7)
    one.append(SPACE, [b"x" * 2_000])

    assert sizes == [912, 912, 304, 2_004]


def test_what_was_asked_ahead_is_good_once_and_for_the_same_place_only() -> None:
    asked: list[str] = []
    end = {"cursor": "5", "generation": "1", "heads": {}, "more": False}

    def answering(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        if request.method == "POST":
            spaces = {SPACE.hex(): end, ID.hex(): {**end, "more": True}, ACCOUNT.hex(): None}
            said: dict[str, Any] = {"remote": ID.hex(), "account": ACCOUNT.hex(), "spaces": spaces}
            return httpx2.Response(200, json=said)
        page = Page((b"x",), "6", more=False, generation="1", heads={})
        return httpx2.Response(200, content=page_to_bytes(page, remote=ID.hex()))

    one = remote(answering)
    for after, entries in (("5", ()), ("4", (b"x",))):
        one.ask_ahead({SPACE: "5", ID: "5", ACCOUNT: "5"})
        assert one.fetch(SPACE, after, limit_bytes=1).entries == entries
    assert one.fetch(SPACE, "5", limit_bytes=1).entries == (b"x",)
    one.ask_ahead({SPACE: "5", ID: "5"})
    assert one.fetch(ID, "5", limit_bytes=1).entries == (b"x",)
    one.ask_ahead({})
    assert one.fetch(SPACE, "5", limit_bytes=1).entries == (b"x",)
    assert one.identify() == ID
    assert "/v1/sync" not in asked


def test_an_answer_that_goes_on_for_ever_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scribes.adapters.remote_http.connection.MOST_ANSWER_BYTES", 1_000)
    with pytest.raises(Unavailable):
        remote(lambda _: httpx2.Response(200, content=b"x" * 1_001)).identify()


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ("https://notes.example.org/", "https://notes.example.org"),
        ("notes.example.org", "https://notes.example.org"),
        (" https://Notes.Example.org:8443/scribes/ ", "https://notes.example.org:8443/scribes"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_has_one_spelling(given: str, is_taken: str) -> None:
    assert address(given) == is_taken


@pytest.mark.parametrize(
    "given",
    [
        "", " ", "http://notes.example.org", "ftp://notes.example.org", "https://", "https://user:word@notes.example.org",
        "https://notes.example.org?x=1", "https://notes.example.org#x", "https://[::1", "https://x:99999",
        "http://127.0.0.1.example.org", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_could_be_read_on_the_way_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        address(given)

    assert "word" not in caught.value.message
