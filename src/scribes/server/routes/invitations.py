"""Invitations by address: those that wait for one, and those that were sent for a circle."""

from __future__ import annotations

from fastapi import APIRouter

from ...models.sync import Circle
from ..access import PROOFS, Me, TheServer, Writer
from ..invitations import ReceivedInvitation, SentInvitation
from ..once import once

router = APIRouter(prefix="/v1", tags=["circles"], dependencies=PROOFS)


@router.get("/invitations")
def list_received_invitations(me: Me, server: TheServer) -> list[ReceivedInvitation]:
    """The invitations to circles that wait for the address of one's account."""
    return server.invitations.received(me)


@router.post("/invitations/{id}/accept")
@once
def accept_invitation(id: str, me: Writer, server: TheServer) -> Circle:
    """The circle of an invitation, which one is in now."""
    return server.invitations.accept(me, id)


@router.post("/invitations/{id}/decline", status_code=204)
def decline_invitation(id: str, me: Me, server: TheServer) -> None:
    """An invitation that one does not want; the inviter sees that."""
    server.invitations.decline(me, id)


@router.get("/circles/{circle}/invitations/sent")
def list_sent_invitations(circle: str, me: Me, server: TheServer) -> list[SentInvitation]:
    """The invitations by address of a circle and what became of them, the last first; for those who may invite."""
    return server.invitations.sent(me, circle)


@router.delete("/circles/{circle}/invitations/{id}", status_code=204)
def withdraw_invitation(circle: str, id: str, me: Writer, server: TheServer) -> None:
    """One invitation taken back, by address or by link alone; the key of the circle changes, as its link had it."""
    server.invitations.withdraw(me, circle, id)
