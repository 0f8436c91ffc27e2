"""Questions to the person at the terminal."""

from __future__ import annotations

import os
import sys

from ..config import ENVIRONMENT_PASSPHRASE, ENVIRONMENT_SERVER_PASSWORD
from ..errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .session import Session


def passphrase(question: str = "passphrase: ") -> str:
    """What was typed, unseen."""
    import getpass

    return getpass.getpass(question)


def new_passphrase() -> str:
    """A passphrase typed twice; from a pipe, its first line.

    Raises: InvalidInput, when the two differ.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = passphrase("new passphrase: ")
    if passphrase("once more: ") != first:
        raise InvalidInput("the two passphrases differ", hint="nothing was changed; try again")
    return first


def secret(question: str) -> str:
    """A secret: typed unseen, or the first line of a pipe."""
    return passphrase(question) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def typed(question: str) -> str:
    """What was typed, seen as it is typed; the first line of a pipe. Unlike an argument, it stands in no list of
    processes and no history of a shell.
    """
    if sys.stdin.isatty():
        sys.stderr.write(question)
        sys.stderr.flush()
    return sys.stdin.readline().strip()


def confirm(session: Session, question: str) -> None:
    """Go on only when the person says so, here or by `--yes`.

    Raises: InvalidInput.
    """
    if session.yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInput(f"{question} was not answered", hint="say --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InvalidInput("nothing was done")


def without_secrets() -> dict[str, str]:
    """The environment for the programs we start: editor and pager need no passphrase."""
    secrets = (ENVIRONMENT_PASSPHRASE, ENVIRONMENT_SERVER_PASSWORD)
    return {name: value for name, value in os.environ.items() if name not in secrets}
