"""Hosting: many people over one database. In an open space the server is one more device of each of them.

A person who is hosted has a device of their own here, whose keys the server keeps. What is written through it reaches
the space's log as any device's does, and what others write there is read as any device reads it.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager

from .adapters.blobs_file import FileBlobs
from .adapters.remote_scribes import NotingRemote, ScribesRemote
from .assistants import Assistants
from .config import load
from .crypto.devices import open_under, seal_under
from .crypto.keys import subkey
from .crypto.server_key import key_of
from .domain.zones import check_zone
from .embedders import Embedders
from .errors import AlreadyExists, Forbidden, NotFound, Sealed
from .files import private_folder
from .ids import new_id
from .library import Scribes
from .records import replaced
from .server_files import BLOBS, DATABASE, FILE_KEY, engine_in, kept_secret
from .services import erasing, hosting
from .services.blob_chunks import BlobChunks
from .services.context import Context, HeldKey
from .services.preferences import Chosen, chosen
from .storage import hosted
from .storage.meta import Identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from contextlib import AbstractContextManager

    from .adapters.engine_sqlalchemy import SqlAlchemyEngine
    from .config import Settings
    from .crypto.devices import DevicePublic
    from .domain.keyring import Keyring
    from .ports import Remote, Tx
    from .services.everything import Everything
    from .services.jobs import Jobs
    from .storage.hosted import HostedPerson
    from .storage.spaces import RemotePlace

# The zone of whoever has chosen none: never that of the machine.
HOME_ZONE = "UTC"


class Hosted(Scribes):
    """What one person can see and do on a server: their open spaces, and no others."""

    def __init__(
        self, host: Host, context: Context, person: HostedPerson, moved: dict[bytes, int] | None = None
    ) -> None:
        self._host = host
        # The spaces into whose logs something went at once, as who is in a circle does.
        self._moved: dict[bytes, int] = {} if moved is None else moved
        self._person = person
        self._context = context
        self._embedders = host.embedders
        self._assistants = host.assistants
        self._notifying = None
        self._jobs = None
        self._attached = {}
        choices = {**chosen(person.settings), "name": person.name, "time_zone": context.zone}
        self.settings = replaced(host.settings, **choices)
        self.founded = False

    @property
    def preferences(self) -> Chosen:
        """What the person chose."""
        return Chosen(self._context, self.settings)

    def in_zone(self, name: str) -> Hosted:
        """The same person, whose days are counted in another time zone.

        Raises: InvalidInput.
        """
        return Hosted(self._host, replaced(self._context, zone=check_zone(name)), self._person, self._moved)

    @property
    def key(self) -> int:
        """The key of the person."""
        return self._person.n

    @property
    def has_personal_space(self) -> bool:
        """Whether the person's own notes lie here; where they are sealed, they do not."""
        return self._person.space != 0

    def check_personal_space(self) -> None:
        """Refuse what needs the person's own notes, where these are sealed.

        Raises: Sealed.
        """
        if not self.has_personal_space:
            raise Sealed(
                "your own notes are sealed: this server holds them and cannot read them",
                hint="use a device with Scribes on it, or name an open circle",
            )

    def check_readable(self, circle: str) -> None:
        """Refuse to look into a circle that the server cannot read, or that the person is not in.

        Raises: NotFound, Forbidden, Sealed.
        """
        with self._context.engine.read() as tx:
            hosting.readable(tx, self._context, circle)

    def allowed(self, circle: str, action: str) -> str:
        """The id of an open circle, named by its id or name, in which the person may do something.

        Raises: NotFound, Ambiguous, Forbidden, Sealed.
        """
        with self._context.engine.read() as tx:
            return hosting.allowed(tx, self._context, circle, action).id.hex()

    def at_once(self) -> AbstractContextManager[object]:
        """A context in which all that is done is one step: kept as a whole, or not at all."""
        return self._host.engine.joint()

    def in_space(self, circle: str) -> Hosted:
        """The same person, where what is new goes into a circle, named by its id or name, instead of their own notes.

        Raises: NotFound, Forbidden, Sealed.
        """
        with self._context.engine.read() as tx:
            space = hosting.allowed(tx, self._context, circle, "write").n
        me = replaced(self._context.me, space=space)
        return Hosted(self._host, replaced(self._context, me=me), self._person, self._moved)

    @property
    def everything(self) -> Everything:
        """All that the person has here."""
        from .services.everything import Everything

        return Everything(self._context)

    @property
    def logs(self) -> list[bytes]:
        """The ids of the spaces that the person is in through the server's own device."""
        with self._context.engine.read() as tx:
            return hosting.logs_of(tx, self._context)

    @property
    def device(self) -> DevicePublic:
        """The public keys of the device through which the server writes for the person: a member's own device lets it
        into an open circle, and into no other.
        """
        with self._context.engine.read() as tx:
            return hosting.device_of(tx, self._context)

    def sent(self) -> None:
        """Something was written: the logs hear of it soon."""
        self._host.wake(self._moved)
        self._moved.clear()

    def close(self) -> None:
        """Nothing: the database stays open for all."""

    def _connect(self, place: RemotePlace) -> Remote:  # noqa: ARG002 - all logs lie here
        return NotingRemote(self._host.relay, self._moved)

    def _look_at_spaces(self) -> None:
        self._context = self._host.of(self._person.n)._context


class Host:
    """A server's database, and the people in it."""

    def __init__(self, engine: SqlAlchemyEngine, settings: Settings, key: bytes) -> None:
        self.engine, self.settings, self._key = engine, settings, key
        self.embedders = Embedders(settings)
        self.assistants = Assistants(settings)
        self.relay = ScribesRemote(engine)
        self.relay.name = "this server"
        self._locks: dict[int, threading.RLock] = {}
        self._guard = threading.Lock()
        self._bell = threading.Event()
        self._rung_at = 0.0
        self._moved: dict[bytes, int] = {}
        self.told: Callable[[bytes, int], None] = lambda _space, _size_bytes: None
        """Called with the id of a space whose log has moved on by what was written here."""

    def key(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose (at most 16 bytes of name), from the server's secret."""
        return subkey(self._key, purpose)

    def sealed(self, content: bytes, *, purpose: str) -> bytes:
        """What this server alone can read, under a key for one purpose."""
        return seal_under(self.key(purpose), content, purpose=purpose.encode())

    def opened(self, sealed: bytes, *, purpose: str) -> bytes:
        """What was sealed for the same purpose.

        Raises: Damaged.
        """
        return open_under(self.key(purpose), sealed, purpose=purpose.encode())

    def chunks(self) -> BlobChunks:
        """The files that people keep here, sealed at rest."""
        folder = os.path.join(os.path.dirname(self.settings.vault), BLOBS)
        return BlobChunks(FileBlobs(folder), self.key("scribes.blobs"))

    def people_in(self, space: bytes) -> list[int]:
        """The keys of the people who are in a space through the server's own device."""
        with self.engine.read() as tx:
            return hosting.people_in(tx, space)

    def check(self) -> None:
        """Ask the database whether it is of this version.

        Raises: NewerFormat, Unavailable, Busy, Damaged.
        """
        with self.engine.read() as tx:
            hosting.check_current(tx)

    def found(self, name: str, *, personal: bool) -> int:
        """The key of a new person; `personal`, where their own notes lie here, open. Without, they are sealed, and only
        open circles can be read here.
        """
        with self.engine.write() as tx:
            n = hosting.found_person(tx, name)
        if personal:
            with self._alone(0):
                hosting.found_personal_space(self.of(n)._context, self.relay)
        return n

    def check_may_go(self, n: int) -> None:
        """Refuse to let a person go who owns an open circle in which others are.

        Raises: Conflict, NotFound.
        """
        erasing.check_may_go(self.of(n).circles)

    def erase(self, n: int, also: Callable[[list[bytes]], dict[str, int]]) -> dict[str, int]:
        """How many rows of each table went with a person: their own notes with all history, the circles in which nobody
        else is, their part in the others. `also` removes what else there is of them, in the same transaction, and of
        the logs whose ids it is given. All of it is gone then; or nothing but the circles they left, and some notes.

        Raises: NotFound, Conflict, Damaged, Unavailable, Busy.
        """
        person = self.of(n)
        erasing.check_may_go(person.circles)
        left = erasing.leave_all(person.circles)
        own = person._person.space
        removed = {"notes": erasing.empty(self.engine, own)} if own else {}
        with self._alone(own), self.engine.joint() as tx:
            gone = erasing.deserted(tx, own, left)
            for space, _ in gone:
                for table, number in erasing.forget_space(tx, space).items():
                    removed[table] = removed.get(table, 0) + number
            erasing.forget_person(tx, person._context)
            for table, number in also([id for _, id in gone]).items():
                removed[table] = removed.get(table, 0) + number
        erasing.forget_vectors(self.engine)
        erasing.forget_old_words(self.engine)
        return removed | {"circles left": len(left)}

    def forget_log(self, tx: Tx, id: bytes) -> int:
        """How many entries a sealed log had that is gone: nobody can read it any more."""
        return erasing.forget_log(tx, id)

    def rename(self, n: int, name: str) -> None:
        """What circles call a person from now on."""
        with self.engine.write() as tx:
            hosted.rename(tx, n, name)

    def of(self, n: int) -> Hosted:
        """What a person sees and does.

        Raises: NotFound.
        """
        with self.engine.read() as tx:
            return self.seen(tx, n)

    def seen(self, tx: Tx, n: int) -> Hosted:
        """As `of`, in a transaction that is open already.

        Raises: NotFound.
        """
        person = hosted.get(tx, n)
        roles = hosted.roles(tx, n)
        me = Identity(person.space, person.device, person.device_id, f"account.{person.device}")
        visible_to = tuple(
            sorted((space for space, role in roles.items() if role), key=lambda one: one != person.space)
        )
        zone = chosen(person.settings).get("time_zone") or HOME_ZONE
        context = Context(self.engine, HeldKey(b""), me, visible_to, "server", hosted=n, zone=zone)
        return Hosted(self, context, person)

    def let_in(self, n: int, ring: Keyring, *, by: Collection[bytes]) -> None:
        """A person is in an open space from now on, if their own devices say so there: `by`, those whose keys they have
        shown to hold.
        """
        with self.engine.write() as tx:
            hosting.let_in(tx, self.relay, ring, n, by=by)

    def absorb(self, space: bytes) -> None:
        """Read what came into a log, where the space is open and a person here is in it; nothing else happens.

        Raises: Unavailable, Busy.
        """
        with self.engine.write() as tx:
            n = hosting.meet(tx, self.relay, space)
        if n:
            self._run(n)

    def flush(self) -> int:
        """How many spaces were brought in step with their logs, because something was written in them here."""
        with self.engine.read() as tx:
            waiting = hosted.with_unsent(tx)
        for space in waiting:
            self._run(space)
        with self._guard:
            moved, self._moved = self._moved, {}
        for id, size_bytes in moved.items():
            self.told(id, size_bytes)
        return len(waiting)

    def wake(self, moved: Mapping[bytes, int] | None = None) -> None:
        """Something was written: whoever waits for it (`rung`) shall `flush` soon. `moved`: into whose logs already."""
        with self._guard:
            for id, size_bytes in (moved or {}).items():
                self._moved[id] = self._moved.get(id, 0) + size_bytes
        self._rung_at = self._rung_at or time.monotonic()
        self._bell.set()

    def rung(self, timeout_s: float) -> float:
        """Wait until something is written: the moment of the first write, by the monotonic clock; 0 when there is none
        in that time.
        """
        self._bell.wait(timeout=timeout_s)
        self._bell.clear()
        rung_at, self._rung_at = self._rung_at, 0.0
        return rung_at

    def jobs(self) -> Jobs:
        """The jobs of everybody who is hosted."""
        from .services.hosted_work import jobs_of

        return jobs_of(self.engine)

    def index(self, *, limit: int, thorough: bool = False) -> int:
        """How many notes that waited were embedded: about `limit` at most; `thorough`, what else is due is done too.

        Raises: Unavailable, Busy, StorageFull.
        """
        from .services.hosted_work import index

        return index(self.engine, self.embedders, limit=limit, thorough=thorough)

    def waiting(self) -> dict[str, int]:
        """How much waits: jobs, jobs for a person, notes to embed, spaces whose log lacks something."""
        from .services.hosted_work import waiting

        return waiting(self.engine)

    def close(self) -> None:
        """Finish what was begun, and let go of the database."""
        self._bell.set()
        try:
            self.flush()
        finally:
            self.embedders.close()
            self.assistants.close()
            self.engine.close()

    def _run(self, space: int) -> None:
        """One space: its log read and written, by somebody who may."""
        with self._alone(space):
            with self.engine.read() as tx:
                people = hosting.by_rank(tx, space)
            for n in people:
                person = self.of(n)
                try:
                    id = hosting.run_space(person.sync, person._context, space)
                except (Forbidden, NotFound):
                    # Removed a moment ago: somebody else of the circle may go on.
                    continue
                self.told(id, person._moved.get(id, 0))
                return

    @contextmanager
    def _alone(self, space: int) -> Iterator[None]:
        """One thread at a time in a space; other processes are told apart by the log itself."""
        with self._guard:
            lock = self._locks.setdefault(space, threading.RLock())
        with lock:
            yield


def open_host(folder: str, database: str, secret: str) -> Host:
    """The server's database in a folder, made if it is not there; or a Postgres one, by its address.

    Raises: InvalidInput, Damaged, NewerFormat, Unavailable.
    """
    private_folder(folder)
    key = key_of(secret or kept_secret(folder))
    engine = engine_in(folder, database, key)
    try:
        with engine.write() as tx:
            hosting.make_current(tx, new_id(tx.now_us))
    except BaseException:
        engine.close()
        raise
    settings = load({}, vault=os.path.join(folder, DATABASE), indexing="manual", device="server")
    return Host(engine, settings, key)


def back_up(folder: str, database: str, secret: str, path: str) -> None:
    """Make a consistent, verified copy of a server's database, encrypted by the same secret, while the server runs.

    Raises: NotFound, AlreadyExists, InvalidInput (it is none that Scribes copies), Busy, StorageFull, Damaged.
    """
    if os.path.lexists(path):
        raise AlreadyExists(f"{path} is there already", hint="a copy goes into a new file")
    if not database and not os.path.exists(os.path.join(folder, DATABASE)):
        raise NotFound(f"there is no server's database in {folder}", hint="--data names its folder")
    key = key_of(secret or kept_secret(folder))
    engine = engine_in(folder, database, key)
    try:
        engine.copy_to(path, subkey(key, FILE_KEY))
    finally:
        engine.close()
