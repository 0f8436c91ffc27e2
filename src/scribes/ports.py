"""What the core needs from outside, as protocols. Loaded by type checkers only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Protocol

from .models.notices import Notice
from .models.servers import SpaceThere, Tokens
from .models.sync import Page

Value = None | int | float | str | bytes
Row = tuple[Any, ...]
Progress = Callable[[int, int], None]


class Tx(Protocol):
    """A transaction. Everything in it happens, or nothing does; `now_us` is fixed when it begins."""

    now_us: int

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """All rows of a statement."""

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """The first row, or None."""

    def value(self, sql: str, values: Sequence[Value] = ()) -> Any:
        """The first column of the first row, or None."""

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement; the key of the row it inserted last."""

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement for each row."""

    def run_script(self, sql: str) -> None:
        """Run several statements."""


class TxContext(Protocol):
    """Begins a transaction when entered; commits when left, or rolls back when an error leaves it."""

    def __enter__(self) -> Tx: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Held(Protocol):
    """Something that one alone is doing."""

    def close(self) -> None:
        """Let others do it."""


class Engine(Protocol):
    """Where the tables are. One writer and many readers, in several threads and processes."""

    path: str
    has_written: bool
    busy_timeout_ms: int

    def read(self) -> TxContext:
        """A transaction that sees one state of the file."""

    def write(self) -> TxContext:
        """A transaction that may change things; raises Busy when another holds the file too long."""

    def copy_to(self, path: str, key: bytes, progress: Progress | None = None) -> None:
        """A consistent, encrypted, verified copy of the whole file under another key."""

    def alone(self) -> AbstractContextManager[None]:
        """While entered, no other process has a transaction on the file; raises Busy."""

    def replace_with(self, path: str, key: bytes) -> None:
        """Put a copy under another key in the place of this file. Call it inside `alone`; raises Busy."""

    def hold(self, name: str) -> Held | None:
        """The right to do what one at a time may do, of all processes and threads; None while another has it. It ends
        with the process, too.
        """

    def problems(self) -> list[str]:
        """What an integrity check of the whole file finds; empty when sound."""

    def close(self) -> None:
        """Let go of the file."""


class KeyStore(Protocol):
    """Where the data key of a vault rests on this machine."""

    name: str

    def get(self, vault: bytes) -> bytes | None:
        """The data key, or None."""

    def put(self, vault: bytes, data_key: bytes) -> None:
        """Keep the data key; raises Unavailable."""

    def remove(self, vault: bytes) -> bool:
        """Forget the data key; whether there was one."""


class Embedder(Protocol):
    """Turns texts into vectors whose cosines tell how near their meanings are."""

    @property
    def name(self) -> str:
        """What the model is called, such as "minilm-l6-v2"."""

    @property
    def digest(self) -> bytes:
        """16 bytes that tell this space from any other: vectors of two digests are never compared."""

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """A vector of length 1 for each text, as little-endian float32; raises Unavailable."""

    def embed_query(self, text: str) -> bytes:
        """The vector to look for texts with, of length 1; raises Unavailable."""


class ServiceEmbedder(Embedder, Protocol):
    """An embedder somewhere else, whose model may change behind its name."""

    @property
    def is_known(self) -> bool:
        """Whether it knows, or assumes, how its model answers the probe."""

    def probe(self) -> bytes:
        """Its answer to a sentence that is always the same, as a row of signed bytes; raises Unavailable."""

    def digest_for(self, probe: bytes) -> bytes:
        """What `digest` is if the model answers the probe so; asks nobody."""

    def assume(self, probe: bytes) -> None:
        """Take an earlier answer for that of today, until the first texts show whether it is."""

    def close(self) -> None:
        """Close the connections."""


class Assistant(Protocol):
    """Says a text in other words. What it says is not trusted: domain/paraphrase.py looks at it."""

    @property
    def model(self) -> str:
        """What its model is called."""

    @property
    def host(self) -> str:
        """Where it is: the host that texts are sent to."""

    def paraphrase(self, text: str, *, style: str, remark: str = "") -> str:
        """The text in other words; `remark` is what an earlier answer did wrong: "lose the name Anna".

        Raises: Unavailable, where another try may go through; InvalidInput or NotFound, where none will.
        """

    def close(self) -> None:
        """Close the connections."""


class Notifier(Protocol):
    """Brings a notice to a person."""

    def send(self, notice: Notice) -> None:
        """Return when the other side has taken the notice. One whose key it took before is not shown a second time
        where the other side can tell.

        Raises: Unavailable, where another try may go through; InvalidInput or NotFound, where none will.
        """

    def close(self) -> None:
        """Let go of the connection."""


class Remote(Protocol):
    """Where the logs of spaces lie: it orders and stores, and is not trusted (docs/reference/wire.md).

    Raises: Unavailable, where it cannot be reached right now; StorageFull.
    """

    @property
    def name(self) -> str:
        """What people call it: a folder's path, a server's address."""

    def identify(self) -> bytes:
        """The 16 bytes it calls itself; raises NotFound, where nothing of Scribes is there (any more)."""

    def fetch(self, space: bytes, after: str, *, limit_bytes: int) -> Page:
        """Entries behind a cursor ("" for all), at least one where there is one."""

    def append(self, space: bytes, entries: Sequence[bytes], *, again: bool = False) -> None:
        """Put entries at the end, all or none, on disk when this returns. The same ones again are fine. `again`: the
        log had them and lost them.

        Raises: Outrun, where they do not follow on what is there; Forbidden.
        """

    def fold(self, space: bytes, covers: dict[bytes, int]) -> None:
        """Let go of bundles up to these numbers of their devices: a snapshot that is there stands for them."""

    def bridge(self, space: bytes, ends: dict[bytes, tuple[int, bytes]]) -> None:
        """Let chains go on behind bundles that nobody has any more, each by the number and SHA-256 of its last one."""

    def send(self, slot: bytes, message: bytes) -> None:
        """Leave a letter in a slot of 16 bytes."""

    def receive(self, slot: bytes) -> bytes | None:
        """The letter in a slot, or None."""

    def discard(self, slot: bytes) -> None:
        """Take a letter out."""


class SignIn(Protocol):
    """Where a device keeps what its account is known by at one server."""

    def tokens(self) -> Tokens | None:
        """The tokens, or None."""

    def keep(self, tokens: Tokens) -> None:
        """Keep new tokens in the place of the old ones: on disk when this returns."""

    def alone(self) -> AbstractContextManager[None]:
        """While entered, no other process of this vault fetches new tokens: each is good for one renewal."""


class Server(Remote, Protocol):
    """A remote with accounts, asked over a network; what it can beside what every remote can."""

    @property
    def account(self) -> bytes:
        """The id of the account, as devices sign it."""

    def ask_ahead(self, cursors: Mapping[bytes, str]) -> None:
        """Ask about many logs at once: `fetch` behind the same cursor, where nothing is new, then asks nobody."""

    def show_invitation(self, space: bytes, id: bytes, prove: Callable[[bytes], bytes]) -> None:
        """Read a log by an invitation; `prove` signs the account's id for it."""

    def register(self, device: bytes, sign: bytes, box: bytes, proof: bytes) -> None:
        """Register a device of the account; raises Forbidden, AlreadyExists."""

    def device_there(self) -> tuple[bytes, bytes, bytes]:
        """The id and the public keys of the device through which the server writes for the account."""

    def spaces(self) -> list[SpaceThere]:
        """The spaces in which the account is."""

    def prelogin(self, email: str) -> dict[str, Any]:
        """How the password of an account is derived."""

    def sign_up(self, email: str, password: str, *, name: str, device_name: str, invite: str) -> Tokens | None:
        """The tokens of a new account, or None where a mail with a code goes first; raises AlreadyExists, Forbidden."""

    def confirm(self, code: str, device_name: str) -> Tokens:
        """The tokens of a new account by the code of that mail."""

    def sign_in(self, email: str, password: str, device_name: str) -> Tokens:
        """The tokens of an account; raises NotSignedIn."""

    def sign_out(self) -> None:
        """Let the server forget the session."""


class Blobs(Protocol):
    """Bytes under names of hexadecimal digits, a dot and a number; what is kept is sealed before it comes here.

    Raises: StorageFull; Unavailable, where they lie elsewhere; InvalidInput, for a name that is none.
    """

    def put(self, name: str, content: bytes) -> None:
        """Keep bytes, in the place of those before, durably when this returns."""

    def get(self, name: str) -> bytes | None:
        """The bytes of a name, or None."""

    def remove(self, name: str) -> None:
        """Forget a name; one that is not there is fine."""
