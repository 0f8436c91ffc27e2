"""Who asks: what a route wants to know of the caller, as dependencies."""

from __future__ import annotations

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


TheServer = Annotated[Server, Depends(server_of)]
Me = Annotated[Hosted, Depends(signed_in)]
