"""Who asks: what a route wants to know of the caller, as dependencies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request

from ..errors import NotSignedIn
from ..hosting import Hosted
from .state import Server


def server_of(request: Request) -> Server:
    """The server that answers."""
    server: Server = request.app.state.server
    return server


def signed_in(request: Request) -> Hosted:  # noqa: ARG001 - the accounts come next
    """What the account that asks can see and do.

    Raises: NotSignedIn.
    """
    raise NotSignedIn("sign in first", hint="POST /v1/auth/login")


def writer(me: Annotated[Hosted, Depends(signed_in)]) -> Iterator[Hosted]:
    """As `signed_in`, where something may be written: its log hears of it when that went well."""
    yield me
    me.sent()


TheServer = Annotated[Server, Depends(server_of)]
Me = Annotated[Hosted, Depends(signed_in)]
Writer = Annotated[Hosted, Depends(writer)]
