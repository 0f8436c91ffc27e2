"""Passkeys: added by who is signed in, and then signed in with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from ...ids import to_text
from ..access import PROOFS, Address, CountedAddress, TheCaller, TheServer
from ..accounts.passkeys import Asked
from ..shapes import Shape
from ..tables.accounts import Passkey
from .account import example, instant
from .auth import ID, Id, Kind, Password, SignedIn, UserAgent, check_page, handed_out

router = APIRouter(prefix="/v1/auth/passkeys", tags=["passkeys"], dependencies=PROOFS)
login = APIRouter(prefix="/v1/auth/passkeys/login", tags=["passkeys"])
Name = Annotated[str, Field(max_length=320)]
Credential = Annotated[
    dict[str, Any], Field(description="What the browser gave: `credential.toJSON()`.", max_length=20)
]
ATTESTED = {
    "id": "AbC...",
    "rawId": "AbC...",
    "type": "public-key",
    "response": {"clientDataJSON": "eyJ0...", "attestationObject": "o2Nm..."},
}
SIGNED = {
    "id": "AbC...",
    "rawId": "AbC...",
    "type": "public-key",
    "response": {"clientDataJSON": "eyJ0...", "authenticatorData": "SZYN...", "signature": "MEUC..."},
}


class BeginBody(Shape):
    """The password of the account, once more."""

    model_config = example(password="four words are good")  # noqa: S106 - an example

    password: Password


class Begun(Shape):
    """What goes to `navigator.credentials` as `publicKey`, and the id to send back with its answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"challenge_id": ID, "options": {"challenge": "q83v...", "rpId": "scribes.example.org"}}]
        }
    )

    challenge_id: str
    options: dict[str, Any]


class AddBody(Shape):
    """What the authenticator made, and what its owner calls it."""

    model_config = example(challenge_id=ID, credential=ATTESTED, name="Anna's phone")

    challenge_id: Annotated[str, Field(max_length=60)]
    credential: Credential
    name: Name = ""


class LoginBody(Shape):
    """What the authenticator signed."""

    model_config = example(challenge_id=ID, credential=SIGNED, session="cookie")

    challenge_id: Annotated[str, Field(max_length=60)]
    credential: Credential
    device_name: Name = ""
    session: Kind = "bearer"


class RenameBody(Shape):
    """Another name."""

    model_config = example(name="The old phone")

    name: Name


class PasskeyInfo(Shape):
    """A passkey, as its owner sees it; `is_backed_up`, where its maker keeps copies of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ID,
                    "name": "Anna's phone",
                    "created_at": "2026-11-28T08:00:00Z",
                    "used_at": None,
                    "is_backed_up": True,
                }
            ]
        }
    )

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None
    is_backed_up: bool


@router.get("")
def passkeys(server: TheServer, caller: TheCaller) -> list[PasskeyInfo]:
    """The passkeys of the account; 20 at most."""
    return [_info(one) for one in server.accounts.passkeys.of(caller)]


@router.post("/options")
def begin_adding(body: BeginBody, server: TheServer, caller: TheCaller, address: CountedAddress) -> Begun:
    """What the browser needs to make a passkey."""
    password = body.password.get_secret_value()
    return _begun(server.accounts.passkeys.begin_adding(caller, password, address=address))


@router.post("", status_code=201)
def add(body: AddBody, server: TheServer, caller: TheCaller, address: CountedAddress) -> PasskeyInfo:
    """A passkey that signs the account in from now on."""
    added = server.accounts.passkeys.add(caller, body.challenge_id, body.credential, name=body.name, address=address)
    return _info(added)


@router.patch("/{id}")
def rename(id: Id, body: RenameBody, server: TheServer, caller: TheCaller) -> PasskeyInfo:
    """The passkey under another name."""
    return _info(server.accounts.passkeys.rename(caller, id, body.name))


@router.delete("/{id}", status_code=204)
def remove(id: Id, server: TheServer, caller: TheCaller, address: Address) -> None:
    """It signs nobody in from now on."""
    server.accounts.passkeys.remove(caller, id, address=address)


@login.post("/options")
def begin_login(server: TheServer, _: CountedAddress) -> Begun:
    """What the browser needs to sign in with a passkey; nobody has to say who they are."""
    return _begun(server.accounts.passkeys.begin_signing_in())


@login.post("")
def sign_in(
    body: LoginBody,
    request: Request,
    response: Response,
    server: TheServer,
    address: CountedAddress,
    agent: UserAgent = "",
) -> SignedIn:
    """A new session, without a password."""
    check_page(body.session, request, server)
    grant = server.accounts.passkeys.sign_in(
        body.challenge_id,
        body.credential,
        kind=body.session,
        label=body.device_name or agent,
        address=address,
    )
    return handed_out(grant, response, server)


def _begun(asked: Asked) -> Begun:
    return Begun(challenge_id=asked.challenge_id, options=asked.options)


def _info(found: Passkey) -> PasskeyInfo:
    return PasskeyInfo(
        id=to_text(found.id),
        name=found.name,
        created_at=instant(found.created_us),
        used_at=None if found.used_us is None else instant(found.used_us),
        is_backed_up=found.is_backed_up,
    )
