"""Whether the server is alive, whether it is ready, and its figures."""

from __future__ import annotations

import hmac
import ipaddress
import shutil

from fastapi import APIRouter, Request, Response

from ...errors import Forbidden, NotFound, NotSignedIn, Unavailable
from ..access import TheServer
from ..metrics import Metrics
from ..state import Server

router = APIRouter(tags=["health"])
MIB = 1024 * 1024
PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(server: TheServer) -> dict[str, str]:
    """The database answers and is of this version, the disk has room, and the work behind requests goes on.

    Raises: Unavailable, NewerFormat, Busy, Damaged.
    """
    if server.stopping.is_set():
        raise Unavailable("the server is about to end", hint="ask again in a moment")
    server.host.check()
    if shutil.disk_usage(server.settings.folder).free < server.settings.min_free_mib * MIB:
        raise Unavailable("the disk has little room left")
    silent = server.idle_work()
    if silent:
        raise Unavailable(f"the work behind requests has ended: {', '.join(silent)}", hint="restart the server")
    return {"status": "ok"}


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, server: TheServer) -> Response:
    """The figures of the server for Prometheus, for whom the setting `metrics` lets read them.

    Raises: NotFound, NotSignedIn, Forbidden.
    """
    kept = server.metrics
    if not isinstance(kept, Metrics):
        raise NotFound("there is nothing here")
    _check_reader(request, server)
    return Response(kept.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _check_reader(request: Request, server: Server) -> None:
    if server.settings.metrics == "token":
        given = request.headers.get("authorization", "")
        wanted = f"Bearer {server.settings.metrics_token.get_secret_value()}"
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise NotSignedIn("the figures are for who has the token")
        return
    # A proxy on this machine calls from here for everybody.
    is_proxied = any(name in request.headers for name in PROXIED)
    if is_proxied or request.client is None or not _is_loopback(request.client.host):
        raise Forbidden("the figures are for this machine alone")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
