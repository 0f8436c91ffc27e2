"""Mails of the server, sent behind the requests by the mail server in the settings."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import structlog

from ...errors import InvalidInput, ScribesError, Unavailable
from ..settings import ServerSettings

log = structlog.get_logger("scribes.server.mail")
TIMEOUT_S = 20.0


class Mailer:
    """Sends what is written behind the requests, so that nobody can tell by the time whether there was a mail."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scribes-mail")

    def later(self, write: Callable[[], EmailMessage | None]) -> None:
        """Send what `write` writes, if anything; what goes wrong is in the log, without the address."""
        self._thread.submit(self._run, write)

    def close(self) -> None:
        """Send what was promised."""
        self._thread.shutdown(wait=True)

    def message(self, to: str, subject: str, text: str) -> EmailMessage:
        """A mail from this server."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._settings.smtp_from, to, subject
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self._settings.smtp_from.rpartition("@")[2] or "scribes.invalid")
        # So that no holiday message answers it. Source: RFC 3834.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        return mail

    def _run(self, write: Callable[[], EmailMessage | None]) -> None:
        try:
            mail = write()
            if mail is None:
                return
            if not self._settings.smtp_host:
                log.warning("no mail was sent", why="no mail server is in the settings: smtp_host")
                return
            self._send(mail)
        except ScribesError as e:
            log.error("no mail was sent", code=e.code, why=e.message)  # noqa: TRY400 - a trace may quote an address
        except Exception as e:
            log.error("no mail was sent", kind=type(e).__name__)  # noqa: TRY400 - as above

    def _send(self, mail: EmailMessage) -> None:
        """Hand a mail to the mail server.

        Raises: Unavailable, InvalidInput.
        """
        settings = self._settings
        try:
            with self._connected() as server:
                if settings.smtp_security == "starttls":
                    server.starttls(context=self._trust())
                if settings.smtp_user:
                    server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as e:
            code = next(iter(e.recipients.values()))[0]
            raise InvalidInput(f"{settings.smtp_host} refuses the address ({code})") from None
        except (OSError, smtplib.SMTPException) as e:
            raise Unavailable(f"{settings.smtp_host}: {type(e).__name__}") from None

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.smtp_security == "tls":
            return smtplib.SMTP_SSL(
                settings.smtp_host, settings.smtp_port or 465, timeout=TIMEOUT_S, context=self._trust()
            )
        standard = 587 if settings.smtp_security == "starttls" else 25
        return smtplib.SMTP(settings.smtp_host, settings.smtp_port or standard, timeout=TIMEOUT_S)

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.smtp_ca or None)
