"""`scribes serve` and `scribes server …`: the server of this machine. Its packages are loaded here, and only then."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ..errors import NotFound, Unavailable
from .app import put
from .output import YELLOW, plain, say, style, write, write_json
from .session import current
from .vault_words import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..server.settings import ServerSettings
    from .session import Session

DATA = typer.Option(
    "--data", metavar="FOLDER", help="where the server's data lies, instead of SCRIBES_SERVER_DATA_FOLDER"
)


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    put(app, "serve", serve, ("scribes serve", "scribes serve --port 8080 --data /srv/scribes"))
    group = typer.Typer(help="Look after the data of a server.", rich_markup_mode=None, no_args_is_help=True)
    put(group, "migrate", migrate, ("scribes server migrate",))
    put(group, "backup", backup, ("scribes server backup server-2026-11-28.db",))
    put(group, "seed", seed, ("scribes server seed",))
    from . import server_users

    server_users.register(group)
    app.add_typer(group, name="server")


def serve(
    host: Annotated[str | None, typer.Option("--host", help="the address to listen on: 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option("--port", help="the port: 8000; 0 takes a free one")] = None,
    data: Annotated[str | None, DATA] = None,
) -> int:
    """Serve accounts, circles, sync and the interface under /v1, until Ctrl-C.

    What else can be set stands in .env.example and docs/reference/server-settings.md.
    """
    session = current()
    settings = _settings(host=host, port=port, data_folder=data)
    from ..server.running import serve as run

    run(settings, say=lambda line: _tell(session, line), warn=lambda line: _warn(session, line))
    return 0


def migrate(data: Annotated[str | None, DATA] = None) -> int:
    """Bring the database of a server to the version of this Scribes; it is made if it is not there."""
    session = current()
    settings = _settings(data_folder=data)
    from ..server.state import migrate as run

    run(settings)
    if session.json:
        write_json({"folder": settings.folder})
    else:
        write(session, [f"the database in {settings.folder} is current"])
    return 0


def backup(
    file: Annotated[str, typer.Argument(help="the new file")],
    data: Annotated[str | None, DATA] = None,
) -> int:
    """Copy the database of a server, consistent and verified, while it runs. The server's secret alone opens it."""
    session = current()
    settings = _settings(data_folder=data)
    check_there(settings)
    from ..server.state import back_up
    from ..server_files import BLOBS

    path = os.path.abspath(os.path.expanduser(file))
    back_up(settings, path)
    size_bytes = os.path.getsize(path)
    files = os.path.join(settings.folder, BLOBS)
    if session.json:
        write_json({"file": path, "sizeBytes": size_bytes})
    else:
        write(session, [path if session.quiet else f"wrote {path} ({size_bytes / 1e6:.1f} MB)"])
        say(session, "it opens with this server's secret alone: keep a copy of that elsewhere")
        if os.path.isdir(files):
            say(session, f"files that people keep are sealed in {files}: copy that folder too, after this")
    return 0


def seed(data: Annotated[str | None, DATA] = None) -> int:
    """Make an account with notes, prayers and a reminder in it, to try a server out."""
    session = current()
    settings = _settings(data_folder=data)
    from ..server.seeding import seed as run

    email, password = run(settings)
    if session.json:
        write_json({"email": email, "password": password})
    else:
        write(session, [f"made the account {email}, with the password {password}"])
    return 0


def check_there(settings: ServerSettings) -> None:
    """Refuse a folder in which no server was ever started: it was probably mistyped.

    Raises: NotFound.
    """
    from ..server_files import DATABASE

    if not settings.database and not os.path.exists(os.path.join(settings.folder, DATABASE)):
        hint = "--data names the folder; scribes serve makes what is not there"
        raise NotFound(f"no server keeps its data in {settings.folder}", hint=hint)


def _settings(**given: object) -> ServerSettings:
    """The server's settings, where its packages are installed.

    Raises: Unavailable, InvalidInput.
    """
    try:
        import fastapi  # noqa: F401 - whether it is there
        import uvicorn  # noqa: F401

        from ..server.settings import read_settings
    except ModuleNotFoundError as e:
        raise Unavailable(
            f"the server needs a package that is not here: {e.name}", hint='pip install "scribes[server]"'
        ) from e
    from ..server import logs

    logs.set_up("warning")
    return read_settings(**{name: value for name, value in given.items() if value is not None})


def _tell(session: Session, line: str) -> None:
    write(session, [shortened(line)])
    sys.stdout.flush()


def _warn(session: Session, line: str) -> None:
    sys.stderr.write(f"{style(session, 'warning:', YELLOW) if session.error_color else 'warning:'} {plain(line)}\n")
