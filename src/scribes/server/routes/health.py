"""Whether the server is alive, and ready."""

from __future__ import annotations

from fastapi import APIRouter

from ..access import TheServer

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(server: TheServer) -> dict[str, str]:
    """The database answers."""
    server.host.check()
    return {"status": "ok"}
