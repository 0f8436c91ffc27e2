"""Comments: what people say in a circle about a note or a prayer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from ...hosting import Hosted
from ...models.sync import Comment
from ..access import Me, Writer
from ..once import once
from ..paging import Cursor, Limit, Page, counted, skipped

router = APIRouter(prefix="/v1", tags=["comments"])

Text = Annotated[str, Body(embed=True, max_length=100_000, examples=["This helped me today."])]


@router.get("/notes/{id}/comments")
def list_comments_on_note(id: str, me: Me, *, limit: Limit = 50, cursor: Cursor = "") -> Page[Comment]:
    """What was said about a note, the first first."""
    return _listed(me, id, limit=limit, cursor=cursor)


@router.post("/notes/{id}/comments", status_code=201)
@once
def comment_on_note(id: str, text: Text, me: Writer, response: Response) -> Comment:
    """A comment on a note that is shared in a circle."""
    return _made(me, id, text, response)


@router.get("/prayers/{id}/comments")
def list_comments_on_prayer(id: str, me: Me, *, limit: Limit = 50, cursor: Cursor = "") -> Page[Comment]:
    """What was said about a prayer, the first first."""
    return _listed(me, id, limit=limit, cursor=cursor)


@router.post("/prayers/{id}/comments", status_code=201)
@once
def comment_on_prayer(id: str, text: Text, me: Writer, response: Response) -> Comment:
    """A comment on a prayer that is shared in a circle."""
    return _made(me, id, text, response)


@router.get("/comments/{id}")
def get_comment(id: str, me: Me) -> Comment:
    """A comment."""
    return me.sharing.get_comment(id)


@router.patch("/comments/{id}")
def change_comment(id: str, text: Text, me: Writer) -> Comment:
    """A comment of one's own in other words."""
    return me.sharing.change_comment(id, text)


@router.delete("/comments/{id}")
def remove_comment(id: str, me: Writer) -> Comment:
    """A comment, taken back: one's own, or by an admin of the circle."""
    return me.sharing.remove_comment(id)


def _listed(me: Hosted, id: str, *, limit: int, cursor: str) -> Page[Comment]:
    skip = skipped(cursor)
    return counted(me.sharing.comments(id, limit=limit + 1, skip=skip), skip=skip, limit=limit)


def _made(me: Hosted, id: str, text: str, response: Response) -> Comment:
    made = me.sharing.comment(id, text)
    response.headers["Location"] = f"/v1/comments/{made.id}"
    return made
