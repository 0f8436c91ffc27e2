"""Server-sent events: a client that listens learns at once that a space has moved on, and asks then."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent

from ..access import TheServer, Who

router = APIRouter(prefix="/v1", tags=["sync"])

HEARTBEAT_S, LIFE_S = 20.0, 15 * 60.0


@router.get("/events", response_class=EventSourceResponse)
async def events(server: TheServer, who: Who) -> AsyncIterator[ServerSentEvent]:
    """Say which spaces of the account move on, as `space` events with `{"space", "seq"}`. A stream ends after a quarter
    of an hour, as a token does; what was missed is found by a sync.
    """
    listener = server.hub.join(who.me.key)
    until_s = time.monotonic() + LIFE_S
    try:
        yield ServerSentEvent(event="ready", data={"spaces": 0}, retry=3_000)
        while not listener.is_over and time.monotonic() < until_s:
            heard = await listener.heard(within_s=HEARTBEAT_S)
            for space, seq in heard.items():
                yield ServerSentEvent(event="space", data={"space": space.hex(), "seq": seq})
            if not heard and not listener.is_over:
                yield ServerSentEvent(comment="still here")
    finally:
        server.hub.leave(listener)
