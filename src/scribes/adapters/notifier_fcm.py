"""Pushes to an Android device, or a browser, by way of Google (Firebase Cloud Messaging, HTTP v1).

Source: Firebase, "REST Resource: projects.messages"; Google, "Using OAuth 2.0 for Server to Server Applications".
"""

from __future__ import annotations

from ..errors import InvalidInput, NotFound
from .push_http import LIFE_S, Answer, Post, address, name_of, payload, push_id, reason_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.notices import Notice

URL = "https://fcm.googleapis.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE_OF_STATEMENT_S = 3600
# A token is renewed so long before its end.
_MARGIN_S = 120
_ACCOUNT_HINT = "the JSON text of the service account's key, from the Firebase console"


class FcmNotifier:
    """One device, in the name of one Firebase project. Pushes of one key replace each other there."""

    def __init__(
        self,
        *,
        device: str,
        service_account: str,
        project: str = "",
        url: str = URL,
        ca: str = "",
        timeout_s: float = 20.0,
    ) -> None:
        """Take the device's registration token and the service account's key, as the JSON text Google gives.

        Raises: InvalidInput.
        """
        from ..crypto.signatures import Rs256

        self._device = name_of(device, "device", r"[A-Za-z0-9_:.-]{8,4000}", "the registration token the app was given")
        account = _account(service_account)
        self._email, self._key_id = account["client_email"], account.get("private_key_id", "")
        project = name_of(project or account.get("project_id", ""), "project", r"[a-z0-9:.-]{1,100}", "its id")
        try:
            self._signer = Rs256(account["private_key"])
        except InvalidInput as e:
            raise InvalidInput(f"service_account: {e.message}", hint=_ACCOUNT_HINT) from e
        base, is_here = address(url, "url")
        self._url = f"{base}/v1/projects/{project}/messages:send"
        self._token_url, is_token_here = address(account.get("token_uri", TOKEN_URL), "token_uri of service_account")
        self._post = Post("fcm", ca=ca, is_here=is_here and is_token_here, timeout_s=timeout_s)
        self._token, self._token_until_s = "", 0.0

    def send(self, notice: Notice) -> None:
        """Hand the push to Google.

        Raises:
            Unavailable: it did not answer, or says to try again later.
            NotFound: the device is gone, or the app was removed from it.
            InvalidInput: it refuses the service account, the project or the push.
        """
        content = self._content(notice)
        answer = self._sent(content)
        if answer.status == 401:
            # The token may have been taken back, or this machine slept while it ended.
            self._token = ""
            answer = self._sent(content)
        self._check(answer)

    def close(self) -> None:
        """Close the connections."""
        self._post.close()

    def _sent(self, content: bytes) -> Answer:
        headers = {"authorization": f"Bearer {self._access()}", "content-type": "application/json"}
        return self._post(self._url, headers, content)

    def _content(self, notice: Notice) -> bytes:
        id = push_id(notice.key)

        def made(title: str, body: str) -> object:
            # No collapse key: of those a device that is switched off gets four at most. A tag replaces what is shown.
            android = {"priority": "HIGH", "ttl": f"{LIFE_S}s", "notification": {"tag": id}}
            message = {
                "token": self._device,
                "notification": {"title": title, "body": body},
                "data": {"key": notice.key, "link": notice.link},
                "android": android,
                "apns": {"headers": {"apns-collapse-id": id}},
            }
            return {"message": message}

        return payload(notice, made)

    def _access(self) -> str:
        """Return a token that lets us send, asked for when there is none that lasts.

        Raises: Unavailable, InvalidInput.
        """
        import time

        now_s = time.time()
        # A clock that stepped back must not make a token last for longer than it does.
        if not self._token or not 0 < self._token_until_s - now_s <= _LIFE_OF_STATEMENT_S:
            self._token, lasts_s = self._asked(int(now_s))
            self._token_until_s = now_s + lasts_s - _MARGIN_S
        return self._token

    def _asked(self, now_s: int) -> tuple[str, int]:
        from urllib.parse import urlencode

        from ..crypto.signatures import token

        claims: dict[str, str | int] = {
            "iss": self._email,
            "scope": _SCOPE,
            "aud": self._token_url,
            "iat": now_s,
            "exp": now_s + _LIFE_OF_STATEMENT_S,
        }
        asked = urlencode({"grant_type": _GRANT, "assertion": token(self._signer, claims, key_id=self._key_id)})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = self._post(self._token_url, headers, asked.encode())
        told = answer.data()
        told = told if isinstance(told, dict) else {}
        if answer.status != 200:
            hint = "is the service account's key still valid, and this machine's clock right?"
            raise self._post.refused(answer, reason_of(told.get("error")), hint=hint)
        found, lasts_s = told.get("access_token"), told.get("expires_in")
        if not isinstance(found, str) or not (found.isascii() and found.isprintable() and 0 < len(found) < 8192):
            raise self._post.unavailable("answered with something that is no token")
        return found, lasts_s if type(lasts_s) is int and 0 < lasts_s <= _LIFE_OF_STATEMENT_S else 0

    def _check(self, answer: Answer) -> None:
        told = answer.data()
        told = told if isinstance(told, dict) else {}
        if answer.status == 200:
            if not isinstance(told.get("name"), str):
                raise self._post.unavailable("did not say which push it took")
            return
        reason = _reason(told)
        if answer.status in (404, 410) or reason == "UNREGISTERED":
            raise NotFound(
                f"fcm does not know the device ({answer.status} {reason or 'gone'})",
                hint="the app tells its device when it is opened; is the project right?",
            )
        raise self._post.refused(
            answer, reason, hint="do the service account, the project and the device belong together?"
        )


def _account(text: str) -> dict[str, str]:
    """Return the texts of a service account."""
    import json

    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        # Not from the error, which holds the text.
        raise InvalidInput("service_account is not JSON", hint=_ACCOUNT_HINT) from None
    found = {name: value for name, value in told.items() if isinstance(value, str)} if isinstance(told, dict) else {}
    for name in ("client_email", "private_key"):
        if not found.get(name):
            raise InvalidInput(f"service_account has no {name}", hint=_ACCOUNT_HINT)
    return found


def _reason(told: dict[str, object]) -> str:
    """Return the code of an error: that of messaging where there is one, else that of Google's services."""
    error = told.get("error")
    if not isinstance(error, dict):
        return ""
    details = error.get("details")
    listed = details if isinstance(details, list) else []
    codes = (reason_of(detail.get("errorCode")) for detail in listed if isinstance(detail, dict))
    return next(filter(None, codes), "") or reason_of(error.get("status"))
