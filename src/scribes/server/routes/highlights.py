"""Highlights: marked words of notes. They are part of the text, so setting one is an edit of the note."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from pydantic import Field

from ...models.highlights import Marked
from ...models.sync import Edited
from ..access import Me, Writer
from ..once import once
from ..paging import Cursor, Limit, Page, counted, part_of, skipped
from ..revisions import ANY, IfMatch, base_in, tagged
from ..shapes import shape
from ..texts import WHOLE

router = APIRouter(prefix="/v1", tags=["highlights"])

MOST_CHARS = 1_000_000
A_HIGHLIGHT = {
    "words": {"summary": "By words", "value": {"words": "work together for good"}},
    "place": {"summary": "By place, on the revision that was read", "value": {"begin": 11, "stop": 24}},
}


@shape
class NewHighlight:
    """What to mark: words as they stand in the body, or the characters (code points) between which they stand there."""

    words: Annotated[str, Field(max_length=10_000)] = ""
    begin: Annotated[int, Field(ge=-1, le=MOST_CHARS), WHOLE] = -1
    stop: Annotated[int, Field(ge=-1, le=MOST_CHARS), WHOLE] = -1


@router.get("/highlights")
def list_all_highlights(me: Me, *, limit: Limit = 50, cursor: Cursor = "") -> Page[Marked]:
    """The highlights of all notes, those of the latest note first."""
    skip = skipped(cursor)
    return counted(me.highlights.recent(limit=limit + 1, skip=skip), skip=skip, limit=limit)


@router.get("/notes/{id}/highlights")
def list_highlights(id: str, me: Me, *, limit: Limit = 50, cursor: Cursor = "") -> Page[Marked]:
    """The highlights of a note, in order."""
    return part_of(me.highlights.of(id), cursor=cursor, limit=limit)


@router.post("/notes/{id}/highlights", status_code=201)
@once
def add_highlight(
    id: str,
    new: Annotated[NewHighlight, Body(openapi_examples=A_HIGHLIGHT)],
    me: Writer,
    response: Response,
    if_match: IfMatch = "",
) -> Edited:
    """The note with words marked. A place is read on the revision in `If-Match`, and merged with what came since."""
    edited = me.highlights.add(id, words=new.words, begin=new.begin, stop=new.stop, base=_base(if_match))
    tagged(edited.note, response)
    return edited


@router.delete("/notes/{id}/highlights")
def remove_highlight(
    id: str,
    words: Annotated[str, Query(max_length=10_000, description="The marked words.")],
    me: Writer,
    response: Response,
    if_match: IfMatch = "",
) -> Edited:
    """The note without the marks around these words."""
    edited = me.highlights.remove(id, words, base=_base(if_match))
    tagged(edited.note, response)
    return edited


def _base(if_match: str) -> str:
    """The revision that is meant; empty for the note as it is."""
    base = base_in(if_match) if if_match else ANY
    return "" if base == ANY else base
