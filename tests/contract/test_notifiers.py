"""One contract for all notifiers, each with something real on this machine at the other side."""

from __future__ import annotations

import importlib.util
import json
import logging
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scribes.errors import InvalidInput, NotFound, ScribesError, Unavailable
from scribes.models.notices import Notice
from scribes.notifiers import APNS, APPRISE, DESKTOP, EMAIL, FCM, FIELDS, connect
from scribes.records import replaced
from tests.contract.certificates import Authority

pytest.importorskip("aiosmtpd", reason="aiosmtpd is in the group test")
pytest.importorskip("h2", reason="h2 is in the group test")

from tests.contract.mail_server import PASSWORD, USER, Mailbox, serving
from tests.contract.push_server import (
    ANDROID,
    APPLE_KEY_ID,
    IPHONE,
    TEAM,
    TOPIC,
    PushServer,
    pem,
    says,
    takes_and_breaks_off,
)  # fmt: skip

# A plugin of apprise asks for a module that Python gives up.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")

HAS_APPRISE = importlib.util.find_spec("apprise") is not None
NOTICE = Notice(
    "reminder-1/2026-11-25",
    "Pray for Bartholomew",
    "He begins his treatment on Monday",
    datetime(2026, 11, 25, 8, tzinfo=ZoneInfo("Europe/London")),
    link="scribes:reminder/0197",
)
NEEDS_APPRISE = pytest.mark.skipif(not HAS_APPRISE, reason="apprise is not installed: pip install scribes[apprise]")
# Linux only, as elsewhere the stand-in for the desktop would have another name.
NEEDS_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="notify-send is of Linux")
TOKEN = "a-token-in-the-address"


class Side:
    """The other side of a notifier: what a person sees there, and how it fails."""

    kind: str
    config: dict[str, str]
    secrets: dict[str, str]
    told_to_fail: bool = False

    def shown(self) -> list[tuple[str, str]]:
        """Titles and bodies, those of one key once where the other side can tell."""
        raise NotImplementedError

    def fail(self) -> None:
        """Fail the next time in a way that may pass."""
        raise NotImplementedError

    def vanish(self) -> None:
        """Be gone for good; where it cannot tell, fail."""
        self.fail()


class Desktop(Side):
    kind, config, secrets = DESKTOP, {}, {}

    def __init__(self, folder: Path) -> None:
        self._log, self._program = folder / "log", folder / "notify-send"
        program = f"#!{sys.executable}\nimport json, os, sys\nif os.path.exists({str(folder / 'fail')!r}): "
        program += f"os.remove({str(folder / 'fail')!r}); sys.exit(1)\n"
        program += f"open({str(self._log)!r}, 'a').write(json.dumps(sys.argv[-4:]) + '\\n')\n"
        self._program.write_text(program)
        self._program.chmod(0o755)
        self._log.touch()

    def shown(self) -> list[tuple[str, str]]:
        calls = [json.loads(line) for line in self._log.read_text().splitlines()]
        return list({hint: (title, body) for hint, _, title, body in calls}.values())

    def fail(self) -> None:
        (self._log.parent / "fail").touch()


class Email(Side):
    kind = EMAIL

    def __init__(self, stack: ExitStack, authority: Authority) -> None:
        self._mailbox = Mailbox()
        port = stack.enter_context(serving(self._mailbox, "starttls", authority, "127.0.0.1"))
        self.config = {"host": "127.0.0.1", "port": str(port), "user": USER, "ca": str(authority.path)}
        self.config |= {"sender": "scribes@example.org", "to": "anna@example.com"}
        self.secrets = {"password": PASSWORD}

    def shown(self) -> list[tuple[str, str]]:
        mails = {mail["Message-ID"]: mail for mail in self._mailbox.mails}
        return [(mail["Subject"], mail.get_content().split("\r\n\r\n")[0].strip()) for mail in mails.values()]

    def fail(self) -> None:
        self._mailbox.faults.append("451 Bartholomew, later")

    def vanish(self) -> None:
        self._mailbox.recipient_faults.append("550 no Bartholomew here")


class Push(Side):
    def __init__(self, kind: str, stack: ExitStack, authority: Authority) -> None:
        self._server = PushServer(authority.server())
        stack.callback(self._server.close)
        self.kind, self.config = kind, {"url": self._server.url, "ca": str(authority.path)}
        if kind == FCM:
            self.config |= {"device": ANDROID}
            self.secrets = {"service_account": json.dumps(self._server.account)}
        else:
            self.config |= {"device": IPHONE, "topic": TOPIC, "team": TEAM, "key_id": APPLE_KEY_ID}
            self.secrets = {"key": pem(self._server.apple_key)}

    def shown(self) -> list[tuple[str, str]]:
        return [(shown["title"], shown["body"]) for shown in self._server.shown.values()]

    def fail(self) -> None:
        # Twice: one that breaks off is tried again at once.
        self._server.faults = [takes_and_breaks_off, takes_and_breaks_off]

    def vanish(self) -> None:
        self._server.faults = [says(410, {"reason": "Bartholomew is gone"})]


class Webhook(Side):
    kind, config = APPRISE, {}

    def __init__(self, stack: ExitStack) -> None:
        self._told: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        side = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status = side.statuses.pop(0) if side.statuses else 200
                if status == 200:
                    side._told.append(told)
                elif status == 0:
                    time.sleep(3)
                    return
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        self.secrets = {"url": f"json://127.0.0.1:{server.server_address[1]}/{TOKEN}"}

    def shown(self) -> list[tuple[str, str]]:
        return [(told["title"], told["message"]) for told in self._told]

    def fail(self) -> None:
        self.statuses.append(500)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(
    params=[
        pytest.param(DESKTOP, marks=NEEDS_LINUX), EMAIL, FCM, APNS, pytest.param(APPRISE, marks=NEEDS_APPRISE),
    ]
)  # fmt: skip
def side(
    request: pytest.FixtureRequest, tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Side]:
    monkeypatch.setenv("PATH", str(tmp_path))
    with ExitStack() as stack:
        makers: dict[str, Callable[[], Side]] = {
            DESKTOP: lambda: Desktop(tmp_path),
            EMAIL: lambda: Email(stack, authority),
            APPRISE: lambda: Webhook(stack),
        }
        yield makers.get(request.param, lambda: Push(request.param, stack, authority))()


@pytest.fixture
def notifier(side: Side) -> Iterator[Any]:
    made = connect(side.kind, side.config, side.secrets, timeout_s=5)
    yield made
    made.close()


def assert_no_secrets(error: ScribesError, side: Side) -> None:
    told = "".join(traceback.format_exception(error)) + str(error.hint)
    assert [text for text in ("Bartholomew", "treatment", TOKEN, *side.secrets.values()) if text in told] == []


def test_what_was_sent_is_shown(side: Side, notifier: Any) -> None:
    notifier.send(NOTICE)

    assert side.shown() == [(NOTICE.title, NOTICE.body)]


def test_a_second_attempt_of_a_delivery_is_not_a_second_notice_where_the_other_side_can_tell(
    side: Side, notifier: Any
) -> None:
    for key in ("one", "one", "two"):
        notifier.send(replaced(NOTICE, key=key))

    assert len(side.shown()) == (3 if side.kind == APPRISE else 2)


def test_a_failure_that_may_pass_is_unavailable_and_the_next_attempt_is_shown_once(side: Side, notifier: Any) -> None:
    side.fail()

    with pytest.raises(Unavailable) as refused:
        notifier.send(NOTICE)
    assert_no_secrets(refused.value, side)
    notifier.send(NOTICE)
    assert side.shown() == [(NOTICE.title, NOTICE.body)]


def test_one_that_is_gone_for_good_is_told_from_one_that_may_come_back(side: Side, notifier: Any) -> None:
    side.vanish()
    expected = {DESKTOP: Unavailable, APPRISE: Unavailable, EMAIL: InvalidInput, FCM: NotFound, APNS: NotFound}

    with pytest.raises(expected[side.kind]) as refused:
        notifier.send(NOTICE)
    assert_no_secrets(refused.value, side)
    assert side.shown() == []


def test_a_late_notice_says_when_it_was_due(side: Side, notifier: Any) -> None:
    notifier.send(replaced(NOTICE, late=True))

    ((_, body),) = side.shown()
    assert body.splitlines() == [NOTICE.body, "late: was due 2026-11-25 08:00 GMT"]


@pytest.mark.parametrize(
    "text", ["--version", "祈り 🙏🏽 בְּרֵאשִׁית", "a\r\nBcc: x@example.org", 'q"\\\\"', "%s {0} $HOME"]
)
def test_any_text_is_shown_as_it_is_in_one_line(text: str, side: Side, notifier: Any) -> None:
    notifier.send(replaced(NOTICE, title=text, body=""))

    ((title, _),) = side.shown()
    assert title == " ".join(text.split())


def test_text_that_no_encoding_takes_is_shown_all_the_same(side: Side, notifier: Any) -> None:
    notifier.send(replaced(NOTICE, key="\ud800", title="\ud800\x00", body="\x1b[31m\udfff", link="\ud800"))

    assert [title for title, _ in side.shown()] == ["?"]


def test_it_can_be_closed_at_any_time_and_used_again(side: Side, notifier: Any) -> None:
    notifier.close()
    notifier.send(NOTICE)
    notifier.close()
    notifier.close()
    notifier.send(replaced(NOTICE, key="two"))

    assert len(side.shown()) == 2


def test_neither_texts_nor_secrets_are_written_to_a_log(
    side: Side, notifier: Any, caplog: pytest.LogCaptureFixture
) -> None:
    levels = {name: logging.getLogger(name).level for name in ("apprise", "urllib3", "requests")}
    with caplog.at_level(logging.NOTSET):
        side.fail()
        with pytest.raises(Unavailable):
            notifier.send(NOTICE)
        notifier.send(NOTICE)

    written = caplog.text
    assert [text for text in ("Bartholomew", TOKEN, *side.secrets.values()) if text in written] == []
    assert {name: logging.getLogger(name).level for name in levels} == levels


def test_what_a_kind_needs_is_asked_for_by_name_with_a_hint(side: Side) -> None:
    for field in FIELDS[side.kind]:
        config, secrets = dict(side.config), dict(side.secrets)
        (secrets if field.is_secret else config).pop(field.name, None)
        if field.is_needed:
            with pytest.raises(InvalidInput, match=f"{side.kind} needs {field.name}") as refused:
                connect(side.kind, config, secrets)
            assert refused.value.hint == field.meaning


def test_a_field_or_secret_of_another_kind_is_refused_without_its_value(side: Side) -> None:
    with pytest.raises(InvalidInput, match="no field 'colour'"):
        connect(side.kind, side.config | {"colour": "blue"}, side.secrets)
    with pytest.raises(InvalidInput, match="no secret 'pin'") as refused:
        connect(side.kind, side.config, side.secrets | {"pin": "1234"})
    assert "1234" not in str(refused.value) + str(refused.value.hint)


def test_a_kind_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no channel of the kind 'pigeon'") as refused:
        connect("pigeon", {}, {})

    assert refused.value.hint == "desktop, email, fcm, apns, apprise"


@pytest.mark.parametrize(
    ("name", "value"), [("port", "0"), ("port", "65536"), ("port", "x"), ("port", "９"), ("plain_allowed", "perhaps")]
)
def test_a_value_that_cannot_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=value):
        connect(EMAIL, {"host": "mail.example.org", "sender": "a@example.org", "to": "b@example.org", name: value}, {})


def test_a_mail_in_the_open_to_another_machine_has_to_be_allowed() -> None:
    config = {"host": "mail.example.org", "sender": "a@example.org", "to": "b@example.org", "security": "none"}

    with pytest.raises(InvalidInput, match="in the open"):
        connect(EMAIL, config, {})
    connect(EMAIL, config | {"plain_allowed": "yes"}, {}).close()


@pytest.mark.parametrize(
    "url", ["nonsense", "json://", "unknown://host/token", "", "json://127.0.0.1, json://127.0.0.1"]
)
@NEEDS_APPRISE
def test_an_address_apprise_cannot_read_is_refused_and_not_repeated(url: str, capfd: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        connect(APPRISE, {}, {"url": url})

    assert not url or url not in str(refused.value)
    assert capfd.readouterr() == ("", "")


@NEEDS_APPRISE
def test_a_service_of_apprise_that_hangs_is_left_in_time() -> None:
    with ExitStack() as stack:
        side = Webhook(stack)
        side.statuses, begun = [0], time.monotonic()
        notifier = connect(APPRISE, side.config, side.secrets, timeout_s=0.2)

        with pytest.raises(Unavailable):
            notifier.send(NOTICE)
        assert time.monotonic() - begun < 2.5


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("kind", [DESKTOP, EMAIL])
def test_only_the_chosen_adapter_is_loaded(kind: str) -> None:
    told = {EMAIL: {"host": "localhost", "sender": "a@b", "to": "a@b"}}.get(kind, {})
    loaded = run(
        f"import sys; from scribes.notifiers import connect; connect({kind!r}, {told!r}, {{}});"
        "print(*[name for name in sys.modules if 'notifier_' in name],"
        "*({'httpx2', 'apprise', 'cryptography', 'numpy', 'subprocess'} & set(sys.modules)))"
    )

    assert loaded.split() == [f"scribes.adapters.notifier_{kind}"]


@pytest.mark.parametrize(("package", "extra"), [("apprise", "apprise"), ("httpx2", "push"), ("h2", "push")])
def test_without_its_package_a_kind_is_unavailable_with_a_hint(
    package: str, extra: str, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with ExitStack() as stack:
        side = Push(FCM, stack, authority)
        secrets = {"url": "json://127.0.0.1/"} if package == "apprise" else side.secrets

        kind, config = (APPRISE, {}) if package == "apprise" else (FCM, side.config)

        with pytest.raises(Unavailable) as refused:
            connect(kind, config, secrets).send(NOTICE)
    assert refused.value.hint == f"pip install scribes[{extra}]"
