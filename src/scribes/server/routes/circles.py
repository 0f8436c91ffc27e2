"""Circles: made, joined, left; who is in them and as what; what is shared in them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Body, Depends
from pydantic import Field

from ...errors import Sealed
from ...hosting import Hosted
from ...models.sync import ActivityPage, Circle, Invitation, Member, OpenInvitation
from ..access import Me, TheServer, Writer
from ..invitations import check_uses
from ..once import once
from ..paging import Cursor, Limit
from ..sealing import not_sealed
from ..shapes import shape
from ..texts import WHOLE

router = APIRouter(prefix="/v1/circles", tags=["circles"], dependencies=[Depends(not_sealed)])

GivenRole = Literal["reader", "member", "admin"]
Name = Annotated[str, Body(embed=True, max_length=200, examples=["Home group"])]


@shape
class NewCircle:
    """A circle to make. `open`: this server reads along, for people on the web; a sealed one is made on a device."""

    name: str
    mode: Literal["open", "sealed"] = "open"


@shape
class NewInvitation:
    """Whom to invite: as what, for how long, and how many people with one link. With an `address` it waits for whoever
    has that here, and is mailed to it where the server has a mail server.
    """

    role: GivenRole = "member"
    days: Annotated[int, WHOLE] = 7
    uses: Annotated[int, WHOLE] = 1
    address: Annotated[str, Field(max_length=254)] = ""


@shape
class Shared:
    """Something that lies in a circle now, by its id there; or among one's own again."""

    id: str


NEW_CIRCLE = Body(openapi_examples={"home": {"summary": "A home group", "value": {"name": "Home group"}}})
A_ROLE = Body(embed=True, examples=["reader"])
A_MEMBER = Body(embed=True, max_length=200, examples=["5e16369cc339ea00112233445566ff77"])
NEW_INVITATION = Body(
    openapi_examples={
        "one": {"summary": "One reader", "value": {"role": "reader", "days": 3}},
        "address": {"summary": "By address", "value": {"address": "ruth@example.org"}},
    }
)
LINK = Body(embed=True, max_length=500, examples=["scribes://join/…/…#…"])
ITEM = Body(embed=True, max_length=64, examples=["019bb1c2-7d3e-7aaa-8bbb-0123456789ab"])


@router.get("")
def list_circles(me: Me) -> list[Circle]:
    """The open circles one is in, or was; sealed ones are listed under /v1/spaces."""
    return me.circles.each()


@router.post("", status_code=201)
@once
def create_circle(new: Annotated[NewCircle, NEW_CIRCLE], me: Writer) -> Circle:
    """A new circle, whose owner one is."""
    if new.mode == "sealed":
        raise Sealed(
            "a sealed circle is made on a device, which keeps its keys",
            hint="or make an open one, which this server reads",
        )
    me.check_personal_space()
    return me.circles.create(new.name, mode=new.mode)


@router.post("/join")
def join_circle(link: Annotated[str, LINK], me: Writer) -> Circle:
    """The circle that a link invites to, which one is in now."""
    me.check_personal_space()
    return me.circles.join(link)


@router.get("/{circle}")
def get_circle(circle: str, me: Me) -> Circle:
    """A circle."""
    return me.circles.get(circle)


@router.patch("/{circle}")
def rename_circle(circle: str, name: Name, me: Writer) -> Circle:
    """A circle under another name."""
    return me.circles.rename(circle, name)


@router.post("/{circle}/leave")
def leave_circle(circle: str, me: Writer) -> Circle:
    """A circle that one is no longer in. The owner hands it over first."""
    return me.circles.leave(circle)


@router.put("/{circle}/my-name", status_code=204)
def call_me(circle: str, name: Name, me: Writer) -> None:
    """What one is called in a circle."""
    me.circles.call_me(circle, name)


@router.get("/{circle}/members")
def list_members(circle: str, me: Me) -> list[Member]:
    """Who is in a circle, the owner first."""
    return _inside(me, circle).circles.members(circle)


@router.patch("/{circle}/members/{member}")
def set_role(circle: str, member: str, role: Annotated[GivenRole, A_ROLE], me: Writer) -> Member:
    """A member in another role."""
    return me.circles.set_role(circle, member, role)


@router.delete("/{circle}/members/{member}")
def remove_member(circle: str, member: str, me: Writer) -> Member:
    """Somebody who is out now: the key changes in the same step. What they have read, they have read."""
    return me.circles.remove(circle, member)


@router.post("/{circle}/owner")
def hand_over(circle: str, member: Annotated[str, A_MEMBER], me: Writer) -> Member:
    """The new owner of a circle; who was, is an admin."""
    return me.circles.hand_over(circle, member)


@router.get("/{circle}/invitations")
def list_invitations(circle: str, me: Me) -> list[OpenInvitation]:
    """Invitations that wait."""
    return me.circles.invitations(circle)


@router.post("/{circle}/invitations", status_code=201)
@once
def invite(
    circle: str, new: Annotated[NewInvitation, NEW_INVITATION], me: Writer, server: TheServer, behind: BackgroundTasks
) -> Invitation:
    """An invitation: whoever has its link may join. The link is shown this once. With an address, the answer does not
    tell whether anybody here has it.
    """
    if new.address:
        check_uses(new.address, new.uses)
        made, id = server.invitations.add(me, circle, new.address, role=new.role, days=new.days)
        # After the answer, and so after all of it is kept.
        behind.add_task(server.invitations.mail, id)
        return made
    return me.circles.invite(circle, role=new.role, days=new.days, uses=new.uses)


@router.delete("/{circle}/invitations")
def take_invitations_back(circle: str, me: Writer) -> dict[str, int]:
    """How many invitations were taken back; the key changes, as their links had it."""
    return {"taken_back": me.circles.uninvite(circle)}


@router.get("/{circle}/activity")
def list_activity(circle: str, me: Me, limit: Limit = 50, cursor: Cursor = "") -> ActivityPage:
    """What happened in a circle, the last first."""
    return me.activity.of(circle, cursor=cursor, limit=limit)


@router.post("/{circle}/shared", status_code=201)
@once
def share(circle: str, item: Annotated[str, ITEM], me: Writer) -> Shared:
    """A note or prayer of one's own, which lies in the circle from now on, for all who are in it."""
    return Shared(me.sharing.share(item, circle))


@router.delete("/{circle}/shared/{item}")
def unshare(circle: str, item: str, me: Writer) -> Shared:
    """A note or prayer out of a circle, among one's own again."""
    me.circles.get(circle)
    return Shared(me.sharing.unshare(item))


def _inside(me: Hosted, circle: str) -> Hosted:
    me.check_readable(circle)
    return me
