"""Prayer points: written down, prayed for, answered with thanks; one's own, and those of open circles."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Response

from ...models.prayers import Listed, NewPrayer, Prayed, Prayer, PrayerPatch
from ..access import Owner, OwnerWriter, Zoned, ZonedWriter
from ..once import once
from ..paging import Cursor, Limit, Page, counted, part_of, skipped
from ..shapes import shape
from ..texts import Day

router = APIRouter(prefix="/v1/prayers", tags=["prayers"])

State = Literal["open", "answered", "archived", "all"]
Named = Annotated[str, Query(max_length=200)]
Circle = Annotated[str, Query(max_length=200, description="An open circle to write it in; else among one's own.")]
A_PRAYER = {
    "one": {
        "summary": "For somebody, on Mondays",
        "value": {"title": "Healing for Ruth", "people": ["Ruth"], "tags": ["health"], "rhythm": "mondays"},
    },
    "note": {"summary": "From a note", "value": {"note": "019bb1c2-7d3e-7aaa-8bbb-0123456789ab"}},
}
A_PATCH = {"rhythm": {"summary": "Oftener", "value": {"rhythm": "daily"}}}
SOME_WORDS = Body(embed=True, max_length=4000, examples=["For strength"])
THANKS = {"one": {"summary": "With thanks", "value": {"thanks": "She came home today", "on": "2026-11-22"}}}


@shape
class Thanks:
    """How a prayer was answered: words of thanks, and the day, else today."""

    thanks: str = ""
    on: Day | None = None


@router.get("")
def list_prayers(
    me: Zoned, *, state: State = "open", person: Named = "", tag: Named = "", limit: Limit = 50, cursor: Cursor = ""
) -> Page[Prayer]:
    """Prayers of a state, for a person and with a tag: the last written first, answered ones the last answered."""
    skip = skipped(cursor)
    wanted = "" if state == "all" else state
    found = me.prayers.recent(state=wanted, person=person, tag=tag, limit=limit + 1, skip=skip)
    return counted(found, skip=skip, limit=limit)


@router.post("", status_code=201)
@once
def add_prayer(
    new: Annotated[NewPrayer, Body(openapi_examples=A_PRAYER)], me: ZonedWriter, response: Response, circle: Circle = ""
) -> Prayer:
    """A new prayer point; @people and #tags in its text count too. With `note`, it is taken from that."""
    if not circle:
        me.check_personal_space()
    home = me.in_space(circle) if circle else me
    made = me.prayers.get(home.prayers.add(new).id)
    response.headers["Location"] = f"/v1/prayers/{made.id}"
    return made


@router.get("/today")
def list_prayers_of_today(me: Owner, *, limit: Limit = 50, cursor: Cursor = "") -> Page[Listed]:
    """The list of today, which stays the same all day: prayers whose day or turn it is, and whether that was done."""
    return part_of(me.prayers.today(), cursor=cursor, limit=limit)


@router.get("/answers")
def list_answers(
    me: Zoned, *, person: Named = "", tag: Named = "", limit: Limit = 50, cursor: Cursor = ""
) -> Page[Prayer]:
    """Answered prayers, those put away since too: the last answered first."""
    skip = skipped(cursor)
    return counted(me.prayers.answers(person=person, tag=tag, limit=limit + 1, skip=skip), skip=skip, limit=limit)


@router.get("/{id}")
def get_prayer(id: str, me: Zoned) -> Prayer:
    """A prayer point."""
    return me.prayers.get(id)


@router.patch("/{id}")
def patch_prayer(id: str, patch: Annotated[PrayerPatch, Body(openapi_examples=A_PATCH)], me: ZonedWriter) -> Prayer:
    """Some fields of a prayer point."""
    return me.prayers.change(id, patch)


@router.delete("/{id}")
def remove_prayer(id: str, me: ZonedWriter) -> Prayer:
    """A prayer point in the trash; `reopen` takes it out."""
    return me.prayers.remove([id])[0]


@router.post("/{id}/prayed")
@once
def pray(id: str, me: OwnerWriter, words: Annotated[str, SOME_WORDS] = "") -> Prayer:
    """A prayer point that was prayed for now, perhaps in words to keep. Everybody has a log of their own."""
    return me.prayers.prayed([id], words=words)[0]


@router.get("/{id}/log")
def list_prayed(id: str, me: Owner, *, limit: Limit = 50, cursor: Cursor = "") -> Page[Prayed]:
    """When one prayed for it, the last time first."""
    skip = skipped(cursor)
    return counted(me.prayers.log(id, limit=limit + 1, skip=skip), skip=skip, limit=limit)


@router.post("/{id}/answer")
def answer_prayer(id: str, answer: Annotated[Thanks, Body(openapi_examples=THANKS)], me: ZonedWriter) -> Prayer:
    """A prayer that is answered."""
    return me.prayers.answer(id, answer.thanks, on=answer.on)


@router.post("/{id}/archive")
def archive_prayer(id: str, me: ZonedWriter) -> Prayer:
    """A prayer that is put away, with its answer where it has one."""
    return me.prayers.archive([id])[0]


@router.post("/{id}/reopen")
def reopen_prayer(id: str, me: ZonedWriter) -> Prayer:
    """A prayer one step back: out of the trash, out of the archive, or open again without its answer."""
    return me.prayers.reopen([id])[0]
