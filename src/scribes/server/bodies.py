"""Bodies of sync: bytes with their lengths before them, or JSON with base64, as the two sides agree."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from ..domain import frames
from ..domain.frames import BINARY, JSON
from ..errors import InvalidInput, Malformed, TooLarge
from ..models.sync import Page
from .guarding import LIMIT

ENTRIES_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "required": ["entries"],
                    "properties": {"entries": {"type": "array", "items": {"type": "string", "format": "byte"}}},
                },
                "example": {"entries": ["AQIAAA=="]},
            },
            BINARY: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
BYTES_SCHEMA: dict[str, Any] = {
    "requestBody": {"required": False, "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}}
}


async def whole_body(request: Request) -> bytes:
    """The body of a request, no longer than is taken.

    Raises: TooLarge.
    """
    return await _taken(request, request.app.state.server.settings.sync_body_bytes)


def up_to(most: int) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency that gives the body of a request, which has so many bytes at most."""

    async def taken(request: Request) -> bytes:
        return await _taken(request, most)

    return taken


async def _taken(request: Request, most: int) -> bytes:
    request.scope[LIMIT] = most
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLarge(f"a body has at most {most} bytes")
    return bytes(body)


def entries_in(body: bytes, content_type: str) -> list[bytes]:
    """The entries in a body.

    Raises: InvalidInput, Malformed.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == BINARY:
        return frames.unframed(body)
    if kind != JSON:
        raise InvalidInput(f"entries come as {BINARY} or {JSON}")
    listed = frames.said_in(body).get("entries")
    if not isinstance(listed, list):
        raise Malformed("entries were expected")
    return [frames.from_base64(one) for one in listed]


def page_answer(page: Page, request: Request, *, remote: bytes) -> Response:
    """A page in the form that the client asks for."""
    if BINARY in request.headers.get("accept", ""):
        return Response(frames.page_to_bytes(page, remote=remote.hex()), media_type=BINARY)
    return JSONResponse({**frames.page_to_json(page), "remote": remote.hex()})
