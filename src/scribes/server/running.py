"""The process of a server: uvicorn around the app, from the first line it prints to its last request."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
from collections.abc import Callable

import uvicorn

from ..errors import InvalidInput, Unavailable
from ..server_files import SECRET
from . import logs
from .app import create_app
from .patience import patient
from .settings import ServerSettings, likely, strangers
from .state import Server

HEAD_BYTES = 64 * 1024
FILES_BESIDE = 200
Say = Callable[[str], None]


def serve(settings: ServerSettings, *, say: Say, warn: Say) -> None:
    """Serve until a signal ends it. `say` gets a line when the server listens, `warn` what whoever runs it should know.

    Raises: InvalidInput, Damaged, NewerFormat, Unavailable.
    """
    logs.set_up(settings.log_level)
    secret_file = os.path.join(settings.folder, SECRET)
    had_secret = bool(settings.secret.get_secret_value()) or os.path.exists(secret_file)
    for warning in (*cautions(settings), *_allow_files(settings.max_connections)):
        warn(warning)
    listener = _listener(settings.host, settings.port)
    try:
        app = create_app(settings)
    except BaseException:
        listener.close()
        raise
    if not had_secret:
        say(f"made a secret for this server: {secret_file} (whoever has it and the database can read open spaces)")
    config = uvicorn.Config(
        app,
        http=patient(settings.header_timeout_s, settings.max_connections),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.shutdown_s,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    address = _shown(settings.host, listener.getsockname()[1])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    running = _Running(
        config, app.state.server, lambda: say(f"Scribes listens on {address}, data in {settings.folder}")
    )
    running.run(sockets=[listener])
    if not running.started:
        raise Unavailable("the server could not start", hint="the lines above say why")


def cautions(settings: ServerSettings) -> list[str]:
    """What whoever runs the server should know of its settings."""
    found = [f"{name} is no setting: {likely(name)}" for name in strangers()]
    if not _is_loopback(settings.host) and not settings.public_url.startswith("https://"):
        found.append(
            f"{settings.host} can be reached by other machines, and nothing encrypts what they send, "
            "passwords included: put a reverse proxy with TLS before it and set public_url to its https:// address"
        )
    if settings.is_development:
        found.append("this is the development mode: weak secrets and any host name are let pass")
    return found


def _allow_files(connections: int) -> list[str]:
    """Let this process hold so many connections, and the files it needs beside them; a caution, where it may not."""
    try:
        import resource
    except ImportError:
        # Windows counts otherwise.
        return []
    wanted = connections + FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    may = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < may:
        resource.setrlimit(resource.RLIMIT_NOFILE, (may, hard))
    if may < wanted:
        return [f"this process may hold {hard} open files, which is too few for max_connections = {connections}"]
    return []


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listener(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises: Unavailable, InvalidInput.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as e:
        raise InvalidInput(f"there is no address {host}", hint="--host 127.0.0.1") from e
    # With its protocol said, or asyncio does not switch Nagle's algorithm off: each answer would wait 40 ms.
    listener = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as e:
        listener.close()
        raise Unavailable(f"{host}:{port} cannot be listened on: {e.strerror}", hint="--port takes another") from e
    return listener


def _shown(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Running(uvicorn.Server):
    """uvicorn's server, which says when it listens, and tells the app before it waits for requests at work."""

    def __init__(self, config: uvicorn.Config, server: Server, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._server, self._listening = server, listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._server.stop()
        await super().shutdown(sockets=sockets)
