"""Conflicts: places where two edits met. Both stand there; somebody looks, and may choose one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query

from ...models.sync import Clash
from ..access import Me, Writer
from ..paging import Cursor, Limit, Page, part_of

router = APIRouter(prefix="/v1/conflicts", tags=["conflicts"])

Item = Annotated[str, Query(max_length=64, description="A note or prayer; empty for all.")]
Choice = Annotated[Literal["ours", "theirs", "both"], Body(embed=True, examples=["theirs"])]


@router.get("")
def list_conflicts(me: Me, *, item: Item = "", limit: Limit = 50, cursor: Cursor = "") -> Page[Clash]:
    """Places that nobody has chosen in, of a note or prayer or of all."""
    return part_of(me.clashes.waiting(item), cursor=cursor, limit=limit)


@router.post("/{id}/choose")
def choose(id: str, choice: Choice, me: Writer) -> Clash:
    """A place that is settled: `ours` or `theirs` takes the place of what stands there, `both` leaves it as it is."""
    return me.clashes.choose(id, choice)
