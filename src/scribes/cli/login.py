"""`scribes login` and `scribes logout`: this device at a server, by a password that never leaves it."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from ..config import ENVIRONMENT_SERVER_PASSWORD
from ..errors import InvalidInput, Unavailable
from ..records import as_data
from .app import put
from .output import say, write, write_json
from .prompts import passphrase, secret, typed
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.servers import LoggedIn
    from .session import Session

Server = Annotated[str, typer.Argument(metavar="SERVER", help="its address: https://notes.example.org")]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    address = "https://notes.example.org"
    put(app, "login", login, (f"scribes login {address} --new", f"scribes login {address} --email anna@example.org"))
    put(app, "logout", logout, (f"scribes logout {address}",))


def login(
    server: Server,
    email: Annotated[
        str | None, typer.Option("--email", help="your address there; without it, it is asked for")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="make an account there")] = False,
    invite: Annotated[
        bool, typer.Option("--invite", help="with --new, where the server wants a code: it is asked for")
    ] = False,
) -> int:
    """Sign this device in at a server, and keep your notes there too, sealed: the server cannot read them.

    The password is asked for, or is the first line of a pipe, or stands in SCRIBES_SERVER_PASSWORD. It does not leave
    this device: the server is sent a secret made from it. On a second device of yours, this one signs in, and a device
    that has your notes lets it in (scribes devices add).
    """
    session = current()
    if invite and not new:
        raise InvalidInput("--invite goes with --new")
    _check_installed()
    email = email or typed("e-mail: ")
    password = _password(is_new=new)
    code = typed("the code of your invitation: ") if invite else ""
    with session.open() as vault:
        done = vault.servers.log_in(server, email=email, password=password, is_new=new, invite=code, mailed=_mailed)
        own = next((one.remote for one in vault.sync.status() if one.kind == "personal"), "") if _is_set(done) else ""
    say_signed_in(session, done, own)
    return 0


def logout(server: Server) -> int:
    """Sign this device out at a server. Your notes stay here and there; to sync again takes another login."""
    session = current()
    with session.open(create=False) as vault:
        heard = vault.servers.log_out(server)
    if session.json:
        write_json({"server": server, "heard": heard})
    elif not session.quiet:
        write(session, ["signed out"])
    if not heard:
        say(session, "the server could not be told: there the session ends by itself, in 30 days at the latest")
    return 0


def say_signed_in(session: Session, done: LoggedIn, own: str) -> None:
    """Say what a login has led to, and what comes next."""
    if session.json:
        write_json(as_data(done))
        return
    if session.quiet:
        write(session, [done.url])
        return
    write(session, [f"signed in at {done.url} as {done.email}"])
    if done.state == "first":
        say(session, "your notes will be kept there too, sealed; scribes sync sends them")
        say(session, f"on another device of yours: scribes login {done.url}")
    elif done.state == "next":
        say(session, "your notes are on another device of yours, which has to let this one in:")
        say(session, f"  scribes devices add --server {done.url}")
    elif done.state == "known":
        say(session, f"your own notes stay in {own}" if own else "your own notes stay where they are")
        say(session, f"scribes circle create NAME --server {done.url} keeps a circle there")


def _check_installed() -> None:
    """Before anything is asked.

    Raises: Unavailable.
    """
    if find_spec("httpx2") is None:
        raise Unavailable("a server needs the package httpx2", hint="pip install 'scribes[online]'")


def _mailed() -> str:
    return typed("the code in the mail that the server has sent: ")


def _is_set(done: LoggedIn) -> bool:
    return done.state in ("first", "back", "known")


def _password(*, is_new: bool) -> str:
    """The password, which is never an argument: those stand in lists of processes.

    Raises: InvalidInput.
    """
    given = os.environ.get(ENVIRONMENT_SERVER_PASSWORD)
    if given:
        return given
    first = secret("password: ")
    if is_new and sys.stdin.isatty() and passphrase("once more: ") != first:
        raise InvalidInput("the two passwords differ", hint="nothing was done; try again")
    return first
