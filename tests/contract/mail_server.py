"""A mail server on this machine (aiosmtpd) that can be told to fail, and one that does what a script says."""

from __future__ import annotations

import email
import email.policy
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.contract.certificates import Authority

USER, PASSWORD = "anna", "correct-horse-1234"
# It tells the log of every client that hangs up, which is what the tests do.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)


class Mailbox:
    """What a server does with mail: `faults` stand for the answers to the next mails, or to recipients."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.faults: list[str | Callable[[SMTP], str]] = []
        self.recipient_faults: list[str] = []
        self.was_secret: list[bool] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_faults:
            return self.recipient_faults.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        self.was_secret.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        fault = self.faults.pop(0) if self.faults else "250 OK"
        answer = fault(server) if callable(fault) else fault
        if answer.startswith("250"):
            self.take(envelope)
        return answer

    def take(self, envelope: Envelope) -> None:
        """Put the mail into the mailbox."""
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)

    @property
    def shown(self) -> list[str]:
        """The subjects a person sees: mailboxes show one of each Message-ID."""
        return list({mail["Message-ID"]: mail["Subject"] for mail in self.mails}.values())


class FreePort(Controller):
    """A controller on whichever port is free."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, port=0, **more)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        # A server of aiosmtpd is ready once somebody was there.
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            if self.ssl_context is None:
                connection.recv(1)
                return
            with self._client_tls.wrap_socket(connection) as secured:
                secured.recv(1)

    @property
    def _client_tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


def allowed(server: object, session: object, envelope: object, mechanism: str, login: Any) -> AuthResult:
    return AuthResult(success=(login.login, login.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@contextmanager
def serving(mailbox: Mailbox, security: str, authority: Authority, host: str, limit: int = 33_554_432) -> Iterator[int]:
    """A server for a host; its port."""
    secured: dict[str, Any] = {
        "starttls": {"tls_context": authority.server(host), "require_starttls": True},
        "tls": {"ssl_context": authority.server(host)},
        "none": {},
    }[security]
    controller = FreePort(
        mailbox,
        hostname="127.0.0.1",
        authenticator=allowed,
        auth_required=security == "starttls",
        auth_require_tls=security == "starttls",
        data_size_limit=limit,
        **secured,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def scripted(script: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does with a connection what a script says."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    script(connection)
                except OSError:
                    pass

    threading.Thread(target=run, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        # A thread that waits in `accept` is woken by shutdown alone.
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
