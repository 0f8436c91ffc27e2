"""The assistant of a server: on where whoever runs it says so, and asked no more than it can bear."""

from __future__ import annotations

import threading

from limits import RateLimitItemPerHour

from ..assistants import Assistants
from ..errors import TooMany, Unavailable
from ..hosting import Host, Hosted
from ..models.assistant import Paraphrase
from ..records import replaced
from .accounts.rates import Rates
from .metrics import Silent
from .settings import ServerSettings


class Paraphrasing:
    """Says notes in other words, for accounts that have not asked too often."""

    def __init__(self, host: Host, settings: ServerSettings, rates: Rates, metrics: Silent) -> None:
        self._is_on, self._rates, self._metrics = settings.assistant, rates, metrics
        self._an_hour = RateLimitItemPerHour(settings.assistant_an_hour, namespace="assistant")
        # Each waits for a service, and keeps one of the threads meanwhile.
        self._free = threading.BoundedSemaphore(max(1, settings.threads // 4))
        if self._is_on:
            told = {"assistant_url": settings.assistant_url, "assistant_model": settings.assistant_model}
            host.assistants = Assistants(replaced(host.settings, **told))

    def ask(self, me: Hosted, id: str, *, style: str) -> Paraphrase:
        """A note's text in other words.

        Raises: Unavailable, where it is switched off or does not answer; TooMany; NotFound; InvalidInput; Conflict,
            where what it says would lose or add something.
        """
        me.notes.get(id)
        if not self._is_on:
            raise Unavailable("the assistant is switched off on this server")
        self._rates.count(self._an_hour, str(me.key))
        if not self._free.acquire(blocking=False):
            raise TooMany("the assistant is busy", hint="try again in a moment", retry_after_s=5)
        try:
            found = me.assistant.paraphrase(id, style=style)
        finally:
            self._free.release()
        self._metrics.paraphrase(found.took_ms / 1000)
        return found
