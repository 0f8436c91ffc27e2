"""Notices by way of apprise: ntfy, Telegram, Matrix and a hundred more; extra `apprise`.

What a service is and who is told stands in one address, which holds its tokens: it is a secret, and stands in no error
and no log. These services know no key of a delivery, so what is sent twice is shown twice.
"""

from __future__ import annotations

from ..errors import InvalidInput, Unavailable
from ..models.notices import heading, words
from ..retries import WHOLE_ANSWER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    from ..models.notices import Notice

# Each writes addresses to the log.
_LOGGERS = ("apprise", "requests", "urllib3", "httpx", "httpcore")
_MOST_CHARACTERS = 4_000


class AppriseNotifier:
    """One address of apprise."""

    def __init__(self, url: str, *, timeout_s: float = 20.0) -> None:
        """Take an address such as ntfys://ntfy.example.org/topic.

        Raises:
            InvalidInput: apprise cannot read it, or it is more than one.
            Unavailable: apprise is not installed.
        """
        self._timeout_s = timeout_s
        self._service = _service(url.strip(), timeout_s)

    def send(self, notice: Notice) -> None:
        """Hand the notice to the service.

        Raises: Unavailable, where apprise could not or the service would not: it does not tell which.
        """
        from threading import Thread

        title, body = heading(notice), words(notice, _MOST_CHARACTERS)
        taken: list[bool] = []

        def send() -> None:
            with _silence():
                # No service takes a notice without a body.
                taken.append(bool(self._service.notify(title=title, body=body or title)))

        # Some services have no limit for a whole answer: what hangs is left behind, and ends with this process.
        thread = Thread(target=send, daemon=True)
        thread.start()
        thread.join(WHOLE_ANSWER * self._timeout_s)
        if thread.is_alive():
            raise Unavailable(f"the service of apprise did not finish in {WHOLE_ANSWER * self._timeout_s:g} s")
        if taken != [True]:
            raise Unavailable("apprise could not deliver it", hint="is the service up, and is its address still right?")

    def close(self) -> None:
        """Nothing is held."""


def _service(url: str, timeout_s: float) -> Any:
    try:
        with _silence():
            import apprise
    except ImportError as e:
        raise Unavailable("channels of apprise need the package apprise", hint="pip install scribes[apprise]") from e
    asset = apprise.AppriseAsset(app_id="Scribes", app_desc="Scribes", storage_mode=apprise.PersistentStoreMode.MEMORY)
    service = apprise.Apprise(asset=asset)
    with _silence():
        is_read = bool(url) and service.add(url)
    if not is_read or len(service) != 1:
        raise InvalidInput(
            "this is no address that apprise can read, or more than one",
            hint="such as ntfys://ntfy.example.org/topic; a channel for each",
        )
    # Seconds for one step of an exchange, unless the address says how many.
    for plugin in service:
        plugin.socket_connect_timeout = min(plugin.socket_connect_timeout or timeout_s, timeout_s)
        plugin.socket_read_timeout = min(plugin.socket_read_timeout or timeout_s, timeout_s)
    return service


def _silence() -> AbstractContextManager[None]:
    """Return what, while entered, keeps those who write addresses to the log from writing at all."""
    from contextlib import contextmanager

    return contextmanager(_silenced)()


def _silenced() -> Iterator[None]:
    import logging

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
