"""Sync: the logs of spaces, letters between devices, and which devices an account has (docs/reference/wire.md)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Header, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field

from ...domain import frames
from ...domain.frames import BINARY
from ...domain.keyring import OPEN
from ...errors import NotFound
from ..access import Me, TheServer, Who
from ..bodies import BYTES_SCHEMA, ENTRIES_SCHEMA, entries_in, page_answer, whole_body
from ..shapes import Shape
from ..space_logs import LETTER_DAYS, MAX_LETTER_BYTES, MAX_LETTERS, DeviceKeys, Invitation
from ..texts import WHOLE

router = APIRouter(prefix="/v1", tags=["sync"])

MIB, MOST_SPACES = 1024 * 1024, 1_000
# What a server takes, its settings say; this is the most that they can say.
MOST_BODY_BYTES = 64 * MIB
HEX16, HEX32, HEX64 = r"^[0-9a-f]{32}$", r"^[0-9a-f]{64}$", r"^[0-9a-f]{128}$"
EXAMPLE_ID = "0123456789abcdef0123456789abcdef"
# The document would say of keys that do not fit nothing at all.
NO_OTHER: dict[str, Any] = {"additionalProperties": False}
Space = Annotated[str, Path(pattern=HEX16, description="the id of a space, in hex", examples=[EXAMPLE_ID])]
Slot = Annotated[str, Path(pattern=HEX16, description="16 bytes in hex", examples=[EXAMPLE_ID])]
Id = Annotated[str, Field(pattern=HEX16)]
Hash = Annotated[str, Field(pattern=HEX32)]
Number = Annotated[int, Field(ge=0, le=frames.MAX_NUMBER), WHOLE]
Body = Annotated[bytes, Depends(whole_body)]


async def invitation_in(
    scribes_invitation: Annotated[
        str,
        Header(
            description="hex id of an invitation, a dot, and its signature in hex",
            pattern=r"^([0-9a-f]{32}\.[0-9a-f]{128})?$",
        ),
    ] = "",
) -> Invitation | None:
    """An invitation to a space that the account is not in yet, and the proof that it holds it."""
    if not scribes_invitation:
        return None
    id, _, proof = scribes_invitation.partition(".")
    return bytes.fromhex(id), bytes.fromhex(proof)


Invited = Annotated[Invitation | None, Depends(invitation_in)]


class About(Shape):
    """The server as a remote: its id, the id of the account that asks, what it takes, what it can do."""

    id: Id
    account: Id
    limits: dict[str, int]
    features: list[str]


class PageOut(Shape):
    """Entries behind a cursor, and where the log ends: its generation and the ends of the chains, by device."""

    remote: Id
    cursor: str
    generation: str
    heads: dict[str, tuple[int, str]]
    more: bool
    entries: list[str]


class Cursors(Shape):
    """How far each log was read, by space; "" for one that was not."""

    spaces: dict[Id, Annotated[str, Field(max_length=200)]] = Field(
        max_length=MOST_SPACES, examples=[{EXAMPLE_ID: "17"}], json_schema_extra=NO_OTHER
    )


class End(Shape):
    """Where a log ends, and whether there is anything behind the cursor that was asked about."""

    cursor: str
    generation: str
    heads: dict[str, tuple[int, str]]
    more: bool


class News(Shape):
    """What is new in each log; null for one that is not there, or that the account has nothing to do with."""

    remote: Id
    account: Id
    spaces: dict[str, End | None]


class Appended(Shape):
    """The number of the log's last entry, and how many of those that were sent are new."""

    seq: int
    fresh: int


class Covers(Shape):
    """Up to which number of each device a snapshot stands for its bundles."""

    covers: dict[Id, Number] = Field(examples=[{EXAMPLE_ID: 12}], json_schema_extra=NO_OTHER)


class Ends(Shape):
    """The number and SHA-256 of the last bundle of each chain that nobody has any more."""

    ends: dict[Id, tuple[Number, Hash]] = Field(examples=[{EXAMPLE_ID: [12, "00" * 32]}], json_schema_extra=NO_OTHER)


class NewDevice(Shape):
    """A device: its id, its public keys, and its signature over what docs/reference/wire.md says."""

    device: Id = Field(examples=[EXAMPLE_ID])
    sign: Hash = Field(examples=[EXAMPLE_ID * 2])
    box: Hash = Field(examples=[EXAMPLE_ID * 2])
    proof: Annotated[str, Field(pattern=HEX64, examples=[EXAMPLE_ID * 4])]


class ServerDevice(Shape):
    """The public keys of the device through which the server writes for an account."""

    device: Id
    sign: Hash
    box: Hash


class DeviceOut(Shape):
    """A device of the account."""

    device: Id
    sign: Hash
    box: Hash
    registered_us: int


class SpaceOut(Shape):
    """A space in which the account is: its kind and mode, the account's role, the last number and the bytes of its log,
    and which devices of the account are in it.
    """

    id: Id
    kind: str
    mode: str
    role: str
    seq: int
    size_bytes: int
    devices: list[str]


@router.get("/sync")
def about(server: TheServer, who: Who) -> About:
    """The server as a place where logs lie."""
    limits = {
        "body_bytes": server.settings.sync_body_bytes,
        "quota_bytes": server.settings.sync_quota_bytes,
        "letter_bytes": MAX_LETTER_BYTES,
        "letters": MAX_LETTERS,
        "letter_days": LETTER_DAYS,
        "spaces_at_once": MOST_SPACES,
    }
    features = ["sealed", "open", "news", "events"]
    return About(id=server.spaces.id.hex(), account=server.spaces.account(who).hex(), limits=limits, features=features)


@router.post("/sync/news")
def news(server: TheServer, who: Who, cursors: Cursors) -> News:
    """Ask about many logs at once: a sync with nothing new is this one question."""
    asked = {bytes.fromhex(space): cursor for space, cursor in cursors.spaces.items()}
    found = server.spaces.news(who, asked)
    spaces = {space.hex(): End(**frames.about(page)) if page else None for space, page in found.items()}
    return News(remote=server.spaces.id.hex(), account=server.spaces.account(who).hex(), spaces=spaces)


@router.put("/sync/mail/{slot}", status_code=204, openapi_extra=BYTES_SCHEMA)
def send(server: TheServer, who: Who, slot: Slot, body: Body) -> None:
    """Leave a letter for another device of the account; a later one takes its place."""
    server.spaces.send(who, bytes.fromhex(slot), body)


@router.get("/sync/mail/{slot}", response_class=Response, responses={200: {"content": {BINARY: {}}}})
def receive(server: TheServer, who: Who, slot: Slot) -> Response:
    """The letter in a slot."""
    letter = server.spaces.receive(who, bytes.fromhex(slot))
    if letter is None:
        raise NotFound("there is no letter in this slot")
    return Response(letter, media_type=BINARY)


@router.delete("/sync/mail/{slot}", status_code=204)
def discard(server: TheServer, who: Who, slot: Slot) -> None:
    """Take a letter out."""
    server.spaces.discard(who, bytes.fromhex(slot))


@router.get(
    "/sync/{space}",
    response_class=Response,
    responses={200: {"model": PageOut, "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}}},
)
def fetch(
    server: TheServer,
    who: Who,
    space: Space,
    request: Request,
    invitation: Invited,
    after: Annotated[str, Query(max_length=200, description="a cursor that this server gave; empty for all")] = "",
    limit: Annotated[int, Query(ge=1, le=4 * MIB, description="how many bytes of entries, about")] = MIB,
) -> Response:
    """Entries of a log behind a cursor: at least one, where there is one."""
    page = server.spaces.page(who, bytes.fromhex(space), after, limit_bytes=limit, invitation=invitation)
    return page_answer(page, request, remote=server.spaces.id)


@router.post("/sync/{space}", openapi_extra=ENTRIES_SCHEMA, max_body_size=MOST_BODY_BYTES)
def append(
    server: TheServer,
    who: Who,
    space: Space,
    request: Request,
    invitation: Invited,
    body: Body,
    after: BackgroundTasks,
    again: Annotated[bool, Query(description="the log had these entries, and lost them")] = False,
) -> Appended:
    """Put entries at the end of a log, all or none. The same ones again are fine."""
    id = bytes.fromhex(space)
    entries = entries_in(body, request.headers.get("content-type", ""))
    written = server.spaces.append(who, id, entries, again=again, invitation=invitation)
    if written.ring.mode == OPEN and written.fresh:
        after.add_task(server.spaces.absorb, id)
    return Appended(seq=written.seq, fresh=written.fresh)


@router.post("/sync/{space}/fold", status_code=204)
def fold(server: TheServer, who: Who, space: Space, covers: Covers) -> None:
    """Let go of bundles that a snapshot in the log stands for."""
    server.spaces.fold(who, bytes.fromhex(space), {bytes.fromhex(one): n for one, n in covers.covers.items()})


@router.post("/sync/{space}/bridge", status_code=204)
def bridge(server: TheServer, who: Who, space: Space, ends: Ends) -> None:
    """Let chains go on behind bundles that nobody has any more."""
    found = {bytes.fromhex(one): (number, bytes.fromhex(hash)) for one, (number, hash) in ends.ends.items()}
    server.spaces.bridge(who, bytes.fromhex(space), found)


@router.post("/devices")
def register(server: TheServer, who: Who, new: NewDevice) -> DeviceOut:
    """Register a device of the account, which shows that it holds its key. Again is fine."""
    keys = DeviceKeys(bytes.fromhex(new.device), bytes.fromhex(new.sign), bytes.fromhex(new.box))
    return _shown(server.spaces.register(who, keys, bytes.fromhex(new.proof)))


@router.get("/devices")
def devices(server: TheServer, who: Who) -> list[DeviceOut]:
    """The devices that were registered for the account."""
    return [_shown(one) for one in server.spaces.devices(who)]


@router.get("/devices/server")
def server_device(me: Me) -> ServerDevice:
    """The device through which this server writes for the account: a member lets it into an open circle."""
    public = me.device
    return ServerDevice(device=public.id.hex(), sign=public.sign.hex(), box=public.box.hex())


@router.get("/spaces")
def spaces(server: TheServer, who: Who) -> list[SpaceOut]:
    """The spaces in which a device of the account is."""
    return [
        SpaceOut(
            id=one.ring.space.hex(), kind=one.ring.kind, mode=one.ring.mode, role=one.role, seq=one.seq,
            size_bytes=one.size_bytes, devices=[device.hex() for device in one.devices],
        )
        for one in server.spaces.spaces(who)
    ]  # fmt: skip


def _shown(one: Any) -> DeviceOut:
    return DeviceOut(device=one.device.hex(), sign=one.sign.hex(), box=one.box.hex(), registered_us=one.registered_us)
