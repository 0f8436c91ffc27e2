"""`Scribes`: an open vault, and all that can be done with it. Each noun is loaded when it is first asked for."""

from __future__ import annotations

import os

from .adapters.engine_sqlite import SqliteEngine
from .assistants import Assistants
from .crypto import header as headers
from .embedders import Embedders
from .errors import InvalidInput, Unavailable
from .files import read_if_there
from .records import replaced
from .services import vault
from .unlocking import key_files, key_stores, pending_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from .adapters.remote_http import HttpRemote
    from .config import Settings
    from .crypto.header import Header
    from .ports import Remote, Server
    from .services.activity import Activity
    from .services.assistant import Assistant
    from .services.backups import Backups
    from .services.calendar import Calendar
    from .services.checks import Checks
    from .services.circles import Circles
    from .services.clashes import Clashes
    from .services.context import Context
    from .services.days import Days
    from .services.devices import Devices
    from .services.drafts import Drafts
    from .services.edits import Edits
    from .services.exports import Exports
    from .services.highlights import Highlights
    from .services.history import History
    from .services.imports import Imports
    from .services.jobs import Jobs
    from .services.keys import Keys
    from .services.links import Links
    from .services.listing import Listing
    from .services.meaning import Meaning
    from .services.notes import Notes
    from .services.notifying import Channels, Notifying
    from .services.passages import Passages
    from .services.prayers import Prayers
    from .services.reminders import Reminders
    from .services.reviews import Reviews
    from .services.scripture import RemoteText, Scripture
    from .services.search import Search
    from .services.servers import Servers
    from .services.sharing import Sharing
    from .services.statistics import Statistics
    from .services.sync import Sync
    from .storage.spaces import RemotePlace

FOLDER, SERVER = "folder", "server"
ENVIRONMENT_SCRIPTURE_KEY = "SCRIBES_SCRIPTURE_KEY"


class Scribes:
    """An open vault. Usable from several threads; close it, or use it in a `with` block."""

    def __init__(self, context: Context, settings: Settings, *, founded: bool) -> None:
        self._context = context
        self._embedders = Embedders(settings)
        self._assistants = Assistants(settings)
        self._notifying: Notifying | None = None
        self._jobs: Jobs | None = None
        self._attached: dict[bytes, Remote] = {}
        self._servers: dict[str, HttpRemote] = {}
        self.settings = settings
        self.founded = founded
        """Whether this very call made the vault."""

    @property
    def path(self) -> str:
        """Where the vault lies."""
        return self._context.engine.path

    @property
    def notes(self) -> Notes:
        """Capture, read, change and delete notes."""
        from .services.notes import Notes

        return Notes(self._context)

    @property
    def search(self) -> Search:
        """Find notes."""
        from .services.search import Search

        return Search(self._context, lambda: self.meaning)

    @property
    def meaning(self) -> Meaning:
        """The index of meaning."""
        from .services.meaning import Meaning

        return Meaning(self._context, self._embedders)

    @property
    def has_written(self) -> bool:
        """Whether anything was written through this object."""
        return self._context.engine.has_written

    @property
    def due_at_opening(self) -> tuple[int, int]:
        """How many reminders, and how many cards, were due when the vault was opened; 100 at most of each."""
        return self._context.due_at_opening

    @property
    def passages(self) -> Passages:
        """The passages that notes name."""
        from .services.passages import Passages

        return Passages(self._context)

    @property
    def links(self) -> Links:
        """What notes have to do with each other."""
        from .services.links import Links

        return Links(self._context)

    @property
    def scripture(self) -> Scripture:
        """Bible texts, cross references, topics."""
        return scripture(self.settings, self._embedders)

    @property
    def history(self) -> History:
        """Revisions, and undo."""
        from .services.history import History

        return History(self._context)

    @property
    def listing(self) -> Listing:
        """Notes in an order, a page at a time."""
        from .services.listing import Listing

        return Listing(self._context)

    @property
    def edits(self) -> Edits:
        """Edits on a version that may not be the last one any more."""
        from .services.edits import Edits

        return Edits(self._context)

    @property
    def drafts(self) -> Drafts:
        """What was typed and not saved."""
        from .services.drafts import Drafts

        return Drafts(self._context)

    @property
    def imports(self) -> Imports:
        """Notes from other programs' files."""
        from .services.imports import Imports

        return Imports(self._context)

    @property
    def exports(self) -> Exports:
        """Notes as files for other programs."""
        from .services.exports import Exports

        return Exports(self._context)

    @property
    def backups(self) -> Backups:
        """Verified, encrypted copies."""
        from .services.backups import Backups

        return Backups(
            self._context,
            header=self._header,
            folder=os.path.join(self.settings.data_folder, "backups"),
            open_engine=SqliteEngine,
        )

    @property
    def keys(self) -> Keys:
        """Recovery key, passphrase, rotation, locking."""
        from .services.keys import Keys

        return Keys(
            self._context,
            header=self._header,
            stores=key_stores(self.settings, self._header()),
            pending=pending_store(self.settings),
            open_engine=SqliteEngine,
            argon2=argon2_cost(self.settings),
        )

    @property
    def checks(self) -> Checks:
        """What `doctor` looks at."""
        from .services.checks import Checks

        return Checks(
            self._context,
            backups=self.backups,
            key_files=[key_files(self.settings).path(self._header().vault)],
        )

    @property
    def reminders(self) -> Reminders:
        """Reminders: made, listed, snoozed, dealt with."""
        from .services.reminders import Reminders

        return Reminders(self._context)

    @property
    def calendar(self) -> Calendar:
        """Reminders for other programs' calendars."""
        from .services.calendar import Calendar

        return Calendar(self._context, self.reminders)

    @property
    def prayers(self) -> Prayers:
        """Prayer points, and the log of prayers."""
        from .services.prayers import Prayers

        return Prayers(self._context, self.settings)

    @property
    def reviews(self) -> Reviews:
        """Spaced review of notes, highlights and memory verses."""
        from .services.reviews import Reviews

        return Reviews(self._context, self.settings, self.scripture)

    @property
    def days(self) -> Days:
        """What a day holds: what is due, readings, prayers, notes of earlier years."""
        from .services.days import Days

        return Days(self._context, self.settings, reminders=self.reminders, reviews=self.reviews, prayers=self.prayers)

    @property
    def statistics(self) -> Statistics:
        """Numbers about the vault."""
        from .services.statistics import Statistics

        return Statistics(self._context)

    @property
    def channels(self) -> Channels:
        """The ways reminders reach the person from this device."""
        from .notifiers import connect
        from .services.notifying import Channels

        return Channels(self._context, connect)

    @property
    def jobs(self) -> Jobs:
        """What waits for its moment."""
        if self._jobs is None:
            import random

            from .notifiers import connect
            from .services.jobs import Jobs
            from .services.notifying import Notifying

            self._notifying = Notifying(self._context, connect)
            handler, set_back = self._notifying.handler, self._notifying.set_back
            # One for all that ask: it keeps connections, and what is done and not written down yet.
            self._jobs = Jobs(self._context, handler, spread=random.random, set_back=set_back)
        return self._jobs

    @property
    def sync(self) -> Sync:
        """The logs of the spaces: read and written."""
        from .services.sync import Sync

        return Sync(self._context, self._connect, device_name=device_name(self.settings), changed=self._look_at_spaces)

    @property
    def devices(self) -> Devices:
        """The devices of the person."""
        from .services.devices import Devices

        return Devices(self._context, self.sync, device_name=device_name(self.settings))

    @property
    def circles(self) -> Circles:
        """The circles the person is in."""
        from .services.circles import Circles

        return Circles(self._context, self.sync, my_name=self.settings.name or _login())

    @property
    def servers(self) -> Servers:
        """The servers that this device is signed in at."""
        from .services.servers import Servers

        me = self.settings.name or _login()
        return Servers(self._context, self.sync, self._server, my_name=me, device_name=device_name(self.settings))

    @property
    def sharing(self) -> Sharing:
        """What goes into circles and back, and comments."""
        from .services.sharing import Sharing

        return Sharing(self._context)

    @property
    def activity(self) -> Activity:
        """What happened in circles."""
        from .services.activity import Activity

        return Activity(self._context)

    @property
    def highlights(self) -> Highlights:
        """The marked words of notes."""
        from .services.highlights import Highlights

        return Highlights(self._context)

    @property
    def clashes(self) -> Clashes:
        """Places where two edits met."""
        from .services.clashes import Clashes

        return Clashes(self._context)

    @property
    def assistant(self) -> Assistant:
        """Notes said in other words, by the service of the settings."""
        from .services.assistant import Assistant

        return Assistant(self._context, self._assistants.chosen)

    def as_remote(self) -> Remote:
        """A remote that keeps the logs of others in this vault: `attach` it to them."""
        from .adapters.remote_scribes import ScribesRemote

        return ScribesRemote(self._context.engine)

    def attach(self, remote: Remote) -> None:
        """Let a remote of this process be found by its id, such as another open vault (`as_remote`)."""
        self._attached[remote.identify()] = remote

    def _connect(self, place: RemotePlace) -> Remote:
        attached = self._attached.get(place.id)
        if attached is not None:
            return attached
        if place.kind == SERVER:
            return self._server(place.place)
        if place.kind != FOLDER:
            raise Unavailable(f"the remote {place.place} is not at hand", hint="attach it first")
        from .adapters.remote_folder import FolderRemote

        return FolderRemote(place.place)

    def _server(self, url: str) -> Server:
        """A server, with the connection that is open to it."""
        from .adapters.remote_http import HttpRemote, address
        from .services.logins import Logins

        at = address(url)
        if at not in self._servers:
            self._servers[at] = HttpRemote(at, Logins(self._context.engine).at(at))
        return self._servers[at]

    def _look_at_spaces(self) -> None:
        """Spaces came or went: what is asked of this object from now on sees them."""
        from .storage import spaces

        with self._context.engine.read() as tx:
            self._context = replaced(self._context, visible_to=spaces.keys(tx))

    def close(self) -> None:
        """Let go of the file."""
        self._embedders.close()
        self._assistants.close()
        for server in self._servers.values():
            server.close()
        if self._notifying is not None:
            self._notifying.close()
        self._context.engine.close()

    def __enter__(self) -> Scribes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _header(self) -> Header:
        return headers.read(read_if_there(vault.header_path(self.path)) or b"")


def scripture(settings: Settings, embedders: Embedders | None = None) -> Scripture:
    """Bible texts and what belongs to them, for which no vault has to be opened. `embedders`: those that are made.

    The key of a service comes from the environment alone, so that it stands in no file and no list of processes.
    """
    from .services.scripture import Scripture

    def connect(translation: str) -> RemoteText:
        from .adapters import scripture_http

        key = os.environ.get(ENVIRONMENT_SCRIPTURE_KEY)
        if key and _is_open_to_others(settings.scripture_url):
            raise InvalidInput(f"a key is not sent in the open to {settings.scripture_url}", hint="an https:// address")
        return scripture_http.connect(
            settings.scripture_service,
            translation=translation,
            key=key,
            base_url=settings.scripture_url or None,
        )

    folder = os.path.join(settings.data_folder, "texts")
    return Scripture(
        folder,
        connect=connect if settings.scripture_service else None,
        embedder=(embedders or Embedders(settings)).of_verses,
    )


def _is_open_to_others(url: str) -> bool:
    """Whether what is sent to an address can be read on the way."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return bool(url) and parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost")


def _login() -> str:
    """The name of the login, where nobody said how they want to be called."""
    return os.environ.get("USER") or os.environ.get("USERNAME") or "someone"


def device_name(settings: Settings) -> str:
    """How this device is called in the history."""
    if settings.device:
        return settings.device
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "this device")


def argon2_cost(settings: Settings) -> tuple[int, int]:
    """What deriving a key from a passphrase costs: KiB of memory, and passes."""
    return settings.argon2_memory_mib * 1024, settings.argon2_passes
