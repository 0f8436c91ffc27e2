"""`scribes server user …`, `server invite`, `server rotate-keys`: the accounts of a server of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from ..records import as_data
from .app import put
from .output import plain, say, write, write_json
from .prompts import confirm, secret
from .serve import DATA, _settings, check_there
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..server.accounts.admin import AccountLine, Admin
    from .session import Session

EMAIL = typer.Argument(metavar="EMAIL", help="the address of the account")


def register(group: typer.Typer) -> None:
    """Put the commands into the group of the server."""
    users = typer.Typer(help="Look after the accounts of a server.", rich_markup_mode=None, no_args_is_help=True)
    put(users, "add", add, ("scribes server user add anna@example.org --name Anna",))
    put(users, "list", list_accounts, ("scribes server user list",))
    put(users, "disable", disable, ("scribes server user disable anna@example.org",))
    put(users, "enable", enable, ("scribes server user enable anna@example.org",))
    put(users, "quota", quota, ("scribes server user quota anna@example.org 500000000",))
    put(users, "delete", delete, ("scribes server user delete anna@example.org",))
    group.add_typer(users, name="user")
    put(group, "invite", invite, ("scribes server invite --days 7",))
    put(group, "rotate-keys", rotate_keys, ("scribes server rotate-keys",))


def add(
    email: Annotated[str, EMAIL],
    name: Annotated[str, typer.Option("--name", help="what circles call the person")] = "",
    data: Annotated[str | None, DATA] = None,
) -> int:
    """Make an account, also where registration is closed. The password is asked for; from a pipe, its first line."""
    session = current()
    password = secret("password: ")
    with _administered(data, there=False) as admin:
        _show(session, admin.add(email, password, name=name), "made the account")
    return 0


def list_accounts(data: Annotated[str | None, DATA] = None) -> int:
    """Show the accounts, the oldest first."""
    session = current()
    with _administered(data) as admin:
        found = admin.each()
    if session.json:
        write_json([as_data(one) for one in found])
    else:
        write(session, [one.email if session.quiet else _line(one) for one in found])
        if not found:
            say(session, "nobody has an account here yet: scribes server user add, or POST /v1/auth/signup")
    return 0


def disable(email: Annotated[str, EMAIL], data: Annotated[str | None, DATA] = None) -> int:
    """Shut an account out at once; what is in it stays."""
    session = current()
    with _administered(data) as admin:
        _show(session, admin.disable(email), "disabled")
    return 0


def enable(email: Annotated[str, EMAIL], data: Annotated[str | None, DATA] = None) -> int:
    """Let an account in again."""
    session = current()
    with _administered(data) as admin:
        _show(session, admin.enable(email), "enabled")
    return 0


def quota(
    email: Annotated[str, EMAIL],
    size_bytes: Annotated[int | None, typer.Argument(metavar="[BYTES]", help="none: as the settings say")] = None,
    data: Annotated[str | None, DATA] = None,
) -> int:
    """Set how many bytes an account may keep."""
    session = current()
    with _administered(data) as admin:
        _show(session, admin.set_quota(email, size_bytes), "changed")
    return 0


def delete(email: Annotated[str, EMAIL], data: Annotated[str | None, DATA] = None) -> int:
    """Delete an account with everything that is its alone. This cannot be undone."""
    session = current()
    confirm(session, f"delete the account {plain(email)} with all its notes?")
    with _administered(data) as admin:
        removed = admin.delete(email)
    if session.json:
        write_json({"removed": removed})
    else:
        write(session, [f"deleted {plain(email)}: {removed.get('notes', 0)} notes, and nothing of it is left"])
    return 0


def invite(
    days: Annotated[int, typer.Option("--days", help="how long it is good")] = 7,
    data: Annotated[str | None, DATA] = None,
) -> int:
    """Make a code with which one person can sign up where registration is by invitation."""
    session = current()
    with _administered(data, there=False) as admin:
        code = admin.invite(days=days)
    if session.json:
        write_json({"code": code, "days": days})
    else:
        write(session, [code])
        say(session, f"for one person, {days} days: scribes login SERVER --new --invite asks for it")
    return 0


def rotate_keys(data: Annotated[str | None, DATA] = None) -> int:
    """Sign tokens with a new key from now on; those that are out stay good until they run out."""
    session = current()
    with _administered(data) as admin:
        kid = admin.rotate_keys()
    if session.json:
        write_json({"kid": kid})
    else:
        write(session, [f"tokens are signed with the key {kid} now"])
    return 0


def _administered(data: str | None, *, there: bool = True) -> AbstractContextManager[Admin]:
    """The accounts. `there`: the server has to have been made already.

    Raises: NotFound.
    """
    settings = _settings(data_folder=data)
    if there:
        check_there(settings)
    from ..server.accounts.admin import administered

    return administered(settings)


def _show(session: Session, account: AccountLine, done: str) -> None:
    if session.json:
        write_json(as_data(account))
    else:
        write(session, [account.id if session.quiet else f"{done} {_line(account)}"])


def _line(account: AccountLine) -> str:
    more = [account.kind]
    if account.quota_bytes is not None:
        more.append(f"{account.quota_bytes} bytes at most")
    if account.is_disabled:
        more.append("disabled")
    return f"{account.email} ({plain(account.name)}): {', '.join(more)}"
