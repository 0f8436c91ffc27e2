"""Notices by mail, handed to a person's own mail server over SMTP."""

from __future__ import annotations

from ..errors import InvalidInput, Unavailable
from ..models.notices import heading, one_line, when, words
from ..retries import WHOLE_ANSWER
from .deadline import Deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    import smtplib
    import socket
    import ssl
    from email.message import Message

    from ..models.notices import Notice

STARTTLS, TLS, NONE = "starttls", "tls", "none"
_PORTS = {STARTTLS: 587, TLS: 465, NONE: 25}
_HERE = ("127.0.0.1", "::1", "localhost")
_MOST_CHARACTERS = 20_000
# Said of the size where the sender is named, and of a mail that was sent.
_TOO_LARGE = 552
# What a server is greeted with. The machine's name is nobody's business, and asking the network for it may take long.
_GREETING = "[127.0.0.1]"
_GOODBYE_S = 2.0


class EmailNotifier:
    """One person's mailbox, by way of one server. A connection lives for one mail."""

    def __init__(
        self,
        host: str,
        *,
        sender: str,
        to: str,
        port: int | None = None,
        security: str = STARTTLS,
        user: str = "",
        password: str = "",
        ca: str = "",
        is_plain_allowed: bool = False,
        timeout_s: float = 20.0,
    ) -> None:
        """Take a server, two addresses, and what the server wants to know; `ca` is a file of certificates to trust.

        Raises:
            InvalidInput: an address is none, or the mail would travel in the open.
        """
        self._host = _host(host)
        if security not in _PORTS:
            raise InvalidInput(f"{security!r} is no way to secure a mail", hint="starttls, tls or none")
        if security == NONE and self._host not in _HERE and not is_plain_allowed:
            raise InvalidInput(f"mail is not sent in the open to {self._host}", hint="security starttls or tls")
        if bool(user) != bool(password):
            raise InvalidInput("a mail server wants a user and a password, or neither of them")
        # smtplib can say ASCII alone to a server.
        if not (user + password).isascii() or not (user + password).isprintable():
            raise InvalidInput("the user or password has characters beyond ASCII", hint="an app password has none")
        self._sender, self._to = _address(sender, "sender"), _address(to, "to")
        self._port = _PORTS[security] if port is None else port
        self._security, self._user, self._password = security, user, password
        self._trust = None if security == NONE else _trust(ca)
        self._timeout_s = timeout_s

    def send(self, notice: Notice) -> None:
        """Hand the mail to the server. A second try has the same Message-ID, by which mailboxes know it.

        Raises:
            Unavailable: it did not answer, is not who it should be, or says to try again later.
            InvalidInput: it refuses the password, an address or the mail.
        """
        mail = self._mail(notice)
        with Deadline(WHOLE_ANSWER * self._timeout_s) as deadline:
            try:
                self._exchange(mail, deadline)
            # SMTP's errors are OSErrors. Ours is not raised from them: a server may quote the mail in what it says.
            except (OSError, ValueError) as e:
                raise self._error(e, deadline) from None

    def close(self) -> None:
        """Nothing is held."""

    def _exchange(self, mail: Message, deadline: Deadline) -> None:
        server = self._connected(deadline)
        try:
            if self._security == STARTTLS:
                server.starttls(context=self._trust)
                if server.sock is not None:
                    deadline.watch(server.sock)
            if self._user:
                server.login(self._user, self._password)
            server.send_message(mail, from_addr=self._sender, to_addrs=[self._to])
            try:
                # The server has taken the mail: whatever happens to the goodbye, it is not sent again.
                if server.sock is not None:
                    server.sock.settimeout(min(_GOODBYE_S, self._timeout_s))
                server.quit()
            except (OSError, ValueError):
                pass
        finally:
            server.close()

    def _connected(self, deadline: Deadline) -> smtplib.SMTP:
        import smtplib

        class Watched(smtplib.SMTP_SSL if self._security == TLS else smtplib.SMTP):  # type: ignore[misc]
            def _get_socket(self, *address: object) -> socket.socket:
                # Here, since the constructor reads the greeting, which may drip as well.
                made: socket.socket = super()._get_socket(*address)
                deadline.watch(made)
                return made

        trust = {"context": self._trust} if self._security == TLS else {}
        server: smtplib.SMTP = Watched(self._host, self._port, _GREETING, timeout=self._timeout_s, **trust)
        return server

    def _mail(self, notice: Notice) -> Message:
        from email.charset import QP, Charset
        from email.header import Header
        from email.mime.text import MIMEText
        from email.utils import formataddr, formatdate

        from ..canonical import blake2b

        due = "" if notice.late else f"due {when(notice)}"
        parts = (words(notice, _MOST_CHARACTERS), due, one_line(notice.link))
        charset = Charset("utf-8")
        charset.body_encoding = QP
        mail = MIMEText("\n\n".join(part for part in parts if part) + "\n", "plain", charset)  # type: ignore[arg-type]
        digest = blake2b(notice.key.encode("utf-8", "replace"), digest_size=16).hexdigest()
        mail["Message-ID"] = f"<{digest}@{self._sender.rpartition('@')[2]}>"
        mail["Date"] = formatdate()
        mail["From"] = formataddr(("Scribes", self._sender))
        mail["To"] = self._to
        # The newer EmailMessage folds a subject in another script so that spaces are lost (Python 3.11).
        subject = heading(notice)
        told = Header(subject, "us-ascii" if subject.isascii() else "utf-8", header_name="Subject")
        mail["Subject"] = told  # type: ignore[assignment]
        # So that no holiday message answers it. Source: RFC 3834.
        mail["Auto-Submitted"] = "auto-generated"
        return mail

    def _error(self, error: OSError | ValueError, deadline: Deadline) -> Unavailable | InvalidInput:
        """Return what an error of the standard library means here."""
        import smtplib
        import ssl

        if deadline.is_over:
            return self._unavailable(f"did not finish in {WHOLE_ANSWER * self._timeout_s:g} s")
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            return self._unavailable(f"did not answer in {self._timeout_s:g} s")
        # Before the others: it is a ValueError too.
        if isinstance(error, ssl.SSLCertVerificationError):
            return self._unavailable(f"has a certificate that is not trusted: {error.verify_message}")
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return self._unavailable("offers no STARTTLS, or no sign-in", hint="are the port and security right?")
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return self._unavailable("broke the connection off")
        if isinstance(error, (smtplib.SMTPException, ValueError)):
            return self._refused(error)
        if isinstance(error, ssl.SSLError):
            return self._unavailable("does not speak TLS here", hint="are the port and security right?")
        return self._unavailable("could not be reached")

    def _refused(self, error: smtplib.SMTPException | ValueError) -> Unavailable | InvalidInput:
        import smtplib

        code = _code(error)
        if not 500 <= code < 600:
            return self._unavailable(f"answered {code}" if code else "does not speak SMTP as it should")
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return InvalidInput(
                f"{self._host} refuses the password of {self._user} ({code})",
                hint="many servers want an app password instead of that of the account",
            )
        what = "the mail"
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            what = f"the address {self._to}"
        elif isinstance(error, smtplib.SMTPSenderRefused) and code != _TOO_LARGE:
            what = f"the sender {self._sender}"
        return InvalidInput(f"{self._host} refuses {what} ({code})")

    def _unavailable(self, what: str, *, hint: str = "it is tried again later") -> Unavailable:
        return Unavailable(f"{self._host} {what}", hint=hint)


def _code(error: smtplib.SMTPException | ValueError) -> int:
    """Return the status a server answered with, 0 where it answered with none."""
    import smtplib

    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=0)
    return max(0, error.smtp_code) if isinstance(error, smtplib.SMTPResponseException) else 0


def _host(host: str) -> str:
    name = host.strip()
    if not name or not name.isprintable() or not name.isascii() or set(name) & set(" /@"):
        raise InvalidInput(f"{host!r} is no name of a mail server", hint="such as mail.example.org")
    return name


def _address(address: str, field: str) -> str:
    """Return an address as servers take it: its domain in ASCII."""
    local, at, domain = address.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        domain = ""
    found = f"{local}{at}{domain}"
    if not (local and domain and found.isascii() and found.isprintable()) or set(found) & set(' "(),:;<>[\\]'):
        raise InvalidInput(f"{address!r} is no mail address", hint=f"{field}, such as anna@example.org")
    if "@" in local:
        raise InvalidInput(f"{address!r} is more than one mail address", hint="a channel for each")
    return found


def _trust(ca: str) -> ssl.SSLContext:
    """Return what certificates are checked against: the machine's authorities, or those in a file."""
    import ssl

    try:
        return ssl.create_default_context(cafile=ca or None)
    except (OSError, ValueError) as e:
        raise InvalidInput(f"{ca} holds no certificates", hint="a PEM file of the authority that signed") from e
