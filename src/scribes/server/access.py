"""Who asks: what a route wants to know of the caller, as dependencies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyCookie, HTTPBearer

from ..errors import NotSignedIn
from ..hosting import Hosted
from ..ids import to_text
from . import cookies
from .accounts import Caller, caller_in
from .accounts.sessions import BEARER, COOKIE
from .addresses import address_of, rated
from .space_logs import Asking
from .state import Server

# For the document alone: they say how a caller can prove who they are, and check nothing.
BY_TOKEN = HTTPBearer(auto_error=False, scheme_name="token", description="An access token of /v1/auth/login.")
BY_COOKIE = APIKeyCookie(name=cookies.ACCESS, auto_error=False, scheme_name="cookie")


def server_of(request: Request) -> Server:
    """The server that answers."""
    server: Server = request.app.state.server
    return server


def token_in(request: Request) -> tuple[str, str]:
    """The access token of a request, and whether it came as `bearer` or by `cookie`.

    Raises: NotSignedIn.
    """
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise _nobody()
        return token.strip(), BEARER
    token = request.cookies.get(cookies.ACCESS, "")
    if not token:
        raise _nobody()
    return token, COOKIE


def session_in(request: Request, *, may_have_ended: bool = False) -> bytes:
    """The id of the session that a request is made in; whether that is still open is not asked.

    Raises: NotSignedIn; Forbidden, where another page may have made a browser ask.
    """
    server = server_of(request)
    token, kind = token_in(request)
    session = server.accounts.tokens.session_of(token, may_have_ended=may_have_ended)
    if kind == COOKIE:
        cookies.check_csrf(request, server.settings, server.accounts.csrf_key, session)
    return session


async def signed_in(request: Request) -> Hosted:
    """What the account that asks can see and do.

    The token is known from a moment ago, or checked; that its session is open and its account not disabled is asked of
    the database each time, together with what the account may see. In a file that takes less than a change of threads.

    Raises: NotSignedIn, Forbidden, TooMany.
    """
    server = server_of(request)
    if server.settings.database:
        return await run_in_threadpool(_looked_up, request, server)
    return _looked_up(request, server)


def _looked_up(request: Request, server: Server) -> Hosted:
    session = session_in(request)
    with server.host.engine.read() as tx:
        caller = caller_in(tx, session)
        server.accounts.rates.count_request(caller.account_n)
        me = server.host.seen(tx, caller.hosted_n)
    request.state.caller = caller
    request.state.session = to_text(caller.session_id)
    return me


async def calling(request: Request, _: Annotated[Hosted, Depends(signed_in)]) -> Caller:
    """Who asks, for what has to do with their account."""
    caller: Caller = request.state.caller
    return caller


async def asking(request: Request, me: Annotated[Hosted, Depends(signed_in)]) -> Asking:
    """The account that asks, and through which session, for what has to do with the logs of its devices."""
    caller = getattr(request.state, "caller", None)
    return Asking(me, caller.session_id if caller else None)


async def with_room(request: Request, me: Annotated[Hosted, Depends(signed_in)]) -> None:
    """Refuse what makes more of an account that may keep no more; taking away is let pass.

    Raises: StorageFull.
    """
    if request.method != "DELETE":
        server_of(request).spaces.check_room(me.key)


async def writer(
    me: Annotated[Hosted, Depends(signed_in)], _: Annotated[None, Depends(with_room)]
) -> AsyncIterator[Hosted]:
    """As `signed_in`, where something may be written: its log hears of it when that went well.

    Raises: StorageFull.
    """
    # In the loop: it only rings a bell, and a change of threads costs more than a note.
    yield me
    me.sent()


async def zoned(
    me: Annotated[Hosted, Depends(signed_in)],
    zone: Annotated[
        str,
        Query(max_length=64, description="The time zone by which days are counted, as Europe/Berlin; else one's own."),
    ] = "",
) -> Hosted:
    """As `signed_in`, with the days of a time zone.

    Raises: InvalidInput.
    """
    # Names that are unknown are looked for among all zones, which is not done in the loop.
    return await run_in_threadpool(me.in_zone, zone) if zone else me


async def zoned_writer(
    me: Annotated[Hosted, Depends(zoned)], _: Annotated[None, Depends(with_room)]
) -> AsyncIterator[Hosted]:
    """As `writer`, with the days of a time zone."""
    yield me
    me.sent()


async def owner(me: Annotated[Hosted, Depends(zoned)]) -> Hosted:
    """As `zoned`, of somebody whose own notes lie here, and with them what they are reminded of, review and pray.

    Raises: Sealed, InvalidInput.
    """
    me.check_personal_space()
    return me


async def owner_writer(
    me: Annotated[Hosted, Depends(owner)], _: Annotated[None, Depends(with_room)]
) -> AsyncIterator[Hosted]:
    """As `writer`, of somebody whose own notes lie here."""
    yield me
    me.sent()


def counted(request: Request) -> str:
    """The address of the caller, who may not try this too often.

    Raises: TooMany.
    """
    address = address_of(request)
    server_of(request).accounts.rates.count_try(rated(address))
    return address


def _nobody() -> NotSignedIn:
    return NotSignedIn("sign in first", hint="POST /v1/auth/login")


PROOFS = [Depends(BY_TOKEN), Depends(BY_COOKIE)]


# As coroutines: for a plain function the framework would change threads, which costs more than a note.
async def _the_server(request: Request) -> Server:
    return server_of(request)


async def _the_address(request: Request) -> str:
    return address_of(request)


TheServer = Annotated[Server, Depends(_the_server)]
Me = Annotated[Hosted, Depends(signed_in)]
Writer = Annotated[Hosted, Depends(writer)]
Zoned = Annotated[Hosted, Depends(zoned)]
ZonedWriter = Annotated[Hosted, Depends(zoned_writer)]
Owner = Annotated[Hosted, Depends(owner)]
OwnerWriter = Annotated[Hosted, Depends(owner_writer)]
TheCaller = Annotated[Caller, Depends(calling)]
Who = Annotated[Asking, Depends(asking)]
Address = Annotated[str, Depends(_the_address)]
CountedAddress = Annotated[str, Depends(counted)]
