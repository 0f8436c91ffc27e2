"""Search in notes, by their words and by what they mean."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from ...models.notes import Hit
from ..access import Me
from ..paging import Limit
from ..shapes import shape
from ..texts import Words

router = APIRouter(prefix="/v1", tags=["search"])

By = Annotated[Literal["both", "words", "meaning"], Query(description="What counts: words, meaning, or both together.")]
Asked = Annotated[
    Words,
    Query(
        description="Words, and filters as on the command line (docs/reference/query-language.md).",
        openapi_examples={
            "words": {"summary": "Words", "value": "unearned kindness"},
            "filters": {"summary": "Words in notes on a passage", "value": 'passage:"Rom 8" hope -law'},
        },
    ),
]


@shape
class Found:
    """What was found, the best first. `remark` says why meaning was left out, where it was."""

    items: list[Hit]
    remark: str = ""


@shape
class Suggestion:
    """What was probably meant; null where each word stands in a note, or nothing is like it."""

    query: str | None


@router.get("/search", summary="Find notes")
def search(q: Asked, me: Me, *, by: By = "both", trash: bool = False, limit: Limit = 20) -> Found:
    """Notes that fit best. Of each hit: the text that speaks for it, where the words stand in that, and why it is here:
    its words, how near it is in meaning (a cosine), the passage that it names.
    """
    remarks: list[str] = []
    hits = me.search.find(q, limit=limit, trash=trash, by=by, remark=remarks.append)
    return Found(hits, "".join(remarks[:1]))


@router.get("/search/suggestion", summary="What was probably meant")
def suggest(q: Asked, me: Me) -> Suggestion:
    """The query with each word that stands in none of one's notes replaced by the likeliest that does."""
    return Suggestion(me.search.suggest(q))
