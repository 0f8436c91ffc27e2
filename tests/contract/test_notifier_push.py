"""Pushes by way of Google and Apple, to a server on this machine that speaks as they do and can be told to fail."""

from __future__ import annotations

import json
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from scribes.adapters.notifier_apns import ApnsNotifier
from scribes.adapters.notifier_fcm import FcmNotifier
from scribes.errors import InvalidInput, NotFound, ScribesError, Unavailable
from scribes.models.notices import Notice
from scribes.records import replaced
from tests.contract.certificates import Authority

pytest.importorskip("h2", reason="h2 is in the group test")

from tests.contract.push_server import (
    ANDROID,
    APPLE_KEY_ID,
    FCM_PATH,
    IPHONE,
    PROJECT,
    TEAM,
    TOPIC,
    PushServer,
    Reply,
    Request,
    breaks_off,
    drips,
    goes_away,
    google,
    hangs,
    pem,
    pings,
    says,
    takes_and_breaks_off,
    verified,
)  # fmt: skip

Notifier = FcmNotifier | ApnsNotifier
Connect = Callable[..., Notifier]

NOTICE = Notice(
    "reminder-1/2026-11-25",
    "Pray for Bartholomew",
    "He begins his treatment on Monday",
    datetime(2026, 11, 25, 8, tzinfo=ZoneInfo("Europe/London")),
    link="scribes:reminder/0197",
)
BOTH = pytest.mark.parametrize("kind", ["fcm", "apns"])
PRIVATE = "Bartholomew has a treatment"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority) -> Iterator[PushServer]:
    made = PushServer(authority.server())
    yield made
    made.close()


@pytest.fixture
def connect(server: PushServer, authority: Authority) -> Iterator[Connect]:
    """Makes a notifier of a kind, and closes it in the end."""
    made: list[Notifier] = []

    def connect(kind: str, **more: Any) -> Notifier:
        common: dict[str, Any] = {"url": server.url, "ca": str(authority.path), "timeout_s": 5}
        if kind == "fcm":
            made.append(
                FcmNotifier(**common | {"device": ANDROID, "service_account": json.dumps(server.account)} | more)
            )
        else:
            names = {"device": IPHONE, "topic": TOPIC, "team": TEAM, "key_id": APPLE_KEY_ID}
            made.append(ApnsNotifier(**common | names | {"key": pem(server.apple_key)} | more))
        return made[-1]

    yield connect
    for notifier in made:
        notifier.close()


def assert_no_secrets(error: ScribesError, server: PushServer) -> None:
    told = "".join(traceback.format_exception(error)) + str(error.hint)
    keys = [line for line in (pem(server.google_key) + pem(server.apple_key)).splitlines() if "-" not in line]
    secrets = ["Bartholomew", "treatment", ANDROID, IPHONE, *keys, *server.tokens, *server.apple_tokens]
    assert [secret for secret in secrets if secret in told] == []


def pushes(server: PushServer) -> list[Any]:
    return [request for request in server.asked if request.path != "/token"]


@BOTH
def test_a_push_is_shown(kind: str, connect: Connect, server: PushServer) -> None:
    connect(kind).send(NOTICE)

    assert list(server.shown.values()) == [
        {"title": NOTICE.title, "body": NOTICE.body, "key": NOTICE.key, "link": NOTICE.link}
    ]
    (request,) = pushes(server)
    assert request.path == {"fcm": FCM_PATH, "apns": f"/3/device/{IPHONE}"}[kind]


@BOTH
def test_attempts_of_one_delivery_replace_each_other_and_others_do_not(
    kind: str, connect: Connect, server: PushServer
) -> None:
    for key in ("one", "one", "two"):
        connect(kind).send(replaced(NOTICE, key=key))

    assert [shown["key"] for shown in server.shown.values()] == ["one", "two"]
    assert all(str(uuid.UUID(tag)) == tag for tag in server.shown)


@BOTH
def test_a_connection_serves_many_pushes(kind: str, connect: Connect, server: PushServer) -> None:
    notifier = connect(kind)
    for key in "abcde":
        notifier.send(replaced(NOTICE, key=key))

    assert (len(server.shown), server.connections) == (5, 1)


@BOTH
@pytest.mark.parametrize("letter", ["a", '"', "\n", "ä", "祈", "🙏🏽", "בְּ", "\ud800"])
def test_a_long_text_is_cut_between_characters_so_that_the_service_takes_it(
    kind: str, letter: str, connect: Connect, server: PushServer
) -> None:
    connect(kind).send(replaced(NOTICE, title=letter * 3000, body="x" + letter * 3000, late=True))

    (request,), (shown,) = pushes(server), server.shown.values()
    assert len(request.body) <= 4096
    assert shown["body"].endswith("late: was due 2026-11-25 08:00 GMT")
    body = shown["body"].splitlines()[0].removeprefix("x").removesuffix("…")
    assert body.replace(letter if letter != "\ud800" else "?", "") == ""


@BOTH
def test_a_link_too_long_for_a_push_is_refused(kind: str, connect: Connect, server: PushServer) -> None:
    with pytest.raises(InvalidInput, match="too long for a push"):
        connect(kind).send(replaced(NOTICE, link="scribes:" + "x" * 5000))
    assert pushes(server) == []


def test_a_token_of_google_serves_many_pushes(connect: Connect, server: PushServer) -> None:
    notifier = connect("fcm")
    for key in "abc":
        notifier.send(replaced(NOTICE, key=key))

    assert [request.path for request in server.asked].count("/token") == 1


def test_a_token_is_asked_for_anew_shortly_before_its_end_and_when_the_clock_steps_back(
    connect: Connect, server: PushServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier, now_s, counts = connect("fcm"), time.time(), []
    for at_s in (now_s, now_s + 60, now_s - 200, now_s - 250):
        monkeypatch.setattr(time, "time", lambda at_s=at_s: at_s)
        notifier.send(NOTICE)
        counts.append([request.path for request in server.asked].count("/token"))
    monkeypatch.setattr(time, "time", lambda: now_s - 200 + 3599 - 60)
    server.token_faults = [says(503)]

    assert counts == [1, 1, 2, 2]
    with pytest.raises(Unavailable, match="answered 503"):
        notifier.send(NOTICE)


def test_a_token_that_was_taken_back_is_replaced_once(connect: Connect, server: PushServer) -> None:
    notifier = connect("fcm")
    notifier.send(NOTICE)
    server.tokens.clear()
    notifier.send(replaced(NOTICE, key="two"))

    assert len(server.shown) == 2
    server.faults = [says(401), says(401)]
    with pytest.raises(InvalidInput, match=r"refuses the push \(401\)"):
        notifier.send(NOTICE)
    assert server.faults == []


def test_all_processes_say_the_same_token_to_apple_for_half_an_hour(
    connect: Connect, server: PushServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_s = time.time() // 1800 * 1800
    for minute in range(0, 30, 5):
        monkeypatch.setattr(time, "time", lambda minute=minute: begun_s + 60 * minute)
        connect("apns").send(replaced(NOTICE, key=str(minute)))

    assert (len(server.apple_tokens), len(server.shown)) == (1, 6)


def test_a_token_for_apple_is_never_older_than_half_an_hour(
    connect: Connect, server: PushServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s, notifier, ages_s = int(time.time()), connect("apns"), []
    for at_s in range(now_s, now_s + 7200, 299):
        monkeypatch.setattr(time, "time", lambda at_s=at_s: at_s)
        server.apple_tokens.clear()
        notifier.send(NOTICE)
        ages_s.append(at_s - verified(server.apple_tokens[0], server.apple_key.public_key())[1]["iat"])

    assert 0 <= min(ages_s) <= max(ages_s) < 1800


def test_a_token_too_old_for_apple_is_a_matter_of_the_clock(connect: Connect, server: PushServer) -> None:
    server.faults = [says(403, {"reason": "ExpiredProviderToken"})]

    with pytest.raises(Unavailable, match="too old") as refused:
        connect("apns").send(NOTICE)
    assert "clock" in str(refused.value.hint)


@pytest.mark.parametrize("fault", [breaks_off, takes_and_breaks_off, goes_away])
@BOTH
def test_a_broken_connection_is_tried_once_more_and_shown_once(
    kind: str, fault: Any, connect: Connect, server: PushServer
) -> None:
    server.faults = [fault]
    connect(kind).send(NOTICE)

    assert len(pushes(server)) == 2
    assert len(server.shown) == 1


@BOTH
def test_a_connection_that_breaks_twice_is_unavailable(kind: str, connect: Connect, server: PushServer) -> None:
    server.faults = [breaks_off, takes_and_breaks_off]

    with pytest.raises(Unavailable, match="broke the connection off") as refused:
        connect(kind).send(NOTICE)
    assert_no_secrets(refused.value, server)
    assert len(pushes(server)) == 2


@BOTH
@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_unavailable_and_not_tried_at_once(
    kind: str, status: int, connect: Connect, server: PushServer
) -> None:
    server.faults = [says(status, {"reason": PRIVATE, "error": {"message": PRIVATE, "status": PRIVATE}})]
    notifier = connect(kind)

    with pytest.raises(Unavailable, match=f"answered {status}") as refused:
        notifier.send(NOTICE)
    assert_no_secrets(refused.value, server)
    assert len(pushes(server)) == 1
    notifier.send(NOTICE)
    assert len(server.shown) == 1


@BOTH
def test_nothing_is_sent_while_the_service_asks_for_a_pause(
    kind: str, connect: Connect, server: PushServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults = [says(429, retry_after="60")]
    notifier, now_s = connect(kind), time.monotonic()
    with pytest.raises(Unavailable, match="answered 429"):
        notifier.send(NOTICE)

    with pytest.raises(Unavailable, match="pause"):
        notifier.send(NOTICE)
    assert len(pushes(server)) == 1
    monkeypatch.setattr(time, "monotonic", lambda: now_s + 70)
    notifier.send(NOTICE)
    assert len(server.shown) == 1


@BOTH
def test_no_pause_is_longer_than_an_hour(
    kind: str, connect: Connect, server: PushServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults = [says(503, retry_after="9999999")]
    notifier, now_s = connect(kind), time.monotonic()
    with pytest.raises(Unavailable):
        notifier.send(NOTICE)
    monkeypatch.setattr(time, "monotonic", lambda: now_s + 3700)
    notifier.send(NOTICE)

    assert len(server.shown) == 1


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("fcm", google(404, "NOT_FOUND", "UNREGISTERED")),
        ("fcm", google(400, "INVALID_ARGUMENT", "UNREGISTERED")),
        ("fcm", Reply(404)),
        ("apns", Reply(410, {"reason": "Unregistered", "timestamp": 1})),
        ("apns", Reply(410, {"reason": "ExpiredToken"})),
        ("apns", Reply(400, {"reason": "BadDeviceToken"})),
        ("apns", Reply(404, b"nothing")),
    ],
)
def test_a_device_that_is_gone_is_not_found(kind: str, fault: Reply, connect: Connect, server: PushServer) -> None:
    server.faults = [says(fault.status, fault.body)]

    with pytest.raises(NotFound, match="does not know the device") as refused:
        connect(kind).send(NOTICE)
    assert_no_secrets(refused.value, server)


@pytest.mark.parametrize(("kind", "device"), [("fcm", "another-device"), ("apns", "cd" * 32)])
def test_a_device_the_service_never_knew_is_not_found(kind: str, device: str, connect: Connect) -> None:
    with pytest.raises(NotFound):
        connect(kind, device=device).send(NOTICE)


@pytest.mark.parametrize(
    ("kind", "fault", "said"),
    [
        ("fcm", google(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"), "(403 SENDER_ID_MISMATCH)"),
        ("fcm", google(403, "PERMISSION_DENIED"), "(403 PERMISSION_DENIED)"),
        ("fcm", google(400, PRIVATE, PRIVATE), "(400)"),
        ("fcm", Reply(400, {"error": [PRIVATE]}), "(400)"),
        ("fcm", Reply(400, {"error": {"details": PRIVATE}}), "(400)"),
        ("apns", Reply(400, {"reason": "TopicDisallowed"}), "(400 TopicDisallowed)"),
        ("apns", Reply(403, {"reason": PRIVATE}), "(403)"),
        ("apns", Reply(413, [PRIVATE]), "(413)"),
        ("apns", Reply(400, {"reason": "a" * 41}), "(400)"),
    ],
)
def test_a_refusal_names_its_status_and_code_and_nothing_else(
    kind: str, fault: Reply, said: str, connect: Connect, server: PushServer
) -> None:
    server.faults = [says(fault.status, fault.body)]

    with pytest.raises(InvalidInput) as refused:
        connect(kind).send(NOTICE)
    assert str(refused.value) == f"{kind} refuses the push {said}"
    assert_no_secrets(refused.value, server)


@BOTH
@pytest.mark.parametrize(
    "fault",
    [
        says(200, b"<html>Sign in to the network of this hotel</html>"),
        says(200),
        says(200, b"[" * 16_000),
        says(200, ["a"]),
        says(200, {"name": 1}, apns_id="another"),
        says(302, location="https://127.0.0.1:1/"),
        says(204),
    ],
)
def test_what_is_no_receipt_is_unavailable(kind: str, fault: Any, connect: Connect, server: PushServer) -> None:
    server.faults = [fault]

    with pytest.raises(Unavailable):
        connect(kind).send(NOTICE)
    assert len(pushes(server)) == 1


@BOTH
def test_a_huge_answer_is_not_read(kind: str, connect: Connect, server: PushServer) -> None:
    server.faults = [says(200, b" " * 1_000_000)]

    with pytest.raises(Unavailable, match="more than any answer"):
        connect(kind).send(NOTICE)


@BOTH
@pytest.mark.parametrize(
    ("fault", "said"), [(hangs, "did not answer"), (drips, "not finish|not answer"), (pings, "not finish|not answer")]
)
def test_a_slow_service_is_left_in_time_and_the_next_push_arrives(
    kind: str, fault: Any, said: str, connect: Connect, server: PushServer
) -> None:
    notifier = connect(kind, timeout_s=0.3)
    notifier.send(NOTICE)
    server.faults, begun = [fault], time.monotonic()

    with pytest.raises(Unavailable, match=said) as refused:
        notifier.send(NOTICE)
    assert time.monotonic() - begun < 2.5
    assert_no_secrets(refused.value, server)
    notifier.send(replaced(NOTICE, key="two"))
    assert len(server.shown) == 2


def test_a_service_that_is_slow_from_the_first_push_on_is_left_in_time(connect: Connect, server: PushServer) -> None:
    server.faults, begun = [pings], time.monotonic()

    with pytest.raises(Unavailable, match=r"not finish|not answer"):
        connect("apns", timeout_s=0.3).send(NOTICE)
    assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (says(400, {"error": "invalid_grant", "error_description": PRIVATE}), InvalidInput, "(400 invalid_grant)"),
        (says(401, {"error": PRIVATE}), InvalidInput, "(401)"),
        (says(503), Unavailable, "answered 503"),
        (says(200, b"no"), Unavailable, "no token"),
        (says(200, {"access_token": "a\r\nb", "expires_in": 3599}), Unavailable, "no token"),
        (hangs, Unavailable, "did not answer"),
    ],
)
def test_a_token_that_is_not_given_is_told(
    fault: Any, error: type[ScribesError], said: str, connect: Connect, server: PushServer
) -> None:
    server.token_faults = [fault]

    with pytest.raises(error) as refused:
        connect("fcm", timeout_s=0.5).send(NOTICE)
    assert said in str(refused.value)
    assert_no_secrets(refused.value, server)
    assert pushes(server) == []


def test_a_key_that_is_not_the_accounts_gets_no_token(connect: Connect, server: PushServer) -> None:
    other = server.account | {"private_key": pem(rsa.generate_private_key(65537, 2048))}

    with pytest.raises(InvalidInput, match="invalid_grant"):
        connect("fcm", service_account=json.dumps(other)).send(NOTICE)


def test_a_key_that_is_not_the_teams_is_refused(connect: Connect) -> None:
    with pytest.raises(InvalidInput, match="403 InvalidProviderToken"):
        connect("apns", key=pem(ec.generate_private_key(ec.SECP256R1()))).send(NOTICE)


@BOTH
def test_a_certificate_of_another_authority_is_refused(kind: str, connect: Connect, server: PushServer) -> None:
    with pytest.raises(Unavailable, match="could not be reached"):
        connect(kind, ca="").send(NOTICE)
    assert server.asked == []


@BOTH
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"device": "not / a device"}, "device is missing or malformed"),
        ({"device": ""}, "device is missing or malformed"),
        ({"url": "http://push.example.org"}, "in the open"),
        ({"url": "push.example.org"}, "not an address"),
        ({"url": "https://user:password@push.example.org"}, "not an address"),
        ({"ca": "/nowhere/at-all.pem"}, "holds no certificates"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    kind: str, change: dict[str, str], said: str, connect: Connect
) -> None:
    with pytest.raises(InvalidInput, match=said):
        connect(kind, **change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"topic": "a topic"}, "topic is missing"),
        ({"team": "short"}, "team is missing"),
        ({"key_id": "KEY\r\n"}, "key_id is missing"),
        ({"key": "nonsense"}, "the key cannot be read"),
        ({"key": pem(ec.generate_private_key(ec.SECP384R1()))}, "no key of the curve P-256"),
    ],
)
def test_what_apple_would_never_take_is_refused(change: dict[str, str], said: str, connect: Connect) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        connect("apns", **change)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, "is not JSON"),
        ({"client_email": ""}, "has no client_email"),
        ({"private_key": 5}, "has no private_key"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nMIIE\n"}, "the key cannot be read"),
        ({"private_key": pem(ec.generate_private_key(ec.SECP256R1()))}, "no RSA key"),
        ({"project_id": "a project/.."}, "project is missing"),
        ({"token_uri": "http://oauth2.example.org/token"}, "in the open"),
    ],
)
def test_what_google_would_never_take_is_refused(
    change: dict[str, Any] | None, said: str, connect: Connect, server: PushServer
) -> None:
    text = "{" + json.dumps(server.account) if change is None else json.dumps(server.account | change)

    with pytest.raises(InvalidInput, match=said) as refused:
        connect("fcm", service_account=text)
    assert_no_secrets(refused.value, server)


@BOTH
def test_with_this_machine_plain_http_is_spoken(kind: str, connect: Connect, server: PushServer) -> None:
    class Plain(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            headers |= {":method": "POST", ":path": self.path}
            reply = server.served(Request(headers, self.rfile.read(int(headers["content-length"]))))
            self.send_response(reply.status)
            for name, value in (reply.headers | {"content-length": str(len(reply.content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Plain) as plain:
        threading.Thread(target=plain.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        server.url = f"http://127.0.0.1:{plain.server_address[1]}"
        connect(kind, ca="").send(NOTICE)
        plain.shutdown()

    assert len(server.shown) == 1


def test_an_answer_that_would_swell_is_not_unpacked(connect: Connect, server: PushServer) -> None:
    import gzip

    server.faults = [says(200, gzip.compress(b" " * 10_000_000 + b'{"name": "x"}'), content_encoding="gzip")]

    with pytest.raises(Unavailable):
        connect("fcm").send(NOTICE)


def test_a_project_may_be_another_than_the_accounts(connect: Connect, server: PushServer) -> None:
    connect("fcm", project=PROJECT, service_account=json.dumps(server.account | {"project_id": "other"})).send(NOTICE)

    assert len(server.shown) == 1


def test_a_file_that_is_no_certificate_is_refused(connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")

    with pytest.raises(InvalidInput, match="holds no certificates"):
        connect("apns", ca=str(tmp_path / "ca.pem"))
