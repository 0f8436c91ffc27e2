"""Webhooks of circles: what is posted, to whom it may be, and what comes of those who do not answer."""

from __future__ import annotations

import hashlib
import hmac
import queue
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.adapters.webhook_http import WebhookPost
from scribes.domain.webhooks import is_public, target
from scribes.errors import InvalidInput, Unavailable
from scribes.server import delivering
from scribes.server.app import create_app
from scribes.server.settings import ServerSettings
from tests.contract.certificates import Authority

from .conftest import Person
from .receiver import Got, Receiver
from .test_circles import code, joined

DAY_US = 24 * 60 * 60 * 1_000_000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def circle(anna: TestClient) -> str:
    return str(anna.post("/v1/circles", json={"name": "Bethel"}).json()["id"])


@pytest.fixture
def hasty(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again at once, and waits for nobody."""
    monkeypatch.setattr(delivering, "wait_us", lambda *_: 0)
    app.state.server.delivering._post = WebhookPost(is_loopback_allowed=True, step_s=0.3, whole_s=0.6)


def hooked(client: TestClient, circle: str, url: str, **more: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/circles/{circle}/webhooks", json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def until(asked: Callable[[], Any]) -> Any:
    """What is asked for, as soon as there is something."""
    ends_s = time.monotonic() + 15
    while time.monotonic() < ends_s:
        if found := asked():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")


def deliveries(client: TestClient, circle: str, hook: dict[str, Any]) -> list[dict[str, Any]]:
    return list(client.get(f"/v1/circles/{circle}/webhooks/{hook['id']}/deliveries").json())


def is_signed(got: Got, secret: str) -> bool:
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", got.headers["scribes-signature"])
    assert found
    wanted = hmac.new(secret.encode(), f"{found[1]}.".encode() + got.body, hashlib.sha256).hexdigest()
    return abs(time.time() - int(found[1])) < 60 and hmac.compare_digest(wanted, found[2])


def sql(app: FastAPI, text: str, *values: Any) -> list[Any]:
    with app.state.server.host.engine.write() as tx:
        return list(tx.rows(text, values))


# What is posted


def test_what_happens_is_posted_signed_and_without_a_word_of_it(
    anna: TestClient, ben: TestClient, circle: str, receiver: Receiver
) -> None:
    joined(anna, ben, circle)
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Before"})
    hook = hooked(anna, circle, f"{receiver.url}/ok?from=scribes")
    note = ben.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8", "body": "All things"}).json()
    got = receiver.next()

    assert got.path == "/ok?from=scribes"
    assert got.headers["host"] == receiver.url.removeprefix("http://")
    assert is_signed(got, hook["secret"])
    assert not is_signed(got, hook["secret"] + "x")
    assert got.headers["scribes-delivery"] == got.said["id"]
    assert (got.said["type"], got.said["circle"], got.said["webhook"]) == ("activity", circle, hook["id"])
    assert [(one["who"], one["action"], one["kind"], one["item"]) for one in got.said["activities"]] == [
        ("Ben", "added", "note", note["id"])
    ]
    assert b"Romans" not in got.body
    assert b"things" not in got.body
    told = until(lambda: [one for one in deliveries(anna, circle, hook) if one["state"] == "delivered"])
    assert [(one["id"], one["status"], one["attempts"]) for one in told] == [(got.said["id"], 200, 1)]


def test_headings_go_along_where_that_was_wished(anna: TestClient, circle: str, receiver: Receiver) -> None:
    hooked(anna, circle, f"{receiver.url}/ok", with_headings=True)
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8", "body": "All things"})

    said = receiver.next()
    assert said.said["activities"][0]["heading"] == "Romans 8"
    assert b"All things" not in said.body


def test_nothing_of_another_circle_or_of_ones_own_notes_is_posted(
    anna: TestClient, circle: str, receiver: Receiver
) -> None:
    other = anna.post("/v1/circles", json={"name": "Other"}).json()["id"]
    hooked(anna, circle, f"{receiver.url}/ok")
    anna.post("/v1/notes", json={"title": "Mine"})
    anna.post("/v1/notes", params={"circle": other}, json={"title": "Theirs"})
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Ours"})

    assert len(receiver.next().said["activities"]) == 1
    with pytest.raises(queue.Empty):
        receiver.next(within_s=0.3)


def test_the_secret_is_shown_once_and_lies_sealed(app: FastAPI, anna: TestClient, circle: str) -> None:
    hook = hooked(anna, circle, "https://hooks.example.org/scribes")
    listed = anna.get(f"/v1/circles/{circle}/webhooks").json()

    assert hook["secret"].startswith("whsec_")
    assert [one["id"] for one in listed] == [hook["id"]]
    assert "secret" not in listed[0]
    assert hook["secret"].encode() not in sql(app, "SELECT secret FROM webhook")[0][0]


def test_a_webhook_that_was_removed_hears_nothing(anna: TestClient, circle: str, receiver: Receiver) -> None:
    hook = hooked(anna, circle, f"{receiver.url}/ok")
    path = f"/v1/circles/{circle}/webhooks/{hook['id']}"
    assert anna.delete(path).status_code == 204
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8"})

    assert code(anna.delete(path)) == (404, "not_found")
    with pytest.raises(queue.Empty):
        receiver.next(within_s=0.5)


def test_a_webhook_whose_secret_cannot_be_read_any_more_parks_what_it_gets(
    app: FastAPI, anna: TestClient, circle: str, receiver: Receiver
) -> None:
    hook = hooked(anna, circle, f"{receiver.url}/ok")
    sql(app, "UPDATE webhook SET secret = ?", b"x" * 60)
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8"})
    parked = until(lambda: [one for one in deliveries(anna, circle, hook) if one["state"] == "parked"])

    assert parked[0]["said"] == "its secret cannot be read any more"
    assert receiver.got.empty()
    anna.delete(f"/v1/circles/{circle}/webhooks/{hook['id']}")
    assert sql(app, "SELECT count(*) FROM webhook_delivery") == [(0,)]


def test_a_webhook_of_one_circle_is_none_of_another(anna: TestClient, ben: TestClient, circle: str) -> None:
    hook = hooked(anna, circle, "https://hooks.example.org/scribes")
    his = ben.post("/v1/circles", json={"name": "His"}).json()["id"]

    for end in ("", "/test", "/deliveries"):
        method = {"": "DELETE", "/test": "POST", "/deliveries": "GET"}[end]
        path = f"/v1/circles/{his}/webhooks/{hook['id']}{end}"
        assert code(ben.request(method, path)) == (404, "not_found")
        assert code(anna.request(method, f"/v1/circles/{circle}/webhooks/nonsense{end}")) == (422, "invalid")


def test_there_are_ten_at_most(anna: TestClient, circle: str) -> None:
    for _ in range(10):
        hooked(anna, circle, "https://hooks.example.org/scribes")

    more = anna.post(f"/v1/circles/{circle}/webhooks", json={"url": "https://hooks.example.org/scribes"})
    assert code(more) == (409, "conflict")


def test_the_webhook_of_who_is_no_longer_an_admin_is_switched_off(
    anna: TestClient, ben: TestClient, circle: str, receiver: Receiver
) -> None:
    joined(anna, ben, circle, "admin")
    hook = hooked(ben, circle, f"{receiver.url}/ok")
    anna.patch(f"/v1/circles/{circle}/members/Ben", json={"role": "member"})
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8"})

    listed = until(lambda: [one for one in anna.get(f"/v1/circles/{circle}/webhooks").json() if one["disabled_at"]])
    assert listed[0]["disabled_why"] == "who made it is no longer an admin of the circle"
    assert anna.post(f"/v1/circles/{circle}/webhooks/{hook['id']}/test").status_code == 202
    with pytest.raises(queue.Empty):
        receiver.next(within_s=0.5)


# Those who do not answer


def test_who_fails_is_asked_again_with_the_same_id_until_it_is_parked(
    hasty: None, anna: TestClient, circle: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "MOST_ATTEMPTS", 3)
    hook = hooked(anna, circle, f"{receiver.url}/fail")
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8"})
    got = [receiver.next() for _ in range(3)]
    parked = until(lambda: [one for one in deliveries(anna, circle, hook) if one["state"] == "parked"])

    assert len({one.said["id"] for one in got}) == 1
    assert all(is_signed(one, hook["secret"]) for one in got)
    assert [(one["attempts"], one["status"], one["said"]) for one in parked] == [(3, 500, "it answered 500")]
    assert anna.get(f"/v1/circles/{circle}/webhooks").json()[0]["failing_since"]


def test_a_redirect_is_not_followed(hasty: None, anna: TestClient, circle: str, receiver: Receiver) -> None:
    hook = hooked(anna, circle, f"{receiver.url}/redirect")
    anna.post(f"/v1/circles/{circle}/webhooks/{hook['id']}/test")
    parked = until(lambda: [one for one in deliveries(anna, circle, hook) if one["state"] == "parked"])

    assert parked[0]["said"] == "it answered 302, and nobody follows"
    assert receiver.next().path == "/redirect"
    assert receiver.got.empty()


def test_who_is_slow_holds_nobody_up(hasty: None, anna: TestClient, circle: str, receiver: Receiver) -> None:
    slow, quick = (hooked(anna, circle, f"{receiver.url}/{name}") for name in ("slow", "ok"))
    begun_s = time.monotonic()
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8"})
    took_s = time.monotonic() - begun_s
    until(lambda: [one for one in deliveries(anna, circle, quick) if one["state"] == "delivered"])
    said = until(lambda: [one["said"] for one in deliveries(anna, circle, slow) if one["said"]])

    assert took_s < 2
    assert said[0] == "it did not answer in 0.3 s"


def test_an_endless_answer_is_cut_off(hasty: None, anna: TestClient, circle: str, receiver: Receiver) -> None:
    hook = hooked(anna, circle, f"{receiver.url}/big")
    anna.post(f"/v1/circles/{circle}/webhooks/{hook['id']}/test")

    assert until(lambda: [one for one in deliveries(anna, circle, hook) if one["state"] == "delivered"])


def test_who_is_gone_is_switched_off_and_on_again_by_a_test_that_arrives(
    app: FastAPI, hasty: None, anna: TestClient, circle: str, receiver: Receiver
) -> None:
    hook = hooked(anna, circle, f"{receiver.url}/gone")
    path = f"/v1/circles/{circle}/webhooks"
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8"})
    off = until(lambda: [one for one in anna.get(path).json() if one["disabled_at"]])
    assert off[0]["disabled_why"] == "it answered that it is gone (410)"
    receiver.next()

    sql(app, "UPDATE webhook SET url = ?", f"{receiver.url}/ok")
    assert anna.post(f"{path}/{hook['id']}/test").json()["state"] == "waiting"
    until(lambda: not anna.get(path).json()[0]["disabled_at"])
    assert receiver.next().said["type"] == "test"
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 9"})
    assert receiver.next().said["activities"][0]["action"] == "added"


def test_who_fails_for_days_is_switched_off(
    app: FastAPI, hasty: None, anna: TestClient, circle: str, receiver: Receiver
) -> None:
    hook = hooked(anna, circle, f"{receiver.url}/fail")
    sql(app, "UPDATE webhook SET failing_since_us = created_us - ?", 6 * DAY_US)
    anna.post(f"/v1/circles/{circle}/webhooks/{hook['id']}/test")
    off = until(lambda: [one for one in anna.get(f"/v1/circles/{circle}/webhooks").json() if one["disabled_at"]])

    assert off[0]["disabled_why"] == "it failed for 5 days"


# Leases


def test_what_a_dead_process_had_taken_is_taken_again_and_its_late_word_does_not_count(
    app: FastAPI, anna: TestClient, circle: str, receiver: Receiver
) -> None:
    server = app.state.server
    server.delivering.stop()
    hook = hooked(anna, circle, f"{receiver.url}/ok")
    anna.post(f"/v1/circles/{circle}/webhooks/{hook['id']}/test")
    dead = server.delivering.outbox.take()
    other = delivering.Outbox(server.host, server.webhooks)

    assert other.take() is None
    sql(app, "UPDATE webhook_delivery SET leased_us = 1")
    again = other.take()
    assert again.id == dead.id
    server.delivering.outbox.done(dead, 200)
    assert deliveries(anna, circle, hook)[0]["state"] == "waiting"
    other.done(again, 200)
    assert deliveries(anna, circle, hook)[0]["state"] == "delivered"


def test_a_server_that_stops_gives_back_what_it_was_posting(
    app: FastAPI, anna: TestClient, circle: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "END_S", 0.1)
    hook = hooked(anna, circle, f"{receiver.url}/slow")
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8"})
    receiver.next()
    begun_s = time.monotonic()
    app.state.server.delivering.stop()

    assert time.monotonic() - begun_s < 3
    assert sql(app, "SELECT state, attempts, leased_us FROM webhook_delivery") == [("waiting", 0, 0)]
    # One still waits for its receiver, and is not waited for.
    until(lambda: app.state.server.delivering.ended() == ["hooks", "post-0", "post-1", "post-2"])
    assert deliveries(anna, circle, hook)[0]["state"] == "waiting"


def test_what_happened_while_nobody_looked_is_posted_after_a_start(
    app: FastAPI, anna: TestClient, circle: str, receiver: Receiver, people: tuple[Person, Person]
) -> None:
    server = app.state.server
    hooked(anna, circle, f"{receiver.url}/ok")
    server.delivering.stop()
    anna.post("/v1/notes", params={"circle": circle}, json={"title": "Romans 8"})
    server.delivering = delivering.Delivering(server.host, server.webhooks, WebhookPost(is_loopback_allowed=True))
    server.delivering.start()

    assert receiver.next().said["activities"][0]["action"] == "added"


# Where it may go


REFUSED = [
    "http://hooks.example.org/", "https://user:secret@example.org/", "https://example.org:22/", "https://example.org:80/",
    "https://localhost/", "https://localhost:8443/", "https://printer/", "https://db.internal/", "https://nas.local/",
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/",
    "https://10.0.0.1/", "https://172.16.3.4/", "https://192.168.0.1/", "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/", "https://0.0.0.0/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1]/",
    "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fc00::1]/",
    "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[::127.0.0.1]/", "ftp://example.org/", "https://",
    "example.org", "", "https://example.org/#part", "https://example.org/a b", "https://example.org/\r\nX: y",
    "https://exämple.org/", "https://example.org\\@10.0.0.1/", "https://example.org/" + "x" * 2000,
    "https://example.org:99999/", "https://[::1", "gopher://example.org/", "https://10.0.0.1./",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_not_public_is_none_for_a_webhook(url: str) -> None:
    with pytest.raises(InvalidInput):
        target(url)


@pytest.mark.parametrize("url", [one for one in REFUSED if "localhost" not in one and "127.0.0.1" not in one])
def test_only_this_machine_is_let_pass_in_development(url: str) -> None:
    if url not in ("https://[::1]/",):
        with pytest.raises(InvalidInput):
            target(url, is_loopback_allowed=True)


def test_a_public_address_is_taken_apart() -> None:
    found = target("https://hooks.example.org:8443/a/b?c=d")

    assert (found.is_tls, found.host, found.port, found.path) == (True, "hooks.example.org", 8443, "/a/b?c=d")
    assert found.authority == "hooks.example.org:8443"
    assert target("https://[2606:4700::6810:84e5]/").authority == "[2606:4700::6810:84e5]"


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700::6810:84e5"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def named(*addresses: str, port: int = 443) -> Callable[..., Any]:
    """A resolver that leads every name to some addresses."""
    return lambda *_, **__: [(10 if ":" in one else 2, 1, 6, "", (one, port)) for one in addresses]


@pytest.mark.parametrize(
    "addresses",
    [("127.0.0.1",), ("1.1.1.1", "10.0.0.1"), ("169.254.169.254",), ("::1",), ("::ffff:10.0.0.1",), ("fe80::1%1",)],
)
def test_a_name_that_leads_inside_is_not_called(addresses: tuple[str, ...], receiver: Receiver) -> None:
    post = WebhookPost(resolve=named(*addresses, port=receiver.port))

    with pytest.raises(InvalidInput):
        post("https://hooks.example.org/ok", {}, b"{}")
    assert receiver.got.empty()


def test_in_development_a_name_leads_to_this_machine_and_not_into_its_network() -> None:
    with pytest.raises(InvalidInput):
        WebhookPost(is_loopback_allowed=True, resolve=named("192.168.0.1"))("https://hooks.example.org/", {}, b"{}")


def test_by_https_the_certificate_is_that_of_the_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    receiver = Receiver(authority.server("hooks.example.org"))
    trusting, other = (
        WebhookPost(is_loopback_allowed=True, ca=ca, resolve=named("127.0.0.1", port=receiver.port))
        for ca in (str(authority.path), "")
    )
    try:
        assert trusting("https://hooks.example.org/ok", {"X-One": "1"}, b"{}").status == 200
        assert receiver.next().headers["host"] == "hooks.example.org"
        for post, name in ((trusting, "other.example.org"), (other, "hooks.example.org")):
            with pytest.raises(Unavailable, match="certificate"):
                post(f"https://{name}/ok", {}, b"{}")
        assert receiver.got.empty()
    finally:
        receiver.close()


def test_outside_development_this_machine_is_not_called(tmp_path: Path) -> None:
    app = create_app(ServerSettings(data_folder=str(tmp_path / "server")))
    server = app.state.server
    try:
        me = server.host.of(server.host.found("Anna", personal=True))
        circle = me.circles.create("Bethel", mode="open").id
        for url in ("http://127.0.0.1/ok", "https://localhost:8443/"):
            with pytest.raises(InvalidInput):
                server.webhooks.add(me, circle, url, with_headings=False)
        with pytest.raises(InvalidInput):
            server.delivering._post("http://127.0.0.1/ok", {}, b"{}")
    finally:
        server.close()
