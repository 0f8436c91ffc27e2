"""What lives as long as the server: its settings, its database, the accounts it hosts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from .. import hosting
from ..adapters.webhook_http import WebhookPost
from ..hosting import Host, open_host
from .accounts import Accounts
from .accounts.deletion import Deletion
from .behind import Behind
from .blobs import Blobs
from .database import make_current
from .delivering import Delivering
from .hub import Hub
from .invitations import Invitations
from .metrics import Metrics, Silent, kept
from .once import Answers
from .paraphrasing import Paraphrasing
from .settings import ServerSettings
from .space_logs import SpaceLogs
from .tracing import Tracer, tracer
from .transfers import Transfers
from .webhooks import Webhooks


@dataclass
class Server:
    """All that routes need beyond the request."""

    settings: ServerSettings
    host: Host
    accounts: Accounts
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server is about to end: what goes on for long, as a stream of events, ends now."""
    metrics: Metrics | Silent = field(init=False)
    tracer: Tracer | None = field(init=False)
    behind: Behind | None = None
    at_stop: list[Callable[[], None]] = field(default_factory=list)
    """Called once when the server is about to end, in the event loop, before it waits for requests at work."""
    hub: Hub = field(default_factory=Hub)
    """Who listens to what happens."""

    def __post_init__(self) -> None:
        self.answers = Answers(self.host)
        self.spaces = SpaceLogs(self.host, self.settings, self.hub)
        self.blobs = Blobs(self.host, self.settings, self.spaces)
        self.invitations = Invitations(self.settings, self.host, self.accounts)
        self.webhooks = Webhooks(self.settings, self.host)
        post = WebhookPost(is_loopback_allowed=self.settings.is_development)
        self.delivering = Delivering(self.host, self.webhooks, post)
        self.host.told = self._moved
        self.transfers = Transfers(self.host, self.settings, self.blobs)
        self.at_stop += [self.hub.close, self.transfers.stop]
        self.deletion = Deletion(self.accounts.database, self.host, self.spaces, self.blobs)
        self.metrics = kept(self.settings.metrics)
        self.paraphrasing = Paraphrasing(self.host, self.settings, self.accounts.rates, self.metrics)
        self.tracer = tracer(wanted=self.settings.traces)

    def start(self) -> None:
        """Begin the work behind requests."""
        more = {"transfers": self.transfers.work}
        self.behind = Behind(self.host, self.metrics, indexes=self.settings.index_meaning, more=more)
        self.metrics.look_up(self.host.waiting)
        self.behind.start()
        self.delivering.start()

    def idle_work(self) -> list[str]:
        """The works behind requests that have ended, though the server has not."""
        return [] if self.behind is None else [*self.behind.ended(), *self.delivering.ended()]

    def _moved(self, space: bytes, size_bytes: int) -> None:
        self.spaces.refresh(space, size_bytes)
        self.delivering.moved(space)

    def stop(self) -> None:
        """Say that the server is about to end; twice is fine."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        for call in self.at_stop:
            call()

    def close(self) -> None:
        """Let go of everything."""
        self.stop()
        if self.behind:
            self.delivering.stop()
            self.behind.stop()
        if self.tracer:
            self.tracer.close()
        self.accounts.close()
        self.host.close()


def open_server(settings: ServerSettings) -> Server:
    """The server's state, over a database that is of the version of this Scribes from now on.

    Raises: InvalidInput, NewerFormat, Damaged, Unavailable.
    """
    host = open_host(settings.folder, settings.database, settings.secret.get_secret_value())
    try:
        make_current(host.engine)
        return Server(settings, host, Accounts(settings, host))
    except BaseException:
        host.close()
        raise


def migrate(settings: ServerSettings) -> None:
    """Bring the database to the version of this Scribes.

    Raises: NewerFormat, Damaged, Unavailable.
    """
    open_server(settings).close()


def back_up(settings: ServerSettings, path: str) -> None:
    """Make a consistent, verified copy of the database, encrypted by the same secret; a server that runs goes on.

    Raises: NotFound, AlreadyExists, InvalidInput, Busy, StorageFull, Damaged.
    """
    hosting.back_up(settings.folder, settings.database, settings.secret.get_secret_value(), path)
