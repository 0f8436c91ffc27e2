"""The app: routes, what stands around them, and what begins and ends with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from ..version import __version__
from . import document, errors, logs, tracing
from .guarding import Guard
from .routes import routers
from .settings import ServerSettings, read_settings
from .state import Server, open_server
from .watching import Watch

TAKEN_HEADERS = (
    "authorization",
    "content-type",
    "if-match",
    "if-none-match",
    "idempotency-key",
    "x-csrf-token",
    "range",
    "content-range",
    "upload-offset",
    "last-event-id",
    "scribes-invitation",
    "traceparent",
)
TOLD_HEADERS = (
    "etag",
    "location",
    "retry-after",
    "x-trace-id",
    "content-range",
    "content-disposition",
    "idempotency-replayed",
    "upload-offset",
)
# All that FastAPI would send by itself holds the path and the query of a request.
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


class _App(FastAPI):
    """The app, with our middleware around all of it, so that the answer to a fault has its headers too."""

    def __init__(self, server: Server, **given: Any) -> None:
        super().__init__(telemetry=NO_TELEMETRY, **given)
        self.state.server = server

    def openapi(self) -> dict[str, Any]:
        """The document of the interface."""
        if self.openapi_schema is None:
            self.openapi_schema = document.completed(super().openapi())
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        """What is asked first stands outermost."""
        server: Server = self.state.server
        settings = server.settings
        app: ASGIApp = Guard(super().build_middleware_stack(), settings)
        if settings.allowed_origins:
            app = CORSMiddleware(
                app,
                allow_origins=settings.allowed_origins,
                allow_credentials=True,
                allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
                allow_headers=TAKEN_HEADERS,
                expose_headers=TOLD_HEADERS,
                max_age=600,
            )
        is_https = settings.public_url.startswith("https://")
        return Watch(app, metrics=server.metrics, tracer=server.tracer, is_https=is_https)


def create_app(settings: ServerSettings | None = None) -> FastAPI:
    """The server as an ASGI app; its database is open from now on, and closed when the app ends.

    Raises: InvalidInput, Damaged, NewerFormat, Unavailable.
    """
    settings = settings or read_settings()
    logs.set_up(settings.log_level)
    tracing.report_faults(settings.sentry_dsn.get_secret_value())
    server = open_server(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = settings.threads
        server.start()
        try:
            yield
        finally:
            await to_thread.run_sync(server.close)

    app = _App(
        server,
        title="Scribes",
        version=__version__,
        summary="Notes of sermons, Bible studies and prayers: yours, found again, shared with whom you trust.",
        openapi_url="/v1/openapi.json",
        openapi_tags=document.TAGS,
        generate_unique_id_function=document.operation_id,
        # The page loads its script from elsewhere, which no server with people on it should.
        docs_url="/docs" if settings.is_development else None,
        redoc_url=None,
        # A redirect names the address that the server was called by, and is no answer of ours.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    errors.install(app)
    for router in routers():
        app.include_router(router, responses=errors.RESPONSES)
    return app
