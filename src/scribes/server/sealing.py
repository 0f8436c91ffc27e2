"""Sealed spaces, which the server holds and cannot read: who asks for what is in one is told so."""

from __future__ import annotations

import re

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from ..domain.keyring import SEALED
from ..errors import NotFound, Sealed
from .access import TheServer, Who

ID = re.compile(r"[0-9a-f]{32}")


async def not_sealed(request: Request, server: TheServer, who: Who) -> None:
    """Refuse a circle, named by its id in the path or the query, that is sealed and in which a device of the account
    is. For all others it is not there, as any that does not exist.

    Raises: Sealed.
    """
    name = str(request.path_params.get("circle") or request.query_params.get("circle", ""))
    if not ID.fullmatch(name) or bytes.fromhex(name) in who.me.logs:
        return
    try:
        ring, _ = await run_in_threadpool(server.spaces.role_in, who, bytes.fromhex(name))
    except NotFound:
        return
    if ring.mode == SEALED:
        raise Sealed(
            "this circle is sealed: the server holds it, and cannot read what is in it",
            hint="use a device with Scribes on it that is in the circle",
        )
