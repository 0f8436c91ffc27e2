"""What notes have to do with each other."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query

from ...models.links import Graph, Link, Missing
from ...models.notes import Note
from ..access import Me, Writer
from ..once import once
from ..shapes import shape
from ..texts import Sound

router = APIRouter(prefix="/v1", tags=["cross-references"])

Kind = Literal["", "same passage", "linked passage", "similar", "by hand"]
Depth = Annotated[int, Query(ge=0, le=2, description="How many links away a note may be.")]
Id = Annotated[str, Query(min_length=1, max_length=64), Sound]
A_LINK = {
    "hand": {
        "summary": "A link by hand",
        "value": {"note": "0199e2f0-1c2b-7d3e-8f4a-5b6c7d8e9f00", "why": "both on grace"},
    }
}


@shape
class NewLink:
    """A link by hand to another note, and why."""

    note: Annotated[str, Sound]
    why: Annotated[str, Sound] = ""


@router.get("/notes/{id}/crossrefs", summary="The links of a note")
def list_crossrefs(id: str, me: Me, kind: Kind = "") -> list[Link]:
    """The notes that have something to do with one, those linked by hand first, then the strongest, with what each link
    rests on in both.
    """
    return me.links.of(id, kind=kind)


@router.get("/notes/{id}/missing-links", summary="Links that lead nowhere")
def list_missing(id: str, me: Me) -> list[Missing]:
    """The [[links]] in a note's text that lead to no note."""
    return me.links.missing(id)


@router.post("/notes/{id}/crossrefs", status_code=201, summary="Link two notes by hand")
@once
def add_crossref(id: str, new: Annotated[NewLink, Body(openapi_examples=A_LINK)], me: Writer) -> Link:
    """The link from one note to another. If links between them were dismissed, they are no longer."""
    return me.links.link(id, new.note, why=new.why)


@router.delete("/notes/{id}/crossrefs/{other}", summary="Take a link by hand away")
def remove_crossref(id: str, other: str, me: Writer) -> Note:
    """The other note, no longer linked by hand with the first, from whichever side it was."""
    return me.links.unlink(id, other)


@router.post("/notes/{id}/crossrefs/{other}/dismiss", summary="Hide the links found between two notes")
def dismiss_crossref(id: str, other: str, me: Writer) -> Note:
    """The other note, never again linked with the first by Scribes itself."""
    return me.links.dismiss(id, other)


@router.post("/notes/{id}/crossrefs/{other}/restore", summary="Show the links found between two notes again")
def restore_crossref(id: str, other: str, me: Writer) -> Note:
    """The other note, linked with the first again if they have something in common."""
    return me.links.restore(id, other)


@router.get("/graph", summary="The notes around a note")
def get_graph(note: Id, me: Me, depth: Depth = 1) -> Graph:
    """The notes that links lead to from one, the nearest first, and the links between all of them. Of each note the
    strongest are followed; `whole` is false where there were more.
    """
    return me.links.around(note, depth=depth)
