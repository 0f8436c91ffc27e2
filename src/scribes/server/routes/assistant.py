"""Notes in other words."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body

from ...models.assistant import Paraphrase
from ..access import Me, TheServer
from ..shapes import shape

router = APIRouter(prefix="/v1", tags=["assistant"])

A_STYLE = {"short": {"summary": "In fewer words", "value": {"style": "short"}}}


@shape
class Style:
    """How a note is said: in plainer words (`clear`) or in fewer (`short`)."""

    style: Literal["clear", "short"] = "clear"


@router.post("/notes/{id}/paraphrase", summary="A note in other words")
def paraphrase(server: TheServer, me: Me, id: str, how: Annotated[Style, Body(openapi_examples=A_STYLE)]) -> Paraphrase:
    """A note's text in other words, which lose no passage, name, number or quotation and add none; the note stays as it
    is. Its text is sent to the service that whoever runs this server has set up; `unavailable` where there is none.
    """
    return server.paraphrasing.ask(me, id, style=how.style)
