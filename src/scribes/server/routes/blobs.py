"""Files: sent in pieces that can be taken up again, read from any place on, and removed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Request
from fastapi.responses import Response
from pydantic import AfterValidator, Field

from ...domain.dates import from_us
from ...domain.frames import BINARY
from ...ids import from_text, to_text
from ..access import Me, TheServer, Who
from ..blobs import MAX_PART_BYTES, MOST_AT_ONCE_BYTES, NewBlob
from ..bodies import BYTES_SCHEMA, up_to
from ..once import once
from ..paging import Cursor, Limit, Page, counted, skipped
from ..ranges import file_answer
from ..shapes import shape
from ..tables.blobs import Blob
from ..texts import WHOLE
from .sync import EXAMPLE_ID, Space

router = APIRouter(prefix="/v1", tags=["files"])

Id = Annotated[str, Path(max_length=64, description="The id of a file.")]
PartName = Annotated[
    str, Path(pattern=r"^[0-9a-f]{64}$", description="What devices call a part: 32 bytes in hex.", examples=["00" * 32])
]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, le=1 << 53, description="How much of the file is here.")]
A_FILE = {
    "picture": {
        "summary": "A picture",
        "value": {
            "size_bytes": 52341,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "media_type": "image/jpeg",
            "file_name": "handout.jpg",
        },
    }
}
FILE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}, "description": "The file."},
    206: {"content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}, "description": "A part of it."},
    304: {"description": "As it was."},
    416: {"description": "The file has no such part."},
}


def _file_name(name: str) -> str:
    if any(letter in '/\\"' or not letter.isprintable() for letter in name) or name in (".", ".."):
        raise ValueError("a file name has no path and no control characters")
    return name


@shape
class NewFile:
    """A file that is to come: its size, its SHA-256 in hex, its type and its name. `space`: the id of an open circle
    whose members may read it; without, it is one's own.
    """

    size_bytes: Annotated[int, Field(ge=1, le=1 << 53), WHOLE]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    media_type: Annotated[
        str, Field(max_length=100, pattern=r"^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$")
    ] = BINARY
    file_name: Annotated[str, Field(max_length=200), AfterValidator(_file_name)] = ""
    space: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$", examples=[EXAMPLE_ID])] = ""


@shape
class File:
    """A file: whole when `received_bytes` is `size_bytes`. An upload that rests is thrown away at `expires_at`."""

    id: str
    size_bytes: int
    received_bytes: int
    sha256: str
    media_type: str
    file_name: str
    space: str
    created_at: datetime
    expires_at: datetime | None


@shape
class Room:
    """How many bytes one's files have, how many they may have, and how large one may be."""

    used_bytes: int
    quota_bytes: int
    file_bytes: int
    at_once_bytes: int


@router.post("/blobs", status_code=201, summary="Begin to send a file")
@once
def begin_file(
    server: TheServer,
    me: Me,  # noqa: ARG001 - whose idempotency key it is
    who: Who,
    new: Annotated[NewFile, Body(openapi_examples=A_FILE)],
    response: Response,
) -> File:
    """A file of which nothing is here yet: PATCH sends it, in as many pieces as one likes."""
    wanted = NewBlob(
        new.size_bytes, bytes.fromhex(new.sha256), new.media_type, new.file_name, bytes.fromhex(new.space) or None
    )
    made = server.blobs.begin(who, wanted)
    response.headers["Location"] = f"/v1/blobs/{to_text(made.id)}"
    return _shown(made)


@router.get("/blobs", summary="One's files")
def list_files(server: TheServer, who: Who, limit: Limit = 50, cursor: Cursor = "") -> Page[File]:
    """One's files, those on their way included, the last first."""
    skip = skipped(cursor)
    found = server.blobs.each(who, skip=skip, limit=limit + 1)
    return counted([_shown(one) for one in found], skip=skip, limit=limit)


@router.get("/room", summary="How much room there is")
def get_room(server: TheServer, who: Who) -> Room:
    """How much one's files take, and what they may."""
    used, quota = server.blobs.room(who)
    return Room(used, quota, server.settings.blob_bytes, MOST_AT_ONCE_BYTES)


@router.patch("/blobs/{id}", summary="Send more of a file", openapi_extra=BYTES_SCHEMA)
def send_more(
    server: TheServer,
    who: Who,
    id: Id,
    upload_offset: Offset,
    response: Response,
    body: Annotated[bytes, Depends(up_to(MOST_AT_ONCE_BYTES))],
) -> File:
    """The file with a piece more, which begins at `Upload-Offset`: where HEAD says that it goes on. When all is here it
    has to have the SHA-256 that was given, or is thrown away.
    """
    blob = server.blobs.append(who, from_text(id), upload_offset, body)
    response.headers["Upload-Offset"] = str(blob.received_bytes)
    return _shown(blob)


@router.head("/blobs/{id}", summary="How much of a file is here", response_class=Response)
def ask_for_file(server: TheServer, who: Who, id: Id, request: Request) -> Response:
    """How large a file is and, while it is on its way, how much of it is here."""
    blob = server.blobs.find(who, from_text(id))
    if blob.is_whole:
        found = file_answer(request, blob, lambda begin, stop: server.blobs.content(blob, begin, stop))
    else:
        found = Response(status_code=200)
    found.headers.update({
        "Upload-Offset": str(blob.received_bytes), "Upload-Length": str(blob.size_bytes), "Cache-Control": "no-store",
    })  # fmt: skip
    return found


@router.get("/blobs/{id}", summary="The content of a file", response_class=Response, responses=FILE_ANSWER)
def get_file(
    server: TheServer,
    who: Who,
    id: Id,
    request: Request,
) -> Response:
    """A whole file, or the range of it that `Range` names; for browsers something to save, and never a page."""
    blob = server.blobs.find(who, from_text(id))
    server.blobs.check_whole(blob)
    return file_answer(request, blob, lambda begin, stop: server.blobs.content(blob, begin, stop))


@router.delete("/blobs/{id}", status_code=204, summary="Remove a file")
def remove_file(server: TheServer, who: Who, id: Id) -> None:
    """A file is gone, whole or not."""
    server.blobs.remove(who, from_text(id))


@router.put("/spaces/{space}/blobs/{name}", status_code=204, summary="Keep a sealed part", openapi_extra=BYTES_SCHEMA)
def put_part(
    server: TheServer,
    who: Who,
    space: Space,
    name: PartName,
    body: Annotated[bytes, Depends(up_to(MAX_PART_BYTES))],
) -> None:
    """A part of a file as a device has sealed it, under the name that follows from its content: again is fine."""
    server.blobs.put_part(who, bytes.fromhex(space), name, body)


@router.get("/spaces/{space}/blobs/{name}", summary="A sealed part", response_class=Response, responses=FILE_ANSWER)
def get_part(server: TheServer, who: Who, space: Space, name: PartName, request: Request) -> Response:
    """A sealed part, for those who are in its space."""
    blob = server.blobs.part(who, bytes.fromhex(space), name)
    return file_answer(request, blob, lambda begin, stop: server.blobs.content(blob, begin, stop))


@router.head("/spaces/{space}/blobs/{name}", summary="Whether a sealed part is here", response_class=Response)
def ask_for_part(server: TheServer, who: Who, space: Space, name: PartName, request: Request) -> Response:
    """Whether a part need not be sent again."""
    blob = server.blobs.part(who, bytes.fromhex(space), name)
    return file_answer(request, blob, lambda begin, stop: server.blobs.content(blob, begin, stop))


@router.delete("/spaces/{space}/blobs/{name}", status_code=204, summary="Remove a sealed part")
def remove_part(server: TheServer, who: Who, space: Space, name: PartName) -> None:
    """A part is gone: one's own, or any for an admin of the space."""
    server.blobs.remove_part(who, bytes.fromhex(space), name)


def _shown(blob: Blob) -> File:
    return File(
        to_text(blob.id), blob.size_bytes, blob.received_bytes, blob.sha256.hex(), blob.media_type, blob.file_name,
        blob.space.hex() if blob.space else "", from_us(blob.created_us),
        from_us(blob.expires_us) if blob.expires_us is not None else None,
    )  # fmt: skip
