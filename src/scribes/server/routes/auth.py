"""Signing up, in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field, SecretStr

from ...errors import NotSignedIn
from ...ids import to_text
from .. import cookies
from ..access import CountedAddress, TheServer, session_in
from ..accounts.sessions import BEARER, COOKIE, Grant, csrf_token
from ..accounts.tokens import LIFETIME_S
from ..shapes import Shape
from ..state import Server
from ..tables.accounts import Account

router = APIRouter(tags=["auth"])
Kind = Literal["bearer", "cookie"]
Email = Annotated[str, Field(max_length=320)]
Password = Annotated[SecretStr, Field(max_length=1024)]
UserAgent = Annotated[str, Header(alias="User-Agent", include_in_schema=False)]
ID = "019a2f3e-5c11-7d20-9b1e-0f5a7c3d2e10"
UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
Id = Annotated[str, Path(pattern=UUID, examples=[ID])]


MAILED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "A mail is on its way.",
        "content": {"application/json": {"example": {"status": "a mail is on its way"}}},
    }
}


class AccountInfo(Shape):
    """An account, as its owner sees it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": ID, "email": "anna@example.org", "name": "Anna", "kind": "plain"}]}
    )

    id: str
    email: str
    name: str
    kind: Literal["plain", "derived"]
    """`plain`: this server is sent the password; `derived`: a secret made from it."""


class SignedIn(Shape):
    """A session that begins or goes on. Of a browser's session the tokens are in cookies, and `csrf_token` is here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_token": "eyJhbGciOiJFZERTQSIsImtpZCI6...",
                    "token_type": "bearer",
                    "expires_in": LIFETIME_S,
                    "refresh_token": "kPp0H3vS1nq7...",
                    "csrf_token": None,
                    "account": {"id": ID, "email": "anna@example.org", "name": "Anna", "kind": "plain"},
                }
            ]
        }
    )

    access_token: str | None
    token_type: Kind
    expires_in: int
    refresh_token: str | None
    csrf_token: str | None
    account: AccountInfo


class PreloginBody(Shape):
    """Whose password is to be derived."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "anna@example.org"}]})

    email: Email


class Derivation(Shape):
    """How a client derives its secret: Argon2id with `m` KiB, `t` passes, `p` lanes and a salt in base64."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kdf": "argon2id", "m": 65536, "t": 3, "p": 4, "salt": "q83vEjRWeJCrze8SNFZ4kA=="}]
        }
    )

    kdf: Literal["argon2id"]
    m: int
    t: int
    p: int
    salt: str


class SignupBody(Shape):
    """A new account. A password that begins with `s1$` is a secret derived from it, and makes a derived account."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "anna@example.org", "password": "four words are good", "name": "Anna"}]
        },
    )

    email: Email
    password: Password
    name: Annotated[str, Field(max_length=320)] = ""
    kind: Literal["plain", "derived"] | None = None
    """Which kind of account it is to be, for a client that wants to be sure."""
    invite: Annotated[str, Field(max_length=200)] = ""
    device_name: Annotated[str, Field(max_length=320)] = ""
    session: Kind = "bearer"


class ConfirmBody(Shape):
    """The code of the mail."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "q83vEjRWeJCrze8SNFZ4kA..."}]})

    code: Annotated[SecretStr, Field(max_length=4096)]
    device_name: Annotated[str, Field(max_length=320)] = ""
    session: Kind = "bearer"


class LoginBody(Shape):
    """Who signs in; `session` is `cookie` for a browser."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"email": "anna@example.org", "password": "four words are good", "device_name": "Anna's phone"}
            ]
        },
    )

    email: Email
    password: Password
    device_name: Annotated[str, Field(max_length=320)] = ""
    session: Kind = "bearer"


class RefreshBody(Shape):
    """The last refresh token; a browser sends none here, its cookie holds it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"refresh_token": "kPp0H3vS1nq7..."}]})

    refresh_token: Annotated[SecretStr | None, Field(max_length=200)] = None


@router.post("/v1/auth/prelogin")
def prelogin(body: PreloginBody, server: TheServer, _: CountedAddress) -> Derivation:
    """How a client derives the password of an address; the same for every address, whether or not it is known here."""
    return Derivation(**server.accounts.people.derivation(body.email))


@router.post("/v1/auth/signup", status_code=201, response_model=SignedIn, responses=MAILED)
def signup(
    body: SignupBody,
    request: Request,
    response: Response,
    server: TheServer,
    address: CountedAddress,
    agent: UserAgent = "",
) -> Any:
    """A new account, signed in; where addresses are confirmed first, a mail with a code for `/v1/auth/signup/confirm`,
    and the same answer whether or not the address is known.
    """
    check_page(body.session, request, server)
    if server.settings.confirm_addresses:
        password = body.password.get_secret_value()
        server.accounts.signups.ask(body.email, password, name=body.name, account_kind=body.kind, code=body.invite)
        return JSONResponse({"status": "a mail is on its way"}, status_code=202)
    grant = server.accounts.people.sign_up(
        body.email,
        body.password.get_secret_value(),
        name=body.name,
        account_kind=body.kind,
        registration=server.settings.registration,
        code=body.invite,
        kind=body.session,
        label=body.device_name or agent,
        address=address,
    )
    return handed_out(grant, response, server)


@router.post("/v1/auth/signup/confirm", status_code=201)
def confirm_signup(
    body: ConfirmBody,
    request: Request,
    response: Response,
    server: TheServer,
    address: CountedAddress,
    agent: UserAgent = "",
) -> SignedIn:
    """The new account, once its owner has read the mail."""
    check_page(body.session, request, server)
    grant = server.accounts.signups.confirm(
        body.code.get_secret_value(), kind=body.session, label=body.device_name or agent, address=address
    )
    return handed_out(grant, response, server)


@router.post("/v1/auth/login")
def login(
    body: LoginBody,
    request: Request,
    response: Response,
    server: TheServer,
    address: CountedAddress,
    agent: UserAgent = "",
) -> SignedIn:
    """A new session."""
    check_page(body.session, request, server)
    grant = server.accounts.people.sign_in(
        body.email,
        body.password.get_secret_value(),
        kind=body.session,
        label=body.device_name or agent,
        address=address,
    )
    return handed_out(grant, response, server)


@router.post("/v1/auth/refresh")
def refresh(
    request: Request, response: Response, server: TheServer, address: CountedAddress, body: RefreshBody | None = None
) -> SignedIn:
    """The next tokens of a session. Each refresh token is good once: using one again ends the session."""
    given = body.refresh_token.get_secret_value() if body and body.refresh_token else ""
    kind = BEARER
    if not given:
        kind, given = COOKIE, request.cookies.get(cookies.REFRESH, "")
        if not given:
            raise NotSignedIn("there is no refresh token", hint="POST /v1/auth/login")
        # The cookie goes nowhere else, and only to our own page's requests; the page proves itself all the same.
        session = server.accounts.sessions.of_token(given)
        cookies.check_csrf(request, server.settings, server.accounts.csrf_key, session)
    return handed_out(server.accounts.sessions.refresh(given, kind=kind, address=address), response, server)


@router.post("/v1/auth/logout", status_code=204)
def logout(request: Request, response: Response, server: TheServer, body: RefreshBody | None = None) -> None:
    """The session ends, and so do its tokens. A refresh token in the body is enough, where the other has run out."""
    if body and body.refresh_token:
        server.accounts.sessions.end_by(body.refresh_token.get_secret_value())
    else:
        server.accounts.sessions.end(session_in(request, may_have_ended=True))
    cookies.clear(response, server.settings)


@router.get("/.well-known/jwks.json")
def jwks(server: TheServer, response: Response) -> dict[str, list[dict[str, str]]]:
    """The public keys of the access tokens."""
    response.headers["cache-control"] = "public, max-age=300"
    return server.accounts.tokens.jwks()


def handed_out(grant: Grant, response: Response, server: Server) -> SignedIn:
    """A session's tokens, as the caller wants them."""
    access = server.accounts.tokens.made(grant.session.id, grant.account.id)
    response.headers["cache-control"] = "no-store"
    said: dict[str, Any] = {"token_type": grant.session.kind, "expires_in": LIFETIME_S}
    said["account"] = account_info(grant.account)
    if grant.session.kind == BEARER:
        return SignedIn(access_token=access, refresh_token=grant.refresh_token, csrf_token=None, **said)
    csrf = csrf_token(server.accounts.csrf_key, grant.session.id)
    cookies.put(response, server.settings, access=access, refresh=grant.refresh_token, csrf=csrf)
    return SignedIn(access_token=None, refresh_token=None, csrf_token=csrf, **said)


def account_info(account: Account) -> AccountInfo:
    """An account, as its owner sees it."""
    return AccountInfo(id=to_text(account.id), email=account.email, name=account.name, kind=account.kind)  # type: ignore[arg-type]


def check_page(kind: str, request: Request, server: Server) -> None:
    """Refuse to sign a browser in for a page of another origin: it would be somebody else's session."""
    if kind == COOKIE:
        cookies.check_origin(request, server.settings)
