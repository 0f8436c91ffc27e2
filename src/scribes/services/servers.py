"""Servers: signing up, in and out with a password that never leaves this device, and where the person's notes go then.

The account at a server says who may keep bytes there. Who may read them is said by the keys of devices alone
(docs/decisions/0031): a second device signs in by the password, and is let in by the first.
"""

from __future__ import annotations

from ..crypto.passwords import cost_in, keys_of, normal_email
from ..domain.keyring import PERSONAL
from ..errors import Conflict, InvalidInput, NotFound, ScribesError
from ..models.servers import LoggedIn
from ..storage import spaces
from . import account as accounts
from .logins import Logins
from .proofs import proof_of_device

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..models.servers import SignedIn
    from ..ports import Server
    from ..storage.spaces import RemotePlace
    from .context import Context
    from .sync import Sync

SERVER = "server"


class Servers:
    """The servers of a vault. `connect` gives the one at an address."""

    def __init__(
        self, context: Context, sync: Sync, connect: Callable[[str], Server], *, my_name: str, device_name: str
    ) -> None:
        self._context = context
        self._engine = context.engine
        self._sync = sync
        self._connect = connect
        self._my_name, self._device_name = my_name, device_name
        self._logins = Logins(context.engine)

    def each(self) -> list[SignedIn]:
        """The servers that this device is signed in at."""
        return self._logins.each()

    def log_in(
        self, url: str, *, email: str, password: str, is_new: bool = False, invite: str = "",
        mailed: Callable[[], str] | None = None,
    ) -> LoggedIn:  # fmt: skip
        """Signed in at a server, this device registered there, and the person's notes kept there from now on, where
        they are not kept elsewhere and no other device of theirs has any there. `mailed` is asked for the code that a
        server sends to a new address.

        Raises: NotSignedIn, AlreadyExists, Forbidden, InvalidInput, Unavailable; Conflict, where the notes of this
        vault lie there under another account.
        """
        server = self._connect(url)
        email = normal_email(email)
        if "@" not in email:
            raise InvalidInput("this is no e-mail address", hint="such as anna@example.org")
        keys = keys_of(password, email=email, cost=cost_in(server.prelogin(email)))
        if is_new:
            name, device = self._my_name, self._device_name
            made = server.sign_up(email, keys.password, name=name, device_name=device, invite=invite)
            if made is None:
                if mailed is None:
                    raise InvalidInput("the server sends a mail with a code first", hint="scribes login asks for it")
                server.confirm(mailed(), device)
        else:
            server.sign_in(email, keys.password, self._device_name)
        login = self._logins.at(server.name)
        self._check_account(server)
        login.note(email=email, server=server.identify().hex(), account=server.account.hex())
        self._register(server)
        return LoggedIn(server.name, email, self._settle(server))

    def log_out(self, url: str) -> bool:
        """Whether the server heard of it; this device is not signed in any more either way, and keeps its notes.

        Raises: NotFound.
        """
        server = self._connect(url)
        tokens = self._logins.at(server.name).tokens()
        if tokens is None:
            raise NotFound(f"you are not signed in at {server.name}", hint="scribes sync --status shows where you are")
        try:
            server.sign_out()
            heard = True
        except ScribesError:
            heard = False
        self._logins.forget(server.name)
        return heard

    def remote(self, url: str) -> Server:
        """The server at an address.

        Raises: InvalidInput.
        """
        return self._connect(url)

    def place_of(self, url: str) -> RemotePlace:
        """A server as a place of logs, known from now on.

        Raises: NotSignedIn, Unavailable.
        """
        server = self._connect(url)
        return self._sync.know(server, kind=SERVER, place=server.name)

    def set_up(self, url: str) -> LoggedIn:
        """What it leads to that the person's notes shall be kept at a server where this device is signed in.

        Raises: NotSignedIn, Unavailable, Conflict.
        """
        server = self._connect(url)
        self._register(server)
        known = next((one for one in self.each() if one.url == server.name), None)
        return LoggedIn(server.name, known.email if known else "", self._settle(server))

    def _check_account(self, server: Server) -> None:
        known = next((one for one in self.each() if one.url == server.name and one.account), None)
        if known is None or known.account == server.account.hex():
            return
        with self._engine.read() as tx:
            places = [one.n for one in spaces.remotes(tx) if one.id == server.identify()]
            is_used = any(space.remote_n in places for space in spaces.each(tx) if space.role)
        if is_used:
            self._logins.forget(server.name)
            raise Conflict(
                f"the notes of this vault lie at {server.name} under another account",
                hint=f"scribes login {server.name} --email {known.email}; or another vault: scribes --vault FILE login",
            )

    def _register(self, server: Server) -> None:
        remote, account = server.identify(), server.account
        with self._engine.write() as tx:
            keys = accounts.own_keys(tx, self._context.me)
        public = keys.public()
        proof = proof_of_device(keys, remote=remote, account=account)
        server.register(public.id, public.sign, public.box, proof)

    def _settle(self, server: Server) -> str:
        place = self._sync.know(server, kind=SERVER, place=server.name)
        with self._engine.read() as tx:
            own = spaces.get(tx, self._context.me.space)
            me = accounts.find(tx, self._context.me)
        if own.remote_n is not None:
            return "back" if own.remote_n == place.n else "known"
        # One that this very device began, and then did not get to write down, holds nothing.
        others = [one for one in server.spaces() if one.kind == PERSONAL and not (me and me.keys.id in one.devices)]
        if others:
            return "next"
        self._sync.set_up(server, kind=SERVER, place=server.name)
        return "first"
