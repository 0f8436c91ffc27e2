"""Which notifier a channel means, and what each kind wants to know. Only the chosen one is loaded."""

from __future__ import annotations

from .errors import InvalidInput
from .records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .ports import Notifier

DESKTOP, EMAIL, FCM, APNS, APPRISE = "desktop", "email", "fcm", "apns", "apprise"
TIMEOUT_S = 20.0


@record
class Field:
    """What a kind of channel wants to know. Secrets are asked for without being shown."""

    name: str
    meaning: str
    is_needed: bool = False
    is_secret: bool = False


_PUSH = (
    Field("url", "the address of the service, where it is not the usual one"),
    Field("ca", "a file of certificates to trust instead of the machine's"),
)
FIELDS: dict[str, tuple[Field, ...]] = {
    DESKTOP: (),
    EMAIL: (
        Field("host", "the mail server, such as mail.example.org", is_needed=True),
        Field("sender", "the address mails come from", is_needed=True),
        Field("to", "the address mails go to", is_needed=True),
        Field("security", "starttls (the usual), tls, or none for a server on this machine"),
        Field("port", "587 with starttls, 465 with tls, 25 with none"),
        Field("user", "the name the server knows you by"),
        Field("ca", "a file of certificates to trust instead of the machine's"),
        Field("plain_allowed", "yes to send in the open to another machine"),
        Field("password", "the password, often an app password", is_secret=True),
    ),
    FCM: (
        Field("device", "the registration token the app shows", is_needed=True),
        Field("project", "the Firebase project, where it is not the service account's"),
        *_PUSH,
        Field("service_account", "the service account's key, as JSON", is_needed=True, is_secret=True),
    ),
    APNS: (
        Field("device", "the device token the app shows", is_needed=True),
        Field("topic", "the app's bundle id", is_needed=True),
        Field("team", "the team's id at Apple", is_needed=True),
        Field("key_id", "the key's id at Apple", is_needed=True),
        *_PUSH,
        Field("key", "the text of the key's .p8 file", is_needed=True, is_secret=True),
    ),
    APPRISE: (Field("url", "an address of apprise, such as ntfys://ntfy.example.org/topic", True, True),),
}


def connect(
    kind: str, config: Mapping[str, str], secrets: Mapping[str, str], *, timeout_s: float = TIMEOUT_S
) -> Notifier:
    """Return the notifier of a channel; nothing is sent yet.

    Raises:
        InvalidInput: there is no such kind, or it cannot be from what is said of it.
        Unavailable: the package it needs is not installed.
    """
    told = _checked(kind, config, secrets)
    if kind == DESKTOP:
        from .adapters.notifier_desktop import DesktopNotifier

        return DesktopNotifier(timeout_s=timeout_s)
    if kind == EMAIL:
        from .adapters.notifier_email import EmailNotifier

        is_plain_allowed = _yes(told.pop("plain_allowed", ""))
        return EmailNotifier(
            port=_port(told.pop("port", "")), is_plain_allowed=is_plain_allowed, timeout_s=timeout_s, **told
        )
    if kind == FCM:
        from .adapters.notifier_fcm import FcmNotifier

        return FcmNotifier(timeout_s=timeout_s, **told)
    if kind == APNS:
        from .adapters.notifier_apns import ApnsNotifier

        return ApnsNotifier(timeout_s=timeout_s, **told)
    from .adapters.notifier_apprise import AppriseNotifier

    return AppriseNotifier(timeout_s=timeout_s, **told)


def _checked(kind: str, config: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """Return what is said of a channel, without what is empty."""
    fields = FIELDS.get(kind)
    if fields is None:
        raise InvalidInput(f"there is no channel of the kind {kind!r}", hint=", ".join(FIELDS))
    told: dict[str, str] = {}
    for source, is_secret in ((config, False), (secrets, True)):
        known = [field.name for field in fields if field.is_secret == is_secret]
        for name, value in source.items():
            if name not in known:
                raise InvalidInput(
                    f"{kind} has no {'secret' if is_secret else 'field'} {name!r}", hint=", ".join(known) or None
                )
            if str(value).strip():
                told[name] = str(value)
    for field in fields:
        if field.is_needed and field.name not in told:
            raise InvalidInput(f"{kind} needs {field.name}", hint=field.meaning)
    return told


def _port(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and 0 < int(value[:6]) < 65536):
        raise InvalidInput(f"{value!r} is no port", hint="a number from 1 to 65535")
    return int(value)


def _yes(value: str) -> bool:
    word = value.strip().lower()
    if word not in ("", "yes", "true", "1", "no", "false", "0"):
        raise InvalidInput(f"{value!r} is neither yes nor no", hint="plain_allowed")
    return word in ("yes", "true", "1")
