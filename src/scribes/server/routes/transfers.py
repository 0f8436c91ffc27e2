"""Exports and imports, which take longer than a request."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Request, Response
from pydantic import Field

from ...domain.dates import from_us
from ...ids import from_text, to_text
from ...models.vault import ImportReport
from ..access import Me, TheServer, Who
from ..once import once
from ..paging import Cursor, Limit, Page, counted, skipped
from ..ranges import file_answer
from ..shapes import shape
from ..tables.transfers import Transfer
from ..texts import Sound
from ..transfers import EXPORT, IMPORT, report_of
from .blobs import FILE_ANSWER

router = APIRouter(prefix="/v1", tags=["exports and imports"])

Id = Annotated[str, Path(max_length=64)]
State = Literal["waiting", "running", "done", "failed", "cancelled"]
AN_EXPORT = {"markdown": {"summary": "A Markdown file a note", "value": {"format": "markdown"}}}
AN_IMPORT = {
    "zip": {
        "summary": "A zip of Markdown files, sent to /v1/blobs before",
        "value": {"blob": "0199e2f0-1c2b-7d3e-8f4a-5b6c7d8e9f00", "format": "markdown", "tags": ["imported"]},
    }
}


@shape
class NewExport:
    """All notes one can see, as Markdown files with front matter or as one file of JSON, in a zip."""

    format: Literal["markdown", "json"]


@shape
class NewImport:
    """Notes from a file of one's own (`blob`, its id): a zip of Markdown files, or one of them. Importing the same file
    again adds only what is new and takes what was changed. `tags` are for all of them.
    """

    blob: Annotated[str, Field(max_length=64)]
    format: Literal["markdown"] = "markdown"
    tags: Annotated[tuple[Annotated[str, Field(max_length=100), Sound], ...], Field(max_length=20)] = field(default=())


@shape
class Work:
    """An export or import: how far it is and, where it failed, why. `report` says what became of an import. It is
    forgotten at `expires_at`, and what came of an export with it.
    """

    id: str
    format: str
    state: State
    done: int
    total: int
    error: str
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
    report: ImportReport | None = None


@router.post("/exports", status_code=202, summary="Export all notes")
@once
def begin_export(
    server: TheServer, me: Me, new: Annotated[NewExport, Body(openapi_examples=AN_EXPORT)], response: Response
) -> Work:
    """An export that is worked on from now on; `Location` says where to ask how far it is."""
    made = _shown(server.transfers.export(me, new.format))
    response.headers["Location"] = f"/v1/exports/{made.id}"
    return made


@router.get("/exports", summary="One's exports")
def list_exports(server: TheServer, me: Me, limit: Limit = 50, cursor: Cursor = "") -> Page[Work]:
    """One's exports of the last day, the last first."""
    skip = skipped(cursor)
    found = server.transfers.each(me, EXPORT, skip=skip, limit=limit + 1)
    return counted([_shown(one) for one in found], skip=skip, limit=limit)


@router.get("/exports/{id}", summary="How far an export is")
def get_export(server: TheServer, me: Me, id: Id) -> Work:
    """An export and how many notes of how many are in it."""
    return _shown(server.transfers.get(me, EXPORT, from_text(id)))


@router.get("/exports/{id}/download", summary="What was exported", response_class=Response, responses=FILE_ANSWER)
def download_export(server: TheServer, me: Me, id: Id, request: Request) -> Response:
    """The zip of an export that is done. It is not encrypted."""
    blob = server.transfers.result(me, from_text(id))
    return file_answer(request, blob, lambda begin, stop: server.blobs.content(blob, begin, stop))


@router.post("/exports/{id}/cancel", summary="End an export")
def cancel_export(server: TheServer, me: Me, id: Id) -> Work:
    """An export that goes no further; what came of it is thrown away."""
    return _shown(server.transfers.cancel(me, EXPORT, from_text(id)))


@router.post("/imports", status_code=202, summary="Import notes")
@once
def begin_import(
    server: TheServer, me: Me, who: Who, new: Annotated[NewImport, Body(openapi_examples=AN_IMPORT)], response: Response
) -> Work:
    """An import that is worked on from now on. What cannot be read is told in its report; nothing of that is taken."""
    me.check_personal_space()
    made = _shown(server.transfers.take(who, from_text(new.blob), format=new.format, tags=new.tags))
    response.headers["Location"] = f"/v1/imports/{made.id}"
    return made


@router.get("/imports", summary="One's imports")
def list_imports(server: TheServer, me: Me, limit: Limit = 50, cursor: Cursor = "") -> Page[Work]:
    """One's imports of the last day, the last first."""
    skip = skipped(cursor)
    found = server.transfers.each(me, IMPORT, skip=skip, limit=limit + 1)
    return counted([_shown(one) for one in found], skip=skip, limit=limit)


@router.get("/imports/{id}", summary="How far an import is")
def get_import(server: TheServer, me: Me, id: Id) -> Work:
    """An import and, once it is done, what became of it."""
    return _shown(server.transfers.get(me, IMPORT, from_text(id)))


@router.post("/imports/{id}/cancel", summary="End an import")
def cancel_import(server: TheServer, me: Me, id: Id) -> Work:
    """An import that goes no further; what it has taken stays."""
    return _shown(server.transfers.cancel(me, IMPORT, from_text(id)))


def _shown(one: Transfer) -> Work:
    return Work(
        to_text(one.id), one.format, one.state, one.done, one.total, one.error,  # type: ignore[arg-type]
        from_us(one.created_us), from_us(one.changed_us), from_us(one.expires_us), report_of(one),
    )  # fmt: skip
