"""Spaced review: cards of notes, of marked words and of verses; what is due, answers, and how it goes."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query
from pydantic import Field

from ...hosting import Hosted
from ...models.reviews import Answered, Card, ForecastDay, ReviewCard, Status
from ..access import Owner, OwnerWriter
from ..once import once
from ..paging import Cursor, Limit, Page, counted, part_of, skipped
from ..shapes import shape
from ..texts import WHOLE

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])

DAY_MS = 86_400_000
A_CARD = {
    "verse": {"summary": "A verse to know by heart", "value": {"kind": "verse", "of": "Rom 8:28"}},
    "note": {"summary": "A note", "value": {"kind": "note", "of": "019bb1c2-7d3e-7aaa-8bbb-0123456789ab"}},
    "highlights": {
        "summary": "The marked words of a note",
        "value": {"kind": "highlights", "of": "019bb1c2-7d3e-7aaa-8bbb-0123456789ab"},
    },
}
AN_ANSWER = {"good": {"summary": "Remembered", "value": {"rating": 3, "took_ms": 4200}}}


@shape
class NewCard:
    """What to learn: a `note`, all `highlights` of a note, or a `verse` (a passage), by its id or words in `of`; a
    verse in a `translation`, else in that of the settings.
    """

    kind: Literal["note", "highlights", "verse"]
    of: Annotated[str, Field(max_length=200)]
    translation: Annotated[str, Field(max_length=40)] = ""


@shape
class Rated:
    """How well it was remembered: 1 again, 2 hard, 3 good, 4 easy; how long that took, and how one was asked."""

    rating: Annotated[int, Field(ge=1, le=4), WHOLE]
    took_ms: Annotated[int, Field(ge=0, le=DAY_MS), WHOLE] = 0
    mode: Annotated[str, Field(max_length=20, pattern="^[a-z]*$")] = "read"


@router.get("/cards")
def list_cards(me: Owner, *, limit: Limit = 50, cursor: Cursor = "") -> Page[Card]:
    """The cards, those that come first at the top."""
    skip = skipped(cursor)
    return counted(me.reviews.recent(limit=limit + 1, skip=skip), skip=skip, limit=limit)


@router.post("/cards", status_code=201)
@once
def add_cards(new: Annotated[NewCard, Body(openapi_examples=A_CARD)], me: OwnerWriter) -> list[Card]:
    """The cards that were made; those that were there already are as they were."""
    return _added(me, new)


@router.get("/cards/{id}")
def get_card(id: str, me: Owner) -> ReviewCard:
    """A card with both its sides, due or not."""
    return me.reviews.card(id)


@router.delete("/cards/{id}")
def remove_card(id: str, me: OwnerWriter) -> Card:
    """A card that is no longer there; added again, it goes on where it was."""
    return me.reviews.remove([id])[0]


@router.post("/cards/{id}/suspend")
def suspend_card(id: str, me: OwnerWriter) -> Card:
    """A card that does not come until it is resumed."""
    return me.reviews.suspend([id])[0]


@router.post("/cards/{id}/resume")
def resume_card(id: str, me: OwnerWriter) -> Card:
    """A card that comes again as it would have."""
    return me.reviews.resume([id])[0]


@router.post("/cards/{id}/answer")
@once
def answer_card(id: str, answer: Annotated[Rated, Body(openapi_examples=AN_ANSWER)], me: OwnerWriter) -> Answered:
    """What follows from an answer: when the card comes back."""
    return me.reviews.answer(id, answer.rating, took_ms=answer.took_ms, mode=answer.mode)


@router.delete("/answers/{review}")
def take_answer_back(review: str, me: OwnerWriter) -> Card:
    """The card of an answer, as it was before that."""
    return me.reviews.undo(review)


@router.get("/due")
def list_due_cards(me: Owner, *, limit: Limit = 20, cursor: Cursor = "") -> Page[ReviewCard]:
    """The cards to review now: what is being learned, what is due for the longest time, then new ones."""
    return part_of(me.reviews.due(limit=skipped(cursor) + limit + 1), cursor=cursor, limit=limit)


@router.get("/status")
def get_review_status(me: Owner) -> Status:
    """How many cards there are, what is due, and how reviewing goes."""
    return me.reviews.status()


@router.get("/forecast")
def list_forecast(
    me: Owner, *, days: Annotated[int, Query(ge=1, le=366)] = 30, limit: Limit = 200, cursor: Cursor = ""
) -> Page[ForecastDay]:
    """How many cards come on each of the coming days; what is overdue comes today."""
    return part_of(me.reviews.forecast(days=days), cursor=cursor, limit=limit)


def _added(me: Hosted, new: NewCard) -> list[Card]:
    if new.kind == "note":
        return [me.reviews.add_note(new.of)]
    if new.kind == "highlights":
        return me.reviews.add_highlights(new.of)
    return [me.reviews.add_passage(new.of, translation=new.translation)]
