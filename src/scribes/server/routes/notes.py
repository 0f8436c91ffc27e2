"""Notes: written, read, listed, changed, thrown away and brought back."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Response

from ...domain.dates import to_us
from ...errors import InvalidInput, TooLarge
from ...hosting import Hosted
from ...models.notes import NewNote, Note, NoteFilter, NotePage, NotePatch, Revision, TagCount
from ...models.sync import Edited
from ..access import Me, Writer
from ..answers import written
from ..once import once
from ..paging import Cursor, Limit
from ..revisions import ANY, IfMatch, IfNoneMatch, base_in, tag, tagged
from ..sealing import not_sealed
from ..shapes import shape
from ..texts import Moment

# How long the steps of one request may keep others from writing.
BULK_S = 3.0

router = APIRouter(prefix="/v1", tags=["notes"])

Order = Literal["occurred", "-occurred", "created", "-created", "changed", "-changed", "title", "-title"]
Text = Annotated[str, Query(max_length=1000)]
Circle = Annotated[str, Query(max_length=200, description="A circle's name or id; `personal` for one's own.")]

A_NOTE = {
    "sermon": {
        "summary": "A sermon",
        "value": {
            "title": "Grace upon grace",
            "body": "John 1:16. From his fullness we have all received #grace",
            "occurred_at": "2026-11-22T10:00:00+01:00",
            "speaker": "Ruth Meier",
            "tags": ["advent"],
        },
    }
}
A_PATCH = {"title": {"summary": "Another title", "value": {"title": "Grace for grace", "tags": ["grace", "john"]}}}
SOME_TAGS = {"tags": {"summary": "One on, one off", "value": {"add": ["advent"], "remove": ["draft"]}}}
SOME_STEPS = {
    "steps": {
        "summary": "A new note, and one into the trash",
        "value": [
            {"action": "add", "note": {"title": "Grace upon grace"}},
            {"action": "remove", "id": "019bb1c2-7d3e-7aaa-8bbb-0123456789ab"},
        ],
    }
}
A_PARAGRAPH = Body(embed=True, examples=["And of his fullness."])
NewNoteBody = Annotated[NewNote, Body(openapi_examples=A_NOTE)]
PatchBody = Annotated[NotePatch, Body(openapi_examples=A_PATCH)]


@router.get("/notes", dependencies=[Depends(not_sealed)])
def list_notes(
    me: Me,
    *,
    tag: Text = "",
    topic: Text = "",
    speaker: Text = "",
    venue: Text = "",
    series: Text = "",
    circle: Circle = "",
    since: Moment | None = None,
    until: Moment | None = None,
    changed_since: Moment | None = None,
    trash: bool = False,
    order: Order = "-occurred",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> NotePage:
    """A page of notes by filter and order. What is written meanwhile shifts nothing: the cursor names a place."""
    _check_space(me, circle)
    wanted = NoteFilter(
        tag, topic, speaker, venue, series, circle, _us(since), _us(until), _us(changed_since), trash=trash
    )
    return me.listing.page(wanted, order=order, cursor=cursor, limit=limit)


@router.post("/notes", status_code=201, response_model=Note, dependencies=[Depends(not_sealed)])
@once
def add_note(new: NewNoteBody, me: Writer, response: Response, circle: Circle = "") -> Response:
    """A new note, on disk when this is answered: among one's own, or in an open circle."""
    _check_offset(new.occurred_at)
    home = _home(me, circle)
    note = home.notes.add_new(new)
    if home is not me:
        # There nothing was said of the circle, since all that is new goes into it.
        note = me.notes.get(note.id)
    response.headers["Location"] = f"/v1/notes/{note.id}"
    return written(tagged(note, response), response, 201)


@router.get("/notes/{id}", responses={304: {"description": "As it was."}}, response_model=Note)
def get_note(id: str, me: Me, response: Response, if_none_match: IfNoneMatch = "") -> Response:
    """A note, in the trash or not; its ETag is what an edit brings back in `If-Match`."""
    note = me.notes.get(id)
    if if_none_match == tag(note):
        return Response(status_code=304, headers={"ETag": tag(note)})
    return written(tagged(note, response), response)


@router.put("/notes/{id}")
def put_note(
    id: str, new: NewNoteBody, me: Writer, response: Response, if_match: IfMatch = "", base: Text = ""
) -> Edited:
    """A note as a whole. Where it was changed since it was read, both edits are merged and no word is lost: then
    `merged` is true, and `conflicts` names the places to look at.
    """
    _check_offset(new.occurred_at)
    whole = NotePatch(new.title, new.body, new.occurred_at, new.speaker, new.venue, new.series, new.tags, new.topics)
    return _edited(me, id, whole, base_in(if_match, base), response)


@router.patch("/notes/{id}")
def patch_note(
    id: str, patch: PatchBody, me: Writer, response: Response, if_match: IfMatch = "", base: Text = ""
) -> Edited:
    """Some fields of a note; merged as with PUT."""
    _check_offset(patch.occurred_at)
    return _edited(me, id, patch, base_in(if_match, base), response)


@router.delete("/notes/{id}")
def remove_note(id: str, me: Writer, response: Response, if_match: IfMatch = "", base: Text = "") -> Edited:
    """A note into the trash. With `If-Match`, one that somebody has edited since stays: an edit beats a deletion."""
    if if_match or base:
        wanted = base_in(if_match, base)
        edited = me.edits.remove(id, base=me.notes.get(id).revision if wanted == ANY else wanted)
    else:
        edited = Edited(me.notes.remove([id])[0], merged=False, conflicts=())
    tagged(edited.note, response)
    return edited


@router.post("/notes/{id}/restore")
def restore_note(id: str, me: Writer, response: Response) -> Note:
    """A note out of the trash."""
    return tagged(me.notes.restore([id])[0], response)


@shape
class Tagging:
    """Tags to put on a note, and to take off."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


TaggingBody = Annotated[Tagging, Body(openapi_examples=SOME_TAGS)]


@router.post("/notes/{id}/tags")
def tag_note(id: str, tags: TaggingBody, me: Writer, response: Response) -> Note:
    """A note with tags put on and taken off: this never stands against another edit."""
    return tagged(me.notes.tag(id, add=tags.add, remove=tags.remove), response)


@router.post("/notes/{id}/append")
def append_to_note(id: str, text: Annotated[str, A_PARAGRAPH], me: Writer, response: Response) -> Note:
    """A note with a paragraph at its end."""
    return tagged(me.notes.append(id, text), response)


@router.get("/notes/{id}/revisions")
def list_revisions(id: str, me: Me) -> list[Revision]:
    """What happened to a note, the first first."""
    return me.history.of(id)


@router.get("/notes/{id}/revisions/{revision}")
def get_revision(id: str, revision: str, me: Me) -> Note:
    """A note as it was."""
    return me.history.at(id, revision)


@router.post("/notes/{id}/revisions/{revision}/restore")
def restore_revision(id: str, revision: str, me: Writer, response: Response) -> Note:
    """A note as it was once, as a new change on top of all others."""
    return tagged(me.history.restore(id, revision), response)


@router.get("/tags")
def list_tags(me: Me, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> list[TagCount]:
    """The tags in use, the most used first."""
    return me.notes.tags(limit=limit)


@router.get("/trash")
def list_trash(me: Me, limit: Limit = 50) -> list[Note]:
    """What was thrown away, the last first."""
    return me.notes.trash(limit=limit)


@shape
class BulkStep:
    """One step of many: `add` with `note`, `patch` with `id`, `patch` and perhaps `base`, `remove` or `restore` with
    `id`.
    """

    action: Literal["add", "patch", "remove", "restore"]
    id: str = ""
    base: str = ""
    note: NewNote | None = None
    patch: NotePatch | None = None


@shape
class BulkAnswer:
    """The notes after all steps, in their order."""

    notes: list[Note]


@router.post("/notes/bulk")
@once
def change_many(
    steps: Annotated[list[BulkStep], Body(min_length=1, max_length=200, openapi_examples=SOME_STEPS)], me: Writer
) -> BulkAnswer:
    """Up to 200 steps as one: all are done, or none."""
    ends_s, done = time.monotonic() + BULK_S, []
    with me.at_once():
        for step in steps:
            if time.monotonic() > ends_s:
                # Nobody else can write meanwhile.
                raise TooLarge("these steps take too long as one", hint="fewer at once; nothing of them was done")
            done.append(_step(me, step))
    return BulkAnswer(done)


def _step(me: Hosted, step: BulkStep) -> Note:
    if step.action == "add":
        if step.note is None:
            raise InvalidInput("a step that adds has a note")
        _check_offset(step.note.occurred_at)
        me.check_personal_space()
        return me.notes.add_new(step.note)
    if step.action == "patch":
        if step.patch is None:
            raise InvalidInput("a step that patches has a patch")
        _check_offset(step.patch.occurred_at)
        base = step.base or me.notes.get(step.id).revision
        return me.edits.change(step.id, step.patch, base=base).note
    change = me.notes.remove if step.action == "remove" else me.notes.restore
    return change([step.id])[0]


def _edited(me: Hosted, id: str, patch: NotePatch, base: str, response: Response) -> Edited:
    edited = me.edits.change(id, patch, base=me.notes.get(id).revision if base == ANY else base)
    tagged(edited.note, response)
    return edited


def _home(me: Hosted, circle: str) -> Hosted:
    """Where something new goes.

    Raises: Sealed, NotFound, Forbidden.
    """
    if circle and circle != "personal":
        return me.in_space(circle)
    me.check_personal_space()
    return me


def _check_space(me: Hosted, circle: str) -> None:
    if circle == "personal":
        me.check_personal_space()
    elif circle:
        me.check_readable(circle)


def _check_offset(moment: datetime | None) -> None:
    """A server does not know what is local to somebody.

    Raises: InvalidInput.
    """
    if moment is not None and moment.tzinfo is None:
        raise InvalidInput("occurred_at has no offset", hint="2026-11-22T10:00:00+01:00")


def _us(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    _check_offset(moment)
    return to_us(moment)
