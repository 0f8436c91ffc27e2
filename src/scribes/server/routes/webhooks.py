"""Webhooks of a circle: what happens in it, posted and signed to an address elsewhere. For its admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from ..access import PROOFS, Me, TheServer
from ..once import once
from ..shapes import shape
from ..webhooks import Delivery, NewWebhookInfo, WebhookInfo

router = APIRouter(prefix="/v1/circles/{circle}/webhooks", tags=["webhooks"], dependencies=PROOFS)


@shape
class NewWebhook:
    """Where to post to: `https`, a public address, port 443 or 8443. Headings of notes go there only if wished."""

    url: str
    with_headings: bool = False


NEW = Body(
    openapi_examples={
        "chat": {"summary": "A chat of the circle", "value": {"url": "https://hooks.example.org/scribes"}},
        "headings": {
            "summary": "With what was changed",
            "value": {"url": "https://hooks.example.org/scribes", "with_headings": True},
        },
    }
)


@router.post("", status_code=201)
@once
def add_webhook(circle: str, new: Annotated[NewWebhook, NEW], me: Me, server: TheServer) -> NewWebhookInfo:
    """A new webhook: what happens in the circle from now on is posted to it. Its secret is shown this once."""
    return server.webhooks.add(me, circle, new.url, with_headings=new.with_headings)


@router.get("")
def list_webhooks(circle: str, me: Me, server: TheServer) -> list[WebhookInfo]:
    """The webhooks of a circle."""
    return server.webhooks.each(me, circle)


@router.delete("/{id}", status_code=204)
def remove_webhook(circle: str, id: str, me: Me, server: TheServer) -> None:
    """A webhook that is no more, with what waited for it."""
    server.webhooks.remove(me, circle, id)


@router.post("/{id}/test", status_code=202)
def test_webhook(circle: str, id: str, me: Me, server: TheServer) -> Delivery:
    """A delivery with nothing in it, posted in a moment and once; the list of deliveries tells what came of it. One
    that is taken switches a webhook on again that was switched off because it failed.
    """
    made = server.webhooks.try_out(me, circle, id)
    server.delivering.wake()
    return made


@router.get("/{id}/deliveries")
def list_deliveries(circle: str, id: str, me: Me, server: TheServer) -> list[Delivery]:
    """The last 50 deliveries of a webhook, the last first. They are kept for a week."""
    return server.webhooks.deliveries(me, circle, id)
