"""The account of the caller: its name and address, its password, its sessions, its keys."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import ConfigDict, Field, SecretStr

from .. import cookies
from ..access import PROOFS, Address, CountedAddress, Me, TheCaller, TheServer
from ..accounts import keys
from ..accounts.export import pieces
from ..accounts.sessions import SessionInfo
from ..shapes import Shape
from .auth import ID, MAILED, AccountInfo, Email, Id, Password, account_info

router = APIRouter(tags=["account"], dependencies=PROOFS)
resets = APIRouter(tags=["account"])
Bundle = Annotated[str, Field(max_length=4 * (keys.MAX_BYTES // 3 + 1))]
SECRET = "s1$3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="  # noqa: S105 - an example
EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {"format": "scribes-account", "version": 1, "account": {"id": ID}, "notes": []},
            }
        }
    }
}
SEALED = "c2VhbGVkIGJ5IHRoZSBjbGllbnQ="


def example(**said: Any) -> ConfigDict:
    """How a body looks in the document."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [said]})


class MePatch(Shape):
    """What changes of an account."""

    model_config = example(name="Anna Berg")

    name: Annotated[str, Field(max_length=320)]


class EmailBody(Shape):
    """Another address. Where the password is derived, `new_password` is that derived with the new address."""

    model_config = example(email="anna@new.example.org", password="four words are good")  # noqa: S106 - an example

    email: Email
    password: Password
    new_password: Password = SecretStr("")
    keys: Bundle | None = None
    code: Annotated[SecretStr, Field(max_length=2000)] = SecretStr("")
    """What was mailed to the new address, where this server confirms addresses."""


class PasswordBody(Shape):
    """Another password; `keys` (base64) takes the place of the sealed keys in the same moment."""

    model_config = example(password="four words are good", new_password="other words are better")  # noqa: S106

    password: Password
    new_password: Password
    keys: Bundle | None = None


class UpgradeBody(Shape):
    """A plain account becomes a derived one: its password as it was, the secret made from it, the sealed keys."""

    model_config = example(password="four words are good", new_password=SECRET, keys=SEALED)  # noqa: S106

    password: Password
    new_password: Password
    keys: Bundle


class ResetBody(Shape):
    """Whose password is forgotten."""

    model_config = example(email="anna@example.org")

    email: Email


class ResetConfirmBody(Shape):
    """The code of the mail, and the new password."""

    model_config = example(code="Jb0r3GdW...", new_password="other words are better")  # noqa: S106

    code: Annotated[SecretStr, Field(max_length=200)]
    new_password: Password
    keys: Bundle | None = None


class KeysBody(Shape):
    """Keys that the client sealed, in base64: 64 KiB at most."""

    model_config = example(keys=SEALED)

    keys: Bundle


class DeletionBody(Shape):
    """The password, so that a stolen session ends no account."""

    model_config = example(password="four words are good")  # noqa: S106

    password: Password


class Removed(Shape):
    """How many rows of each table were removed; nothing of the account is left in any of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"removed": {"notes": 12, "change": 40, "session": 2}}]})

    removed: dict[str, int]


class JsonStream(StreamingResponse):
    """JSON in pieces."""

    media_type = "application/json"


class SessionAnswer(Shape):
    """A device or a browser that is signed in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ID,
                    "label": "Anna's phone",
                    "kind": "bearer",
                    "created_at": "2026-11-28T08:00:00Z",
                    "seen_at": "2026-11-28T09:30:00Z",
                    "is_this": True,
                }
            ]
        }
    )

    id: str
    label: str
    kind: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


@router.get("/v1/auth/me")
def me(server: TheServer, caller: TheCaller) -> AccountInfo:
    """The account that asks."""
    return account_info(server.accounts.people.get(caller))


@router.patch("/v1/auth/me")
def change_me(body: MePatch, server: TheServer, caller: TheCaller) -> AccountInfo:
    """The account under another name."""
    return account_info(server.accounts.people.rename(caller, body.name))


@router.post("/v1/auth/email", response_model=AccountInfo, responses=MAILED)
def change_email(body: EmailBody, server: TheServer, caller: TheCaller, address: CountedAddress) -> Any:
    """The account under another address; its other sessions end. Where addresses are confirmed, a mail with a code goes
    there first, and the same once more with the code changes it.
    """
    if server.settings.confirm_addresses:
        code = body.code.get_secret_value()
        if not code:
            server.accounts.people.proved(caller, body.password.get_secret_value(), address=address)
            server.accounts.moves.ask(caller, body.email)
            return JSONResponse({"status": "a mail is on its way"}, status_code=202)
        server.accounts.moves.check(caller, body.email, code)
    account = server.accounts.people.change_email(
        caller,
        body.email,
        password=body.password.get_secret_value(),
        new=body.new_password.get_secret_value(),
        bundle=_bundle(body.keys),
        address=address,
    )
    return account_info(account)


@router.post("/v1/auth/password", status_code=204)
def change_password(body: PasswordBody, server: TheServer, caller: TheCaller, address: CountedAddress) -> None:
    """Another password; the other sessions end."""
    old, new = body.password.get_secret_value(), body.new_password.get_secret_value()
    server.accounts.people.change_password(caller, old, new, bundle=_bundle(body.keys), address=address)


@router.post("/v1/account/upgrade")
def upgrade(body: UpgradeBody, server: TheServer, caller: TheCaller, address: CountedAddress) -> AccountInfo:
    """A plain account as a derived one: this server never sees its password again."""
    old, new = body.password.get_secret_value(), body.new_password.get_secret_value()
    account = server.accounts.people.upgrade(caller, old, new, bundle=_bundle(body.keys), address=address)
    return account_info(account)


@resets.post("/v1/auth/password/reset", status_code=202)
def ask_for_reset(body: ResetBody, server: TheServer, address: CountedAddress) -> dict[str, str]:
    """A mail with a code, where somebody has the address; the answer is the same where nobody has."""
    server.accounts.resets.ask(body.email, address=address)
    return {"status": "if somebody has this address, a mail is on its way"}


@resets.post("/v1/auth/password/reset/confirm", status_code=204)
def confirm_reset(body: ResetConfirmBody, server: TheServer, address: CountedAddress) -> None:
    """The new password counts from now on, and all sessions have ended."""
    code, new = body.code.get_secret_value(), body.new_password.get_secret_value()
    server.accounts.resets.confirm(code, new, bundle=_bundle(body.keys), address=address)


@router.get("/v1/auth/devices")
def sessions(server: TheServer, caller: TheCaller) -> list[SessionAnswer]:
    """Where the account is signed in, the one last used first; 100 at most."""
    return [_session(one) for one in server.accounts.sessions.of(caller)]


@router.delete("/v1/auth/devices", status_code=204)
def revoke_others(server: TheServer, caller: TheCaller, address: Address) -> None:
    """The account is signed out everywhere but here."""
    server.accounts.sessions.revoke_others(caller, address=address)


@router.delete("/v1/auth/devices/{id}", status_code=204)
def revoke(id: Id, server: TheServer, caller: TheCaller, address: Address) -> None:
    """That device is signed out, at once."""
    server.accounts.sessions.revoke(caller, id, address=address)


@router.get("/v1/account/keys")
def get_keys(server: TheServer, caller: TheCaller, response: Response) -> KeysBody:
    """The sealed keys, as the client left them."""
    with server.accounts.database.read() as db:
        body = keys.get(db, caller.account_n)
    response.headers["etag"] = keys.tag(body)
    return KeysBody(keys=b64encode(body).decode())


@router.put("/v1/account/keys", status_code=204)
def put_keys(
    body: KeysBody,
    server: TheServer,
    caller: TheCaller,
    response: Response,
    if_match: Annotated[str, Header(max_length=200)] = "",
    if_none_match: Annotated[str, Header(max_length=200)] = "",
) -> None:
    """Keep sealed keys: in the place of those with the ETag in If-Match, or the first ones with If-None-Match: *."""
    bundle = keys.bundle_in(body.keys)
    with server.accounts.database.write() as db:
        keys.replace(db, caller.account_n, bundle, if_match=if_match, if_none_match=if_none_match)
    response.headers["etag"] = keys.tag(bundle)


@router.get("/v1/account/export", response_class=JsonStream, responses=EXPORTED)
def export(server: TheServer, me: Me, caller: TheCaller) -> StreamingResponse:
    """Everything that the account has here, as one JSON object: notes with their history, prayers, reminders, cards,
    reviews, comments, circles, sessions.
    """
    found = pieces(server.accounts.database, me, caller.account_n)
    name = {"content-disposition": 'attachment; filename="scribes-account.json"', "cache-control": "no-store"}
    return JsonStream(found, headers=name)


@router.post("/v1/account/deletion")
def delete(
    body: DeletionBody, server: TheServer, caller: TheCaller, response: Response, address: CountedAddress
) -> Removed:
    """The end of the account, with everything that is its alone: at once, and for good. What was removed is counted.

    Who owns a circle with others in it hands that over first.
    """
    server.accounts.people.proved(caller, body.password.get_secret_value(), address=address)
    removed = server.deletion.run(caller.account_n, address=address)
    cookies.clear(response, server.settings)
    return Removed(removed=removed)


def _bundle(text: str | None) -> bytes | None:
    return None if text is None else keys.bundle_in(text)


def _session(found: SessionInfo) -> SessionAnswer:
    return SessionAnswer(
        id=found.id,
        label=found.label,
        kind=found.kind,
        created_at=instant(found.created_us),
        seen_at=instant(found.seen_us),
        is_this=found.is_this,
    )


def instant(us: int) -> datetime:
    """Microseconds since 1970 as an instant."""
    return datetime.fromtimestamp(us / 1_000_000, UTC)
