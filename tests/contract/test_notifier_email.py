"""Notices by mail, handed to a real SMTP server on this machine that can be told to fail."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scribes.adapters.notifier_email import EmailNotifier
from scribes.errors import InvalidInput, ScribesError, Unavailable
from scribes.models.notices import Notice
from scribes.records import replaced
from tests.contract.certificates import Authority

pytest.importorskip("aiosmtpd", reason="aiosmtpd is in the group test")

from tests.contract.mail_server import PASSWORD, USER, Mailbox, scripted, serving

SENDER, TO = "scribes@example.org", "anna@example.com"
NOTICE = Notice(
    "reminder-1/2026-11-25",
    "Pray for Bartholomew",
    "He begins his treatment on Monday",
    datetime(2026, 11, 25, 8, tzinfo=ZoneInfo("Europe/London")),
    link="scribes:reminder/0197",
)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


Serve = Callable[..., EmailNotifier]


@pytest.fixture
def serve(mailbox: Mailbox, authority: Authority) -> Iterator[Serve]:
    """Starts a server and connects to it."""
    with ExitStack() as stack:

        def serve(
            security: str = "starttls", *, host: str = "127.0.0.1", limit: int = 33_554_432, **more: Any
        ) -> EmailNotifier:
            port = stack.enter_context(serving(mailbox, security, authority, host, limit))
            options: dict[str, Any] = {"sender": SENDER, "to": TO, "port": port, "security": security, "timeout_s": 5}
            if security != "none":
                options |= {"user": USER, "password": PASSWORD, "ca": str(authority.path)}
            return EmailNotifier("127.0.0.1", **(options | more))

        yield serve


def answering(connection: socket.socket, *answers: bytes) -> None:
    """Give one answer a line that comes."""
    lines = connection.makefile("rb")
    connection.sendall(b"220 here\r\n")
    for answer in answers:
        lines.readline()
        connection.sendall(answer)


def plain(port: int, **more: Any) -> EmailNotifier:
    return EmailNotifier("127.0.0.1", sender=SENDER, to=TO, port=port, **({"security": "none", "timeout_s": 5} | more))


def assert_no_secrets(error: ScribesError) -> None:
    told = "".join(traceback.format_exception(error)) + str(error.hint)
    for secret in (PASSWORD, "Bartholomew", "treatment"):
        assert secret not in told


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_mail_arrives(security: str, serve: Serve, mailbox: Mailbox) -> None:
    serve(security).send(NOTICE)

    (mail,), (envelope,) = mailbox.mails, mailbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [TO])
    assert (mail["From"], mail["To"]) == (f"Scribes <{SENDER}>", TO)
    assert mail["Subject"] == "Pray for Bartholomew"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == [
        "He begins his treatment on Monday", "", "due 2026-11-25 08:00 GMT", "", "scribes:reminder/0197",
    ]  # fmt: skip
    assert abs(mail["Date"].datetime.timestamp() - time.time()) < 60
    assert mailbox.was_secret == [security != "none"]


def test_all_attempts_of_a_delivery_have_one_message_id_and_others_have_others(serve: Serve, mailbox: Mailbox) -> None:
    notifier = serve()
    for key in ("one", "one", "two", "with\r\nBcc: all@example.org"):
        notifier.send(replaced(NOTICE, key=key))

    ids = [mail["Message-ID"] for mail in mailbox.mails]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(id.startswith("<") and id.endswith("@example.org>") and len(id.split()) == 1 for id in ids)


def test_no_text_can_become_a_header(serve: Serve, mailbox: Mailbox) -> None:
    evil = "Hello\r\nBcc: all@example.org\r\n\r\nBody\n.\nMAIL FROM:<x@example.org>"
    serve().send(replaced(NOTICE, title=evil, body=evil, link=evil))

    (mail,), (envelope,) = mailbox.mails, mailbox.envelopes
    assert mail["Bcc"] is None
    assert mail["Subject"] == " ".join(evil.split())
    assert envelope.rcpt_tos == [TO]
    assert "." in mail.get_content().splitlines()


def test_any_script_arrives_whole(serve: Serve, mailbox: Mailbox) -> None:
    texts = "祈り 🙏 " * 12 + "בְּרֵאשִׁית \ud800", "Größe\n" + "λόγος " * 600
    serve().send(replaced(NOTICE, title=texts[0], body=texts[1]))

    (mail,) = mailbox.mails
    assert mail["Subject"] == texts[0].replace("\ud800", "?")
    assert mail.get_content().splitlines()[:2] == texts[1].strip().splitlines()


def test_a_late_notice_says_so(serve: Serve, mailbox: Mailbox) -> None:
    serve().send(replaced(NOTICE, late=True))

    assert "late: was due 2026-11-25 08:00 GMT" in mailbox.mails[0].get_content()


def test_a_wrong_password_is_refused_for_good(serve: Serve, mailbox: Mailbox) -> None:
    with pytest.raises(InvalidInput, match="refuses the password of anna") as refused:
        serve(password=PASSWORD + "5").send(NOTICE)

    assert_no_secrets(refused.value)
    assert mailbox.mails == []


def test_no_password_is_told_in_the_open_where_the_server_drops_starttls(mailbox: Mailbox) -> None:
    heard: list[bytes] = []

    def no_starttls(connection: socket.socket) -> None:
        connection.sendall(b"220 here\r\n")
        for line in connection.makefile("rb"):
            heard.append(line)
            connection.sendall(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n")

    with scripted(no_starttls) as port, pytest.raises(Unavailable, match="STARTTLS"):
        EmailNotifier("127.0.0.1", sender=SENDER, to=TO, port=port, user=USER, password=PASSWORD, timeout_s=5).send(
            NOTICE
        )
    assert not [line for line in heard if line.upper().startswith((b"AUTH", b"MAIL"))]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_authority_is_refused(security: str, serve: Serve, mailbox: Mailbox) -> None:
    with pytest.raises(Unavailable, match="certificate that is not trusted"):
        serve(security, ca="").send(NOTICE)
    assert mailbox.mails == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_host_is_refused(security: str, serve: Serve, mailbox: Mailbox) -> None:
    with pytest.raises(Unavailable, match="certificate that is not trusted"):
        serve(security, host="mail.example.org").send(NOTICE)
    assert mailbox.mails == []


def test_greylisting_is_unavailable_and_the_next_attempt_arrives_once(serve: Serve, mailbox: Mailbox) -> None:
    notifier = serve()
    mailbox.recipient_faults = ["450 4.7.1 Greylisted, Bartholomew"]

    with pytest.raises(Unavailable, match="answered 450") as refused:
        notifier.send(NOTICE)
    assert_no_secrets(refused.value)
    notifier.send(NOTICE)
    assert mailbox.shown == ["Pray for Bartholomew"]


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("451 4.3.0 Pray for Bartholomew later", Unavailable, "answered 451"),
        ("421 4.3.2 shutting down", Unavailable, "answered 421"),
        ("554 5.7.1 Pray for Bartholomew is spam", InvalidInput, "refuses the mail"),
        ("552 5.2.2 full", InvalidInput, "refuses the mail"),
    ],
)
def test_an_answer_to_the_mail_is_told_by_its_number(
    fault: str, error: type[ScribesError], said: str, serve: Serve, mailbox: Mailbox
) -> None:
    mailbox.faults = [fault]

    with pytest.raises(error, match=said) as refused:
        serve().send(NOTICE)
    assert_no_secrets(refused.value)


def test_a_recipient_nobody_knows_is_refused_for_good(serve: Serve, mailbox: Mailbox) -> None:
    mailbox.recipient_faults = ["550 5.1.1 nobody"]

    with pytest.raises(InvalidInput, match=r"refuses the address anna@example\.com"):
        serve().send(NOTICE)


def test_a_mail_too_large_for_the_server_is_refused_for_good(serve: Serve, mailbox: Mailbox) -> None:
    with pytest.raises(InvalidInput, match="refuses the mail"):
        serve(limit=2_000).send(replaced(NOTICE, body="a word " * 1_000))


def test_a_server_that_hangs_up_after_the_mail_is_asked_again_and_one_mail_is_shown(
    serve: Serve, mailbox: Mailbox
) -> None:
    def taken_without_a_word(server: Any) -> str:
        mailbox.take(mailbox.envelopes[-1])
        server.transport.abort()
        return "451 nobody hears this"

    mailbox.faults = [taken_without_a_word]
    notifier = serve()

    with pytest.raises(Unavailable, match="broke the connection off"):
        notifier.send(NOTICE)
    notifier.send(NOTICE)
    assert len(mailbox.mails) == 2
    assert mailbox.shown == ["Pray for Bartholomew"]


@pytest.mark.parametrize("goodbye", [b"500 what\r\n", b"", None], ids=["refuses it", "hangs up", "hangs"])
def test_a_mail_that_was_taken_is_sent_whatever_happens_to_the_goodbye(goodbye: bytes | None) -> None:
    def taking(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        for line in lines:
            if line == b"data\r\n":
                connection.sendall(b"354 go on\r\n")
                while lines.readline() != b".\r\n":
                    pass
            elif line == b"quit\r\n":
                if goodbye is None:
                    time.sleep(3)
                connection.sendall(goodbye or b"")
                return
            connection.sendall(b"250 ok\r\n")

    begun = time.monotonic()
    with scripted(taking) as port:
        plain(port, timeout_s=0.3).send(NOTICE)

    assert time.monotonic() - begun < 2.5


def test_a_server_that_says_nothing_is_left_in_time() -> None:
    begun = time.monotonic()

    with scripted(lambda _: time.sleep(3)) as port, pytest.raises(Unavailable, match=r"did not answer in 0\.3 s"):
        plain(port, timeout_s=0.3).send(NOTICE)
    assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize("greeting", [b"220 h", b"220-here\r\n220 here\r\n"], ids=["the greeting", "the answer"])
def test_a_server_that_drips_is_left_in_time(greeting: bytes) -> None:
    def drips(connection: socket.socket) -> None:
        connection.sendall(greeting)
        for _ in range(100):
            time.sleep(0.05)
            connection.sendall(b"2")

    begun = time.monotonic()
    with scripted(drips) as port, pytest.raises(Unavailable, match=r"did not finish|did not answer"):
        plain(port, timeout_s=0.3).send(NOTICE)
    assert time.monotonic() - begun < 2.5


def test_a_server_that_drips_over_tls_is_left_in_time(authority: Authority) -> None:
    context = authority.server()

    def drips(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            for _ in range(100):
                time.sleep(0.05)
                secured.sendall(b"2")

    begun = time.monotonic()
    with scripted(drips) as port, pytest.raises(Unavailable, match=r"did not finish|did not answer"):
        plain(port, security="tls", ca=str(authority.path), timeout_s=0.3).send(NOTICE)
    assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak SMTP"),
        (lambda connection: connection.sendall(b"421 too busy\r\n"), "answered 421"),
        (lambda connection: None, "broke the connection off"),
        (lambda connection: answering(connection, *[b"\xff\xfe noise\r\n"] * 2), "does not speak SMTP"),
    ],
    ids=["another protocol", "busy", "hangs up", "noise"],
)
def test_what_is_no_mail_server_is_unavailable(script: Callable[[socket.socket], None], said: str) -> None:
    with scripted(script) as port, pytest.raises(Unavailable, match=said):
        plain(port).send(NOTICE)


def test_a_port_that_does_not_speak_tls_is_told(mailbox: Mailbox) -> None:
    def plain_speaker(connection: socket.socket) -> None:
        connection.sendall(b"220 here\r\n")
        connection.recv(100)

    with scripted(plain_speaker) as port, pytest.raises(Unavailable, match="does not speak TLS here"):
        plain(port, security="tls").send(NOTICE)


def test_a_port_where_nobody_listens_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(Unavailable, match="could not be reached"):
        plain(port).send(NOTICE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"to": "anna"}, "no mail address"),
        ({"to": "anna@example.org, bert@example.org"}, "mail address"),
        ({"sender": "a@b\r\nRCPT TO:<x@example.org>"}, "no mail address"),
        ({"sender": "Anna <anna@example.org>"}, "no mail address"),
        ({"to": "änna@example.org"}, "no mail address"),
        ({"security": "ssl"}, "no way to secure"),
        ({"security": "none", "host": "mail.example.org"}, "in the open"),
        ({"user": "anna"}, "a user and a password"),
        ({"user": "anna", "password": "größe"}, "beyond ASCII"),
        ({"host": "https://mail.example.org"}, "no name of a mail server"),
        ({"host": ""}, "no name of a mail server"),
        ({"ca": "/nowhere/at-all.pem"}, "holds no certificates"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(change: dict[str, str], said: str) -> None:
    options: dict[str, Any] = {"host": "127.0.0.1", "sender": SENDER, "to": TO} | change

    with pytest.raises(InvalidInput, match=said) as refused:
        EmailNotifier(options.pop("host"), **options)
    assert "größe" not in str(refused.value)


def test_an_address_under_a_name_in_another_script_is_taken(serve: Serve, mailbox: Mailbox) -> None:
    serve(to="anna@gemeinde-größe.example").send(NOTICE)

    domain = "gemeinde-größe.example".encode("idna").decode()
    assert mailbox.envelopes[0].rcpt_tos == [f"anna@{domain}"]
    assert domain.startswith("xn--gemeinde-")
