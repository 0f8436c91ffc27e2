"""Pushes to an iPhone, iPad or Mac by way of Apple (APNs).

Source: Apple, "Sending notification requests to APNs" and "Establishing a token-based connection to APNs".
"""

from __future__ import annotations

from ..errors import InvalidInput, NotFound
from .push_http import LIFE_S, Answer, Post, address, name_of, payload, push_id, reason_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.notices import Notice

URL = "https://api.push.apple.com"
# Apple takes a token for an hour, and a new one every 20 minutes at most.
_TOKEN_S = 30 * 60
_GONE = ("BadDeviceToken", "Unregistered", "ExpiredToken")


class ApnsNotifier:
    """One device, in the name of one app. Pushes of one key replace each other there."""

    def __init__(
        self,
        *,
        device: str,
        topic: str,
        team: str,
        key_id: str,
        key: str,
        url: str = URL,
        ca: str = "",
        timeout_s: float = 20.0,
    ) -> None:
        """Take what the device told the app, the app's bundle id, and the team's key (the text of its .p8 file).

        Raises: InvalidInput.
        """
        from ..crypto.signatures import Es256

        self._device = name_of(device, "device", r"[0-9A-Fa-f]{32,400}", "the hexadecimal digits the app was given")
        self._topic = name_of(topic, "topic", r"[A-Za-z0-9.-]{1,200}", "the app's bundle id, such as org.example.app")
        self._team = name_of(team, "team", r"[A-Za-z0-9]{10}", "the 10 characters of the team at Apple")
        self._key_id = name_of(key_id, "key_id", r"[A-Za-z0-9]{10}", "the 10 characters of the key at Apple")
        try:
            self._signer = Es256(key)
        except InvalidInput as e:
            raise InvalidInput(f"apns: {e.message}", hint="the text of the .p8 file from Apple") from e
        self._url, is_here = address(url, "url")
        self._post = Post("apns", ca=ca, is_here=is_here, timeout_s=timeout_s)
        self._token, self._token_s = "", 0

    def send(self, notice: Notice) -> None:
        """Hand the push to Apple.

        Raises:
            Unavailable: it did not answer, or says to try again later.
            NotFound: the device is gone, or the app was removed from it.
            InvalidInput: it refuses the key, the topic or the push.
        """
        import time

        now_s = int(time.time())
        headers = {
            "authorization": f"bearer {self._signed(now_s)}",
            "content-type": "application/json",
            "apns-topic": self._topic,
            "apns-push-type": "alert",
            "apns-priority": "10",
            "apns-id": push_id(notice.key),
            "apns-collapse-id": push_id(notice.key),
            "apns-expiration": str(now_s + LIFE_S),
        }

        def made(title: str, body: str) -> object:
            aps = {"alert": {"title": title, "body": body}, "sound": "default"}
            return {"aps": aps, "key": notice.key, "link": notice.link}

        content = payload(notice, made)
        self._check(self._post(f"{self._url}/3/device/{self._device}", headers, content), headers["apns-id"])

    def close(self) -> None:
        """Close the connections."""
        self._post.close()

    def _signed(self, now_s: int) -> str:
        """Return who sends, signed.

        The time in it goes in steps, and so all processes of this machine say the same: Apple refuses many tokens.
        """
        from ..crypto.signatures import token

        step_s = now_s - now_s % _TOKEN_S
        if self._token_s != step_s:
            claims: dict[str, str | int] = {"iss": self._team, "iat": step_s}
            self._token, self._token_s = token(self._signer, claims, key_id=self._key_id), step_s
        return self._token

    def _check(self, answer: Answer, id: str) -> None:
        if answer.status == 200:
            if answer.headers.get("apns-id", "").lower() != id:
                raise self._post.unavailable("did not say which push it took")
            return
        told = answer.data()
        reason = reason_of(told.get("reason")) if isinstance(told, dict) else ""
        if answer.status in (404, 410) or reason in _GONE:
            raise NotFound(
                f"apns does not know the device ({answer.status} {reason or 'gone'})",
                hint="the app tells its device when it is opened; a device of the sandbox is known there alone",
            )
        if reason == "ExpiredProviderToken":
            raise self._post.unavailable("finds the signature too old", hint="is this machine's clock right?")
        raise self._post.refused(answer, reason, hint="do the team, the key and the topic belong together?")
