"""The app: routes, what stands around them, and what begins and ends with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from anyio import to_thread
from fastapi import FastAPI

from ..version import __version__
from . import errors, schemas
from .routes import routers
from .settings import ServerSettings, read_settings
from .state import open_server

log = structlog.get_logger("scribes.server")


def create_app(settings: ServerSettings | None = None) -> FastAPI:
    """The server as an ASGI app; its database is open from now on, and closed when the app ends.

    Raises: InvalidInput, Damaged, NewerFormat, Unavailable.
    """
    settings = settings or read_settings()
    schemas.complete()
    server = open_server(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = settings.threads
        server.host.start(failed=lambda error: log.error("logs", code=error.code, exc_info=error))
        try:
            yield
        finally:
            await to_thread.run_sync(server.close)

    app = FastAPI(
        title="Scribes",
        version=__version__,
        summary="Notes of sermons, Bible studies and prayers: yours, found again, shared with whom you trust.",
        openapi_url="/v1/openapi.json",
        docs_url="/docs",
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.server = server
    errors.install(app)
    for router in routers():
        app.include_router(router, responses=errors.RESPONSES)
    return app
